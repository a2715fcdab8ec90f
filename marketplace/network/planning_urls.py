"""The planner's pages, below /network/planning/."""

from django.urls import path, re_path

from marketplace.network import planning, planning_calendar, planning_changes, planning_hubs, planning_sheets

urlpatterns = [
    path("", planning.overview, name="planning-map"),
    path("lanes/", planning.lanes, name="planning-lanes"),
    path("lanes/add/", planning_changes.add_lane, name="planning-lane-add"),
    path("rounds/", planning.rounds, name="planning-rounds"),
    path("hubs/<slug:hub>/add-round/", planning_changes.add_round, name="planning-round-add"),
    path("hubs/add/", planning_hubs.add, name="planning-hub-add"),
    path("hubs/<slug:code>/end/", planning_hubs.end, name="planning-hub-end"),
    path("hubs/<slug:code>/keep/", planning_hubs.keep, name="planning-hub-keep"),
    path("hubs/<slug:code>/", planning_hubs.hub, name="planning-hub"),
    path("hubs/<slug:code>/transfer/", planning_hubs.transfer, name="planning-transfer"),
    path("hubs/<slug:code>/transfer/<int:pk>/withdraw/", planning_hubs.withdraw, name="planning-transfer-withdraw"),
    path("timetables/<slug:code>/", planning.line, name="planning-line"),
    path("timetables/<slug:code>/change/", planning_changes.change, name="planning-change"),
    path("timetables/<slug:code>/end/", planning_changes.end, name="planning-end"),
    path("calendar/", planning_calendar.calendar, name="planning-calendar"),
    path("calendar/<int:pk>/lift/", planning_calendar.lift, name="planning-lift"),
    path("sheets/", planning_sheets.upload, name="planning-sheets"),
    re_path(
        r"^sheets/(?P<name>timetables\.xlsx|lanes\.csv|rounds\.csv|stops\.csv)$",
        planning_sheets.export,
        name="planning-export",
    ),
    path("imports/<int:pk>/", planning_sheets.imported, name="planning-import"),
    path("imports/<int:pk>/returned.xlsx", planning_sheets.returned, name="planning-import-file"),
]
