"""Scans from devices: readings of labels and RFID tags by the batch, as JSON.

``POST /network/api/scans/`` takes a list of at most 500 readings and answers each by its nonce; it is signed in to like
the pages, and a batch that is sent again changes nothing. Temperature loggers send theirs to ``api_temperatures``.
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
from logistics import label_qr
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
LABEL = re.compile(r"[0-9]{13}")
WHICH = gettext_lazy("Please send the label or the RFID tag.")


class SentForm(PlainForm):
    """What every reading of a device says: its own name, and when it was."""

    nonce = forms.CharField(
        label="",
        max_length=NONCE_LENGTH,
        error_messages={
            "required": gettext_lazy("Please give each reading an identifier of its own."),
            "max_length": gettext_lazy("The reading's identifier is too long."),
        },
    )
    occurred_at = forms.CharField(
        label="", error_messages={"required": gettext_lazy("The time of the reading is missing.")}
    )

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

    def refusal(self) -> dict[str, str]:
        """Return what is wrong with it: a sentence for people, and for the device the field as it calls it."""
        name, wrong = next(iter(self.errors.items()))
        if name == NON_FIELD_ERRORS:
            return {"message": wrong[0]}
        label = self.fields[name].label
        words = _("%(label)s: %(wrong)s") % {"label": label, "wrong": wrong[0]} if label else wrong[0]
        return {"message": words, "field": name}


class DeviceReadingForm(SentForm):
    """One reading as a device sends it."""

    kind = forms.ChoiceField(
        label="",
        choices=[(kind, kind) for kind in readings.KINDS],
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"),
            gettext_lazy("Please say what was read: loaded, unloaded, surplus or dropped."),
        ),
    )
    label = forms.CharField(required=False, label="")
    epc = forms.CharField(required=False, label="")
    departure = forms.IntegerField(label=gettext_lazy("Departure"), required=False, min_value=1, max_value=2**62)
    hub = forms.IntegerField(label=gettext_lazy("Hub"), required=False, min_value=1, max_value=2**62)
    latitude = forms.DecimalField(label=gettext_lazy("Latitude"), required=False, min_value=-90, max_value=90)
    longitude = forms.DecimalField(label=gettext_lazy("Longitude"), required=False, min_value=-180, max_value=180)
    temperature_c = forms.DecimalField(label=gettext_lazy("Temperature"), required=False, min_value=-90, max_value=90)

    def clean_label(self) -> str:
        text = self.cleaned_data["label"]
        if label_qr.is_one(text):
            try:
                return label_qr.read(text)
            except label_qr.UnableToReadLabel as error:
                raise forms.ValidationError(WHICH) from error
        if text and not LABEL.fullmatch(text):
            raise forms.ValidationError(WHICH)
        return text

    def clean_epc(self) -> str:
        epc = self.cleaned_data["epc"].upper()
        if epc and not EPC.fullmatch(epc):
            raise forms.ValidationError(_("An RFID tag has 24 hexadecimal digits and is an SGTIN-96 or an SSCC-96."))
        return epc

    def clean(self) -> dict:
        data = super().clean()
        if not self.errors and not (data.get("label") or data.get("epc")):
            raise forms.ValidationError(WHICH)
        if (data.get("latitude") is None) != (data.get("longitude") is None) and not self.errors:
            raise forms.ValidationError(_("A position has a latitude and a longitude."))
        return data

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


class UnableToRead(Exception):
    """What was sent is no list of readings; the sentence is for whoever set up the device."""


def batch_of(request: HttpRequest) -> list[dict]:
    """Return the readings that a device sent; what is no reading is an empty one, which its form refuses.

    :raises UnableToRead: where it is no JSON, no list, or too long.
    """
    try:
        sent = json.loads(request.body)
    except ValueError:
        raise UnableToRead(_("This is not JSON.")) from None
    if not isinstance(sent, list):
        raise UnableToRead(_("Please send a list of readings."))
    if len(sent) > MOST:
        raise UnableToRead(_("Please send at most %(most)d readings at once.") % {"most": MOST})
    return [each if isinstance(each, dict) else {} for each in sent]


def unreadable(refusal: UnableToRead) -> JsonResponse:
    return JsonResponse({"message": str(refusal)}, status=400)


def said_of(form: SentForm, *, done: str = "", refusal: str = "") -> dict:
    """Return the answer to one reading: what was done, or why it was refused."""
    nonce = form.data.get("nonce")
    said = {"nonce": nonce if isinstance(nonce, str) else None}
    if done:
        return said | {"status": "ok", "message": done}
    return said | {"status": "refused"} | ({"message": refusal} if refusal else form.refusal())


@require_POST
def scans(request: HttpRequest) -> JsonResponse:
    """Take readings; answer each with ``ok`` and what was done, or ``refused`` and why, in the order of the list."""
    try:
        checked = [DeviceReadingForm(each) for each in batch_of(request)]
    except UnableToRead as refusal:
        return unreadable(refusal)
    good = [form for form in checked if form.is_valid()]
    answers = dict(zip(map(id, good), readings.take([form.reading() for form in good], by=request.user), strict=True))
    return JsonResponse({"readings": [_said(form, answers.get(id(form))) for form in checked]})


def _said(form: DeviceReadingForm, answer: Answer | None) -> dict:
    if answer is None or answer.scan is None:
        return said_of(form, refusal=answer.refusal if answer else "")
    return said_of(form, done=DONE[ScanKind(answer.scan.kind)] % {"number": answer.scan.number})
