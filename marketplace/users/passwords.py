"""Words for a password that is refused, where Django's own are not in Chinese."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class MinimumLength(MinimumLengthValidator):
    """Django's rule in our words: Django 5.2 changed its sentence, and its Chinese catalogue has the old one only."""

    def get_error_message(self) -> str:
        return ngettext(
            "This password is too short: at least %(n)d character.",
            "This password is too short: at least %(n)d characters.",
            self.min_length,
        ) % {"n": self.min_length}
