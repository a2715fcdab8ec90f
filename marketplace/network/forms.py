"""The form of whoever loads and unloads."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.counter.forms import NONCE_LENGTH, ParcelForm, new_nonce


class ScanForm(ParcelForm):
    """The number on a label, read by the camera or typed."""

    nonce = forms.CharField(
        widget=forms.HiddenInput,
        max_length=NONCE_LENGTH,
        error_messages={"required": _("Please open the page again.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("nonce", new_nonce())
