"""Devices of a point: a phone asks to be paired, an owner confirms; later it is renamed or revoked, at once.

The phone makes nothing of its own: it is given a random token with its request, of which only the hash is kept, and
the token is a device's from the moment the owner confirms.
"""

import datetime as dt
import hashlib
import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import events, locks, numbers
from core.events import NewEvent
from core.sealed import digest
from villages.models import Device, PairingRequest, PickupPoint
from villages.states import PairingState

NUMBER_LENGTH = 8
LASTS = dt.timedelta(minutes=10)
ASKED_FROM_ONE_ADDRESS = 30  # requests within ``LASTS``
DEVICES_OF_A_POINT = 20
PREFIX = "PAIR."  # of the QR's text


class UnableToPair(Exception):
    """The request is over, or the point has as many devices as it may have."""


class UnableToChangeDevice(Exception):
    """The device is revoked."""


def new_token() -> str:
    """Return 32 random bytes as text, for a phone to keep."""
    return secrets.token_urlsafe(32)


def of_token(token: str) -> Device | None:
    """Return the device that keeps a token; None where it was never paired or is revoked."""
    if not token:
        return None
    return Device.objects.filter(token_hash=_hash(token), revoked_at=None).select_related("point").first()


def request_of(token: str, *, at: dt.datetime) -> PairingRequest | None:
    """Return the request of a phone while it waits."""
    return PairingRequest.objects.filter(token_hash=_hash(token), **_waiting(at)).first() if token else None


def request_by(number: str, *, at: dt.datetime) -> PairingRequest | None:
    """Return the request with a number, or with a QR's text, while it waits."""
    digits = "".join(number.strip().removeprefix(PREFIX).split())
    return PairingRequest.objects.filter(number=digits, **_waiting(at)).first()


def ask(token: str, *, network_address: str, at: dt.datetime) -> PairingRequest:
    """Let a phone ask to be paired.

    :raises UnableToPair: where too many were asked from one address.
    """
    address = digest(network_address)
    with transaction.atomic():
        locks.mutex(f"pairing:{address}")
        if PairingRequest.objects.filter(network_address_hash=address, asked_at__gt=at - LASTS).count() >= (
            ASKED_FROM_ONE_ADDRESS
        ):
            raise UnableToPair(_("Too many numbers were asked for. Please wait 10 minutes."))
        PairingRequest.objects.filter(state=PairingState.WAITING, expires_at__lte=at - LASTS).delete()
        return PairingRequest.objects.create(
            number=numbers.draw(NUMBER_LENGTH),
            compare_code=f"{secrets.randbelow(10**6):06d}",
            token_hash=_hash(token),
            network_address_hash=address,
            asked_at=at,
            expires_at=at + LASTS,
        )


def confirm(number: str, *, point: PickupPoint, name: str, by, at: dt.datetime) -> Device:
    """Make the phone with this request a device of a point; each request once.

    :raises UnableToPair: where the request is over, or the point has too many devices.
    """
    with transaction.atomic():
        locks.mutex(f"devices:{point.pk}")
        found = request_by(number, at=at)
        moved = found and PairingRequest.objects.filter(pk=found.pk, **_waiting(at)).update(
            state=PairingState.CONFIRMED
        )
        if not moved:
            raise UnableToPair(_("This request is over. Please have the new phone show another number."))
        if Device.objects.filter(point=point, revoked_at=None).count() >= DEVICES_OF_A_POINT:
            raise UnableToPair(_("This point has 20 devices already. Please revoke one first."))
        try:
            with transaction.atomic():
                made = Device.objects.create(
                    point=point, name=name, token_hash=found.token_hash, paired_by=by, paired_at=at
                )
        except IntegrityError as error:
            raise UnableToPair(_("This phone is paired already.")) from error
        events.append([NewEvent("point", point.pk, "point.device_paired", {"device": made.pk})], by=by, at=at)
        return made


def rename(device: Device, *, name: str, by, at: dt.datetime) -> None:
    """Call a device something else; what it is called stays out of the log.

    :raises UnableToChangeDevice: where it is revoked.
    """
    _change(device, event="point.device_renamed", by=by, at=at, name=name)


def revoke(device: Device, *, by, at: dt.datetime) -> None:
    """Let a device count as unpaired from now on.

    :raises UnableToChangeDevice: where it is revoked already.
    """
    _change(device, event="point.device_revoked", by=by, at=at, revoked_at=at)


def _change(device: Device, *, event: str, by, at: dt.datetime, **changes) -> None:
    with transaction.atomic():
        if not Device.objects.filter(pk=device.pk, revoked_at=None).update(**changes):
            raise UnableToChangeDevice(_("This device was revoked already."))
        events.append([NewEvent("point", device.point_id, event, {"device": device.pk})], by=by, at=at)


def _waiting(at: dt.datetime) -> dict:
    return {"state": PairingState.WAITING, "expires_at__gt": at}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
