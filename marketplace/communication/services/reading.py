"""From the event log to messages: who is told what, once for what happens to an order at a time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Max, Min, Q, QuerySet
from django.utils import translation

from core import events
from core.models import Event
from logistics.models import Consignment
from logistics.states import OVER_FOR_BUYER, ConsignmentState
from marketplace.claims.models import Claim
from marketplace.communication import gateways, words
from marketplace.communication.models import Message
from marketplace.communication.services import messages, to_sellers
from marketplace.communication.states import MessageChannel, MessageState
from marketplace.order.models import Order
from marketplace.order.services.redirecting import told_closed
from villages.models import PickupPoint

READER = "messages"
# Several consignments are often late by one cause, told of within seconds: the message waits for the last of them.
CHANGES_SETTLE = dt.timedelta(seconds=90)
TOLD = frozenset(
    {
        "order.placed",
        "order.cancelled",
        "order.point_closed",
        "order.code_reissued",
        "consignment.arrived",
        "consignment.reminded",
        "consignment.extended",
        "consignment.expired",
        "consignment.point_closes",
        words.PAID_BACK,
        *words.CLAIM_NEWS,
    }
)
# What their sellers are told of, by text message to each of their people.
TOLD_TO_SELLERS = frozenset({*to_sellers.CLAIM_STEPS, "goods_return.dropped", "sample.put_up", "seller.stop_changed"})
CHANGE_NAMES = ("order.changed", "order.point_changed")  # of messages
DAY_NAMES = ("order.placed", *CHANGE_NAMES)
CHANGES = frozenset({"consignment.rerouted", "consignment.late", "order.point_changed"})


@dataclass(frozen=True)
class News:
    """What an order's buyer is told at once: the last event of its kind, and the day that it leads to."""

    kind: str
    order_number: str
    event: Event
    promised_at: dt.datetime | None = None
    is_sooner: bool = False
    is_as_promised: bool = False
    has_closed: bool = False
    collect_by: dt.datetime | None = None
    closed_days: tuple[dt.date, dt.date] | None = None
    fen: int = 0  # that a claim comes to, or that is paid back
    answer: str = ""  # of the seller to a claim
    counter: PickupPoint | None = None  # at which a claim is dealt with


def read_events(*, at: dt.datetime, limit: int = 500) -> int:
    """Turn new events into messages for the buyers they concern; return how many events were read."""
    return events.read(READER, lambda batch: _write(batch, at), limit=limit)


def order_of(event: Event) -> str:
    """Return the number of the order that an event is about."""
    return event.stream_id if event.stream == "order" else event.payload.get("order", "")


def concerns_buyer(event: Event) -> bool:
    """Tell whether a buyer is told of an event: not of the loaded history, nor of a route that keeps the promise."""
    if event.payload.get("history"):
        return False
    if event.name == "order.code_reissued":
        return bool(event.payload.get("waiting"))  # else the code is told with what arrives
    if event.name == "order.point_changed" or event.name in TOLD:
        return True
    if event.name not in CHANGES or "promised_before" not in event.payload:
        return False
    return _moment(event, "promised_before") != _moment(event, "promised_at")


def gathered(batch: Iterable[Event]) -> list[News]:
    """Return the news of a batch: one for each order and kind of thing, in the order of their last events."""
    groups: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in batch:
        if concerns_buyer(event):
            own = event.stream_id if event.stream in ("claim", "payment") else ""  # each is news of its own
            groups["changed" if event.name in CHANGES else event.name, order_of(event), own].append(event)
    cancelled = {number for kind, number, _own in groups if kind == "order.cancelled"}
    news = [
        _news(kind, number, group)
        for (kind, number, _own), group in groups.items()
        if kind in ("order.cancelled", words.PAID_BACK) or number not in cancelled
    ]
    return sorted(news, key=lambda each: each.event.pk)


def _news(kind: str, number: str, group: list[Event]) -> News:
    last = max(group, key=lambda event: event.pk)
    if kind != "changed":
        told = last.payload
        return News(
            kind,
            number,
            last,
            collect_by=min((time for event in group if (time := _moment(event, "collect_by"))), default=None),
            closed_days=_days(last),
            fen=told.get("fen", 0),
            answer=told.get("answer", ""),
        )
    times = [_moment(event, "promised_at") for event in group]
    before = [time for event in group if (time := _moment(event, "promised_before"))]
    promised_at = None if None in times else max(times)
    has_closed = any(event.payload.get("reason") == "point-closed" for event in group)
    moved = has_closed or any(event.name == "order.point_changed" for event in group)
    return News(
        "order.point_changed" if moved else "changed",
        number,
        last,
        promised_at,
        is_as_promised=bool(promised_at) and not before and all(_is_as_promised(event) for event in group),
        is_sooner=bool(promised_at and before and promised_at < max(before)),
        has_closed=has_closed,
    )


def _is_as_promised(event: Event) -> bool:
    """Tell whether a day that was taken back is again no later than what was agreed at first."""
    agreed, promised_at = _moment(event, "agreed"), _moment(event, "promised_at")
    return bool(agreed and promised_at and promised_at <= agreed)


def _days(event: Event) -> tuple[dt.date, dt.date] | None:
    days = event.payload.get("closed_days")
    return (dt.date.fromisoformat(days[0]), dt.date.fromisoformat(days[1])) if days else None


def _moment(event: Event, key: str) -> dt.datetime | None:
    text = event.payload.get(key)
    return dt.datetime.fromisoformat(text).replace(second=0, microsecond=0) if text else None


def _write(batch: list[tuple[int, Event]], at: dt.datetime) -> None:
    news = gathered(event for _position, event in batch)
    numbers = {each.order_number for each in news}
    orders = {
        order.number: order
        for order in Order.objects.filter(number__in=numbers).select_related("pickup_point", "user", "placed_by")
    }
    states = _states(orders.values())
    first_due = _first_due(orders.values())
    # The route to a new point is found a moment after the change: both are told as the one change of the point, on the
    # channels on which nobody has been told of it yet.
    moves = _waiting_changes(numbers).filter(name="order.point_changed").values_list("order_number", "channel")
    moved: dict[str, set[str]] = defaultdict(set)
    for number, channel in moves:
        moved[number].add(channel)
    left_closed = _left_closed(moved)
    claims = Claim.objects.select_related("point").in_bulk(
        {each.event.stream_id for each in news if each.event.stream == "claim"}, field_name="number"
    )
    # Whoever heard that the point is closed waits for another one, not for another day at it.
    closed = told_closed(orders.values())
    rows = []
    for each in news:
        if each.kind == "changed" and each.order_number in closed:
            _tell_along(each)
            continue
        order = orders.get(each.order_number)
        if order is None:
            continue
        promised_at, there, coming = states[order.pk]
        if each.kind == "consignment.arrived":  # of all that waits, the time that is told is the first one's
            each = replace(each, collect_by=first_due.get(order.pk, each.collect_by))
        if each.event.stream == "claim":
            each = replace(each, counter=claims[each.event.stream_id].point)
        with translation.override(order.language):
            for version, channels in _versions(each, moved[order.number], has_closed=order.number in left_closed):
                told = words.of(version, order, promised_at=promised_at, is_part=bool(coming) and bool(there))
                written = _rows(version, order, told, _day_told(version, promised_at), at)
                rows += [row for row in written if row.channel in channels]
    # Of a change that nobody has been told yet, the buyer of a cancelled order need not hear any more.
    cancelled = [each.order_number for each in news if each.kind == "order.cancelled"]
    _waiting_changes(cancelled).delete()
    messages.enqueue([*_without_settling(rows), *to_sellers.messages_of(_for_sellers(batch), at=at)])


def _for_sellers(batch: list[tuple[int, Event]]) -> list[Event]:
    return [event for _position, event in batch if event.name in TOLD_TO_SELLERS]


def _versions(news: News, moved: set[str], *, has_closed: bool) -> list[tuple[News, set[str]]]:
    """Return how a piece of news is told on which channels.

    :param moved: the channels on which the change of the point, which another day follows, still waits to be told.
    """
    if news.kind != "changed" or not moved:
        return [(news, set(MessageChannel))]
    as_move = replace(news, kind="order.point_changed", has_closed=has_closed)
    return [(as_move, moved), (news, set(MessageChannel) - moved)]


def _left_closed(order_numbers: Iterable[str]) -> set[str]:
    """Return the numbers of those orders whose point was changed last because theirs had closed."""
    changes = Event.objects.filter(stream="order", stream_id__in=list(order_numbers), name="order.point_changed")
    last = dict(changes.order_by("pk").values_list("stream_id", "payload"))
    return {number for number, payload in last.items() if payload.get("reason") == "point-closed"}


def _tell_along(news: News) -> None:
    """Let what an order was told last on each channel tell of this event too."""
    last = Message.objects.filter(order_number=news.order_number).values("channel").annotate(last=Max("pk"))
    Message.objects.filter(pk__in=[row["last"] for row in last]).update(event_id=news.event.pk)


def _states(orders: Iterable[Order]) -> dict[int, tuple[dt.datetime | None, int, int]]:
    """Return of each order the last promise of what still comes, how many consignments wait there, how many come."""
    ids = [order.pk for order in orders]
    found = dict.fromkeys(ids, (None, 0, 0))
    rows = Consignment.objects.filter(order_id__in=ids).values_list("order_id", "state", "promised_at", "expected_at")
    for pk, state, promised, expected in rows:
        promised_at = expected or promised
        last, there, coming = found[pk]
        if promised_at and (last is None or promised_at > last):
            last = promised_at
        there += state == ConsignmentState.AT_POINT
        coming += state not in OVER_FOR_BUYER and state != ConsignmentState.AT_POINT
        found[pk] = (last, there, coming)
    return found


def _first_due(orders: Iterable[Order]) -> dict[int, dt.datetime]:
    """Return of each order the time by which the first of what waits of it falls due."""
    waiting = Consignment.objects.filter(order__in=[order.pk for order in orders], state=ConsignmentState.AT_POINT)
    return dict(waiting.exclude(collect_by=None).values_list("order").annotate(first=Min("collect_by")))


def _day_told(news: News, promised_at: dt.datetime | None) -> dt.datetime | None:
    """Return the day that the words for a piece of news tell the order to be there, to the minute."""
    if news.kind != "order.placed":
        return news.promised_at
    return promised_at.replace(second=0, microsecond=0) if promised_at else None


def _rows(news: News, order: Order, told: words.Told, day: dt.datetime | None, at: dt.datetime) -> list[Message]:
    fields = {
        "name": "order.changed" if news.kind == "changed" else news.kind,
        "order_number": order.number,
        "event_id": news.event.pk,
        "promised_at": day,
        "created_at": at,
        "next_try_at": at + CHANGES_SETTLE if news.event.name in CHANGES else at,
    }
    address = order.guest_email or (order.user.email if order.user_id and order.user else "")
    rows = [messages.on_page(body=told.on_page, **fields)]
    if order.contact_phone:
        rows.append(messages.sms(order.contact_phone, body=words.signed(told.text), **fields))
    if address and gateways.has_email():
        rows.append(messages.email(address, body=f"{told.subject}\n\n{told.text}", **fields))
    return rows


def _waiting_changes(order_numbers: Iterable[str]) -> QuerySet[Message]:
    return Message.objects.filter(
        order_number__in=order_numbers, name__in=CHANGE_NAMES, state=MessageState.DUE, attempts=0
    )


def _told_last(order_numbers: Iterable[str]) -> dict[tuple[str, str], Message]:
    """Return of each order and channel the last message of its day that was told or goes out; not what never came."""
    found = Message.objects.filter(order_number__in=order_numbers, name__in=DAY_NAMES)
    found = found.exclude(state=MessageState.DEAD).exclude(pk__in=_waiting_changes(order_numbers))
    return {(message.order_number, message.channel): message for message in found.order_by("pk")}


def _tells_the_same(told: Message, row: Message) -> bool:
    """Tell whether a change is none to whom the other was told: the same words, or only the same day again."""
    if told.body == row.body:
        return True
    return row.name == "order.changed" and row.promised_at is not None and told.promised_at == row.promised_at


def _has_withdrawn(held: Message | None) -> bool:
    """Take back a change that waits, and tell whether nobody has been told it meanwhile."""
    return held is None or bool(_waiting_changes([held.order_number]).filter(pk=held.pk).delete()[0])


def _drop_outdated(changes: Iterable[Message]) -> None:
    """Drop what a change makes untrue and could not be sent so far: earlier changes, and that a point is looked for."""
    for row in changes:
        unsent = Message.objects.filter(order_number=row.order_number, channel=row.channel, state=MessageState.DUE)
        outdated = Q(name__in=CHANGE_NAMES, attempts__gt=0)
        if row.name == "order.point_changed":
            outdated |= Q(name="order.point_closed")
        unsent.filter(outdated).delete()


def _without_settling(rows: list[Message]) -> list[Message]:
    """Let a change take the place of one that nobody has been told yet, and drop what was told last in the same words.

    :return: the rows to be written.
    """
    changes = [row for row in rows if row.name in CHANGE_NAMES]
    numbers = {row.order_number for row in changes}
    _drop_outdated(changes)
    waiting = {(message.order_number, message.channel): message for message in _waiting_changes(numbers)}
    last = _told_last(numbers)
    took_place = set()
    for row in changes:
        held = waiting.get((row.order_number, row.channel))
        told = last.get((row.order_number, row.channel))
        if told is not None and _tells_the_same(told, row) and _has_withdrawn(held):
            # The buyer knows this already: what was told then tells of this event too.
            Message.objects.filter(pk=told.pk).update(event_id=row.event_id)
            took_place.add(id(row))
        elif held is not None and _waiting_changes([row.order_number]).filter(pk=held.pk).update(
            body=row.body,
            event_id=row.event_id,
            name=row.name,
            promised_at=row.promised_at,
            next_try_at=row.next_try_at,
        ):
            took_place.add(id(row))
    return [row for row in rows if id(row) not in took_place]
