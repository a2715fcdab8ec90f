"""The manifest as PDF: A4, by stop and storage class, with a place to sign for each stop."""

import datetime as dt
from io import BytesIO

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from logistics.models import Departure
from marketplace.network import manifests
from marketplace.network.manifests import Stop
from marketplace.paper import DIGITS, FONT, canvas, fitted, mm

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 18 * mm, WIDTH - 18 * mm, HEIGHT - 18 * mm, 22 * mm
COLUMNS = 4
ROW = 6.2 * mm


def manifest(departure: Departure, stops: list[Stop], *, at: dt.datetime, compressed: bool = True) -> bytes:
    """Draw a departure's manifest.

    :param at: when it was drawn up, which stands on every sheet.
    """
    into = BytesIO()
    sheet = _Sheet(canvas(into, size=A4, title=_("Manifest"), compressed=compressed), departure, at)
    parcels, crates = manifests.totals(stops)
    sheet.line(_head(departure), size=11)
    sheet.line(_counts(parcels, crates), size=11)
    sheet.skip(3 * mm)
    for stop in stops:
        sheet.stop(stop)
    if not stops:
        sheet.line(_("Nothing is planned on this departure."), size=11)
    sheet.done()
    return into.getvalue()


def way(departure: Departure) -> str:
    """Return a departure's name as people say it."""
    if departure.lane:
        return f"{departure.lane.origin.name} → {departure.lane.destination.name}"
    return departure.round.name


def _head(departure: Departure) -> str:
    return _("%(day)s  leaves %(departs)s, ends %(arrives)s") % {
        "day": departure.day.isoformat(),
        "departs": f"{timezone.localtime(departure.departs_at):%H:%M}",
        "arrives": f"{timezone.localtime(departure.arrives_at):%m-%d %H:%M}",
    }


def _counts(parcels: int, crates: int) -> str:
    words = ngettext("%(parcels)d parcel, %(crates)d crates", "%(parcels)d parcels, %(crates)d crates", parcels)
    return words % {"parcels": parcels, "crates": crates}


def _crates(crates: int) -> str:
    return ngettext("%(crates)d crate", "%(crates)d crates", crates) % {"crates": crates}


class _Sheet:
    """The sheets of one manifest, written from the top; what does not fit goes to the next one."""

    def __init__(self, drawn: Canvas, departure: Departure, at: dt.datetime):
        self.canvas, self.departure, self.at, self.number = drawn, departure, at, 0
        self._begin()

    def _begin(self) -> None:
        self.number += 1
        self.y = TOP
        self.canvas.setFont(FONT, 17)
        title = f"{_('Manifest')}  {way(self.departure)}"
        self.canvas.drawString(LEFT, self.y, fitted(title, size=17, width=RIGHT - LEFT))
        self.y -= 9 * mm
        self.canvas.setFont(FONT, 8.5)
        drawn_up = _("Drawn up %(at)s · sheet %(number)d") % {
            "at": f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}",
            "number": self.number,
        }
        self.canvas.drawString(LEFT, 12 * mm, drawn_up)
        self.canvas.drawRightString(RIGHT, 12 * mm, "湘品网上行")

    def _room(self, height: float) -> None:
        if self.y - height < BOTTOM:
            self.canvas.showPage()
            self._begin()

    def skip(self, height: float) -> None:
        self.y -= height

    def line(self, text: str, *, size: float) -> None:
        self._room(6 * mm)
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(LEFT, self.y, fitted(text, size=size, width=RIGHT - LEFT))
        self.y -= 6 * mm

    def stop(self, stop: Stop) -> None:
        self._room(34 * mm)
        self.canvas.setLineWidth(0.8)
        self.canvas.line(LEFT, self.y + 5.5 * mm, RIGHT, self.y + 5.5 * mm)
        self.canvas.setFont(FONT, 13)
        does = _("picks up") if stop.picks_up else _("sets down")
        right = f"{does}  {timezone.localtime(stop.at):%m-%d %H:%M}  {_counts(len(stop.parcels), stop.crates)}"
        wide = self.canvas.stringWidth(right, FONT, 10)
        self.canvas.drawString(LEFT, self.y, fitted(stop.name, size=13, width=RIGHT - LEFT - wide - 6 * mm))
        self.canvas.setFont(FONT, 10)
        self.canvas.drawRightString(RIGHT, self.y, right)
        self.y -= 7 * mm
        for group in stop.groups:
            self.line(f"{group.storage_class.label}  {_counts(len(group.parcels), group.crates)}", size=10)
            self._parcels(group.parcels)
        self._room(14 * mm)
        self.canvas.setFont(FONT, 9.5)
        self.canvas.drawString(LEFT, self.y, _("Counted by (signature, time):"))
        self.canvas.setLineWidth(0.4)
        self.canvas.line(LEFT + 48 * mm, self.y - 1 * mm, LEFT + 105 * mm, self.y - 1 * mm)
        self.canvas.drawString(LEFT + 110 * mm, self.y, _("Short or surplus:"))
        self.canvas.line(LEFT + 138 * mm, self.y - 1 * mm, RIGHT, self.y - 1 * mm)
        self.y -= 13 * mm

    def _parcels(self, parcels: list) -> None:
        wide = (RIGHT - LEFT) / COLUMNS
        for start in range(0, len(parcels), COLUMNS):
            self._room(ROW)
            for column, parcel in enumerate(parcels[start : start + COLUMNS]):
                x = LEFT + column * wide
                self.canvas.setLineWidth(0.6)
                self.canvas.rect(x, self.y - 0.4 * mm, 3.2 * mm, 3.2 * mm)
                self.canvas.setFont(DIGITS, 9.5)
                self.canvas.drawString(x + 5 * mm, self.y, f"{parcel.number[:7]} {parcel.number[7:]}")
                self.canvas.setFont(FONT, 8)
                self.canvas.drawRightString(x + wide - 3 * mm, self.y, _crates(parcel.crates))
            self.y -= ROW
        self.y -= 1.5 * mm

    def done(self) -> None:
        self.canvas.showPage()
        self.canvas.save()
