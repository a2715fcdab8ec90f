"""The forms of an owner's own point."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.fields import PhoneField
from marketplace.plain_words import PlainForm

DAY = {"type": "date", "class": "inp"}
WHICH_DAY = dict.fromkeys(("required", "invalid"), _("Please choose a day."))


class DaysOffForm(PlainForm):
    """Days on which the point stays closed."""

    first_day = forms.DateField(
        label=_("First day closed"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), error_messages=WHICH_DAY
    )
    last_day = forms.DateField(
        label=_("Last day closed"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), error_messages=WHICH_DAY
    )
    note = forms.CharField(label=_("Why"), max_length=40, required=False, help_text=_("For you and the county only"))


class ContactForm(PlainForm):
    """Who answers for the point."""

    name = forms.CharField(label=_("Who answers for it"), max_length=32)
    phone = PhoneField(label=_("Phone that buyers may call"))
