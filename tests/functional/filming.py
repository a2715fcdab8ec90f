"""A camera that sees a code: a film of it, and a Chromium that takes the film for its camera."""

from pathlib import Path

import segno
from playwright.sync_api import Browser

from tests.conftest import launched

WIDTH, HEIGHT = 640, 480
BLACK, WHITE, GREY = 16, 235, 128  # of luma and chroma in studio range
BORDER, LARGEST = 6, 10  # in modules, in pixels a module


def film(text: str, path: Path) -> None:
    """Write a film of a QR before the camera, some frames long, as YUV4MPEG2."""
    code = segno.make_qr(text, error="m")
    scale = min(LARGEST, HEIGHT // code.symbol_size(border=BORDER)[1])
    rows = list(code.matrix_iter(scale=scale, border=BORDER))
    top, left = (HEIGHT - len(rows)) // 2, (WIDTH - len(rows)) // 2
    luma = bytearray([WHITE]) * (WIDTH * HEIGHT)
    for line, row in enumerate(rows):
        start = (top + line) * WIDTH + left
        luma[start : start + len(row)] = bytes(BLACK if dark else WHITE for dark in row)
    frame = b"FRAME\n" + bytes(luma) + bytes([GREY]) * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 5)


def camera(browser: Browser, path: Path) -> Browser:
    """Start another browser whose camera sees a film; contexts still have to be allowed to use it."""
    return launched(
        browser.browser_type,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    )
