"""What a browser tells of a page beside what it shows: errors, refusals by the policy, requests to other hosts."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.urls import reverse
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, Response

PASSWORD = "secret-2026"  # of the people that tests/factories/shop.py makes
UNPROCESSABLE = 422


class Watch:
    """Listens to all pages of a browser's context."""

    def __init__(self, context: BrowserContext, *, host: str):
        self.host = urlsplit(host).netloc
        self.complaints: list[str] = []
        context.on("page", self._listen)
        context.on("request", self._requested)
        context.on("response", self._answered)

    def _listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: script failed: {error}"))
        page.on("dialog", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        # What failed to load is told by its answer below; a form that is shown again answers 422.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            where = message.page.url if message.page else ""
            self.complaints.append(f"{where}: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"{dialog.page.url if dialog.page else ''}: dialog {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status != UNPROCESSABLE:
            self.complaints.append(f"{response.url}: {response.status}")


def sign_in(page: Page, host: str, phone: str) -> None:
    """Sign in as people do, with the phone as it is written at home."""
    page.goto(host + reverse("customer:login"))
    page.fill("[name=identifier]", phone.removeprefix("+86"))
    page.fill("[name=password]", PASSWORD)
    page.click("main form .btn-go")
    page.wait_for_url(lambda url: reverse("customer:login") not in url)


def follow(link: Locator) -> None:
    """Click on what leads to another page, and wait until that is there.

    A click alone is over before: what is asked of the page next would be asked of the old one, or of none at all.
    """
    link.wait_for()  # on a page that is still on its way: that page's coming is not the one waited for
    with link.page.expect_navigation():
        link.click()


def comes_true(page: Page, holds: Callable[[], bool], *, within: float = 5.0) -> bool:
    """Return whether ``holds()`` is seen to be true ``within`` so many seconds, for what no locator can wait for."""
    until = time.monotonic() + within
    while not holds():
        if time.monotonic() > until:
            return False
        page.wait_for_timeout(50)
    return True


def fits(page: Page) -> bool:
    """Return whether nothing is wider than the window, once the page has its styles and pictures."""
    page.wait_for_load_state("load")
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
