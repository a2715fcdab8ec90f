"""The owner's page of devices: pairing a new one, naming and revoking them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from marketplace import stepping_up
from marketplace.counter.device_forms import DeviceNameForm, PairingNumberForm
from marketplace.counter.views import owner_context
from villages.models import Device, PickupPoint
from villages.services import devices


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The point's devices, and the field into which a new phone's QR is scanned."""
    context = owner_context(request)
    form, status = PairingNumberForm(request.POST or None), 200
    if request.method == "POST":
        if form.is_valid():
            found = devices.request_by(form.cleaned_data["number"], at=clock.now())
            if found is not None:
                return redirect(f"{reverse('counter:device-pair')}?{urlencode({'number': found.number})}")
            form.add_error("number", _("No phone shows this number now. It is good for 10 minutes."))
        status = 422
    shown = Device.objects.filter(point=context["point"]).select_related("paired_by").order_by("-pk")
    context |= {
        "form": form,
        "devices": [device for device in shown if device.revoked_at is None],
        "revoked": [device for device in shown if device.revoked_at is not None][:10],
        "this_device": request.device,
    }
    return render(request, "counter/devices.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@stepping_up.required
def pair(request: HttpRequest) -> HttpResponse:
    """Compare the code, name the new device and confirm it."""
    context = owner_context(request)
    number = request.POST.get("number") or request.GET.get("number", "")
    found = devices.request_by(number, at=clock.now())
    form = DeviceNameForm(request.POST or None)
    if found is not None and request.method == "POST" and form.is_valid():
        try:
            made = devices.confirm(
                found.number, point=context["point"], name=form.cleaned_data["name"], by=request.user, at=clock.now()
            )
        except devices.UnableToPair as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is paired with this point.") % {"name": made.name})
            return redirect("counter:devices")
    if found is None:
        messages.error(request, _("This request is over. Please have the new phone show another number."))
        return redirect("counter:devices")
    context |= {"form": form, "asked": found}
    return render(request, "counter/device_pair.html", context, status=422 if form.errors else 200)


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a device of an own point, or revoke it."""
    device = get_object_or_404(Device.objects.filter(point__in=PickupPoint.objects.owned_by(request.user)), pk=pk)
    try:
        if request.POST.get("do") == "revoke":
            devices.revoke(device, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s is revoked.") % {"name": device.name})
        else:
            form = DeviceNameForm(request.POST)
            if form.is_valid():
                devices.rename(device, name=form.cleaned_data["name"], by=request.user, at=clock.now())
                messages.success(request, _("The device has a new name."))
            else:
                messages.error(request, " ".join(form.errors["name"]))
    except devices.UnableToChangeDevice as refusal:
        messages.error(request, str(refusal))
    return redirect("counter:devices")
