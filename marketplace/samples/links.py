"""The QR on a sample's label: its link, signed, since sales from samples are paid for; and what a browser notes of it.

A browser that opened the link counts for the sample for ``settings.SAMPLE_COUNTS_DAYS`` days.
"""

import datetime as dt

from django.conf import settings
from django.urls import reverse

from logistics import signing
from marketplace.order.services.freezing import Source
from marketplace.order.states import Channel
from marketplace.samples.models import Sample

KIND = "XS1"
NOTED = "samples"  # in the session: by product, the sample, its point and until when it counts
MOST_NOTED = 40


class UnableToReadLink(ValueError):
    """The link is no sample's that we signed."""


def path_of(sample: Sample) -> str:
    """Return the path that a sample's QR leads to."""
    return reverse("sample", args=[signing.text_of(KIND, sample.pk)])


def read(token: str) -> int:
    """Return the primary key of the sample that a link is of; raise ``UnableToReadLink`` where we did not sign it."""
    try:
        return int(signing.read(KIND, token, parts=1)[1][0])
    except signing.UnableToProve as error:
        raise UnableToReadLink(str(error)) from error


def note(session, sample: Sample, *, at: dt.datetime) -> None:
    """Note that this browser came by a sample; of one product the last one counts."""
    kept = {pk: row for pk, row in session.get(NOTED, {}).items() if pk != str(sample.product_id)}
    until = at + dt.timedelta(days=settings.SAMPLE_COUNTS_DAYS)
    kept[str(sample.product_id)] = [sample.pk, sample.point_id, until.isoformat()]
    session[NOTED] = dict(list(kept.items())[-MOST_NOTED:])


def noted(session, *, at: dt.datetime) -> dict[int, Source]:
    """Return by product the sample that led this browser to it, where it still counts."""
    return {
        int(product): Source(Channel.SAMPLE, point_id, frozen(point_id, sample_id))
        for product, (sample_id, point_id, until) in session.get(NOTED, {}).items()
        if at < dt.datetime.fromisoformat(until)
    }


def frozen(point_id: int, sample_id: int) -> str:
    """Return what an order line keeps of a sample: its point and itself."""
    return f"{point_id}:{sample_id}"
