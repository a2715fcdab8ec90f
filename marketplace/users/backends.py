"""Sign-in by phone or by e-mail."""

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

from core import phones
from core.sealed import digest


class PhoneOrEmailBackend(ModelBackend):
    """Find the user by e-mail where the identifier holds an @, else by phone."""

    def authenticate(self, request, username: str | None = None, password: str | None = None, **kwargs):
        identifier = username or kwargs.get("email") or ""
        if not identifier or password is None:
            return None
        user = self._find(identifier)
        if user is None:
            # As long as for a known user, so that the time does not tell who has an account.
            get_user_model()().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def _find(self, identifier: str):
        users = get_user_model().objects
        if "@" in identifier:
            return users.filter(email__iexact=identifier.strip()).first()
        try:
            return users.filter(phone_hash=digest(phones.normalise(identifier))).first()
        except phones.UnableToReadPhone:
            return None
