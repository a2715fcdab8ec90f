"""The names that pages keep follow the register."""

import pytest

from tests.factories import villages
from villages import known_names
from villages.services import register

pytestmark = pytest.mark.django_db


def test_names_are_kept_and_read_anew_after_a_minute(monkeypatch, django_assert_num_queries):
    at = [1000.0]
    monkeypatch.setattr(known_names.time, "monotonic", lambda: at[0])
    villages.division("430726000000", name="石门县", level="COUNTY")
    assert known_names.names()["430726000000"] == "石门县"
    villages.division("430723000000", name="澧县", level="COUNTY")

    with django_assert_num_queries(0):
        assert "430723000000" not in known_names.names()
    at[0] += known_names.KEPT_SECONDS + 1
    assert known_names.names()["430723000000"] == "澧县"


def test_the_process_that_imports_an_edition_forgets_at_once(django_capture_on_commit_callbacks):
    villages.division("430000000000", name="湖南省", level="PROVINCE")
    assert len(known_names.names()) == 1
    row = {"level": "prefecture", "parent_code": "430000000000", "longitude": "", "latitude": ""}

    with django_capture_on_commit_callbacks(execute=True):
        register.import_edition([row | {"code": "430700000000", "name": "常德市"}])

    assert known_names.names()["430700000000"] == "常德市"
