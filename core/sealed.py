"""Personal data at rest: encrypted by Fernet keys, newest first; found again by a keyed hash."""

import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


def digest(value: str) -> str:
    """Return the keyed hash (HMAC-SHA-256, 64 hexadecimal digits) by which a sealed value is found."""
    return hmac.new(settings.HASH_KEY.encode(), value.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _box(tuple(settings.FIELD_KEYS))


def seal(value: str) -> str:
    """Return text encrypted; empty text stays empty."""
    return _current().encrypt(value.encode()).decode() if value else value


def unseal(value: str) -> str:
    """Return what was sealed; empty text stays empty."""
    return _current().decrypt(value.encode()).decode() if value else value


class SealedTextField(models.TextField):
    """Text that is encrypted in the database and plain in Python; empty text stays empty."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return seal(value) if value else value

    def from_db_value(self, value, expression, connection):
        return unseal(value) if value else value
