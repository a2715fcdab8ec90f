"""Cash in an operator's hands: how much it is, the cap on it, counting it up, the owner's sign-off (日结)."""

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Collection
from logistics.services.collections import UnableToCollect
from marketplace.claims.models import Payout
from marketplace.counter.models import CashUp
from marketplace.wording import yuan_text
from villages.models import PickupPoint
from villages.services.operators import is_owner


class TooMuchCash(UnableToCollect):
    """The operator would hold more than ``settings.OPERATOR_CASH_CAP_FEN``."""


class UnableToCashUp(Exception):
    """There is nothing to count, a difference is not explained, or somebody else has to sign."""


def uncounted(point_id: int, operator_id: int) -> QuerySet[Collection]:
    """Return the hand-overs with cash since the operator's last cash-up at a point."""
    return _since_last(point_id, operator_id).filter(cash_fen__gt=0)


def by_qr(point_id: int, operator_id: int) -> QuerySet[Collection]:
    """Return the hand-overs since then that the platform's QR paid for: no cash, and nothing to count."""
    return _since_last(point_id, operator_id).filter(payment__isnull=False)


def _since_last(point_id: int, operator_id: int) -> QuerySet[Collection]:
    last = CashUp.objects.filter(point_id=point_id, operator_id=operator_id).order_by("-until_id").first()
    rows = Collection.objects.filter(point_id=point_id, operator_id=operator_id)
    return rows.filter(pk__gt=last.until_id) if last else rows


def payouts(point_id: int, operator_id: int) -> QuerySet[Payout]:
    """Return what an operator paid out in cash and was not counted yet."""
    return Payout.objects.filter(point_id=point_id, operator_id=operator_id, cash_up=None).order_by("pk")


def countable(point_id: int, operator_id: int) -> tuple[int, list[Payout]]:
    """Return what should be in the till since the last cash-up, in fen, and the payouts that it is less by.

    What was paid out beyond the cash that was taken waits for the next cash-up.
    """
    left = uncounted(point_id, operator_id).aggregate(fen=Sum("cash_fen", default=0))["fen"]
    covered = []
    for payout in payouts(point_id, operator_id):
        if payout.cash_fen > left:
            break
        left -= payout.cash_fen
        covered.append(payout)
    return left, covered


def held_fen(point_id: int, operator_id: int) -> int:
    """Return what an operator holds at a point: not counted yet, or counted and not signed off."""
    unsigned = CashUp.objects.filter(point_id=point_id, operator_id=operator_id, signed_at=None).first()
    waiting = unsigned.counted_fen if unsigned else 0
    return waiting + countable(point_id, operator_id)[0]


def see_room(collection: Collection) -> None:
    """See, inside the hand-over's transaction, that its cash keeps the operator within the cap.

    :raises TooMuchCash: where it does not; the hand-over is undone.
    """
    if not collection.cash_fen:
        return
    locks.mutex(f"cash:{collection.operator_id}")
    cap = settings.OPERATOR_CASH_CAP_FEN
    if held_fen(collection.point_id, collection.operator_id) > cap:
        raise TooMuchCash(
            _("You would hold more than ¥%(cap)s in cash. Please count it and have it signed off first.")
            % {"cap": yuan_text(cap)}
        )


@transaction.atomic
def count_up(point: PickupPoint, *, counted_fen: int, note: str, by, at: dt.datetime) -> CashUp:
    """Note what an operator counted of the cash since the last time; an owner's own is signed off at once.

    :raises UnableToCashUp: where nothing is to count, the last count is not signed off, or a difference has no note.
    """
    locks.mutex(f"cash:{by.pk}")
    rows = list(uncounted(point.pk, by.pk).order_by("pk").values_list("pk", "cash_fen"))
    if not rows:
        raise UnableToCashUp(_("There is no cash to count since the last time."))
    expected, paid_out = countable(point.pk, by.pk)
    if counted_fen != expected and not note.strip():
        raise UnableToCashUp(_("The count differs. Please write down why."))
    made = CashUp(
        point=point,
        operator=by,
        until_id=rows[-1][0],
        collections=len(rows),
        expected_fen=expected,
        counted_fen=counted_fen,
        note=note.strip(),
        counted_at=at,
    )
    if is_owner(by, point=point):
        made.signed_by, made.signed_at = by, at
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise UnableToCashUp(_("Your last count is not signed off yet.")) from error
    Payout.objects.filter(pk__in=[payout.pk for payout in paid_out]).update(cash_up=made)
    names = ["cash.counted", "cash.signed"] if made.signed_at else ["cash.counted"]
    events.append([_event(name, made) for name in names], by=by, at=at)
    return made


@transaction.atomic
def sign_off(cash_up: CashUp, *, by, at: dt.datetime) -> None:
    """Sign that the counted cash was handed over to the owner; once.

    :raises UnableToCashUp: by anybody but an owner of the point, or where it is signed already.
    """
    if not is_owner(by, point=cash_up.point):
        raise UnableToCashUp(_("Only the owner of the point signs off."))
    if not CashUp.objects.filter(pk=cash_up.pk, signed_at=None).update(signed_by=by, signed_at=at):
        raise UnableToCashUp(_("This was signed off already."))
    events.append([_event("cash.signed", cash_up)], by=by, at=at)


def _event(name: str, cash_up: CashUp) -> NewEvent:
    payload = {
        "point": cash_up.point_id,
        "collections": cash_up.collections,
        "expected_fen": cash_up.expected_fen,
        "counted_fen": cash_up.counted_fen,
    }
    return NewEvent("cash_up", cash_up.pk, name, payload)
