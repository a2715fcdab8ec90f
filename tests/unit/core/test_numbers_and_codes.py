import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import numbers
from logistics import codes

DIGITS = st.text("0123456789", min_size=1, max_size=15)


@given(DIGITS)
def test_every_wrong_digit_and_every_swap_of_neighbours_is_seen(digits):
    whole = digits + numbers.check_digit(digits)
    assert numbers.is_sound(whole)

    for place, right in enumerate(whole):
        for wrong in set("0123456789") - {right}:
            assert not numbers.is_sound(whole[:place] + wrong + whole[place + 1 :])
    for place in range(len(whole) - 1):
        one, other = whole[place], whole[place + 1]
        if one != other:
            assert not numbers.is_sound(whole[:place] + other + one + whole[place + 2 :])


def test_drawn_numbers_have_their_length_and_check_digit():
    drawn = {numbers.draw(12) for _ in range(200)}

    assert len(drawn) == 200
    assert all(len(number) == 12 and number[0] != "0" and numbers.is_sound(number) for number in drawn)


def test_a_code_is_the_same_each_time_and_another_for_each_order_and_epoch():
    code = codes.typed_code("123456789012", epoch=1)

    assert code == codes.typed_code("123456789012", epoch=1)
    assert len(code) == 8
    assert code not in {codes.typed_code("123456789012", epoch=2), codes.typed_code("123456789013", epoch=1)}
    assert codes.read_typed(codes.shown(code)) == code


def test_codes_are_spread_over_their_range():
    """The hit rate of a guesser is one in ten million: no digit stands out among the codes of many orders."""
    drawn = [codes.typed_code(f"{n:012d}", epoch=1)[:7] for n in range(2000)]

    assert len(set(drawn)) > 1995
    for place in range(7):
        counts = [sum(code[place] == digit for code in drawn) for digit in "0123456789"]
        assert min(counts) > 140
        assert max(counts) < 265


@pytest.mark.parametrize("text", ["", "1234567", "abc", "482391", "48239170", "４８２３９１７５０"])
def test_what_is_no_code_is_refused(text):
    with pytest.raises(codes.UnableToReadCode):
        codes.read_typed(text)
