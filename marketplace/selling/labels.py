"""Parcel labels: what the road needs to know, and no more of a person than four digits of a phone."""

from dataclasses import dataclass
from io import BytesIO

import barcode
from barcode.writer import SVGWriter
from django.utils.safestring import SafeString, mark_safe

from logistics.models import Consignment, Parcel
from villages.queries import full_name

BARCODE_OPTIONS = {"write_text": False, "module_height": 12.0, "module_width": 0.3, "quiet_zone": 2.0}


@dataclass(frozen=True)
class Label:
    """What stands on one label."""

    parcel: Parcel
    of: int
    consignment: Consignment
    place: str
    phone_tail: str
    barcode: SafeString


def of(consignment: Consignment) -> list[Label]:
    """Return the labels of a packed consignment."""
    parcels = list(consignment.parcels.all())
    place = full_name(consignment.point.division_id)
    tail = consignment.order.contact_phone_tail
    return [Label(parcel, len(parcels), consignment, place, tail, code128(parcel.number)) for parcel in parcels]


def code128(digits: str) -> SafeString:
    """Return a Code 128 barcode (ISO/IEC 15417) of digits as inline SVG."""
    out = BytesIO()
    barcode.get("code128", digits, writer=SVGWriter()).write(out, options=BARCODE_OPTIONS)
    drawing = out.getvalue().decode()
    return mark_safe(drawing[drawing.index("<svg") :])  # noqa: S308 - drawn here from digits
