"""What sellers are told: a claim, goods back at their stop, a sample that a point shows, a stop that closes."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from core.models import Event
from logistics.models import Consignment
from marketplace import wording
from marketplace.communication import words
from marketplace.communication.models import Message
from marketplace.communication.services import messages
from marketplace.partner.models import Partner
from marketplace.partner.services import stops
from marketplace.samples.models import Sample


def messages_of(told: Sequence[Event], *, at: dt.datetime) -> list[Message]:
    """Return a text message, not yet written, for each of a seller's people who has a phone."""
    rows = []
    with translation.override(settings.LANGUAGE_CODE):
        for event, seller, words_of in _found(told):
            body = words.signed(words_of)
            rows += [
                messages.sms(person.phone, name=event.name, body=body, created_at=at, next_try_at=at)
                for person in seller.users.all()
                if person.phone and person.is_active
            ]
    return rows


def _found(told: Sequence[Event]) -> Iterator[tuple[Event, Partner, str]]:
    """Give each event that sellers are told of with its seller and the words for it."""
    numbers = {event.payload["consignment"] for event in told if "consignment" in event.payload}
    rows = Consignment.objects.filter(number__in=numbers).select_related("seller", "origin_stop")
    consignments = {each.number: each for each in rows.prefetch_related("seller__users")}
    samples = Sample.objects.select_related("point", "product__seller").prefetch_related("product__seller__users")
    samples = samples.in_bulk([int(event.stream_id) for event in told if event.stream == "sample"])
    movers = Partner.objects.select_related("drop_off").prefetch_related("users")
    movers = movers.in_bulk([int(event.stream_id) for event in told if event.stream == "seller"])
    for event in told:
        if event.stream == "sample" and (sample := samples.get(int(event.stream_id))):
            yield event, sample.product.seller, _of_sample(sample)
        elif event.stream == "seller" and (seller := movers.get(int(event.stream_id))):
            if event.payload["reason"] == stops.CLOSED:
                yield event, seller, _of_stop(seller)
        elif consignment := consignments.get(event.payload.get("consignment")):
            yield event, consignment.seller, _words(event, consignment)


# What is done about a claim by others than the seller.
CLAIM_STEPS: dict[str, Callable[[], str]] = {
    "claim.opened": lambda: _(
        "A buyer has a claim of consignment %(number)s. Please answer it within %(hours)d hours."
    ),
    "claim.escalated": lambda: _("The platform decides the claim of consignment %(number)s."),
    "claim.rejected": lambda: _("The platform has refused the claim of consignment %(number)s. What you earned stays."),
    "claim.refunded": lambda: _("%(fen)s is refunded to the buyer for the claim of consignment %(number)s."),
}


def _words(event: Event, consignment: Consignment) -> str:
    if event.name in CLAIM_STEPS:
        return CLAIM_STEPS[event.name]() % {
            "number": consignment.number,
            "hours": settings.CLAIM_ANSWER_HOURS,
            "fen": f"¥{wording.yuan_text(event.payload.get('fen', 0))}",
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


def _of_stop(seller: Partner) -> str:
    return _(
        "Your drop-off stop closes. What is ordered from now on please drop at %(stop)s. "
        "You can choose another stop in your console."
    ) % {"stop": seller.drop_off.name}
