from django.urls import path

from marketplace.network import views

app_name = "network"
urlpatterns = [
    path("", views.index, name="index"),
    path("departures/<int:pk>/", views.departure, name="departure"),
]
