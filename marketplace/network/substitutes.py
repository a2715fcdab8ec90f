"""Another driver for one departure: by a worker of the round's hub, or a planner of its division."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from logistics.models import Departure, Round
from logistics.services import drivers
from logistics.services.drivers import UnableToChangeDriver
from marketplace.network import queries
from marketplace.network.planning import context_of
from marketplace.network.planning_forms import person_of
from marketplace.plain_words import PlainForm
from marketplace.users.models import User

OWN = "own"


class SubstituteForm(PlainForm):
    """Who drives: the round's own driver, one of the drivers around, or somebody by the phone."""

    driver = forms.ChoiceField(label=gettext_lazy("Driver"), required=False)
    driver_phone = forms.CharField(
        label=gettext_lazy("Another driver's phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy("Of somebody with an account here."),
    )

    def __init__(self, *args, departure: Departure, **kwargs):
        super().__init__(*args, **kwargs)
        round_, division = departure.round, departure.round.hub.division
        around = Round.objects.within(division.parent_id or division.pk).that_run().values("driver")
        self.people = {str(user.pk): user for user in User.objects.filter(pk__in=around, is_active=True).order_by("pk")}
        self.people.pop(str(departure.driven_by_id), None)
        own = self.people.pop(str(round_.driver_id), None)
        self.fields["driver"].choices = [
            ("", gettext_lazy("Please choose")),
            *([(OWN, _("%(name)s (drives this round)") % {"name": own.get_full_name()})] if own else []),
            *((pk, user.get_full_name()) for pk, user in self.people.items()),
        ]

    def clean_driver_phone(self) -> User | None:
        return person_of(self.cleaned_data["driver_phone"])

    def clean(self) -> dict:
        data = super().clean()
        if not self.errors and not data.get("driver") and data.get("driver_phone") is None:
            self.add_error("driver", _("Please choose a driver, or type a phone."))
        return data

    def chosen(self) -> User | None:
        """Return who is to drive; None for the round's own driver. A phone that was typed says more than the list."""
        return self.cleaned_data["driver_phone"] or self.people.get(self.cleaned_data["driver"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def driver(request: HttpRequest, pk: int) -> HttpResponse:
    """Put another driver on a departure of an own round."""
    rows = drivers.choosable_by(request.user).select_related("round__hub__division", "round__driver", "driver")
    found = get_object_or_404(rows, pk=pk)
    form, status = SubstituteForm(request.POST if request.method == "POST" else None, departure=found), 200
    hubs = queries.hubs_of(request.user)
    at_hub = found.round.hub_id in {hub.pk for hub in hubs}
    back = (
        reverse("network:departure", args=[pk]) if at_hub else reverse("network:planning-line", args=[found.round.code])
    )
    if request.method == "POST":
        status = 422
        if form.is_valid() and _changed(request, found, form):
            return redirect(back)
    context = context_of(request) | {
        "departure": found,
        "form": form,
        "driver": found.driver or found.round.driver,
        "can_change": found.state in drivers.STILL_DRIVEN,
        "hubs": hubs,
        "place": "、".join(hub.name for hub in hubs),
        "back": back,
        "base": "network/_base.html" if at_hub else "network/planning/_base.html",
    }
    return render(request, "network/driver.html", context, status=status)


def _changed(request: HttpRequest, found: Departure, form: SubstituteForm) -> bool:
    chosen = form.chosen()
    try:
        drivers.put_on(found, driver=chosen, by=request.user, at=clock.now())
    except UnableToChangeDriver as refusal:
        form.add_error("driver_phone" if form.cleaned_data["driver_phone"] else "driver", str(refusal))
        return False
    name = (chosen or found.round.driver).get_full_name()
    messages.success(request, _("%(name)s drives this departure now.") % {"name": name})
    return True
