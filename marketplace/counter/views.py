"""The operator's console: today, receiving, what waits, finding an order, handing it over, its receipt."""

import datetime as dt
from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.names import masked
from logistics import queries as logistics
from logistics.models import Collection
from logistics.services import collections, scans
from logistics.states import PARCEL_MOVES, CollectionProof, ParcelState
from marketplace import stepping_up, wording
from marketplace.counter import finding, queries
from marketplace.counter.forms import HandOverForm, LineForm, ParcelForm, SearchForm, ShelfForm
from marketplace.counter.services import handover, proving
from marketplace.counter.states import Reason
from marketplace.order.models import Order
from marketplace.order.states import PaymentMethod
from villages.models import PickupPoint

PAGE_SIZE = 50
EXPECTED_SHOWN = 30
POINT, QR = "counter_point", "counter_qr"
QR_LASTS = dt.timedelta(minutes=15)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Today: what comes, what waits, the cash; the search; what falls due."""
    at = clock.now()
    context = console_context(request)
    point = context["point"]
    rows = queries.waiting(point)
    context |= {
        "at": at,
        "today": queries.today(point, at=at),
        "arrivals": queries.arrivals(point, at=at),
        "due_soon": queries.due_soon(rows, at=at),
        "form": SearchForm(),
    }
    return render(request, "counter/index.html", context)


@require_POST
def choose_point(request: HttpRequest) -> HttpResponse:
    """Go on at another of the own points."""
    wanted = request.POST.get("point", "")
    point = next((each for each in queries.points_of(request.user) if str(each.pk) == wanted), None)
    if point is None:
        raise Http404("not a point of this person")
    request.session[POINT] = point.pk
    return redirect("counter:index")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Read a parcel's label, or type its number; what is to come stands below."""
    context = console_context(request)
    point, at = context["point"], clock.now()
    form, status = ParcelForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            parcel = queries.parcel_at(point, number=form.cleaned_data["number"])
            if parcel is not None:
                return redirect("counter:receive-parcel", number=parcel.number)
            form.add_error("number", _("No such parcel comes to this point."))
            status = 404
    expected = list(queries.expected_parcels(point, at=at)[: EXPECTED_SHOWN + 1])
    context |= {
        "form": form,
        "today": queries.today(point, at=at),
        "expected": expected[:EXPECTED_SHOWN],
        "more": len(expected) > EXPECTED_SHOWN,
    }
    return render(request, "counter/receive.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receive_parcel(request: HttpRequest, number: str) -> HttpResponse:
    """Put a parcel on a shelf, and so receive it."""
    mine = queries.parcels_of(request.user).prefetch_related("consignment__lines__order_line__product__images")
    parcel = get_object_or_404(mine, number=number)
    context = console_context(request, at_point=parcel.consignment.point)
    suggestions = logistics.shelf_suggestions(parcel.consignment)
    form, status = ShelfForm(request.POST or None, suggestions=suggestions), 200
    if request.method == "POST":
        if form.is_valid() and _receive(request, parcel, form):
            messages.success(
                request, _("Received. It stands at %(shelf)s.") % {"shelf": form.cleaned_data["shelf"] or "—"}
            )
            return redirect("counter:receive")
        status = 422
    context |= {
        "parcel": parcel,
        "of": parcel.consignment.parcels.count(),
        "form": form,
        "is_here": parcel.state == ParcelState.AT_POINT,
        "handed_over_at": queries.handed_over_at(parcel) if parcel.state == ParcelState.HANDED_OVER else None,
        "can_be_received": ParcelState.AT_POINT in PARCEL_MOVES[parcel.state],
    }
    return render(request, "counter/receive_parcel.html", context, status=status)


def _receive(request: HttpRequest, parcel, form: ShelfForm) -> bool:
    data = form.cleaned_data
    try:
        scans.receive(
            parcel,
            point=parcel.consignment.point,
            shelf=data["shelf"],
            nonce=data["nonce"],
            by=request.user,
            at=clock.now(),
        )
    except scans.UnableToScan as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits to be collected: by the time it falls due, by shelf, or by the phone's last digits."""
    context = console_context(request)
    rows = queries.waiting(context["point"])
    by = request.GET.get("by", "due")
    if by == "shelf":
        rows.sort(key=lambda row: (row.shelves[0], row.order.pk))
    elif by == "phone":
        rows.sort(key=lambda row: (row.order.contact_phone_tail, row.order.pk))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {"page": page, "by": by, "soon": clock.now() + queries.DUE_SOON}
    return render(request, "counter/waiting.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find an order by its QR, its number, a parcel, or the last digits of the phone.

    The search is sent by POST: a QR proves who may collect, and belongs in no address.
    """
    context = console_context(request)
    point = context["point"]
    form, status = SearchForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _found(request, finding.find(form.cleaned_data["q"], point=point))
            except finding.UnableToRead as refusal:
                form.add_error("q", str(refusal))
            except finding.NotHere as refusal:
                form.add_error("q", str(refusal))
                status = 404
    tail = request.GET.get("tail", "")
    rows = queries.waiting(point, tail=tail) if len(tail) == queries.TAIL_DIGITS and tail.isdigit() else []
    context |= {"form": form, "tail": tail if rows else "", "rows": rows}
    return render(request, "counter/find.html", context, status=status)


def _found(request: HttpRequest, found: finding.Found) -> HttpResponse:
    if found.tail:
        return redirect(f"{reverse('counter:find')}?tail={found.tail}")
    if found.qr:
        request.session[QR] = {
            "order": found.order_number,
            "text": found.qr,
            "at": clock.now().isoformat(),
        }
    return redirect("counter:order", number=found.order_number)


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
    return page.recalculated() if request.POST.get("do") == "recalculate" else page.handed_over()


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
        self.asks_step_up = False
        self.form = HandOverForm(data, proven=bool(self.qr))
        self.seen = {int(pk) for pk in data.getlist("line") if pk.isdigit()} if data else {line.pk for line in lines}
        self.line_forms = [LineForm(data if line.pk in self.seen else None, line=line) for line in lines]

    def shown(self, *, status: int = 200) -> HttpResponse:
        """Show the lines with what is to be paid for them as they stand."""
        parcels = [
            parcel
            for consignment in {line.consignment_id: line.consignment for line in self.lines}.values()
            for parcel in consignment.parcels.all()
            if parcel.state == ParcelState.AT_POINT
        ]
        context = console_context(self.request, at_point=self.order.pickup_point)
        context |= {
            "order": self.order,
            "name": masked(self.order.contact_name),
            "form": self.form,
            "line_forms": self.line_forms,
            "is_wrong": any(self._wrong()),
            "due": self._due(),
            "pays_here": self.order.payment_method == PaymentMethod.AT_POINT,
            "proven": bool(self.qr),
            "step_up": stepping_up.address(self.request.path) if self.asks_step_up else "",
            "shelves": sorted({parcel.shelf for parcel in parcels}),
            "parcels": len(parcels),
            "still_coming": self.order.consignments.filter(state__in=queries.LIVE).count(),
        }
        return render(self.request, "counter/order.html", context, status=status)

    def recalculated(self) -> HttpResponse:
        """Show the amount for what was chosen; nothing is handed over."""
        self.form.errors.clear()  # the code is asked for when the goods are handed over
        checked = [form.is_valid() for form in self.line_forms if form.is_bound]
        return self.shown(status=200 if all(checked) else 422)

    def handed_over(self) -> HttpResponse:
        """Hand over what was chosen, or say what stands in the way."""
        unseen = self.seen != {line.pk for line in self.lines}
        checked = [form.is_valid() for form in (self.form, *self.line_forms) if form.is_bound]
        valid = all(checked)
        if valid and not unseen and self._due().total_fen != self.form.cleaned_data["shown_fen"]:
            self.form.add_error(None, _("The amount has changed. Please look at it, then hand over."))
            valid = False
        if not valid:
            return self.shown(status=422)
        proof, code = self._proof()
        nonce = self.form.cleaned_data["nonce"]
        try:
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
                stepped_up=stepping_up.is_fresh(self.request),
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

    def _proof(self) -> tuple[CollectionProof, str]:
        return (CollectionProof.QR, self.qr) if self.qr else self.form.proof()

    def _ask_for_code(self, why: str) -> None:
        """Forget a QR that has become void, and say above the field why the proof does not hold."""
        self.request.session.pop(QR, None)
        self.qr = ""
        self.form.add_error("code", why)

    def _wrong(self) -> Iterator[bool]:
        yield any(name != NON_FIELD_ERRORS for name in self.form.errors)
        yield from (bool(form.errors) for form in self.line_forms)

    def _outcomes(self) -> dict:
        return {form.line.pk: form.outcome() for form in self.line_forms if form.is_bound}

    def _due(self) -> handover.Due:
        return handover.due(self.order, point_id=self.order.pickup_point_id, outcomes=self._outcomes())


@require_safe
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """What was handed over, when, by whom, for how much cash."""
    mine = queries.collections_of(request.user).select_related("order", "operator", "point")
    found = get_object_or_404(mine, pk=pk)
    words = dict(Reason.choices)
    lines = [
        {"line": line, "title": line.consignment_line.order_line.title, "reason": words.get(line.reason, line.reason)}
        for line in found.lines.select_related("consignment_line__order_line").order_by("pk")
    ]
    context = console_context(request, at_point=found.point)
    context |= {
        "collection": found,
        "name": masked(found.order.contact_name),
        "lines": lines,
        "again": "again" in request.GET,
        "pays_here": found.order.payment_method == PaymentMethod.AT_POINT,
        "number": f"T-{clock.day_of(found.occurred_at):%m%d}-{found.pk:04d}",
    }
    return render(request, "counter/receipt.html", context)


def console_context(request: HttpRequest, *, at_point: PickupPoint | None = None) -> dict:
    """Return what every page of the console knows: the point that is worked at, and the own ones to choose from.

    :param at_point: the own point that the page's object belongs to, which goes before the chosen one.
    """
    points = queries.points_of(request.user)
    if not points:
        raise Http404("no point")
    wanted = at_point.pk if at_point else request.session.get(POINT)
    point = next((each for each in points if each.pk == wanted), points[0])
    today = clock.today()
    day = f"{wording.WEEKDAYS[today.weekday()]} {date_format(today, str(wording.DAY_OF_YEAR))}"
    return {"point": point, "points": points, "day": day}


def _read_qr(request: HttpRequest, found: Order) -> str:
    """Return the QR that this person read for the order just now, or nothing."""
    read = request.session.get(QR)
    if not read or read["order"] != found.number or dt.datetime.fromisoformat(read["at"]) < clock.now() - QR_LASTS:
        return ""
    return read["text"]
