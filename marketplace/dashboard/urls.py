from django.urls import path, re_path

from marketplace.dashboard import claims, freight, payments, returns, views

app_name = "dashboard"
urlpatterns = [
    path("", views.index, name="index"),
    path("orders/", views.orders, name="orders"),
    re_path(r"^orders/(?P<number>\d{12})/$", views.order, name="order"),
    path("claims/", claims.index, name="claims"),
    re_path(r"^claims/(?P<number>\d{11})/$", claims.claim, name="claim"),
    re_path(r"^claims/(?P<number>\d{11})/photos/(?P<photo>\d+)/$", claims.photo, name="claim-photo"),
    path("listings/", views.listing_list, name="listings"),
    path("listings/<int:pk>/move/", views.listing_move, name="listing-move"),
    path("freight/", freight.freight, name="freight"),
    path("freight/add/", freight.add, name="freight-add"),
    path("freight/offer/", freight.offer, name="freight-offer"),
    path("freight/end/", freight.end, name="freight-end"),
    path("payments/", payments.index, name="payments"),
    path("payments/<int:pk>/again/", payments.try_again, name="payment-again"),
    path("returns/lost/", returns.lost, name="returns-lost"),
    path("messages/", views.dead_letters, name="dead-letters"),
    path("messages/replay/", views.replay_all, name="replay-all"),
    path("messages/<int:pk>/replay/", views.replay, name="replay"),
]
