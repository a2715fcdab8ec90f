from django.urls import path, re_path

from marketplace.selling import claims, returns, views
from marketplace.selling.free_delivery import free_delivery
from marketplace.selling.stops import stop

app_name = "selling"
urlpatterns = [
    path("", views.index, name="index"),
    path("free-delivery/", free_delivery, name="free-delivery"),
    path("stop/", stop, name="stop"),
    path("consignments/", views.consignments, name="consignments"),
    re_path(r"^consignments/(?P<number>\d{12})/$", views.consignment, name="consignment"),
    re_path(r"^consignments/(?P<number>\d{12})/labels/$", views.label_sheet, name="labels"),
    re_path(r"^consignments/(?P<number>\d{12})/labels\.pdf$", views.label_pdf, name="labels-pdf"),
    path("claims/", claims.index, name="claims"),
    re_path(r"^claims/(?P<number>\d{11})/$", claims.claim, name="claim"),
    re_path(r"^claims/(?P<number>\d{11})/photos/(?P<photo>\d+)/$", claims.photo, name="claim-photo"),
    path("returns/", returns.index, name="returns"),
    re_path(r"^returns/(?P<number>\d{13})/$", returns.receive, name="return"),
    path("listings/add/", views.listing_add, name="listing-add"),
    path("listings/<int:pk>/", views.listing_edit, name="listing-edit"),
    path("listings/<int:pk>/move/", views.listing_move, name="listing-move"),
]
