from django.urls import include, path

from marketplace.network import api, views

app_name = "network"
urlpatterns = [
    path("", views.index, name="index"),
    path("api/scans/", api.scans, name="api-scans"),
    path("departures/<int:pk>/", views.departure, name="departure"),
    path("departures/<int:pk>/run/", views.run, name="run"),
    path("departures/<int:pk>/manifest/", views.manifest, name="manifest"),
    path("departures/<int:pk>/manifest.pdf", views.manifest_pdf, name="manifest-pdf"),
    path("planning/", include("marketplace.network.planning_urls")),
]
