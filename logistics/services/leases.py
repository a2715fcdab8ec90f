"""Offline leases: the one phone of a point that may hand over without network, and what nobody else may touch then.

Whoever grants, ends or uploads under a lease holds the point's mutex first, then the locks in their usual order. So an
upload sees its lease live until it is committed, or ended before it began.
"""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from logistics.models import Consignment, LeasedConsignment, OfflineLease, OfflineUpload, Parcel
from logistics.states import NOT_GIVEN_BACK, UNDECIDED, ConsignmentState, LeaseEnd, LeaseState, UploadKind
from villages.models import Device, Operator, PickupPoint
from villages.states import PointState

MOST_HOURS = 72
USUAL_HOURS = 24
# What may arrive while the lease lives; what is not packed yet has no parcel that a phone could know.
COMING = frozenset({ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT})


class UnableToLease(Exception):
    """The phone gets no lease; the sentence is for whoever asked."""


class LeaseIsHeld(UnableToLease):
    """A phone holds the point's lease already; ``lease`` is it."""

    def __init__(self, sentence: str, lease: OfflineLease):
        super().__init__(sentence)
        self.lease = lease


class UnableToEnd(Exception):
    """There is no such lease any more, or it is not this phone's to end."""


def only_one(point_id: int) -> None:
    """Let one transaction at a time past this line that changes a point's lease or uploads under it."""
    locks.mutex(f"lease:{point_id}")


def live(point_id: int, *, at: dt.datetime) -> OfflineLease | None:
    """Return the lease in force at a point."""
    rows = OfflineLease.objects.live(at).filter(point_id=point_id)
    return rows.select_related("device", "operator", "point").first()


def leased(*, at: dt.datetime) -> Q:
    """Return what filters consignments to those that a live lease covers."""
    lives = OfflineLease.objects.live(at).filter(leased__consignment=OuterRef("pk"))
    return Q(Exists(lives))


def waits(*, at: dt.datetime) -> Q:
    """Return what filters consignments to those that do not fall due now.

    A phone has them; or had them not long ago and did not give them back, so that it may still tell what it did; or has
    told, and nobody has decided.
    """
    since = at - dt.timedelta(hours=settings.OFFLINE_GRACE_HOURS)
    unheard = Q(state=LeaseState.LIVE, until__gt=since) | Q(end_reason__in=NOT_GIVEN_BACK, ended_at__gt=since)
    return Q(Exists(OfflineLease.objects.filter(unheard, leased__consignment=OuterRef("pk")))) | told_of()


def told_of() -> Q:
    """Return what filters consignments to those that a phone says it has handed over, which nobody has decided on."""
    uploads = OfflineUpload.objects.filter(
        order=OuterRef("order"),
        kind=UploadKind.HAND_OVER,
        state__in=UNDECIDED,
        lease__leased__consignment=OuterRef("pk"),
    )
    return Q(Exists(uploads))


def see_free(
    consignments: Iterable[Consignment], *, device_id: int | None, refusal: type[Exception], at: dt.datetime
) -> None:
    """See that no other device's live lease covers any of some consignments, under the caller's locks on them.

    A grant takes the same locks, so that whoever is second sees the first.

    :param device_id: the device at which it is done; None for whoever has none.
    :raises refusal: with a sentence, where another device's lease covers one.
    """
    holding = OfflineLease.objects.live(at).filter(leased__consignment__in=[each.pk for each in consignments])
    if device_id is not None:
        holding = holding.exclude(device_id=device_id)
    until = holding.values_list("until", flat=True).first()
    if until is not None:
        raise refusal(
            _("The point has this order on a phone without network until %(until)s. Please try again then.")
            % {"until": f"{timezone.localtime(until):%m-%d %H:%M}"}
        )


@transaction.atomic
def grant(
    point: PickupPoint, *, device: Device, hours: int = USUAL_HOURS, renews: bool = False, by, at: dt.datetime
) -> OfflineLease:
    """Give a point's lease to one of its devices, over what waits there or is planned to arrive in its time.

    :param hours: how long, of at most ``MOST_HOURS``.
    :param renews: the device says that it has uploaded all it did; the lease that it holds ends for the new one.
    :raises LeaseIsHeld: where another device has the lease, or this one and it does not renew.
    :raises UnableToLease: for whoever is no operator there, a device that is not paired, a point that is closed for
        good, or too many hours.
    """
    only_one(point.pk)
    if not Operator.objects.filter(point=point, user=by, until=None).exists():
        raise UnableToLease(_("This is not your point."))
    paired = Device.objects.filter(pk=device.pk, point=point, revoked_at=None)
    state = paired.values_list("point__state", flat=True).first()
    if state is None:
        raise UnableToLease(_("This phone is not paired with the point."))
    if state == PointState.CLOSED:
        raise UnableToLease(_("This point is closed for good: nothing is collected here any more."))
    if not 1 <= hours <= MOST_HOURS:
        raise UnableToLease(_("Please choose 1 to %(most)d hours.") % {"most": MOST_HOURS})
    holding = OfflineLease.objects.filter(point=point, state=LeaseState.LIVE).select_related("device").first()
    if holding is not None and holding.until <= at:
        _end(holding, LeaseEnd.TIME, by=by, at=at)
    elif holding is not None and holding.device_id != device.pk:
        raise LeaseIsHeld(
            _("“%(name)s” works without network for this point until %(until)s. Take it over first.")
            % {"name": holding.device.name, "until": f"{timezone.localtime(holding.until):%m-%d %H:%M}"},
            holding,
        )
    elif holding is not None and not renews:
        raise LeaseIsHeld(_("This phone may work without network already."), holding)
    elif holding is not None:
        _end(holding, LeaseEnd.RENEWED, by=by, at=at)
    newest = OfflineLease.objects.filter(point=point).order_by("-epoch").first()
    made = OfflineLease.objects.create(
        point=point,
        device=device,
        operator=by,
        epoch=newest.epoch + 1 if newest else 1,
        granted_at=at,
        until=at + dt.timedelta(hours=hours),
    )
    covered = list(locks.lock(_to_cover(point, until=made.until), rank=locks.Rank.CONSIGNMENT))
    LeasedConsignment.objects.bulk_create(
        [LeasedConsignment(lease=made, consignment=each) for each in covered], batch_size=400
    )
    payload = {"until": made.until.isoformat(), "consignments": len(covered)}
    _tell("lease.granted", made, payload, by=by, at=at)
    return made


def _to_cover(point: PickupPoint, *, until: dt.datetime) -> QuerySet[Consignment]:
    """Return what waits at a point, or of which a parcel may come there before a time.

    What may be gone already is left out, so that no phone hands it over again before somebody has decided.
    """
    some_here = Exists(Parcel.objects.filter(consignment=OuterRef("pk"), received_at__isnull=False))
    coming = Q(state__in=COMING) & (Q(planned_at__lt=until) | Q(some_here))
    return Consignment.objects.exclude(told_of()).filter(Q(state=ConsignmentState.AT_POINT) | coming, point=point)


@transaction.atomic
def hand_back(point: PickupPoint, *, device: Device, by, at: dt.datetime) -> OfflineLease:
    """End the lease that a device holds, from that device.

    :raises UnableToEnd: where it holds none.
    """
    only_one(point.pk)
    holding = live(point.pk, at=at)
    if holding is None or holding.device_id != device.pk:
        raise UnableToEnd(_("This phone may not work without network as it is."))
    return _end(holding, LeaseEnd.HANDED_BACK, by=by, at=at)


@transaction.atomic
def take_over(point: PickupPoint, *, device: Device, by, at: dt.datetime) -> OfflineLease:
    """End the lease of another device, from a paired one; the edge has asked for the second factor.

    What the other phone uploads afterwards is never booked by itself.

    :raises UnableToEnd: where no other device holds a lease, or this one is not paired with the point.
    """
    only_one(point.pk)
    if not Device.objects.filter(pk=device.pk, point=point, revoked_at=None).exists():
        raise UnableToEnd(_("This phone is not paired with the point."))
    holding = live(point.pk, at=at)
    if holding is None:
        raise UnableToEnd(_("No phone works without network for this point now."))
    if holding.device_id == device.pk:
        raise UnableToEnd(_("This phone itself works without network: hand it back instead."))
    return _end(holding, LeaseEnd.TAKEN_OVER, by=by, at=at, payload={"by_device": device.pk})


def end_those_of(operator: Operator, *, by, at: dt.datetime) -> None:
    """End the lease that an operator took at a point, inside the transaction that removes them and has its mutex."""
    rows = OfflineLease.objects.filter(point_id=operator.point_id, operator_id=operator.user_id, state=LeaseState.LIVE)
    for each in rows:
        _end(each, LeaseEnd.OPERATOR_REMOVED, by=by, at=at)


def end_overdue(*, by, at: dt.datetime, point_id: int | None = None) -> int:
    """Note that leases have ended whose time is over, of all points or of one; return how many."""
    rows = OfflineLease.objects.filter(state=LeaseState.LIVE, until__lte=at).order_by("pk")
    if point_id is not None:
        rows = rows.filter(point=point_id)
    return sum(_end_in_time(each, by=by, at=at) for each in rows)


@transaction.atomic
def _end_in_time(lease: OfflineLease, *, by, at: dt.datetime) -> bool:
    only_one(lease.point_id)
    if not OfflineLease.objects.filter(pk=lease.pk, state=LeaseState.LIVE).exists():
        return False
    _end(lease, LeaseEnd.TIME, by=by, at=at)
    return True


def _end(lease: OfflineLease, reason: LeaseEnd, *, by, at: dt.datetime, payload: dict | None = None) -> OfflineLease:
    """Move a live lease to ENDED, under the point's mutex."""
    in_time = reason == LeaseEnd.TIME  # whoever notes it
    lease.state, lease.end_reason = LeaseState.ENDED, reason
    lease.ended_at = lease.until if in_time else at
    lease.ended_by = None if in_time or isinstance(by, str) else by
    lease.save(update_fields=["state", "ended_at", "end_reason", "ended_by"])
    _tell("lease.ended", lease, {"reason": reason, **(payload or {})}, by=by, at=at)
    return lease


def _tell(name: str, lease: OfflineLease, payload: dict, *, by, at: dt.datetime) -> None:
    told = {"point": lease.point_id, "device": lease.device_id, "epoch": lease.epoch, **payload}
    events.append([NewEvent("lease", lease.pk, name, told)], by=by, at=at)
