"""Form fields that several consoles have: phones and amounts, read generously."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from core import phones

MOST_YUAN = Decimal(10_000_000)
YUAN = {"inputmode": "decimal", "autocomplete": "off"}
WHICH_YUAN = {"invalid": _("Please give yuan as a number, such as 6 or 6.50.")}


class PhoneField(forms.CharField):
    """A phone number in any usual form, cleaned to E.164."""

    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"})

    def __init__(self, **kwargs):
        super().__init__(max_length=32, **kwargs)

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return value
        try:
            return phones.normalise(value)
        except phones.UnableToReadPhone as error:
            raise forms.ValidationError(
                _("This is not a phone number that can be reached. A mobile number has 11 digits.")
            ) from error


def yuan_field(*, max_value: Decimal = MOST_YUAN, **options) -> forms.DecimalField:
    """An amount in yuan with two decimals at most, zero or more."""
    return forms.DecimalField(
        min_value=0,
        max_value=max_value,
        decimal_places=2,
        widget=forms.TextInput(attrs=YUAN),
        **{"error_messages": WHICH_YUAN | {"required": _("Please give the amount.")}} | options,
    )
