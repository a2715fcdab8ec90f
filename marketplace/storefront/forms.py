"""The forms of the storefront: they read what was typed; the services decide."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from marketplace.fields import PhoneField
from marketplace.order.states import PaymentMethod
from marketplace.plain_words import PlainForm
from marketplace.users.models import User


class CheckoutForm(PlainForm):
    """One page, four questions: where, who, how to pay; what stands in the basket is asked above."""

    point = forms.IntegerField(
        widget=forms.HiddenInput,
        required=False,
        error_messages={"invalid": _("There is no such pickup point. Please choose another.")},
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Please tell who collects the parcel.")},
    )
    phone = PhoneField(
        label=_("Mobile number"),
        help_text=_("A text message comes when the parcel is there. The shop sees the last four digits only."),
        error_messages={"required": _("Please give the phone that the message goes to.")},
    )
    phone_code = forms.CharField(
        label=_("Code from the text message"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Please have a code sent to your phone and type it here.")},
    )
    payment_method = forms.ChoiceField(
        label=_("How to pay"), choices=PaymentMethod.choices, initial=PaymentMethod.AT_POINT, required=False
    )
    expected_fen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, verified: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone_code"].required = not verified

    def clean_point(self):
        if not self.cleaned_data.get("point"):
            raise forms.ValidationError(_("Please choose a pickup point."))
        return self.cleaned_data["point"]


class SignInForm(PlainForm):
    identifier = forms.CharField(
        label=_("Mobile number or e-mail"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class StepUpForm(PlainForm):
    """The code that was sent to the phone of the account."""

    phone_code = forms.CharField(
        label=_("Code from the text message"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Please have a code sent to your phone and type it here.")},
    )


class RegistrationForm(PlainForm):
    """An account by phone, proved by a code."""

    name = forms.CharField(label=_("Name"), max_length=32, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = PhoneField(label=_("Mobile number"))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters, not only digits that everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )
    phone_code = forms.CharField(
        label=_("Code from the text message"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Please have a code sent to your phone and type it here.")},
    )

    def clean_password(self):
        password, told = self.cleaned_data["password"], self.cleaned_data
        validate_password(password, User(phone=told.get("phone", ""), first_name=told.get("name", "")))
        return password
