"""Questions of the province's console, answered from the rollups."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from django.db.models import Q, QuerySet, Sum, Value
from django.db.models.functions import Concat, Left, StrIndex

from marketplace.statistics.models import ChannelDay, OrdersDay, SalesDay
from villages import codes, known_names
from villages.names import said_short

PROVINCE = "430000000000"
DAYS_SHOWN = 30
ORDERS = ("placed", "collected", "cancelled", "expired")


@dataclass(frozen=True)
class Period:
    """Days from ``start`` to ``end``, both counted."""

    start: dt.date
    end: dt.date

    @property
    def condition(self) -> Q:
        return Q(day__range=(self.start, self.end))

    def year_before(self) -> "Period":
        """Return the same days a year ago; 29 February becomes the 28th."""
        return Period(_year_before(self.start), _year_before(self.end))


def _year_before(day: dt.date) -> dt.date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def periods(today: dt.date) -> dict[str, Period]:
    """Return the periods that the page offers, each up to today."""
    month = today.replace(day=1)
    last_month_end = month - dt.timedelta(days=1)
    return {
        "today": Period(today, today),
        "month": Period(month, today),
        "last": Period(last_month_end.replace(day=1), last_month_end),
        "year": Period(today.replace(month=1, day=1), today),
    }


@dataclass(frozen=True)
class Figures:
    """The figures of one place and period: taken and placed, in fen and units."""

    taken_fen: int = 0
    taken_units: int = 0
    placed_fen: int = 0

    @property
    def yuan(self) -> str:
        return f"{self.taken_fen / 100:,.2f}"


@dataclass(frozen=True)
class Heads:
    """The figures at the head of the page; ``change`` is the period against the same days a year ago, in per cent."""

    today: Figures
    month: Figures
    year: Figures
    period: Figures
    before: Figures

    @property
    def change(self) -> str:
        """The change against the same days a year ago, such as ``+31.9``; empty where there was nothing then."""
        if not self.before.taken_fen:
            return ""
        return f"{(self.period.taken_fen / self.before.taken_fen - 1) * 100:+.1f}".replace("-", "−")


def sales(place: str) -> QuerySet[SalesDay]:
    """Return the sales of sellers at or below a division."""
    return SalesDay.objects.filter(seller_county__range=codes.span(place))


def days(place: str, *, today: dt.date, period: Period) -> dict[dt.date, Figures]:
    """Return the figures of each day that ``heads`` and ``by_day`` tell of, where anything was sold, in one query."""
    spans = [*periods(today).values(), period, period.year_before(), Period(_ago(today, DAYS_SHOWN - 1), today)]
    rows = (
        sales(place)
        .filter(day__range=(min(span.start for span in spans), today))
        .values_list("day")
        .annotate(fen=Sum("taken_fen"), units=Sum("taken_units"), placed=Sum("placed_fen"))
    )
    return {day: Figures(fen, units, placed) for day, fen, units, placed in rows}


def heads(sold: Mapping[dt.date, Figures], *, today: dt.date, period: Period) -> Heads:
    """Return today, this month, this year, the period and the year before, from the figures of each day."""
    offered = periods(today)
    spans = {name: offered[name] for name in ("today", "month", "year")}
    spans |= {"period": period, "before": period.year_before()}
    return Heads(**{name: _within(sold, span) for name, span in spans.items()})


def _within(sold: Mapping[dt.date, Figures], span: Period) -> Figures:
    return _summed(("", figures) for day, figures in sold.items() if span.start <= day <= span.end).get("", Figures())


def _ago(day: dt.date, days: int) -> dt.date:
    return day - dt.timedelta(days=days)


@dataclass(frozen=True)
class Place:
    """A division's figures in a list; ``step`` (1–5) is its shade on the map."""

    code: str
    name: str
    figures: Figures
    share: float
    step: int

    @property
    def short(self) -> str:
        """The name as a map has room for it."""
        return said_short(self.name)


@dataclass(frozen=True)
class Cell:
    """What the sellers of one county sold in one top category."""

    county: str
    category: str
    figures: Figures


def cells(place: str, *, period: Period) -> list[Cell]:
    """Return the figures of a place by county and top category, where anything was sold, in one query."""
    top = Left("category_path", StrIndex(Concat("category_path", Value("/")), Value("/")) - 1)
    rows = (
        sales(place)
        .filter(period.condition)
        .annotate(top=top)
        .values_list("seller_county", "top")
        .annotate(fen=Sum("taken_fen"), units=Sum("taken_units"), placed=Sum("placed_fen"))
        .order_by("seller_county", "top")
    )
    return [Cell(county, category, Figures(*figures)) for county, category, *figures in rows]


def by_county(sold: Iterable[Cell]) -> dict[str, Figures]:
    """Return the sums of cells by county."""
    return _summed((cell.county, cell.figures) for cell in sold)


def _summed(rows: Iterable[tuple[str, Figures]]) -> dict[str, Figures]:
    sums: dict[str, Counter] = {}
    for key, figures in rows:
        sums.setdefault(key, Counter()).update(asdict(figures))
    return {key: Figures(**counter) for key, counter in sums.items()}


def places(place: str, counties: dict[str, Figures]) -> list[Place]:
    """Return a place's parts (the prefectures of the province, the counties of a prefecture), the largest first.

    A prefecture's figures are the sums of its counties', so that table and map cannot differ.
    """
    is_province = codes.level_of(place) == "PROVINCE"
    sums: dict[str, Counter] = {code: Counter() for code in parts_of(place)}
    for code, figures in counties.items():
        part = codes.prefecture_of(code) if is_province else code
        counter = sums.setdefault(part, Counter())
        counter.update(fen=figures.taken_fen, units=figures.taken_units, placed=figures.placed_fen)
    names = known_names.names()
    most = max((counter["fen"] for counter in sums.values()), default=0)
    found = [
        Place(
            code,
            names.get(code, code),
            Figures(counter["fen"], counter["units"], counter["placed"]),
            share=100 * counter["fen"] / most if most else 0,
            step=_step(counter["fen"], most),
        )
        for code, counter in sums.items()
    ]
    return sorted(found, key=lambda part: (-part.figures.taken_fen, part.code))


def parts_of(place: str) -> list[str]:
    """Return the divisions into which a page parts a place: prefectures, counties, or the place itself."""
    level = codes.level_of(place)
    wanted = {"PROVINCE": "PREFECTURE", "PREFECTURE": "COUNTY"}.get(level)
    if wanted is None:
        return [place]
    return [c for c in known_names.names() if codes.level_of(c) == wanted and codes.is_within(c, place)]


def _step(fen: int, most: int) -> int:
    return 1 + min(4, int(5 * fen / most)) if most else 1


def by_category(sold: Iterable[Cell]) -> list[tuple[str, Figures, float]]:
    """Return (top category, figures, share of the largest in per cent), the largest first."""
    sums = _summed((cell.category, cell.figures) for cell in sold)
    most = max((figures.taken_fen for figures in sums.values()), default=0)
    ranked = sorted(sums.items(), key=lambda item: (-item[1].taken_fen, item[0]))
    return [(name, figures, 100 * figures.taken_fen / most if most else 0) for name, figures in ranked]


def by_day(sold: Mapping[dt.date, Figures], *, today: dt.date) -> list[tuple[dt.date, Figures]]:
    """Return the figures of each of the last days, today last, days without sales included."""
    shown = [_ago(today, ago) for ago in reversed(range(DAYS_SHOWN))]
    return [(day, sold.get(day, Figures())) for day in shown]


def orders_of(place: str, *, period: Period) -> QuerySet[OrdersDay]:
    """Return the counts of orders for points at or below a place."""
    return OrdersDay.objects.filter(period.condition, point_county__range=codes.span(place))


def by_channel(found: QuerySet[ChannelDay]) -> dict[str, Figures]:
    """Return what samples (SAMPLE) and operators' orders for others (PROXY) sold, in one query."""
    rows = found.values_list("channel").annotate(
        fen=Sum("taken_fen"), units=Sum("taken_units"), placed=Sum("placed_fen")
    )
    sums = {channel: Figures(fen, units, placed) for channel, fen, units, placed in rows}
    return {channel: sums.get(channel, Figures()) for channel in ("SAMPLE", "PROXY")}


def channels_of(place: str, *, period: Period) -> QuerySet[ChannelDay]:
    """Return the sales from samples and by proxy, of orders for points at or below a place."""
    return ChannelDay.objects.filter(period.condition, point_county__range=codes.span(place))


def channels_at(point_id: int, *, period: Period) -> QuerySet[ChannelDay]:
    """Return the sales from the samples of a point and by the proxy orders of its operators."""
    return ChannelDay.objects.filter(period.condition, point_id=point_id)


def allowed(place: str, divisions: Iterable[str]) -> bool:
    """Tell whether a place lies at or below one of a person's divisions."""
    return any(codes.is_within(place, division) for division in divisions)
