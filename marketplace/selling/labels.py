"""Parcel labels: what the road needs to know, and no more of a person than four digits of a phone."""

import re
from dataclasses import dataclass

import barcode
from django.utils.safestring import SafeString, mark_safe

from logistics import label_qr
from logistics.models import Consignment, Parcel

QUIET_ZONE = 10  # modules on each side, the least that the standard asks for


@dataclass(frozen=True)
class Label:
    """What stands on one label."""

    parcel: Parcel
    of: int
    consignment: Consignment
    place: str
    phone_tail: str
    barcode: SafeString
    qr: str


def of(consignment: Consignment) -> list[Label]:
    """Return the labels of a packed consignment."""
    parcels = list(consignment.parcels.all())
    tail = consignment.order.contact_phone_tail
    return [
        Label(
            parcel,
            len(parcels),
            consignment,
            consignment.point.address,
            tail,
            code128(parcel.number),
            label_qr.text_of(parcel.number),
        )
        for parcel in parcels
    ]


def code128(digits: str) -> SafeString:
    """Return a Code 128 barcode (ISO/IEC 15417) of digits as inline SVG: one path, without a style of its own."""
    modules = barcode.get("code128", digits).build()[0]
    bars = "".join(
        f"M{QUIET_ZONE + run.start()} 0h{run.end() - run.start()}v1h-{run.end() - run.start()}z"
        for run in re.finditer("1+", modules)
    )
    # drawn here from digits
    return mark_safe(  # noqa: S308
        f'<svg viewBox="0 0 {len(modules) + 2 * QUIET_ZONE} 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{bars}"/></svg>'
    )
