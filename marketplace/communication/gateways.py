"""The ports to the outside: text messages over HTTP, e-mail over SMTP, and the demonstration's own page."""

import http.client
import json
import smtplib
import urllib.error
import urllib.request
from typing import Protocol

from django.conf import settings
from django.core import mail

from marketplace.communication.states import MessageChannel

TIMEOUT_SECONDS = 5
# What a gateway says of the message itself: the same one would be refused again.
REFUSED_FOR_GOOD = frozenset({400, 410, 413, 422})


class UnableToSend(Exception):
    """The gateway did not take the message; it may be tried again."""


class UnableToSendEver(Exception):
    """The gateway will never take this message."""


class UnableToTellWhetherSent(Exception):
    """The message was on its way when the connection ended: a second try could be a second message."""


class Gateway(Protocol):
    def send(self, recipient: str, body: str, *, key: str) -> None:
        """Send a text; the same key is sent once. Raise one of the three above."""


class PageGateway:
    """What is shown on a page is sent when it stands there: order pages, and the demonstration's messages."""

    def send(self, recipient: str, body: str, *, key: str) -> None:
        return None


class HttpGateway:
    """A gateway that takes JSON over HTTP with a bearer key and an idempotency key.

    The key lets a message whose answer never came be tried again: the gateway knows it and does not send it twice.
    """

    def send(self, recipient: str, body: str, *, key: str) -> None:
        request = urllib.request.Request(  # noqa: S310 - the address is a setting
            settings.SMS_GATEWAY_URL,
            data=json.dumps({"to": recipient, "text": body}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.SMS_GATEWAY_KEY}",
                "Idempotency-Key": key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                pass
        except urllib.error.HTTPError as error:
            error.close()
            refused = error.code in REFUSED_FOR_GOOD
            raise (UnableToSendEver if refused else UnableToSend)(f"HTTP {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            raise UnableToSend(type(error).__name__ + _reason(error)) from error


class MailGateway:
    """E-mail by Django's backend; the first paragraph is its subject.

    Mail has no idempotency key: what broke off on its way is not tried again.
    """

    def send(self, recipient: str, body: str, *, key: str) -> None:
        connection = mail.get_connection(timeout=TIMEOUT_SECONDS)
        try:
            connection.open()
        except OSError as error:
            raise UnableToSend(type(error).__name__) from error
        domain = settings.EMAIL_FROM.rpartition("@")[2].rstrip(">")
        subject, _gap, text = body.partition("\n\n")
        message = mail.EmailMessage(
            subject=subject,
            body=text,
            from_email=settings.EMAIL_FROM,
            to=[recipient],
            headers={"Message-ID": f"<{key}@{domain}>"},
            connection=connection,
        )
        try:
            message.send()
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _mail_refusal(error) from error
        except OSError as error:
            raise UnableToTellWhetherSent(type(error).__name__) from error
        finally:
            connection.close()


def _mail_refusal(error: smtplib.SMTPException) -> Exception:
    """Return what a server's refusal means: 4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    found = error.recipients.values() if isinstance(error, smtplib.SMTPRecipientsRefused) else [(error.smtp_code, b"")]
    code = max(answer[0] for answer in found)
    return (UnableToSendEver if code >= 500 else UnableToSend)(f"SMTP {code}")


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return f": {type(reason).__name__}" if isinstance(reason, Exception) else ""


def has_email() -> bool:
    """Tell whether this deployment sends e-mail; where it does not, none is written."""
    return bool(settings.EMAIL_URL or settings.DEMO_MESSAGES_PAGE)


def of(channel: str) -> Gateway:
    """Return the gateway of a channel in this deployment; without one configured, messages fail in sight."""
    if channel == MessageChannel.PAGE:
        return PageGateway()
    if channel == MessageChannel.EMAIL and settings.EMAIL_URL:
        return MailGateway()
    if channel == MessageChannel.SMS and settings.SMS_GATEWAY_URL:
        return HttpGateway()
    if settings.DEMO_MESSAGES_PAGE:
        return PageGateway()
    raise UnableToSend("SMS_GATEWAY_URL is not set" if channel == MessageChannel.SMS else "EMAIL_URL is not set")
