"""Labels as PDF: one sheet of 100 × 75 mm each, as label printers take it, with what the printed page shows."""

from io import BytesIO

from django.utils.translation import gettext as _
from reportlab.pdfgen.canvas import Canvas

from core.storage_class import StorageClass
from marketplace.paper import DIGITS, FONT, canvas, draw_code128, draw_fitted, draw_qr, fitted, mm
from marketplace.selling.labels import Label

WIDTH, HEIGHT, EDGE = 100 * mm, 75 * mm, 4 * mm
QR_SIDE = 31 * mm  # its quiet zone included


def draw(labels: list[Label], *, compressed: bool = True) -> bytes:
    """Draw labels, one to a sheet."""
    into = BytesIO()
    sheet = canvas(into, size=(WIDTH, HEIGHT), title=_("Labels"), compressed=compressed)
    for label in labels:
        _label(sheet, label)
        sheet.showPage()
    sheet.save()
    return into.getvalue()


def _label(sheet: Canvas, label: Label) -> None:
    right, wide = WIDTH - EDGE, WIDTH - 2 * EDGE
    text = wide - QR_SIDE - 2 * mm
    sheet.setLineWidth(0.4 * mm)

    sheet.setFont(FONT, 8)
    which = f"{label.consignment.number} · {label.parcel.sequence}/{label.of}"
    room = wide - sheet.stringWidth(which, FONT, 8) - 4 * mm
    sheet.drawRightString(right, HEIGHT - 8.5 * mm, which)
    sheet.setFont(FONT, 10)
    sheet.drawString(EDGE, HEIGHT - 8.5 * mm, fitted(label.consignment.seller.display_name, size=10, width=room))
    sheet.line(EDGE, HEIGHT - 11 * mm, right, HEIGHT - 11 * mm)

    name = label.consignment.point.name
    draw_fitted(sheet, name, x=EDGE, y=HEIGHT - 19 * mm, size=16, least=10, width=text)
    draw_fitted(sheet, label.place, x=EDGE, y=HEIGHT - 24.5 * mm, size=8.5, least=5.5, width=text)
    sheet.setFont(FONT, 8.5)
    sheet.drawString(EDGE, HEIGHT - 29 * mm, f"{_('Phone ends in')} {label.phone_tail}")
    draw_code128(sheet, label.parcel.number, x=EDGE, y=19 * mm, width=text, height=20 * mm)
    draw_qr(sheet, label.qr, x=right - QR_SIDE, y=HEIGHT - 13 * mm - QR_SIDE, side=QR_SIDE)

    sheet.line(EDGE, 14 * mm, right, 14 * mm)
    sheet.setFont(DIGITS, 15)
    sheet.drawString(EDGE, 6.5 * mm, label.parcel.number)
    _storage_class(sheet, label, right=right)


def _storage_class(sheet: Canvas, label: Label, *, right: float) -> None:
    """Draw the storage class in a frame, white on black where the goods are to be kept cold."""
    words = str(StorageClass(label.consignment.storage_class).label)
    wide = sheet.stringWidth(words, FONT, 12) + 5 * mm
    cold = label.consignment.storage_class != StorageClass.AMBIENT
    sheet.rect(right - wide, 4.5 * mm, wide, 7.5 * mm, stroke=1, fill=int(cold))
    sheet.setFont(FONT, 12)
    sheet.setFillGray(1 if cold else 0)
    sheet.drawCentredString(right - wide / 2, 6.8 * mm, words)
    sheet.setFillGray(0)
