"""What buyers are told of their order, in the language of the page on which they ordered."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from logistics import codes
from marketplace import wording
from marketplace.order import links
from marketplace.order.models import Order
from marketplace.order.states import Channel
from villages.models import PickupPoint

PAID_BACK = "payment.refund_owed"


class News(Protocol):
    """What words are found for."""

    kind: str
    promised_at: dt.datetime | None
    is_sooner: bool
    is_as_promised: bool  # after the day was not known for a while
    has_closed: bool  # the point did, and the order goes to another for that
    collect_by: dt.datetime | None
    closed_days: tuple[dt.date, dt.date] | None  # on which the point stays closed
    fen: int  # that a claim comes to, or that is paid back
    answer: str  # of the seller to a claim
    counter: PickupPoint | None  # at which a claim is dealt with


@dataclass(frozen=True)
class Told:
    """The words that are sent, those on the order's page, which shows the pickup code by itself, and a subject."""

    text: str
    on_page: str
    subject: str


def of(news: News, order: Order, *, promised_at: dt.datetime | None, is_part: bool) -> Told:
    """Return the words for a piece of news; where an operator ordered for the buyer, with who it was and the link, and
    for buyers without an account with the link wherever they have something to do.

    :param promised_at: when all of the order can be collected, as it stands.
    :param is_part: something of the order is still to come.
    """
    told = _of(news, order, promised_at=promised_at, is_part=is_part)
    is_proxy = order.channel == Channel.PROXY and order.placed_by is not None
    is_guest = order.user_id is None and (news.kind in _LED_TO or news.kind in CLAIM_NEWS)
    if not is_proxy and not is_guest:
        return told
    link = links.url_of(order)
    if is_proxy and news.kind == "order.placed":
        named = {"who": order.placed_by.get_full_name(), "link": link}
        added = _("%(who)s ordered for you. Look at it or cancel it: %(link)s") % named
    else:
        added = _("See it: %(link)s") % {"link": link}
    return replace(told, text=f"{told.text} {added}")


# What leads a buyer without an account to the order's page: what is to be done is done there.
_LED_TO = frozenset({"order.placed", "order.code_reissued", "consignment.arrived"})


def _of(news: News, order: Order, *, promised_at: dt.datetime | None, is_part: bool) -> Told:
    named = {"number": order.number, "point": order.pickup_point.name}
    if news.kind == "consignment.arrived":
        return _arrived(news, order, named, is_part=is_part)
    if news.kind == "order.code_reissued":
        code = codes.shown(codes.typed_code(order.number, epoch=order.code_epoch))
        sentence = _("The new pickup code of order %(number)s is %(code)s. The old one no longer works.")
        return Told(sentence % {**named, "code": code}, _("The pickup code is a new one."), _subject(named))
    if news.kind == "order.cancelled":
        return _same(_("Order %(number)s is cancelled.") % named, named)
    if news.kind == "order.point_closed":
        sentence = _(
            "We are sorry: %(point)s takes no parcels for now. We look for another point for order %(number)s and tell "
            "you as soon as we know it."
        )
        return _same(sentence % named, named)
    if news.kind == "order.placed":
        if promised_at is None:
            sentence = _("Order %(number)s is placed. We tell you when it can be collected at %(point)s.")
            return _same(sentence % named, named)
        sentence = _("Order %(number)s is confirmed: it can be collected at %(point)s from %(when)s.")
        return _same(sentence % {**named, "when": when(promised_at)}, named)
    if news.kind == "consignment.point_closes" and news.closed_days and news.collect_by:
        return _same(_closes(news.closed_days, news.collect_by, named), named)
    if news.kind in _KEPT and news.collect_by:
        return _same(_KEPT[news.kind]() % {**named, "when": when(news.collect_by)}, named)
    if news.kind == PAID_BACK:
        sentence = _("Order %(number)s: of what you paid by QR, %(fen)s goes back to where you paid from.")
        return _same(sentence % {**named, "fen": f"¥{wording.yuan_text(news.fen)}"}, named)
    if news.kind in CLAIM_NEWS:
        if news.counter is not None:
            named |= {"point": news.counter.name, "address": news.counter.address}
        return _same(_claim(news) % {**named, "fen": f"¥{wording.yuan_text(news.fen)}"}, named)
    day = when(news.promised_at) if news.promised_at else ""
    return _same(_changed(news) % {**named, "when": day}, named)


_KEPT: dict[str, Callable[[], str]] = {
    "consignment.reminded": lambda: _("Order %(number)s waits for you at %(point)s until %(when)s."),
    "consignment.extended": lambda: _("Order %(number)s is kept for you at %(point)s until %(when)s."),
    "consignment.expired": lambda: _(
        "Order %(number)s was not collected at %(point)s by %(when)s and is kept no longer. You owe nothing for it; "
        "what you paid is refunded."
    ),
}


def _closes(days: tuple[dt.date, dt.date], collect_by: dt.datetime, named: dict[str, str]) -> str:
    first, last = (date_format(day, str(wording.DAY_OF_YEAR)) for day in days)
    named = {**named, "first": first, "last": last, "when": when(collect_by)}
    if days[0] <= timezone.localtime(collect_by).date() <= days[1]:
        return (
            _("%(point)s is closed from %(first)s to %(last)s. Please collect order %(number)s before it closes.")
            % named
        )
    sentence = _("%(point)s is closed from %(first)s to %(last)s. Order %(number)s is kept for you until %(when)s.")
    return sentence % named


CLAIM_NEWS: dict[str, Callable[[], str]] = {
    "claim.answered": lambda: _(
        "Order %(number)s: the seller refused your claim. You can have the platform decide it."
    ),
    "claim.escalated": lambda: _("Order %(number)s: your claim is with the platform, which decides it."),
    "claim.returning": lambda: _(
        "Order %(number)s: your claim is accepted. Please bring the goods to %(point)s; "
        "you get %(fen)s when they are back."
    ),
    "claim.point_changed": lambda: _(
        "Order %(number)s: the pickup point is closed. Your claim goes on at %(point)s, %(address)s."
    ),
    "claim.sent_back": lambda: _("Order %(number)s: %(point)s has taken your goods in. They travel to the seller."),
    "claim.to_pay": lambda: _(
        "Order %(number)s: %(fen)s waits for you at %(point)s. Show the code on the claim's page there."
    ),
    "claim.refunded": lambda: _("Order %(number)s: %(fen)s is refunded."),
    "claim.closed": lambda: _("Order %(number)s: your claim is closed."),
    "claim.rejected": lambda: _("Order %(number)s: the platform did not grant your claim. The page says why."),
}


def _claim(news: News) -> str:
    if news.kind == "claim.answered" and news.answer == "OFFER":
        return _("Order %(number)s: the seller offers you %(fen)s for your claim. Please say yes or no on its page.")
    return CLAIM_NEWS[news.kind]()


def _changed(news: News) -> str:
    if news.has_closed and news.promised_at is not None:
        return _(
            "We are sorry: your point takes no parcels for now. Order %(number)s goes to %(point)s "
            "and can be collected from %(when)s; you can choose another point on its page."
        )
    if news.kind == "order.point_changed" and news.promised_at is None:
        return _("Order %(number)s now goes to %(point)s. We tell you the day as soon as we know it.")
    if news.kind == "order.point_changed":
        return _("Order %(number)s now goes to %(point)s and can be collected from %(when)s.")
    if news.promised_at is None:
        return _("We are sorry: order %(number)s comes later than promised. We tell you the new day soon.")
    if news.is_as_promised:
        return _("Order %(number)s comes as promised after all: it can be collected at %(point)s from %(when)s.")
    if news.is_sooner:
        return _("Order %(number)s comes sooner: it can be collected at %(point)s from %(when)s.")
    return _("We are sorry: order %(number)s comes later. It can be collected at %(point)s from %(when)s.")


def _arrived(news: News, order: Order, named: dict[str, str], *, is_part: bool) -> Told:
    code = codes.shown(codes.typed_code(order.number, epoch=order.code_epoch))
    shown = {**named, "code": code, "when": when(news.collect_by)}
    if is_part:
        return Told(
            _("A part of order %(number)s is at %(point)s until %(when)s. Your pickup code is %(code)s.") % shown,
            _("A part of order %(number)s is at %(point)s.") % named,
            _subject(named),
        )
    return Told(
        _("Your order %(number)s is at %(point)s until %(when)s. Your pickup code is %(code)s.") % shown,
        _("Your order %(number)s is at %(point)s.") % named,
        _subject(named),
    )


def signed(text: str) -> str:
    """Return a text as text messages begin it: with who sends it."""
    return _("Xiangpin Online: %(text)s") % {"text": text}


def _same(text: str, named: dict[str, str]) -> Told:
    return Told(text, text, _subject(named))


def _subject(named: dict[str, str]) -> str:
    return _("Xiangpin Online, order %(number)s") % named


def when(at: dt.datetime) -> str:
    """Return a day and time that stay true however late they are read: ``11月26日 周四 16:00``."""
    local = timezone.localtime(at)
    day = date_format(local, str(wording.DAY_OF_YEAR))
    return f"{day} {wording.WEEKDAYS[local.weekday()]} {local:%H:%M}"
