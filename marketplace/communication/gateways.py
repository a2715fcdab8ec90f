"""The port to the text message gateway: over HTTP in production, to the demonstration's own page otherwise."""

import json
import urllib.error
import urllib.request
from typing import Protocol

from django.conf import settings

TIMEOUT_SECONDS = 5


class UnableToSend(Exception):
    """The gateway did not take the message."""


class Gateway(Protocol):
    def send(self, phone: str, body: str, *, key: str) -> None:
        """Send a text to a phone in E.164; the same key is sent once. Raise ``UnableToSend``."""


class PageGateway:
    """The demonstration's gateway: the message is sent when it stands on the page of messages."""

    def send(self, phone: str, body: str, *, key: str) -> None:
        return None


class HttpGateway:
    """A gateway that takes JSON over HTTP with a bearer key and an idempotency key."""

    def send(self, phone: str, body: str, *, key: str) -> None:
        request = urllib.request.Request(  # noqa: S310 - the address is a setting
            settings.SMS_GATEWAY_URL,
            data=json.dumps({"to": phone, "text": body}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.SMS_GATEWAY_KEY}",
                "Idempotency-Key": key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                pass
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            raise UnableToSend(str(error)) from error


def sms() -> Gateway:
    """Return the gateway of this deployment; without one configured, production's messages fail in sight."""
    if settings.SMS_GATEWAY_URL:
        return HttpGateway()
    if settings.DEMO_MESSAGES_PAGE:
        return PageGateway()
    raise UnableToSend("SMS_GATEWAY_URL is not set")
