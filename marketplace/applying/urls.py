"""Becoming a pickup point: the applicant's pages, and the county's."""

from django.urls import path

from marketplace.applying import points, reviewing, views

app_name = "applying"
urlpatterns = [
    path("become-a-point/", views.explained, name="explained"),
    path("become-a-point/begin/", views.begin, name="begin"),
    path("become-a-point/<int:pk>/", views.application, name="application"),
    path("become-a-point/<int:pk>/where/", views.where, name="where"),
    path("become-a-point/<int:pk>/papers/<int:photo>/", views.paper, name="paper"),
    path("province/points/", reviewing.reviews, name="reviews"),
    path("province/points/all/", points.index, name="points"),
    path("province/points/all/<int:pk>/", points.point, name="point"),
    path("province/points/<int:pk>/", reviewing.review, name="review"),
    path("province/points/<int:pk>/papers/<int:photo>/", reviewing.paper, name="review-paper"),
]
