"""The form of whoever loads and unloads."""

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics.states import ScanKind
from marketplace.counter.forms import NONCE_LENGTH, ParcelForm, new_nonce

WHAT_TO_DO = _("Please choose whether it is loaded or unloaded.")


class ScanForm(ParcelForm):
    """The number on a label, read by the camera or typed."""

    nonce = forms.CharField(
        widget=forms.HiddenInput,
        max_length=NONCE_LENGTH,
        error_messages={"required": _("Please open the page again.")},
    )

    do = forms.ChoiceField(required=False, widget=forms.RadioSelect, error_messages={"invalid_choice": WHAT_TO_DO})

    def __init__(self, *args, kinds: list[ScanKind], **kwargs):
        """:param kinds: what the person can do with this departure, the likeliest now first."""
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        self.fields["do"].choices = [(ScanKind.LOADED, _("Load")), (ScanKind.UNLOADED, _("Unload"))]
        if self.initial.get("do") not in kinds:
            self.initial["do"] = kinds[0]
        self.initial.setdefault("nonce", new_nonce())

    def clean_do(self) -> ScanKind:
        """Return what is done; what was not said is the likeliest."""
        return ScanKind(self.cleaned_data["do"] or self.kinds[0])
