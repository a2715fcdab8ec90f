"""The owner's forms for devices."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.counter.forms import DIGITS
from marketplace.plain_words import PlainForm

NAME_LENGTH = 24


class PairingNumberForm(PlainForm):
    """The number that the new phone shows, or its QR."""

    number = forms.CharField(
        label=_("Number on the new phone"),
        max_length=40,
        widget=forms.TextInput(attrs=DIGITS | {"enterkeyhint": "next"}),
        error_messages={"required": _("Please scan the QR on the new phone, or type its number.")},
    )


class DeviceNameForm(PlainForm):
    """What people at the point call the device."""

    name = forms.CharField(
        label=_("Name of the device"),
        max_length=NAME_LENGTH,
        help_text=_("Such as: phone at the till"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please give the device a name.")},
    )
