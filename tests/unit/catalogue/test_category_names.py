"""Every category of the demonstration's goods has an English name."""

import csv
from pathlib import Path

from django.utils import translation

import catalogue
from catalogue.category_names import ENGLISH, said


def test_every_category_has_an_english_name():
    text = (Path(catalogue.__file__).parent / "data" / "hunan_products.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    parts = {part for row in rows for part in row["category"].split("/")}

    assert parts - set(ENGLISH) == set()


def test_a_category_that_staff_added_keeps_its_name():
    with translation.override("en"):
        assert said("水果/新来的") == "Fruit / 新来的"
    with translation.override("zh-hans"):
        assert said("水果/柑橘") == "水果/柑橘"
