"""Accounts."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import events
from core.events import NewEvent
from core.sealed import digest
from marketplace.users.models import User


class UnableToRegister(Exception):
    """There is an account with this phone already."""


@transaction.atomic
def register(phone: str, *, name: str, password: str, at: dt.datetime) -> User:
    """Create a buyer's account for a proved phone in E.164; raise ``UnableToRegister`` if it is taken.

    The owner has typed the code, so saying that an account exists tells nobody else.
    """
    if User.objects.filter(phone_hash=digest(phone)).exists():
        raise UnableToRegister(_("There is an account with this phone already. Please sign in."))
    try:
        with transaction.atomic():
            user = User.objects.create_user(password=password, phone=phone, first_name=name, date_joined=at)
    except IntegrityError as error:
        raise UnableToRegister(_("There is an account with this phone already. Please sign in.")) from error
    events.append([NewEvent("user", user.pk, "user.registered")], by=user, at=at)
    return user
