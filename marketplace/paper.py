"""Paper: pages of PDF with Chinese on them.

The font is STSong-Light, one of the standard CID fonts of Adobe-GB1: every PDF viewer and printer driver that knows
Chinese has it, so that none is embedded and a sheet weighs some kilobytes.
"""

from io import BytesIO

import barcode
import segno
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
DIGITS = "Helvetica-Bold"


def canvas(into: BytesIO, *, size: tuple[float, float], title: str, compressed: bool = True) -> Canvas:
    """Return a canvas whose origin is the lower left corner; the unit is the point.

    :param size: width and height in points.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    sheet = Canvas(into, pagesize=size, pageCompression=int(compressed), invariant=1)
    sheet.setTitle(title)
    sheet.setAuthor("湘品网上行")
    return sheet


def fitted(text: str, *, size: float, width: float) -> str:
    """Return as much of a text as fits a width, in points."""
    if pdfmetrics.stringWidth(text, FONT, size) <= width:
        return text
    while text and pdfmetrics.stringWidth(text + "…", FONT, size) > width:
        text = text[:-1]
    return text + "…"


def draw_fitted(sheet: Canvas, text: str, *, x: float, y: float, size: float, least: float, width: float) -> None:
    """Draw a text as large as its width allows, between two sizes; what is too long at the least size is cut."""
    while size > least and pdfmetrics.stringWidth(text, FONT, size) > width:
        size -= 0.5
    sheet.setFont(FONT, size)
    sheet.drawString(x, y, fitted(text, size=size, width=width))


def draw_qr(sheet: Canvas, text: str, *, x: float, y: float, side: float) -> None:
    """Draw a QR code with its quiet zone, its lower left corner at (x, y)."""
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=4))
    module = side / len(rows)
    for line, row in enumerate(rows):
        for place, dark in enumerate(row):
            if dark:
                sheet.rect(x + place * module, y + side - (line + 1) * module, module, module, stroke=0, fill=1)


def draw_code128(sheet: Canvas, digits: str, *, x: float, y: float, width: float, height: float) -> None:
    """Draw a Code 128 barcode (ISO/IEC 15417) with quiet zones of ten modules."""
    modules = "0" * 10 + barcode.get("code128", digits).build()[0] + "0" * 10
    module = width / len(modules)
    for place, dark in enumerate(modules):
        if dark == "1":
            sheet.rect(x + place * module, y, module, height, stroke=0, fill=1)


__all__ = ["DIGITS", "FONT", "canvas", "draw_code128", "draw_fitted", "draw_qr", "fitted", "mm"]
