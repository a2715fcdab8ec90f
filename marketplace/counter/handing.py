"""Handing an order over, line by line."""

import datetime as dt
from collections.abc import Iterator

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from core.names import masked
from logistics.models import Collection
from logistics.services import collections
from logistics.states import CollectionProof, CounterPayment, ParcelState
from marketplace import stepping_up
from marketplace.counter import lease_queries, paying, queries
from marketplace.counter.handing_forms import CollectorForm, HandOverForm, LineForm
from marketplace.counter.middleware import device_at
from marketplace.counter.services import handover, proving
from marketplace.counter.views import QR, QR_LASTS, console_context
from marketplace.order.models import Order
from marketplace.order.states import PaymentMethod
from marketplace.payment import providers
from marketplace.payment import queries as payments
from marketplace.payment.services import attempts, refunds
from marketplace.payment.states import AttemptState


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Hand an order over, line by line."""
    found = get_object_or_404(queries.orders_of(request.user).select_related("pickup_point"), number=number)
    lines = queries.waiting_lines(found, point_id=found.pickup_point_id)
    if not lines:
        return _nothing_waits(request, found)
    page = _HandOver(request, found, lines)
    if request.method != "POST":
        return page.shown()
    match request.POST.get("do"):
        case "recalculate":
            return page.recalculated()
        case "look":
            page.look()
            return page.recalculated()
        case "pay-again":
            page.give_back()
    return page.handed_over()


def _nothing_waits(request: HttpRequest, found: Order) -> HttpResponse:
    """Show the first one's receipt where all was collected, else where the order is."""
    last = queries.last_collection(found, point_id=found.pickup_point_id)
    if last is not None:
        return _to_receipt(last, nonce=request.POST.get("nonce", ""))
    context = console_context(request, at_point=found.pickup_point)
    context |= {
        "order": found,
        "name": masked(found.contact_name),
        "consignments": found.consignments.prefetch_related("lines__order_line", "parcels").order_by("pk"),
        "coming": queries.COMING,
    }
    return render(request, "counter/nothing_waits.html", context, status=200 if request.method != "POST" else 422)


def _to_receipt(collection: Collection, *, nonce: str) -> HttpResponse:
    """Go to a receipt; whoever did not hand it over with this very act is told not to hand it over again."""
    again = "" if collection.nonce == nonce else "?again=1"
    return redirect(f"{reverse('counter:receipt', args=[collection.pk])}{again}")


class _HandOver:
    """The page on which an order's waiting lines are decided on: its forms, its amount, its answers."""

    def __init__(self, request: HttpRequest, found: Order, lines: list):
        data = request.POST if request.method == "POST" else None
        self.request, self.order, self.lines = request, found, lines
        self.qr = _read_qr(request, found)
        device = device_at(request, point=found.pickup_point)
        self.held = lease_queries.holder(found, point_id=found.pickup_point_id, device=device, at=clock.now())
        self.asks_step_up = False
        self.pays_here = found.payment_method == PaymentMethod.AT_POINT
        self.attempt = payments.current(found) if self.pays_here else None
        self.form = HandOverForm(
            data,
            proven=bool(self.qr),
            takes_qr=bool(self.attempt or providers.configured()),
            paid_by=CounterPayment.PLATFORM_QR if self.attempt else CounterPayment.CASH,
        )
        self.collector_form = CollectorForm(data, prefix="collector")
        self.seen = {int(pk) for pk in data.getlist("line") if pk.isdigit()} if data else {line.pk for line in lines}
        files = request.FILES if data else None
        self.line_forms = [
            LineForm(*((data, files) if line.pk in self.seen else (None, None)), line=line) for line in lines
        ]

    def shown(self, *, status: int = 200) -> HttpResponse:
        """Show the lines with what is to be paid for them as they stand."""
        parcels = [
            parcel
            for consignment in {line.consignment_id: line.consignment for line in self.lines}.values()
            for parcel in consignment.parcels.all()
            if parcel.state == ParcelState.AT_POINT
        ]
        due = self._due()
        context = console_context(self.request, at_point=self.order.pickup_point)
        context |= paying.context_of(self.attempt, due_fen=due.total_fen)
        context |= {
            "order": self.order,
            "name": masked(self.order.contact_name),
            "form": self.form,
            "line_forms": self.line_forms,
            "collector_form": self.collector_form,
            "by_other": any(self.collector_form[name].value() for name in ("name", "phone")),
            "is_wrong": any(self._wrong()),
            "due": due,
            "pays_here": self.pays_here,
            "proven": bool(self.qr),
            "step_up": stepping_up.address(self.request.path) if self.asks_step_up else "",
            "damaged": [parcel for parcel in parcels if parcel.damaged_at],
            "shelves": sorted({parcel.shelf for parcel in parcels}),
            "parcels": len(parcels),
            "held": self.held,
            "undecided": lease_queries.undecided(self.order),
            "still_coming": self.order.consignments.filter(state__in=queries.LIVE).count(),
        }
        return render(self.request, "counter/order.html", context, status=status)

    def recalculated(self) -> HttpResponse:
        """Show the amount for what was chosen; nothing is handed over."""
        self.form.errors.clear()  # the code is asked for when the goods are handed over
        for form in self.line_forms:
            form.asks_photo = False  # it is asked for when the goods are handed over
        checked = [form.is_valid() for form in self.line_forms if form.is_bound]
        return self.shown(status=200 if all(checked) else 422)

    def look(self) -> None:
        """Ask whether the QR that is shown was paid."""
        if self.attempt is not None:
            self.attempt, _answered = attempts.look(self.attempt, by=self.request.user, at=clock.now())

    def give_back(self) -> None:
        """Have the provider pay back what was paid and bought nothing yet."""
        if self.attempt is not None and refunds.give_back(self.attempt, by=self.request.user, at=clock.now()):
            self.attempt = None

    def handed_over(self) -> HttpResponse:
        """Hand over what was chosen, or say what stands in the way."""
        unseen = self.seen != {line.pk for line in self.lines}
        checked = [form.is_valid() for form in (self.form, self.collector_form, *self.line_forms) if form.is_bound]
        valid = all(checked)
        if valid and not unseen and self._due().total_fen != self.form.cleaned_data["shown_fen"]:
            self.form.add_error(None, _("The amount has changed. Please look at it, then hand over."))
            valid = False
        if not valid:
            return self.shown(status=422)
        proof, code = self._proof()
        nonce = self.form.cleaned_data["nonce"]
        try:
            if not self._is_paid():
                return self.shown(status=422 if self.form.non_field_errors() else 200)
            collection = handover.hand_over(
                self.order,
                point=self.order.pickup_point,
                outcomes=self._outcomes(),
                seen=frozenset(self.seen),
                proof=proof,
                code=code,
                nonce=nonce,
                by=self.request.user,
                at=clock.now(),
                device=device_at(self.request, point=self.order.pickup_point),
                stepped_up=stepping_up.is_fresh(self.request),
                collector=self.collector_form.collector(),
                paid_by=self.form.cleaned_data["paid_by"],
                photos={form.line.pk: form.proofs() for form in self.line_forms if form.is_bound},
            )
        except collections.AlreadyCollected as refusal:
            return _to_receipt(refusal.collection, nonce=nonce)
        except proving.UnableToProve as refusal:
            self.asks_step_up = isinstance(refusal, proving.StepUpNeeded)
            self._ask_for_code(str(refusal))
        except collections.UnableToCollect as refusal:
            self.form.add_error(None, str(refusal))
        else:
            self.request.session.pop(QR, None)
            return redirect("counter:receipt", pk=collection.pk)
        return self.shown(status=422)

    def _is_paid(self) -> bool:
        """Tell whether the goods can be handed over; where the platform's QR is to be paid first, it is shown.

        Nobody is asked to pay before the code is proven, nor for what another phone has without network.
        """
        by_qr = self.form.cleaned_data["paid_by"] == CounterPayment.PLATFORM_QR
        if not by_qr or not self._due().total_fen or self.held:
            return True
        shown = self.attempt
        if shown is None or shown.state == AttemptState.OPEN:
            proof, code = self._proof()
            point, by, at = self.order.pickup_point, self.request.user, clock.now()
            proving.prove(
                self.order,
                point=point,
                proof=proof,
                code=code,
                by=by,
                at=at,
                device=device_at(self.request, point=point),
                stepped_up=stepping_up.is_fresh(self.request),
            )
            try:
                self.attempt = attempts.ask(self.order, point=point, amount_fen=self._due().total_fen, by=by, at=at)
            except attempts.UnableToAsk as refusal:
                self.form.add_error(None, str(refusal))
                return False
            if shown == self.attempt and self.attempt.state == AttemptState.OPEN:
                self.form.add_error(None, _("Nothing was paid yet. The page says so as soon as it is."))
        return self.attempt.state == AttemptState.SUCCEEDED

    def _proof(self) -> tuple[CollectionProof, str]:
        return (CollectionProof.QR, self.qr) if self.qr else self.form.proof()

    def _ask_for_code(self, why: str) -> None:
        """Forget a QR that has become void, and say above the field why the proof does not hold."""
        self.request.session.pop(QR, None)
        self.qr = ""
        self.form.fields["code"].required = True
        self.form.add_error("code", why)

    def _wrong(self) -> Iterator[bool]:
        yield any(name != NON_FIELD_ERRORS for name in self.form.errors)
        yield bool(self.collector_form.errors)
        yield from (bool(form.errors) for form in self.line_forms)

    def _outcomes(self) -> dict:
        return {form.line.pk: form.outcome() for form in self.line_forms if form.is_bound}

    def _due(self) -> handover.Due:
        return handover.due(self.order, point_id=self.order.pickup_point_id, outcomes=self._outcomes())


def _read_qr(request: HttpRequest, found: Order) -> str:
    """Return the QR that this person read for the order just now, or nothing."""
    read = request.session.get(QR)
    if not read or read["order"] != found.number or dt.datetime.fromisoformat(read["at"]) < clock.now() - QR_LASTS:
        return ""
    return read["text"]
