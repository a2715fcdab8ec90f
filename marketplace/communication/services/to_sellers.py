"""What sellers are told: a claim, goods that are back at their stop, a sample that a point shows."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from core.models import Event
from logistics.models import Consignment
from marketplace.communication import words
from marketplace.communication.models import Message
from marketplace.communication.services import messages
from marketplace.samples.models import Sample


def messages_of(told: Sequence[Event], *, at: dt.datetime) -> list[Message]:
    """Return a text message, not yet written, for each of a seller's people who has a phone."""
    numbers = {event.payload["consignment"] for event in told if "consignment" in event.payload}
    found = Consignment.objects.filter(number__in=numbers).select_related("seller", "origin_stop")
    consignments = {each.number: each for each in found.prefetch_related("seller__users")}
    ids = [event.stream_id for event in told if event.stream == "sample"]
    samples = {
        str(sample.pk): sample
        for sample in Sample.objects.filter(pk__in=ids)
        .select_related("point", "product__seller")
        .prefetch_related("product__seller__users")
    }
    rows = []
    with translation.override(settings.LANGUAGE_CODE):
        for event in told:
            consignment, sample = consignments.get(event.payload.get("consignment")), samples.get(event.stream_id)
            seller = sample.product.seller if sample else consignment and consignment.seller
            people = seller.users.all() if seller else ()
            body = words.signed(_of_sample(sample) if sample else _words(event, consignment)) if seller else ""
            rows += [
                messages.sms(person.phone, name=event.name, body=body, created_at=at, next_try_at=at)
                for person in people
                if person.phone and person.is_active
            ]
    return rows


def _words(event: Event, consignment: Consignment) -> str:
    if event.name == "claim.opened":
        return _("A buyer has a claim of consignment %(number)s. Please answer it within %(hours)d hours.") % {
            "number": consignment.number,
            "hours": settings.CLAIM_ANSWER_HOURS,
        }
    return _("Goods of consignment %(number)s are back at %(stop)s. Please fetch and count them.") % {
        "number": consignment.number,
        "stop": consignment.origin_stop.name,
    }


def _of_sample(sample: Sample) -> str:
    return _("%(point)s shows a sample of %(name)s: people can look at it and order there.") % {
        "point": sample.point.name,
        "name": sample.product.title,
    }
