"""Readings of the temperature loggers on a vehicle, as JSON: ``POST /network/api/temperatures/``."""

import re

from django import forms
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from core.storage_class import StorageClass
from logistics.services import temperatures
from logistics.services.temperatures import Answer, Measured
from marketplace.network.api import SentForm, UnableToRead, batch_of, said_of, unreadable

DEVICE = re.compile(r"\A[A-Za-z0-9._:-]{1,40}\Z")


class LoggerReadingForm(SentForm):
    """One reading as a logger sends it."""

    device = forms.RegexField(
        DEVICE,
        max_length=40,
        error_messages=dict.fromkeys(
            ("required", "invalid"), gettext_lazy("The device has a name of letters, digits and . _ : -.")
        ),
    )
    departure = forms.IntegerField(
        label=gettext_lazy("Departure"),
        min_value=1,
        max_value=2**62,
        error_messages={"required": gettext_lazy("Please say on which departure.")},
    )
    storage_class = forms.ChoiceField(
        required=False,
        choices=[("", "")] + [(each, each) for each in StorageClass.values],
        error_messages={"invalid_choice": gettext_lazy("The hold is one of AMBIENT, CHILLED, FROZEN.")},
    )
    temperature_c = forms.DecimalField(
        label=gettext_lazy("Temperature"),
        min_value=-90,
        max_value=90,
        error_messages={"required": gettext_lazy("The temperature is missing.")},
    )

    def measured(self) -> Measured:
        data = self.cleaned_data
        return Measured(
            nonce=data["nonce"],
            device=data["device"],
            departure_id=data["departure"],
            occurred_at=data["occurred_at"],
            temperature_c=round(data["temperature_c"], 2),
            storage_class=data["storage_class"],
        )


@require_POST
def readings(request: HttpRequest) -> JsonResponse:
    """Take readings; answer each with ``ok`` and how many parcels it flagged, or ``refused`` and why."""
    try:
        checked = [LoggerReadingForm(each) for each in batch_of(request)]
    except UnableToRead as refusal:
        return unreadable(refusal)
    good = [form for form in checked if form.is_valid()]
    taken = temperatures.take([form.measured() for form in good], by=request.user)
    answers = dict(zip(map(id, good), taken, strict=True))
    return JsonResponse({"readings": [_said(form, answers.get(id(form))) for form in checked]})


def _said(form: LoggerReadingForm, answer: Answer | None) -> dict:
    if answer is None or answer.refusal:
        return said_of(form, refusal=answer.refusal if answer else "")
    if not answer.breached:
        return said_of(form, done=_("Noted."))
    words = ngettext(
        "Noted: %(count)d parcel was too warm or too cold.",
        "Noted: %(count)d parcels were too warm or too cold.",
        answer.breached,
    )
    return said_of(form, done=words % {"count": answer.breached})
