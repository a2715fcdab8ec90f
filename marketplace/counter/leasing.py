"""The lease and the sync as a phone asks for them, in JSON; what is kept on the phone is told here and nowhere else."""

import base64
import datetime as dt
import json
from collections import defaultdict

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from logistics import signing
from logistics.models import Consignment, OfflineLease
from logistics.services import leases
from logistics.states import OVER_FOR_BUYER, LeaseState, UploadState
from marketplace.counter.services import cash, syncing
from marketplace.order.states import PaymentMethod
from villages.models import Device, Operator

MOST_BYTES = 512 * 1024


class UnableToAnswer(Exception):
    """The phone is not one of a point of this person; ``status`` and ``error`` are for its script."""

    def __init__(self, sentence: str, *, error: str = "unpaired", status: int = 403):
        super().__init__(sentence)
        self.error, self.status = error, status

    def response(self) -> JsonResponse:
        return JsonResponse({"error": self.error, "sentence": str(self)}, status=self.status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lease(request: HttpRequest) -> JsonResponse:
    """Tell whether this phone holds its point's lease; or give it one, with all that it needs without network."""
    at = clock.now()
    if request.method != "POST":
        device = request.device
        held = leases.live(device.point_id, at=at) if device else None
        own = held if held is not None and held.device_id == device.pk else None
        told = _state(own, at) | {"over": _over(own)} if own else None
        return _answered(request, {"lease": told, "paired": device is not None})
    try:
        device, sent = _device(request), _sent(request)
        hours = sent.get("hours", leases.USUAL_HOURS)
        made = leases.grant(
            device.point,
            device=device,
            hours=hours if isinstance(hours, int) else 0,
            renews=sent.get("renew") is True,
            by=request.user,
            at=at,
        )
    except UnableToAnswer as refusal:
        return refusal.response()
    except leases.LeaseIsHeld as refusal:
        error = "own" if refusal.lease.device_id == device.pk else "held"
        return JsonResponse({"error": error, "sentence": str(refusal)}, status=409)
    except leases.UnableToLease as refusal:
        return JsonResponse({"error": "refused", "sentence": str(refusal)}, status=409)
    syncing.give_up(by=request.user, at=at, point_id=device.point_id)
    return _answered(request, {"lease": told_to_phone(made, at=at)}, status=201)


@require_POST
def end(request: HttpRequest) -> JsonResponse:
    """Hand the lease back, from the phone that holds it."""
    at = clock.now()
    try:
        device = _device(request)
        ended = leases.hand_back(device.point, device=device, by=request.user, at=at)
    except UnableToAnswer as refusal:
        return refusal.response()
    except leases.UnableToEnd as refusal:
        return JsonResponse({"error": "none", "sentence": str(refusal)}, status=404)
    syncing.give_up(by=request.user, at=at, point_id=device.point_id)
    return _answered(request, {"lease": _state(ended, at)})


@require_POST
def sync(request: HttpRequest) -> JsonResponse:
    """Take in what a phone did without network; answer each item by its nonce."""
    at = clock.now()
    try:
        device = _device(request)
        sent = _sent(request).get("items")
        if not isinstance(sent, list) or len(sent) > syncing.MOST:
            raise UnableToAnswer(_("Please send at most %(most)d items at once.") % {"most": syncing.MOST}, **TOO_MUCH)
        answers = syncing.sync(sent, device=device, by=request.user, at=at)
    except UnableToAnswer as refusal:
        return refusal.response()
    except syncing.UnableToSync as refusal:
        return JsonResponse({"error": "other-operator", "sentence": str(refusal)}, status=403)
    newest = OfflineLease.objects.filter(device=device).order_by("-epoch").first()
    results = [_result(each) for each in answers]
    return _answered(request, {"results": results, "lease": _state(newest, at) if newest else None})


TOO_MUCH = {"error": "unreadable", "status": 400}


def _result(answer: syncing.Answer) -> dict:
    upload = answer.upload
    receipt = reverse("counter:receipt", args=[upload.collection_id]) if upload and upload.collection_id else None
    state = upload.state if upload and upload.state != UploadState.CLOSED else UploadState.EXCEPTION
    return {"nonce": answer.nonce, "state": state, "sentence": answer.sentence, "receipt": receipt}


def _answered(request: HttpRequest, said: dict, *, status: int = 200) -> JsonResponse:
    """Answer with a CSRF token, so that a page that was kept for days can go on, and the time to set its clock by."""
    return JsonResponse(said | {"csrf": get_token(request), "server_time": _z(clock.now())}, status=status)


def _device(request: HttpRequest) -> Device:
    device = request.device
    if device is None:
        raise UnableToAnswer(_("This phone is not paired with the point."))
    if not Operator.objects.filter(user=request.user, point=device.point_id, until=None).exists():
        raise UnableToAnswer(_("This is not your point."), error="other-point")
    return device


def _sent(request: HttpRequest) -> dict:
    try:
        if len(request.body) > MOST_BYTES:
            raise UnableToAnswer(_("Please send at most %(most)d items at once.") % {"most": syncing.MOST}, **TOO_MUCH)
        sent = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise UnableToAnswer(_("This is not JSON."), **TOO_MUCH)
    return sent


def _over(of: OfflineLease) -> list[int]:
    """Return the leased consignments that are over by now: the phone's ordinary pages hand over too."""
    return list(
        Consignment.objects.filter(leased__lease=of, state__in=OVER_FOR_BUYER)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _state(of: OfflineLease, at: dt.datetime) -> dict:
    is_live = of.state == LeaseState.LIVE and of.until > at
    state = LeaseState.LIVE if is_live else LeaseState.ENDED
    return {"id": of.pk, "epoch": of.epoch, "until": _z(of.until), "state": state, "device": of.device_id}


def told_to_phone(of: OfflineLease, *, at: dt.datetime) -> dict:
    """Return what a phone keeps under its lease: the keys that prove a QR, and what it may hand over.

    Of the buyers nothing but the phone's last four digits; titles and prices, because it hands over line by line for
    cash. Prices and amounts in fen.
    """
    rows = (
        Consignment.objects.filter(leased__lease=of)
        .exclude(state__in=OVER_FOR_BUYER)
        .select_related("order")
        .prefetch_related("parcels", "lines__order_line")
        .order_by("order_id", "pk")
    )
    by_order = defaultdict(list)
    for row in rows:
        by_order[row.order].append(row)
    room = settings.OPERATOR_CASH_CAP_FEN - cash.held_fen(of.point_id, of.operator_id)
    return {
        "id": of.pk,
        "epoch": of.epoch,
        "point": {"id": of.point_id, "name": of.point.name},
        "granted_at": _z(of.granted_at),
        "until": _z(of.until),
        "server_time": _z(at),
        "keys": {key_id: base64.b64encode(raw).decode() for key_id, raw in signing.public_keys().items()},
        "cash_room_fen": max(0, room),
        "orders": [
            {
                "number": order.number,
                "epoch": order.code_epoch,
                "phone_tail": order.contact_phone_tail,
                "pays_here": order.payment_method == PaymentMethod.AT_POINT,
                "consignments": [_consignment(each) for each in consignments],
            }
            for order, consignments in by_order.items()
        ],
    }


def _consignment(of: Consignment) -> dict:
    return {
        "id": of.pk,
        "number": of.number,
        "state": of.state,
        "due_at": _z(of.planned_at),
        "freight_fen": of.freight_fen,
        "collect_by": _z(of.collect_by),
        "parcels": [{"number": each.number, "state": each.state, "shelf": each.shelf} for each in of.parcels.all()],
        "lines": [
            {
                "id": each.pk,
                "title": each.order_line.title,
                "open": each.open,
                "unit_price_fen": each.order_line.unit_price_fen,
            }
            for each in of.lines.all()
        ],
    }


def _z(at: dt.datetime | None) -> str | None:
    """Return a moment as a script reads it."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
