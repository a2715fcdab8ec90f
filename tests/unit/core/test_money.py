from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import money


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_parts_add_up_and_differ_from_their_share_by_less_than_a_fen(fen, weights):
    parts = money.split(fen, weights)

    assert sum(parts) == fen
    assert min(parts) >= 0
    if sum(weights):
        assert all(
            abs(part * sum(weights) - fen * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
        )


@pytest.mark.parametrize(("fen", "weights"), [(-1, [1]), (1, []), (1, [-1])])
def test_what_cannot_be_split_is_refused(fen, weights):
    with pytest.raises(ValueError, match="split"):
        money.split(fen, weights)


@given(st.integers(0, 10**12))
def test_yuan_and_fen_go_back_and_forth(fen):
    assert money.to_fen(money.to_yuan(fen)) == fen


def test_half_a_fen_is_rounded_up():
    assert money.to_fen(Decimal("0.125")) == 13
    assert money.share(25, 20) == 1  # 0.5 fen
    assert money.share(24, 20) == 0
