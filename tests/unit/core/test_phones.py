import pytest

from core import phones


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "0086 13812345678",
        "１３８１２３４５６７８",
    ],
)
def test_usual_forms_are_one_number(text):
    assert phones.normalise(text) == "+8613812345678"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "138",
        "1381234567",
        "138123456789",
        "00000000000",
        "+999123456789",
        "13812345678x",
        "１３８１２３４５６７８ｘ",
        "电话13812345678",
        "13812345678 ext 5",
        "13812345678#7",
        "400-800-8888",
        "0731-88888888",
        "+1 202 555 0143",
        "+852 5123 4567",
    ],
)
def test_nonsense_is_refused(text):
    with pytest.raises(phones.UnableToReadPhone):
        phones.normalise(text)


@pytest.mark.parametrize("number", ["+8613812345678", "+8673112345678", "+14155552671", "+85251234567"])
def test_at_least_six_digits_are_hidden(number):
    masked = phones.masked(number)

    assert masked.count("*") >= 6
    assert sum(character.isdigit() for character in masked) <= 5


def test_a_masked_number_is_known_to_its_owner():
    assert phones.masked("+8613812345678") == "138******78"
