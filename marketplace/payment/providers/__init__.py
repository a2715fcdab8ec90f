"""The port to payment providers: a QR that the buyer pays, what became of it, cancelling it, paying back.

Whatever a provider answers is fetched here, outside of every transaction: it may take seconds, or never come.
"""

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.db.models import TextChoices

STRIPE, REHEARSAL = "stripe", "rehearsal"


class UnableToTell(Exception):
    """The provider gave no answer, or none that says what it did: it may have done it. Ask again with the same key."""


class UnableToTransact(Exception):
    """The provider refuses; nothing happened, and the same would be refused again."""


class Outcome(TextChoices):
    """What became of a payment."""

    OPEN = "OPEN"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Opened:
    """A payment that waits for the buyer: the provider's name for it, and the text of its QR."""

    reference: str
    qr_text: str


@dataclass(frozen=True)
class Seen:
    """What the provider says of a payment; ``captured_fen`` is more than 0 where it succeeded."""

    outcome: Outcome
    captured_fen: int = 0


class Provider(Protocol):
    """Each of these raises ``UnableToTell`` or ``UnableToTransact``."""

    def open_qr(self, amount_fen: int, *, idempotency_key: str, description: str) -> Opened:
        """Open a payment; the same key opens it once."""

    def look(self, reference: str) -> Seen:
        """Return what became of a payment."""

    def cancel(self, reference: str) -> Seen:
        """Cancel a payment and return what became of it: it may have been paid meanwhile."""

    def refund(self, reference: str, amount_fen: int, *, idempotency_key: str, turn: int = 0) -> bool:
        """Pay back; the same key pays back once, also in a later turn. Tell whether it is done, or under way still."""


def configured() -> str:
    """Return the name of the provider of this deployment, or nothing where there is none."""
    if settings.STRIPE_SECRET_KEY:
        return STRIPE
    return REHEARSAL if settings.DEMO_PAYMENTS else ""


def of(name: str) -> Provider:
    """Return the adaptor by which payments with this provider are asked for.

    :raises UnableToTell: where this deployment does not know it, or no longer.
    :raises RuntimeError: inside a transaction, which would be held open while the provider thinks.
    """
    if any(not block._from_testcase for block in connection.atomic_blocks):
        raise RuntimeError("a provider is called outside of transactions")
    if name == STRIPE and settings.STRIPE_SECRET_KEY:
        # The library takes a second to load: only who pays with it waits for that.
        from marketplace.payment.providers.stripe import Stripe

        return Stripe()
    if name == REHEARSAL and settings.DEMO_PAYMENTS:
        # Its rows are models, which are not there yet when apps load.
        from marketplace.payment.providers.rehearsal import Rehearsal

        return Rehearsal()
    raise UnableToTell(f"{name or 'no provider'} is not configured")
