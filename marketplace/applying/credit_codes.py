"""The unified social credit code (统一社会信用代码) of a business and its check character, by GB 32100-2015."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
MODULUS = len(ALPHABET)


def check_character(first: str) -> str:
    """Return the 18th character for the first 17: 31 less the sum of value × 3^place modulo 31."""
    total = sum(ALPHABET.index(character) * pow(3, place, MODULUS) for place, character in enumerate(first))
    return ALPHABET[-total % MODULUS]


def is_sound(code: str) -> bool:
    """Tell whether a code has 18 known characters and ends in its own check character."""
    return len(code) == LENGTH and all(each in ALPHABET for each in code) and check_character(code[:-1]) == code[-1]
