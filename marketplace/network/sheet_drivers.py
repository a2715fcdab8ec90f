"""Drivers in a spreadsheet: written by name and the last digits of the phone, read from that, a name or a phone."""

import re
from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext as _

from core import phones
from core.sealed import digest
from logistics.models import Round
from marketplace.users.models import User
from villages import codes

_NAMED = re.compile(r"(?P<name>.*?)[\s….]*(?P<tail>\d{4})?")


class UnableToFindDriver(Exception):
    """Nobody, or more than one person, is meant; the sentence is for whoever wrote it."""


def said(driver: User) -> str:
    """Return how a driver is written: ``向前进 …0005``."""
    return f"{driver} …{driver.phone_tail}" if driver.phone_tail else str(driver)


class Drivers:
    """Finds drivers by what stands in cells: anybody by phone, by name those who drive in the round's prefecture.

    :param cells: all that will be asked for; it is fetched at once.
    """

    def __init__(self, cells: Iterable[str]):
        asked = {text: _phone(text) for text in cells if text}
        hashes = {found for found in asked.values() if found}
        people = User.objects.filter(phone_hash__in=hashes, is_active=True)
        self._by_phone = {person.phone_hash: person for person in people}
        self._here: dict[str, dict[int, User]] = defaultdict(dict)
        if len(hashes) < len(asked):
            for row in Round.objects.that_run().exclude(driver=None).select_related("hub", "driver"):
                self._here[codes.prefecture_of(row.hub.division_id)][row.driver_id] = row.driver

    def find(self, text: str, *, division: str, now: User | None) -> int | None:
        """Return the key of who is meant by a cell; None for an empty one.

        :param division: of the round's hub. :param now: who drives it now, and stays where the cell says so.
        :raises UnableToFindDriver: where nobody, or more than one, is meant.
        """
        if not text:
            return None
        if now is not None and text == said(now):
            return now.pk
        found = _phone(text)
        if found is not None:
            if found not in self._by_phone:
                raise UnableToFindDriver(_("Nobody here has this phone."))
            return self._by_phone[found].pk
        parts = _NAMED.fullmatch(text)
        here = self._here[codes.prefecture_of(division)].values()
        meant = [
            person.pk for person in here if str(person) == parts["name"] and parts["tail"] in (None, person.phone_tail)
        ]
        if len(meant) > 1:
            raise UnableToFindDriver(_("More than one driver is called so: please give the phone."))
        if not meant:
            raise UnableToFindDriver(_("No driver here is called so: please give the phone."))
        return meant[0]


def _phone(text: str) -> str | None:
    """Return by which hash the person with a phone is found; None for what is no phone."""
    try:
        return digest(phones.normalise(text))
    except phones.UnableToReadPhone:
        return None
