"""Forms that say in plain words what Django's own texts say stiffly."""

from django import forms
from django.utils.translation import gettext_lazy as _

STIFF = forms.Field.default_error_messages["required"]
PLEASE = _("Please fill this in.")
WORDS = {
    "max_length": _("This is too long: at most %(limit_value)d characters."),
    "null_characters_not_allowed": _("There is a character in it that cannot be kept. Please type it again."),
    "max_value": _("This is too much: at most %(limit_value)s."),
    "min_value": _("This is too little: at least %(limit_value)s."),
    "max_decimal_places": _("At most %(max)s digits after the point."),
    "max_digits": _("This number is too long."),
    "max_whole_digits": _("This number is too long."),
    "max_string_length": _("This number is too long."),
}


class PlainForm(forms.Form):
    """A form whose fields use ``WORDS`` where they have no words of their own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _speak_plainly(field)

    def add_field(self, name: str, field: forms.Field) -> None:
        """Add a field that the form has only by what it is made for."""
        _speak_plainly(field)
        self.fields[name] = field


def _speak_plainly(field: forms.Field) -> None:
    field.error_messages = WORDS | field.error_messages
    if field.error_messages.get("required") is STIFF:
        field.error_messages["required"] = PLEASE
