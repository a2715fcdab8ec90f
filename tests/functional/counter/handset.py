"""What a person does with a paired phone on the page that works without network."""

from io import BytesIO

import segno
from django.urls import reverse
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.factories.leases import Phone
from tests.functional import browsing

PIN = "204816"


class Handset:
    """A paired phone's browser."""

    def __init__(self, context: BrowserContext, host: str, phone: Phone):
        self.context, self.host, self.phone = context, host, phone
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"script failed: {error}"))
        self.page.on("console", self._said)

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            self.complaints.append(message.text)

    def open(self) -> Page:
        """Open the page, and wait until it is kept on the phone."""
        self.page.goto(self.host + reverse("counter:offline"))
        self.page.evaluate("navigator.serviceWorker.ready.then((found) => found.active.state)")
        return self.page

    def take_lease(self, *, pin: str = PIN) -> Page:
        page = self.open()
        page.get_by_label("设一个 6 位 PIN 码").fill(pin)
        page.get_by_label("再输一遍 PIN 码").fill(pin)
        page.get_by_role("button", name="带到这部手机").click()
        expect(page.get_by_role("link", name="货架")).to_be_visible()
        return page

    def go(self, to: str) -> None:
        """Go to a view by its address within the page."""
        self.page.evaluate("to => { location.hash = to }", to)

    def sync(self) -> None:
        """Ask for all to be sent now, and wait for the answer."""
        self.go("outbox")
        self.page.get_by_role("button", name="现在上传").click()
        expect(self.page.locator("[data-do=sync].busy")).to_have_count(0)

    def unlock(self, *, pin: str = PIN) -> None:
        self.page.get_by_label("PIN 码").fill(pin)
        self.page.get_by_role("button", name="打开").click()

    def cut(self) -> None:
        """Cut the network."""
        self.context.set_offline(True)

    def connect(self) -> None:
        self.context.set_offline(False)

    def show_photo(self, text: str) -> None:
        """Choose a photo of a QR to be read."""
        self.page.locator("[data-scan] input[type=file]").set_input_files(
            {"name": "qr.png", "mimeType": "image/png", "buffer": picture_of(text)}
        )

    @staticmethod
    def picture_of_nothing() -> bytes:
        out = BytesIO()
        Image.new("RGB", (400, 300), "white").save(out, "PNG")
        return out.getvalue()

    def fits(self) -> bool:
        return browsing.fits(self.page)


def picture_of(text: str) -> bytes:
    out = BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=6, border=6)
    return out.getvalue()
