"""States of consignments, parcels and departures, with the moves that each allows."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ConsignmentState(TextChoices):
    AWAITING_PAYMENT = "AWAITING_PAYMENT", _("Awaiting payment")
    AWAITING_ROUTE = "AWAITING_ROUTE", _("Awaiting route")
    ROUTED = "ROUTED", _("To be packed")
    PACKED = "PACKED", _("Packed")
    IN_TRANSIT = "IN_TRANSIT", _("On its way")
    AT_POINT = "AT_POINT", _("Ready to collect")
    COLLECTED = "COLLECTED", _("Collected")
    CANCELLED = "CANCELLED", _("Cancelled")
    EXPIRED = "EXPIRED", _("Not collected in time")
    RETURNED = "RETURNED", _("Sent back")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")


MOVES = {
    ConsignmentState.AWAITING_PAYMENT: {ConsignmentState.AWAITING_ROUTE, ConsignmentState.CANCELLED},
    ConsignmentState.AWAITING_ROUTE: {ConsignmentState.ROUTED, ConsignmentState.PACKED, ConsignmentState.CANCELLED},
    # Back to AWAITING_ROUTE is a re-route; a packed one returns to PACKED when it has its new route.
    ConsignmentState.ROUTED: {
        ConsignmentState.PACKED,
        ConsignmentState.AWAITING_ROUTE,
        ConsignmentState.CANCELLED,
    },
    ConsignmentState.PACKED: {ConsignmentState.IN_TRANSIT, ConsignmentState.AWAITING_ROUTE, ConsignmentState.AT_POINT},
    ConsignmentState.IN_TRANSIT: {ConsignmentState.AT_POINT},
    ConsignmentState.AT_POINT: {ConsignmentState.COLLECTED, ConsignmentState.EXPIRED},
    ConsignmentState.EXPIRED: {ConsignmentState.RETURNED, ConsignmentState.WRITTEN_OFF},
    ConsignmentState.COLLECTED: set(),
    ConsignmentState.CANCELLED: set(),
    ConsignmentState.RETURNED: set(),
    ConsignmentState.WRITTEN_OFF: set(),
}
CANCELLABLE = frozenset({ConsignmentState.AWAITING_PAYMENT, ConsignmentState.AWAITING_ROUTE, ConsignmentState.ROUTED})
ON_THE_WAY = frozenset({ConsignmentState.PACKED, ConsignmentState.IN_TRANSIT})
STILL_COMING = ON_THE_WAY | {ConsignmentState.AWAITING_ROUTE, ConsignmentState.ROUTED}
ENDED = frozenset(state for state, moves in MOVES.items() if not moves)
# What expired is over for its buyer, who owes nothing; it ends when the goods are back or written off.
OVER_FOR_BUYER = ENDED | {ConsignmentState.EXPIRED}


class ParcelState(TextChoices):
    PACKED = "PACKED", _("Packed")
    AT_STOP = "AT_STOP", _("Dropped at the stop")
    LOADED = "LOADED", _("On a vehicle")
    AT_HUB = "AT_HUB", _("At a hub")
    AT_POINT = "AT_POINT", _("At the point")
    HANDED_OVER = "HANDED_OVER", _("Handed over")
    RETURNED = "RETURNED", _("Sent back")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")


PARCEL_MOVES = {
    ParcelState.PACKED: {ParcelState.AT_STOP},
    ParcelState.AT_STOP: {ParcelState.LOADED, ParcelState.AT_POINT},
    ParcelState.LOADED: {ParcelState.AT_HUB, ParcelState.AT_POINT},
    ParcelState.AT_HUB: {ParcelState.LOADED},
    ParcelState.AT_POINT: {ParcelState.HANDED_OVER, ParcelState.RETURNED, ParcelState.WRITTEN_OFF},
    ParcelState.HANDED_OVER: set(),
    ParcelState.RETURNED: set(),
    ParcelState.WRITTEN_OFF: set(),
}

# A parcel that turns up at a hub where no vehicle was noted to bring it has been on its way, whatever was scanned.
CAN_TURN_UP = frozenset({ParcelState.PACKED, ParcelState.AT_STOP, ParcelState.LOADED, ParcelState.AT_HUB})


class HubKind(TextChoices):
    PREFECTURE = "PREFECTURE", _("Prefecture hub")
    COUNTY = "COUNTY", _("County hub")


class ClosureKind(TextChoices):
    HOLIDAY = "HOLIDAY", _("Public holiday")
    SPRING_FESTIVAL = "SPRING_FESTIVAL", _("Spring Festival")
    CLOSURE = "CLOSURE", _("Other closure")
    MAKE_UP_WORKDAY = "MAKE_UP_WORKDAY", _("Working day in place of one off")


class ClosureScope(TextChoices):
    """What does not run on the days of a closure."""

    NOTHING = "NOTHING", _("Nothing stops")
    ROUNDS = "ROUNDS", _("Rounds stop")
    LANES = "LANES", _("Lanes stop")
    ALL = "ALL", _("Lanes and rounds stop")


class DepartureState(TextChoices):
    SCHEDULED = "SCHEDULED", _("Scheduled")
    DEPARTED = "DEPARTED", _("Departed")
    ARRIVED = "ARRIVED", _("Arrived")
    CANCELLED = "CANCELLED", _("Cancelled")
    BROKEN_DOWN = "BROKEN_DOWN", _("Broken down")


DEPARTURE_MOVES = {
    DepartureState.SCHEDULED: {DepartureState.DEPARTED, DepartureState.CANCELLED},
    DepartureState.DEPARTED: {DepartureState.ARRIVED, DepartureState.BROKEN_DOWN},
    DepartureState.ARRIVED: set(),
    DepartureState.CANCELLED: set(),
    DepartureState.BROKEN_DOWN: set(),
}
NOT_RUNNING = frozenset({DepartureState.CANCELLED, DepartureState.BROKEN_DOWN})


class Direction(TextChoices):
    """Which way a leg uses a departure: a lane and a delivering round go out, a collecting round goes back."""

    OUT = "OUT", _("Outbound")
    BACK = "BACK", _("Inbound")


class ScanKind(TextChoices):
    DROPPED = "DROPPED", _("Dropped at the stop")
    LOADED = "LOADED", _("Loaded")
    UNLOADED = "UNLOADED", _("Unloaded at the hub")
    RECEIVED = "RECEIVED", _("Received at the point")
    SURPLUS = "SURPLUS", _("Found at the hub")


class ReturnReason(TextChoices):
    """Why goods go back."""

    EXPIRED = "EXPIRED", _("Not collected in time")
    REJECTED = "REJECTED", _("Rejected at the counter")
    CLAIM = "CLAIM", _("After-sales claim")


class Disposal(TextChoices):
    """What is to become of goods that stay at a point."""

    BACK = "BACK", _("Back to the seller")
    WRITE_OFF = "WRITE_OFF", _("To be written off")


class ReturnState(TextChoices):
    AT_POINT = "AT_POINT", _("At the point")
    LOADED = "LOADED", _("On a vehicle")
    AT_HUB = "AT_HUB", _("At a hub")
    AT_STOP = "AT_STOP", _("At the seller's stop")
    RECEIVED = "RECEIVED", _("Back at the seller's")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")
    LOST = "LOST", _("Lost on the way")


# A return turns up at hubs and at its stop whether or not somebody read it before: nobody plans its way.
RETURN_MOVES = {
    ReturnState.AT_POINT: {
        ReturnState.LOADED,
        ReturnState.AT_HUB,
        ReturnState.AT_STOP,
        ReturnState.WRITTEN_OFF,
        ReturnState.LOST,
    },
    ReturnState.LOADED: {ReturnState.AT_HUB, ReturnState.AT_STOP, ReturnState.RECEIVED, ReturnState.LOST},
    ReturnState.AT_HUB: {ReturnState.LOADED, ReturnState.AT_HUB, ReturnState.AT_STOP, ReturnState.LOST},
    ReturnState.AT_STOP: {ReturnState.RECEIVED, ReturnState.LOST},
    ReturnState.RECEIVED: set(),
    ReturnState.WRITTEN_OFF: set(),
    ReturnState.LOST: set(),
}
RETURN_ENDED = frozenset(state for state, moves in RETURN_MOVES.items() if not moves)


class CollectionProof(TextChoices):
    QR = "QR", _("QR code")
    TYPED_CODE = "TYPED_CODE", _("Typed code")


class CounterPayment(TextChoices):
    """How what is due was paid at the counter; a scan of the operator's own code is cash in the operator's hands."""

    CASH = "CASH", _("Cash")
    OPERATOR_SCAN = "OPERATOR_SCAN", _("Scan to the operator")
    PLATFORM_QR = "PLATFORM_QR", _("The platform's QR")


IN_HAND = (CounterPayment.CASH, CounterPayment.OPERATOR_SCAN)  # what the operator answers for at the cash-up


class Reach(TextChoices):
    """How far apart two counties are, for the freight between them."""

    SAME_COUNTY = "SAME_COUNTY", _("Within the county")
    SAME_PREFECTURE = "SAME_PREFECTURE", _("Within the prefecture")
    PROVINCE = "PROVINCE", _("Across the province")
    PAIR = "PAIR", _("Between two counties")


class FreightFunder(TextChoices):
    """Who pays the freight that the buyer does not."""

    SELLER = "SELLER", _("The seller")
    PLATFORM = "PLATFORM", _("The platform")


class LeaseState(TextChoices):
    """Of a point's leave to work without network; one whose time is over has ended, whoever noted it."""

    LIVE = "LIVE", pgettext_lazy("of an offline lease", "Live")
    ENDED = "ENDED", pgettext_lazy("of an offline lease", "Ended")


LEASE_MOVES = {LeaseState.LIVE: {LeaseState.ENDED}, LeaseState.ENDED: set()}


class LeaseEnd(TextChoices):
    """Why a lease ended."""

    HANDED_BACK = "HANDED_BACK", _("Handed back")
    TAKEN_OVER = "TAKEN_OVER", _("Taken over by another phone")
    RENEWED = "RENEWED", _("Renewed")
    OPERATOR_REMOVED = "OPERATOR_REMOVED", _("The operator left the point")
    TIME = "TIME", _("Its time was over")


# After these the phone may have done more than it could say.
NOT_GIVEN_BACK = frozenset({LeaseEnd.TAKEN_OVER, LeaseEnd.OPERATOR_REMOVED, LeaseEnd.TIME})


class UploadKind(TextChoices):
    """What a phone did without network."""

    RECEIVE = "RECEIVE", _("Parcel received")
    HAND_OVER = "HAND_OVER", _("Handed over")


class UploadState(TextChoices):
    """Of what a phone did without network, once it is uploaded."""

    PENDING = "PENDING", _("Waits for its parcel")
    APPLIED = "APPLIED", _("Booked")
    EXCEPTION = "EXCEPTION", _("To be looked at")
    CLOSED = "CLOSED", _("Closed without booking")


UPLOAD_MOVES = {
    UploadState.PENDING: {UploadState.APPLIED, UploadState.EXCEPTION},
    UploadState.EXCEPTION: {UploadState.APPLIED, UploadState.CLOSED},
    UploadState.APPLIED: set(),
    UploadState.CLOSED: set(),
}
UNDECIDED = frozenset({UploadState.PENDING, UploadState.EXCEPTION})


class UploadWhy(TextChoices):
    """Why an upload was not booked by itself."""

    LEASE_ENDED = "LEASE_ENDED", _("The phone's leave to work without network had ended.")
    OTHER_DEVICE = "OTHER_DEVICE", _("It came from another phone than the one that had the leave.")
    OUT_OF_TIME = "OUT_OF_TIME", _("The phone's time lies outside of its leave.")
    UNREADABLE = "UNREADABLE", _("The phone sent something that cannot be read.")
    UNKNOWN = "UNKNOWN", _("There is no such order or parcel at this point.")
    NOT_LEASED = "NOT_LEASED", _("The phone had no leave to hand this order over.")
    NOT_PROVEN = "NOT_PROVEN", _("The code does not belong to the order.")
    UNCHECKED = "UNCHECKED", _("The code was not checked: too many wrong ones were typed.")
    COLLECTED = "COLLECTED", _("The order had been handed over already.")
    OTHER_AMOUNT = "OTHER_AMOUNT", _("The phone showed another amount than what is due.")
    REFUSED = "REFUSED", _("It could not be booked as the phone did it.")
