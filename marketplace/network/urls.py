from django.urls import include, path

from marketplace.network import api, api_temperatures, boards, substitutes, views

app_name = "network"
urlpatterns = [
    path("", views.index, name="index"),
    path("api/scans/", api.scans, name="api-scans"),
    path("api/temperatures/", api_temperatures.readings, name="api-temperatures"),
    path("departures/<int:pk>/", views.departure, name="departure"),
    path("departures/<int:pk>/run/", views.run, name="run"),
    path("departures/<int:pk>/driver/", substitutes.driver, name="driver"),
    path("departures/<int:pk>/manifest/", views.manifest, name="manifest"),
    path("departures/<int:pk>/manifest.pdf", views.manifest_pdf, name="manifest-pdf"),
    path("board/", boards.board, name="board"),
    path("board/late/", boards.late, name="board-late"),
    path("board/stuck/", boards.stuck, name="board-stuck"),
    path("board/fill/", boards.fill, name="board-fill"),
    path("board/lanes/", boards.lanes, name="board-lanes"),
    path("board/promises/", boards.kept, name="board-kept"),
    path("planning/", include("marketplace.network.planning_urls")),
]
