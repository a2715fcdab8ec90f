import datetime as dt

import pytest

from villages.models import Division, DivisionSuccession
from villages.services import register as service
from villages.services.register import Succession, UnableToImportRegister

pytestmark = pytest.mark.django_db
PROVINCE = {
    "code": "430000000000",
    "name": "湖南省",
    "level": "province",
    "parent_code": "",
    "longitude": "",
    "latitude": "",
}
PREFECTURE = PROVINCE | {"code": "430100000000", "name": "长沙市", "level": "prefecture", "parent_code": "430000000000"}
COUNTY = PROVINCE | {"code": "430181000000", "name": "浏阳市", "level": "county", "parent_code": "430100000000"}


def test_a_changed_name_is_reported_and_edits_no_row():
    service.import_edition([PROVINCE, PREFECTURE, COUNTY])

    report = service.import_edition([PROVINCE, PREFECTURE, COUNTY | {"name": "浏阳区"}])

    assert len(report.conflicts) == 1
    assert "430181000000" in report.conflicts[0]
    assert Division.objects.get(pk="430181000000").name == "浏阳市"


def test_a_division_without_its_parent_is_refused_and_nothing_is_written():
    with pytest.raises(UnableToImportRegister, match="no parent"):
        service.import_edition([PROVINCE, COUNTY])

    assert not Division.objects.exists()


@pytest.mark.parametrize("wrong", [{"code": "4301"}, {"level": "hamlet"}, {"code": "43018100000x"}])
def test_a_malformed_row_is_refused(wrong):
    with pytest.raises(UnableToImportRegister, match="no division"):
        service.import_edition([PROVINCE, PREFECTURE, COUNTY | wrong])

    assert not Division.objects.exists()


def test_a_succession_to_nowhere_is_refused():
    nowhere = Succession("430124000000", "宁乡县", "430182000000", dt.date(2017, 4, 10), dt.date(1980, 1, 1))

    with pytest.raises(UnableToImportRegister, match="successor"):
        service.import_edition([PROVINCE, PREFECTURE], successions=[nowhere])

    assert not DivisionSuccession.objects.exists()
