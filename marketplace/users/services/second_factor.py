"""The second factor: a code sent to the account's phone, before what must not be done in a borrowed session."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import events
from core.events import NewEvent
from marketplace.users.models import User
from marketplace.users.services import phone_codes

PURPOSE = "step-up"


class UnableToStepUp(Exception):
    """The account has no phone, no code can be sent now, or the code is wrong."""


def send(user: User, *, network_address: str, device: str = "", at: dt.datetime) -> None:
    """Send a code to the account's phone.

    :raises UnableToStepUp: where there is no phone, or too many codes were sent.
    """
    if not user.phone:
        raise UnableToStepUp(_("Your account has no phone number. Please ask the platform to enter it."))
    try:
        phone_codes.send(user.phone, purpose=PURPOSE, network_address=network_address, device=device, at=at)
    except phone_codes.UnableToSendCode as refusal:
        raise UnableToStepUp(str(refusal)) from refusal


def confirm(user: User, *, code: str, at: dt.datetime) -> None:
    """Check the code that was sent and use it up; raise ``UnableToStepUp`` where it is not the one."""
    if not user.phone:
        raise UnableToStepUp(_("Your account has no phone number. Please ask the platform to enter it."))
    try:
        phone_codes.check(user.phone, code=code, purpose=PURPOSE, at=at)
        with transaction.atomic():
            phone_codes.use(user.phone, purpose=PURPOSE, at=at)
            events.append([NewEvent("user", user.pk, "user.stepped_up")], by=user, at=at)
    except phone_codes.UnableToVerify as refusal:
        raise UnableToStepUp(str(refusal)) from refusal
