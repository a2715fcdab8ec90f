import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from core.storage_class import StorageClass
from tests.concurrency.racing import race
from tests.factories import villages
from villages.models import PickupPoint, PointDay
from villages.services import crates
from villages.services.crates import CratesRequest, UnableToHoldCrates

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2026, 3, 4)


def hold(point: PickupPoint, *storage_classes: str) -> None:
    with transaction.atomic():
        crates.hold([CratesRequest(point.pk, DAY, storage_class, 1) for storage_class in storage_classes])


def test_of_twenty_who_want_the_last_five_crates_five_get_them():
    point = villages.point(capacities={StorageClass.AMBIENT: 5})

    outcomes = race([lambda: hold(point, StorageClass.AMBIENT)] * 20)

    assert sum(outcome is None for outcome in outcomes) == 5
    assert sum(isinstance(outcome, UnableToHoldCrates) for outcome in outcomes) == 15
    assert PointDay.objects.get().held == 5


def test_who_wants_several_days_in_different_order_does_not_deadlock():
    point = villages.point()
    forward = [StorageClass.AMBIENT, StorageClass.CHILLED, StorageClass.FROZEN]
    backward = forward[::-1]

    outcomes = race([lambda: hold(point, *forward), lambda: hold(point, *backward)] * 8)

    assert outcomes == [None] * 16
    assert set(PointDay.objects.values_list("held", flat=True)) == {16}


@pytest.fixture
def _without_guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither the condition of the update nor the constraint behind it."""
    unguarded = "\n".join(line for line in crates._HOLD.splitlines() if "<=" not in line)
    assert unguarded != crates._HOLD
    monkeypatch.setattr(crates, "_HOLD", unguarded)
    [constraint] = [each for each in PointDay._meta.constraints if each.name == "point_day_held"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(PointDay, constraint)
    yield
    PointDay.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(PointDay, constraint)


@pytest.mark.postgres
@pytest.mark.usefixtures("_without_guards")
def test_without_the_guard_more_than_five_get_them():
    point = villages.point(capacities={StorageClass.AMBIENT: 5})

    outcomes = race([lambda: hold(point, StorageClass.AMBIENT)] * 20)

    assert outcomes == [None] * 20
    assert PointDay.objects.get().held == 20
