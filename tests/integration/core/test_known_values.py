"""Every column of ours with choices holds known values only: the database itself refuses others."""

import datetime as dt
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db

# What other constraints of the table ask of a row.
ALSO = {
    "logistics.Departure": {"lane_id": 1},
    "logistics.FreightRate": {"reach": "PROVINCE", "origin_county": "", "destination_county": ""},
    "logistics.FreeDelivery": {"funder": "PLATFORM"},
    "partner.StockMovement": {"kind": "ADJUSTED"},
    "settlement.Posting": {"credit_id": 2},
    "logistics.OfflineLease": {"until": MONDAY + dt.timedelta(hours=1), "end_reason": ""},
}
# Oscar's own columns that nothing of ours writes by name.
OSCARS = {"catalogue.Product.structure", "basket.Basket.status"}


def _columns() -> list[tuple[type[models.Model], models.Field]]:
    return [
        (model, field)
        for model in apps.get_models()
        if not model.__module__.startswith("oscar.")
        for field in model._meta.local_fields
        if (field.choices or (model._meta.label, field.name) == ("order.Order", "status"))
        and f"{model._meta.label}.{field.name}" not in OSCARS
    ]


def _value(field: models.Field):
    if field.has_default() and not field.primary_key:
        return field.get_default()
    if field.null:
        return None
    if field.choices:
        return field.choices[0][0]
    return {
        models.DateTimeField: MONDAY,
        models.DateField: MONDAY.date(),
        models.TimeField: dt.time(9),
        models.DecimalField: Decimal(1),
        models.BooleanField: False,
    }.get(type(field), 1 if isinstance(field, models.IntegerField | models.ForeignKey) else "1")


def _row(model: type[models.Model], **changed) -> models.Model:
    values = {
        field.attname: _value(field) for field in model._meta.local_fields if not isinstance(field, models.AutoField)
    }
    if model._meta.label == "order.Order":
        values["status"] = "OPEN"
    return model(**values | ALSO.get(model._meta.label, {}) | changed)


def _insert(row: models.Model) -> None:
    with transaction.atomic():
        type(row)._base_manager.bulk_create([row])
        transaction.set_rollback(True)  # the keys of other tables are made up


@pytest.mark.parametrize(("model", "field"), _columns(), ids=lambda each: getattr(each, "name", None) or each.__name__)
def test_a_value_that_is_not_known_is_refused(model, field):
    _insert(_row(model))  # the control: the row is refused for nothing else

    with pytest.raises(IntegrityError, match=r"(?i)check constraint"):
        _insert(_row(model, **{field.attname: "NONSENSE"[: field.max_length]}))


def test_the_columns_that_the_design_names_are_among_them():
    names = {f"{model._meta.label}.{field.name}" for model, field in _columns()}

    assert {
        "villages.PickupPoint.state",
        "logistics.Consignment.state",
        "logistics.Parcel.state",
        "logistics.Departure.state",
        "logistics.Leg.direction",
        "logistics.Scan.kind",
        "logistics.Collection.proof",
        "logistics.Hub.kind",
        "catalogue.Product.state",
        "partner.Partner.state",
        "order.Order.status",
        "order.Order.payment_method",
        "communication.Message.state",
    } <= names
