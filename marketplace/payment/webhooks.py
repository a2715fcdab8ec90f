"""What Stripe tells us: a nudge to look, never the word itself."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import clock
from marketplace.payment import providers
from marketplace.payment.models import PaymentAttempt
from marketplace.payment.services import attempts

BY = "webhook:stripe"


@csrf_exempt  # Stripe has no cookie of ours: its signature says who speaks
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Have the payment that Stripe names looked at; 400 without its signature, 503 where it does not answer us."""
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        raise Http404("not listened to")
    # The library takes a second to load, and only this view of the site's first ones needs it.
    from stripe import SignatureVerificationError, WebhookSignature

    try:
        text = request.body.decode()
        WebhookSignature.verify_header(text, request.headers.get("Stripe-Signature", ""), secret, 300)
        reference = _payment_named(json.loads(text))
    except (SignatureVerificationError, ValueError):
        return HttpResponse(status=400)
    named = PaymentAttempt.objects.filter(provider=providers.STRIPE, provider_reference=reference)
    attempt = named.exclude(provider_reference="").select_related("order").first()
    if attempt is not None and not attempts.look(attempt, by=BY, at=clock.now())[1]:
        return HttpResponse(status=503)
    return HttpResponse(status=204)


def _payment_named(event: object) -> str:
    """Return the payment that an event is about, be its object the payment itself or a charge or refund of it."""
    data = event.get("data") if isinstance(event, dict) else None
    about = data.get("object") if isinstance(data, dict) else None
    if not isinstance(about, dict):
        raise ValueError("no object")
    reference = about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
    return reference if isinstance(reference, str) else ""
