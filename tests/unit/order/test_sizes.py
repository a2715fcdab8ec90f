import pytest

from marketplace.order.sizes import crates_needed


@pytest.mark.parametrize(
    ("packs", "crates"),
    [([(1, 4)], 1), ([(4, 4)], 1), ([(5, 4)], 2), ([(1, 3), (1, 3), (1, 3)], 1), ([(1, 1), (1, 4)], 2)],
)
def test_goods_share_crates_without_rounding_each(packs, crates):
    assert crates_needed(packs) == crates
