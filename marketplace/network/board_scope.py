"""What a board shows: a hub worker the own hubs, planners and staff their division and below, the province all."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from logistics.models import Hub
from logistics.services import timetables
from logistics.states import HubKind
from marketplace.access import divisions_of as governed_by
from villages import codes, known_names
from villages.models import Division


class OutOfScope(Exception):
    """The division that was asked for is not this person's."""


@dataclass(frozen=True)
class Scope:
    """A division with its hubs, or (with an empty ``place``) the hubs at which somebody works."""

    own: str
    place: str
    hubs: tuple[Hub, ...]

    @property
    def is_whole(self) -> bool:
        return codes.level_of(self.place) == "PROVINCE" if self.place else False

    @property
    def level(self) -> str:
        return codes.level_of(self.place) if self.place else "HUB"

    @property
    def name(self) -> str:
        if self.place:
            return known_names.names().get(self.place, self.place)
        return "、".join(hub.name for hub in self.hubs)

    @cached_property
    def hosted(self) -> dict[str, str]:
        """Code of a statistical zone → code of the county that stands for it."""
        hosts = [hub.division_id for hub in self.hubs if hub.kind == HubKind.COUNTY]
        return dict(Division.objects.filter(host__in=hosts).values_list("pk", "host_id"))

    @cached_property
    def hub_of_county(self) -> dict[str, Hub]:
        """County or zone → the hub that serves it."""
        # Of several in one county the first stands for it.
        found = {hub.division_id: hub for hub in reversed(self.hubs) if hub.kind == HubKind.COUNTY}
        return found | {zone: found[host] for zone, host in self.hosted.items()}

    def at_hubs(self, *columns: str) -> Q:
        """Return the condition that one of some columns names a hub of the scope."""
        if self.is_whole:
            return Q()
        ids, found = [hub.pk for hub in self.hubs], Q(pk__in=[])
        for column in columns:
            found |= Q(**{f"{column}__in": ids})
        return found

    def in_places(self, column: str) -> Q:
        """Return the condition that a division's code lies in the scope; of own hubs: in the counties they serve."""
        if self.is_whole:
            return Q()
        places, found = [self.place] if self.place else list(self.hub_of_county), Q(pk__in=[])
        for place in places:
            found |= Q(**{f"{column}__range": codes.span(place)})
        return found


def scope_of(user, *, place: str | None) -> Scope:
    """Return what a person's board shows.

    :param place: the division that is asked for; by default the highest that the person governs or plans.
    :raises OutOfScope: when that is none of the person's, or not at or below one of them.
    """
    divisions = sorted({*governed_by(user), *timetables.divisions_of(user)}, key=lambda code: codes.prefix_of(code))
    if not divisions:
        if place:
            raise OutOfScope(place)
        return Scope("", "", tuple(Hub.objects.visible_to(user).order_by("pk")))
    place = place or divisions[0]
    own = next((code for code in divisions if codes.is_within(place, code)), None)
    known = place in known_names.names() and codes.level_of(place) in ("PROVINCE", "PREFECTURE", "COUNTY")
    if own is None or not known:
        raise OutOfScope(place)
    return Scope(own, place, tuple(Hub.objects.within(place).select_related("division").order_by("code")))
