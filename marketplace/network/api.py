"""Scans from devices: readings of labels and RFID tags by the batch, as JSON.

``POST /network/api/scans/`` takes a list of at most 500 readings and answers each by its nonce; it is signed in to like
the pages, and a batch that is sent again changes nothing.
"""

import datetime as dt
import json
import re

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from core import clock
from logistics.services import readings
from logistics.services.readings import Answer, Reading
from logistics.services.steps import Sensed
from logistics.states import ScanKind
from marketplace.counter.forms import NONCE_LENGTH
from marketplace.network.words import DONE
from marketplace.plain_words import PlainForm

MOST = 500
EPC = re.compile(r"3[01][0-9A-F]{22}")  # headers of SGTIN-96 and SSCC-96, GS1 EPC Tag Data Standard
AHEAD = dt.timedelta(minutes=5)  # that a device's clock may be ahead of ours
WHICH = gettext_lazy("Please send the label or the RFID tag.")


class DeviceReadingForm(PlainForm):
    """One reading as a device sends it."""

    nonce = forms.CharField(
        max_length=NONCE_LENGTH,
        error_messages={"required": gettext_lazy("Please give each reading an identifier of its own.")},
    )
    kind = forms.ChoiceField(
        choices=[(kind, kind) for kind in readings.KINDS],
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("The kind is one of LOADED, UNLOADED, SURPLUS.")
        ),
    )
    label = forms.RegexField(r"^\d{13}$", required=False, error_messages={"invalid": WHICH})
    epc = forms.CharField(required=False)
    departure = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    hub = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    occurred_at = forms.CharField(error_messages={"required": gettext_lazy("The time of the reading is missing.")})
    latitude = forms.DecimalField(required=False, min_value=-90, max_value=90)
    longitude = forms.DecimalField(required=False, min_value=-180, max_value=180)
    temperature_c = forms.DecimalField(required=False, min_value=-90, max_value=90)

    def clean_epc(self) -> str:
        epc = self.cleaned_data["epc"].upper()
        if epc and not EPC.fullmatch(epc):
            raise forms.ValidationError(_("An RFID tag has 24 hexadecimal digits and is an SGTIN-96 or an SSCC-96."))
        return epc

    def clean_occurred_at(self):
        try:
            at = parse_datetime(self.cleaned_data["occurred_at"])
        except ValueError:
            at = None
        if at is None or timezone.is_naive(at):
            raise forms.ValidationError(_("The time is written as 2026-03-02T09:30:00+08:00."))
        if at > clock.now() + AHEAD:
            raise forms.ValidationError(_("This time has not come yet. Please set the device's clock."))
        return at

    def clean(self) -> dict:
        data = super().clean()
        if not self.errors and not (data.get("label") or data.get("epc")):
            raise forms.ValidationError(WHICH)
        if (data.get("latitude") is None) != (data.get("longitude") is None) and not self.errors:
            raise forms.ValidationError(_("A position has a latitude and a longitude."))
        return data

    def refusal(self) -> str:
        """Return what is wrong with it, with the name of the field as the device calls it."""
        name, wrong = next(iter(self.errors.items()))
        return wrong[0] if name == NON_FIELD_ERRORS else f"{name}: {wrong[0]}"

    def reading(self) -> Reading:
        data = self.cleaned_data
        return Reading(
            nonce=data["nonce"],
            kind=ScanKind(data["kind"]),
            occurred_at=data["occurred_at"],
            label=data["label"],
            epc=data["epc"],
            departure_id=data["departure"],
            hub_id=data["hub"],
            sensed=Sensed(*(_rounded(data[name], places) for name, places in SENSED)),
        )


SENSED = (("latitude", 6), ("longitude", 6), ("temperature_c", 2))


def _rounded(number, places: int):
    return None if number is None else round(number, places)


@require_POST
def scans(request: HttpRequest) -> JsonResponse:
    """Take readings; answer each with ``ok`` and what was done, or ``refused`` and why, in the order of the list."""
    try:
        sent = json.loads(request.body)
    except ValueError:
        return _unreadable(_("This is not JSON."))
    if not isinstance(sent, list):
        return _unreadable(_("Please send a list of readings."))
    if len(sent) > MOST:
        return _unreadable(_("Please send at most %(most)d readings at once.") % {"most": MOST})
    checked = [DeviceReadingForm(each if isinstance(each, dict) else {}) for each in sent]
    good = [form for form in checked if form.is_valid()]
    answers = dict(zip(map(id, good), readings.take([form.reading() for form in good], by=request.user), strict=True))
    return JsonResponse({"readings": [_said(form, answers.get(id(form))) for form in checked]})


def _unreadable(message: str) -> JsonResponse:
    return JsonResponse({"message": message}, status=400)


def _said(form: DeviceReadingForm, answer: Answer | None) -> dict:
    nonce = form.data.get("nonce")
    said = {"nonce": nonce if isinstance(nonce, str) else None}
    if answer is None:
        return said | {"status": "refused", "message": form.refusal()}
    if answer.scan is None:
        return said | {"status": "refused", "message": answer.refusal}
    words = DONE[ScanKind(answer.scan.kind)] % {"number": answer.scan.parcel.number}
    return said | {"status": "ok", "message": words}
