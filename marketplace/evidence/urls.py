"""Photos on their way into a form."""

from django.urls import re_path

from marketplace.evidence import views

app_name = "evidence"
urlpatterns = [re_path(r"^(?P<token>[\w-]{43})/$", views.unbound, name="unbound")]
