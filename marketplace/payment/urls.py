from django.urls import path, re_path

from marketplace.payment import rehearsing, webhooks

urlpatterns = [
    path("payments/stripe/", webhooks.stripe, name="stripe-webhook"),
    re_path(r"^demo/pay/(?P<reference>\w{1,32})/$", rehearsing.pay, name="demo-pay"),
]
