from django.urls import path, re_path

from marketplace.counter import arrivals, cash, devices, drops, handing, joining, operators, pairing, returns, views

app_name = "counter"
urlpatterns = [
    path("", views.index, name="index"),
    path("choose-point/", views.choose_point, name="choose-point"),
    path("receive/", views.receive, name="receive"),
    re_path(r"^receive/(?P<number>\d{13})/$", views.receive_parcel, name="receive-parcel"),
    re_path(r"^receive/(?P<number>\d{13})/photos/(?P<photo>\d+)/$", views.damage, name="damage"),
    path("arrivals/<int:pk>/", arrivals.arrival, name="arrival"),
    path("drops/", drops.drops, name="drops"),
    path("returns/", returns.index, name="returns"),
    re_path(r"^returns/(?P<number>\d{13})/$", returns.goods_return, name="return"),
    re_path(r"^returns/(?P<number>\d{13})/label/$", returns.label, name="return-label"),
    re_path(r"^returns/(?P<number>\d{13})/photos/(?P<photo>\d+)/$", returns.photo, name="return-photo"),
    path("waiting/", views.waiting, name="waiting"),
    path("find/", views.find, name="find"),
    re_path(r"^orders/(?P<number>\d{12})/$", handing.order, name="order"),
    path("receipts/<int:pk>/", handing.receipt, name="receipt"),
    path("receipts/<int:pk>/photos/<int:photo>/", handing.photo, name="photo"),
    path("cash/", cash.index, name="cash"),
    path("cash/<int:pk>/sign/", cash.sign, name="cash-sign"),
    path("pair/", pairing.pair, name="pair"),
    path("pair/state/", pairing.state, name="pair-state"),
    re_path(r"^join/(?P<token>[\w:.-]{1,200})/$", joining.join, name="join"),
    path("operators/", operators.index, name="operators"),
    path("operators/<int:pk>/", operators.change, name="operator"),
    path("invitations/<int:pk>/", operators.invitation, name="invitation"),
    path("devices/", devices.index, name="devices"),
    path("devices/pair/", devices.pair, name="device-pair"),
    path("devices/<int:pk>/", devices.change, name="device"),
]
