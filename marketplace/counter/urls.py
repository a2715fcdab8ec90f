from django.urls import path, re_path

from marketplace.counter import cash, drops, handing, views

app_name = "counter"
urlpatterns = [
    path("", views.index, name="index"),
    path("choose-point/", views.choose_point, name="choose-point"),
    path("receive/", views.receive, name="receive"),
    re_path(r"^receive/(?P<number>\d{13})/$", views.receive_parcel, name="receive-parcel"),
    path("drops/", drops.drops, name="drops"),
    path("waiting/", views.waiting, name="waiting"),
    path("find/", views.find, name="find"),
    re_path(r"^orders/(?P<number>\d{12})/$", handing.order, name="order"),
    path("receipts/<int:pk>/", handing.receipt, name="receipt"),
    path("receipts/<int:pk>/photos/<int:photo>/", handing.photo, name="photo"),
    path("cash/", cash.index, name="cash"),
    path("cash/<int:pk>/sign/", cash.sign, name="cash-sign"),
]
