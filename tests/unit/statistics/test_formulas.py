import pytest

from marketplace.statistics import formulas


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_disarmed(cell):
    assert formulas.safe(cell).startswith("'")


@pytest.mark.parametrize(("cell", "text"), [("石门县", "石门县"), (12, "12"), ("-3.50", "-3.50"), ("a=b", "a=b")])
def test_plain_cells_stay_as_they_are(cell, text):
    assert formulas.safe(cell) == text
