"""How days, promises and money are said, in pages and in messages alike."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)
DAY_OF_YEAR = pgettext_lazy("date format", "j M")
DAY_OF_OTHER_YEAR = pgettext_lazy("date format", "j M Y")
TODAY, TOMORROW, YESTERDAY = gettext_lazy("Today"), gettext_lazy("Tomorrow"), gettext_lazy("Yesterday")


def day_words(at: datetime, *, now: datetime) -> str:
    """The day of `at` as people say it: today, tomorrow, a weekday within six days, else the date."""
    day, today = timezone.localdate(at), timezone.localdate(now)
    distance = (day - today).days
    near = {0: TODAY, 1: TOMORROW, -1: YESTERDAY}
    if distance in near:
        return str(near[distance])
    if 1 < distance <= 6:
        return str(WEEKDAYS[day.weekday()])
    return date_format(day, str(DAY_OF_YEAR if day.year == today.year else DAY_OF_OTHER_YEAR))


def date_words(day: date, *, today: date) -> str:
    """A day of the calendar: 3月5日 周四, of another year 2027年3月5日."""
    if day.year != today.year:
        return date_format(day, str(DAY_OF_OTHER_YEAR))
    return f"{date_format(day, str(DAY_OF_YEAR))} {WEEKDAYS[day.weekday()]}"


def moment_words(at: datetime, *, now: datetime) -> str:
    """Day and time of something that happened or is planned: 今天 15:36, 周四 15:36, 11月24日 15:36."""
    return f"{day_words(at, now=now)} {timezone.localtime(at):%H:%M}"


def promise_words(at: datetime, *, now: datetime) -> str:
    """The promise in one breath: 周四 16:00 后可提."""
    words = {"day": day_words(at, now=now), "time": f"{timezone.localtime(at):%H:%M}"}
    return gettext("%(day)s, ready after %(time)s") % words


def yuan_text(amount: int | Decimal) -> str:
    """An amount with two digits after the point and commas at the thousands, without the currency sign.

    :param amount: fen where it is an int, yuan where it is a Decimal; a float is refused.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise TypeError(f"money is int fen or Decimal yuan, not {type(amount).__name__}")
    yuan = Decimal(amount) / 100 if isinstance(amount, int) else amount
    sign = "−" if yuan < 0 else ""
    return f"{sign}{abs(yuan):,.2f}"
