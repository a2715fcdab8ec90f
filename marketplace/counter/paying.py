"""The platform's QR on the hand-over page: shown, asked about, paid."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import clock
from marketplace.counter import queries
from marketplace.payment import providers
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.services import attempts


@never_cache
@require_safe
def payment(request: HttpRequest, number: str) -> HttpResponse:
    """Return the part of the hand-over page that tells of ``?attempt=``; the provider is asked every two seconds.

    Without one it is empty, as it is on the page of an order that nobody pays by QR.
    """
    found = get_object_or_404(queries.orders_of(request.user), number=number)
    wanted, due = (_number(request, name) for name in ("attempt", "due"))
    if not wanted:
        return HttpResponse()
    attempt = get_object_or_404(PaymentAttempt.objects.select_related("order"), order=found, pk=wanted)
    attempt = attempts.look_if_due(attempt, by=request.user, at=clock.now())
    return render(request, "counter/_payment.html", context_of(attempt, due_fen=due))


def context_of(attempt: PaymentAttempt | None, *, due_fen: int) -> dict:
    """Return what the part shows: the attempt beside what is due for the goods as they are chosen."""
    if attempt is None:
        return {"attempt": None}
    paid_fen = attempt.captured_fen or 0
    return {
        "attempt": attempt,
        "lasts_until": attempts.lasts_until(attempt),
        "is_other_amount": attempt.amount_fen != due_fen,
        "too_much_fen": max(0, paid_fen - due_fen),
        "too_little_fen": max(0, due_fen - paid_fen),
        "is_rehearsed": attempt.provider == providers.REHEARSAL,
    }


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
