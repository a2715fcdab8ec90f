"""Applications to become a pickup point: a draft, and one with its papers under review."""

from marketplace.applying.models import PointApplication
from marketplace.applying.services import applications
from marketplace.applying.services.applications import Stated
from marketplace.evidence.services import photos
from tests.factories import villages
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY
from villages.states import PointKind

LICENCE = "91350100M000100Y43"  # the example that GB 32100-2015 is explained with


def draft(*, by) -> PointApplication:
    return applications.begin(by=by, at=MONDAY)


def stated(code: str = "430726001001", *, name: str = "东泉村农家店") -> Stated:
    return Stated(
        division=villages.division(code),
        name=name,
        kind=PointKind.VILLAGE_SHOP,
        address="村口 12 号",
        contact_name="陈店主",
        contact_phone="+8613700000001",
        licence=LICENCE,
        hours=[(day, "08:00", "20:00") for day in range(7)],
        crates={"AMBIENT": 40, "CHILLED": 0, "FROZEN": 0},
    )


def submitted(code: str = "430726001001", *, by) -> PointApplication:
    made = draft(by=by)
    for paper in applications.PAPERS:
        kept = photos.keep(jpeg(), at=MONDAY)
        applications.keep(made, typed={}, papers={paper: [kept]}, by=by, at=MONDAY)
    applications.submit(made, stated=stated(code), by=by, at=MONDAY)
    return made
