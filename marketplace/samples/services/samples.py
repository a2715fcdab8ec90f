"""Putting a listing on display at a point, and taking it down."""

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from catalogue.models import Product
from catalogue.states import ListingState
from core import events, locks
from core.events import NewEvent
from marketplace.partner.models import StockRecord
from marketplace.samples.models import Sample
from marketplace.samples.states import SAMPLE_MOVES, SampleState
from villages.models import PickupPoint
from villages.states import PointState


class UnableToPutUp(Exception):
    """The listing is not on sale or sold out, stands there already, or the point shows enough."""


class UnableToTakeDown(Exception):
    """The sample was taken down before."""


@transaction.atomic
def put_up(point: PickupPoint, *, product: Product, by, at: dt.datetime) -> Sample:
    """Put a listing on display at a point; its seller is told.

    :raises UnableToPutUp: where it cannot be ordered now, or ``settings.SAMPLES_PER_POINT`` stand there.
    """
    locks.mutex(f"samples:{point.pk}")
    if point.state != PointState.OPEN:
        raise UnableToPutUp(_("Only a point that is open shows samples."))
    if product.state != ListingState.LISTED or not product.is_public:
        raise UnableToPutUp(_("%(name)s is not on sale.") % {"name": product.title})
    record = StockRecord.objects.filter(product=product, price__isnull=False).first()
    if record is None or record.num_in_stock <= record.num_allocated:
        raise UnableToPutUp(_("%(name)s is sold out: whoever likes it could not order it.") % {"name": product.title})
    here = Sample.objects.filter(point=point, state=SampleState.ON_DISPLAY).count()
    if here >= settings.SAMPLES_PER_POINT:
        raise UnableToPutUp(_("%(count)d samples stand here already. Take one down first.") % {"count": here})
    try:
        with transaction.atomic():
            made = Sample.objects.create(point=point, product=product, put_up_by=by, put_up_at=at)
    except IntegrityError as error:
        raise UnableToPutUp(_("%(name)s is on display here already.") % {"name": product.title}) from error
    events.append([_event("sample.put_up", made, product)], by=by, at=at)
    return made


@transaction.atomic
def take_down(sample: Sample, *, by, at: dt.datetime) -> None:
    """Take a sample down; who scanned it before still counts for it.

    :raises UnableToTakeDown: when it was taken down before.
    """
    froms = [state for state, moves in SAMPLE_MOVES.items() if SampleState.TAKEN_DOWN in moves]
    moved = Sample.objects.filter(pk=sample.pk, state__in=froms).update(state=SampleState.TAKEN_DOWN, taken_down_at=at)
    if not moved:
        raise UnableToTakeDown(_("This sample was taken down already."))
    events.append([_event("sample.taken_down", sample, sample.product)], by=by, at=at)


def _event(name: str, sample: Sample, product: Product) -> NewEvent:
    payload = {"point": sample.point_id, "product": product.pk, "seller": product.seller_id}
    return NewEvent("sample", sample.pk, name, payload)
