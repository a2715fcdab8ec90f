import re

import barcode

from marketplace.selling import labels

DIGITS = "1234567890128"


def test_the_bars_of_a_label_are_those_of_code_128():
    drawing = labels.code128(DIGITS)

    width = int(re.search(r'viewBox="0 0 (\d+) 1"', drawing)[1])
    modules = ["0"] * width
    for start, length in re.findall(r"M(\d+) 0h(\d+)v1h-\2z", drawing):
        modules[int(start) : int(start) + int(length)] = "1" * int(length)
    assert "".join(modules) == f"{'0' * 10}{barcode.get('code128', DIGITS).build()[0]}{'0' * 10}"


def test_a_barcode_has_no_style_that_the_policy_would_refuse():
    assert "style" not in labels.code128(DIGITS)
