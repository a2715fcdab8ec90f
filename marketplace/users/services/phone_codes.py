"""Codes that prove a phone: sent as a text message, six digits, few tries, good for minutes and for once."""

import datetime as dt
import hmac
import secrets
from collections.abc import Mapping
from types import MappingProxyType

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from core import locks
from core.sealed import digest
from marketplace.communication.services import messages
from marketplace.users.models import PhoneCode


class UnableToSendCode(Exception):
    """No code is sent now: too many were."""


class UnableToVerify(Exception):
    """The code is wrong, old, used, or was tried too often."""


@transaction.atomic
def send(
    phone: str,
    *,
    purpose: str,
    network_address: str,
    at: dt.datetime,
    device: str = "",
    words: str = "",
    named: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Send a code to a phone in E.164.

    :param device: by which the browser or paired phone is known again that asks for it.
    :param words: of the message in place of the usual ones, holding ``%(code)s`` and ``%(minutes)d`` beside ``named``.
    :raises UnableToSendCode: past the limits of the phone (an hour's and a day's), of the device or of the network
        address.
    """
    phone_hash, address_hash = digest(phone), digest(network_address)
    device_hash = digest(device) if device else ""
    locks.mutex(f"phone-code:{phone_hash}")
    _see_limits(phone_hash, address_hash, device_hash, at)
    code = f"{secrets.randbelow(10**6):06d}"
    PhoneCode.objects.create(
        phone_hash=phone_hash,
        network_address_hash=address_hash,
        device_hash=device_hash,
        purpose=purpose,
        code_hash=_code_hash(phone_hash, code),
        created_at=at,
        expires_at=at + dt.timedelta(minutes=settings.PHONE_CODE_MINUTES),
    )
    messages.enqueue_sms(
        phone,
        name="phone_code",
        body=(words or _("%(code)s is your code for Xiangpin Online, good for %(minutes)d minutes. Tell it to nobody."))
        % {**named, "code": code, "minutes": settings.PHONE_CODE_MINUTES},
        at=at,
        good_until=at + dt.timedelta(minutes=settings.PHONE_CODE_MINUTES),
    )


def _see_limits(phone_hash: str, address_hash: str, device_hash: str, at: dt.datetime) -> None:
    asked = Q(phone_hash=phone_hash) | Q(network_address_hash=address_hash)
    by_device = Q(device_hash=device_hash) if device_hash else Q(pk__in=[])
    last_day = PhoneCode.objects.filter(asked | by_device, created_at__gt=at - dt.timedelta(days=1))
    lately = Q(created_at__gt=at - dt.timedelta(hours=1))
    sent = last_day.aggregate(
        day=Count("pk", filter=Q(phone_hash=phone_hash)),
        phone=Count("pk", filter=lately & Q(phone_hash=phone_hash)),
        address=Count("pk", filter=lately & Q(network_address_hash=address_hash)),
        device=Count("pk", filter=lately & by_device),
    )
    if sent["day"] >= settings.PHONE_CODES_PER_PHONE_DAY:
        raise UnableToSendCode(_("This phone was sent many codes today. Please try again tomorrow."))
    if sent["phone"] >= settings.PHONE_CODES_PER_PHONE_HOUR:
        raise UnableToSendCode(_("This phone was sent several codes already. Please use the newest, or wait an hour."))
    if sent["device"] >= settings.PHONE_CODES_PER_DEVICE_HOUR:
        raise UnableToSendCode(_("Too many codes were asked for from this device. Please wait an hour."))
    if sent["address"] >= settings.PHONE_CODES_PER_ADDRESS_HOUR:
        raise UnableToSendCode(_("Too many codes were asked for from your network. Please wait an hour."))


def verify(phone: str, *, code: str, purpose: str, at: dt.datetime) -> None:
    """Check the newest code of a phone and use it up; see ``check`` and ``use``."""
    check(phone, code=code, purpose=purpose, at=at)
    use(phone, purpose=purpose, at=at)


def check(phone: str, *, code: str, purpose: str, at: dt.datetime) -> None:
    """See that a code is the newest one of a phone; the try is counted even though the caller's work is refused.

    :raises UnableToVerify: with what the person can do.
    """
    newest = _newest(phone, purpose)
    if newest is None or newest.used_at or newest.expires_at <= at:
        raise UnableToVerify(_("This code is no longer valid. Please have a new one sent."))
    counted = PhoneCode.objects.filter(pk=newest.pk, tries__lt=settings.PHONE_CODE_TRIES).update(tries=F("tries") + 1)
    if not counted:
        raise UnableToVerify(_("Too many tries. Please have a new code sent."))
    if not hmac.compare_digest(newest.code_hash, _code_hash(newest.phone_hash, code.strip())):
        raise UnableToVerify(_("The code is wrong. Please look at the text message again."))
    # A right code is no try: sending the same form again must not use the tries up.
    PhoneCode.objects.filter(pk=newest.pk).update(tries=F("tries") - 1)


def use(phone: str, *, purpose: str, at: dt.datetime) -> None:
    """Use up the newest code of a phone, in its purpose's transaction; raise ``UnableToVerify`` if it is used up."""
    newest = _newest(phone, purpose)
    if newest is None or not PhoneCode.objects.filter(pk=newest.pk, used_at=None).update(used_at=at):
        raise UnableToVerify(_("This code is no longer valid. Please have a new one sent."))


def _newest(phone: str, purpose: str) -> PhoneCode | None:
    return PhoneCode.objects.filter(phone_hash=digest(phone), purpose=purpose).order_by("-pk").first()


def _code_hash(phone_hash: str, code: str) -> str:
    return digest(f"{phone_hash}:{code}")
