"""What became of a hub: each change with its fields, from which day and by whom, from the event log."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core.models import Event
from logistics.models import Hub
from marketplace.users.models import User

SHOWN = 30
LABELS = {
    "name": pgettext_lazy("of a place", "Name"),
    "address": gettext_lazy("Address"),
    "longitude": gettext_lazy("Longitude"),
    "latitude": gettext_lazy("Latitude"),
    "closed_from": gettext_lazy("Closed from"),
    "reopens_on": gettext_lazy("Opens again"),
    "transfer_minutes": gettext_lazy("Transfer (minutes)"),
    "ended_on": gettext_lazy("A hub no more from"),
}


@dataclass(frozen=True)
class Version:
    """One change of a hub.

    :param rows: (field, before, after, from which day).
    """

    at: dt.datetime
    by: str
    is_new: bool
    rows: list[tuple[str, str, str, str]]


def of(hub: Hub) -> list[Version]:
    """Return the changes of a hub, the newest first, in two queries."""
    names = ("hub.added", "hub.changed", "hub.ended", "hub.kept", "hub.transfer-changed", "hub.transfer-withdrawn")
    found = list(Event.objects.filter(stream="hub", stream_id=hub.code, name__in=names).order_by("-version")[:SHOWN])
    ids = {int(pk) for event in found if (pk := event.actor.removeprefix("user:")).isdigit()}
    people = {f"user:{user.pk}": user.get_full_name() for user in User.objects.filter(pk__in=ids)}
    return [
        Version(event.occurred_at, people.get(event.actor, _("the system")), event.name == "hub.added", _rows(event))
        for event in found
    ]


def _rows(event: Event) -> list[tuple[str, str, str, str]]:
    payload = event.payload
    if "field" in payload:
        fields = {payload["field"]: (payload["before"], payload["after"], payload["from"])}
    else:
        before, since = payload.get("before", {}), payload["from"]
        fields = {
            name: (before.get(name), after, since[name] if isinstance(since, dict) else since)
            for name, after in payload["after"].items()
        }
    return [
        (str(LABELS[name]), _said(before), _said(after), since)
        for name, (before, after, since) in fields.items()
        if name in LABELS and (before or after or before != after)
    ]


def _said(value: object) -> str:
    return "—" if value in (None, "") else str(value)
