"""The storefront's URLs, under the namespaces that Oscar's own code and templates know."""

from django.urls import include, path, re_path

from marketplace.look import components_page
from marketplace.storefront.views import account, basket, checkout, claims, orders, pages, samples

catalogue = [
    path("", pages.index, name="index"),
    re_path(r"^category/(?P<category_slug>[\w-]+(/[\w-]+)*)_(?P<pk>\d+)/$", pages.category, name="category"),
    re_path(r"^(?P<product_slug>[\w-]*)_(?P<pk>\d+)/$", pages.detail, name="detail"),
    path("samples/<int:pk>/", samples.points, name="samples"),
]
pavilions = [
    path("", pages.pavilions, name="index"),
    re_path(r"^(?P<code>\d{12})/$", pages.hall, name="hall"),
]
search = [path("", pages.search_page, name="search")]
basket_urls = [
    path("", basket.summary, name="summary"),
    path("add/<int:pk>/", basket.add, name="add"),
    path("change/", basket.change, name="change"),
]
checkout_urls = [
    path("", checkout.index, name="index"),
    path("point/", checkout.choose_point, name="choose-point"),
]
customer = [
    path("", account.summary, name="summary"),
    path("sign-in/", account.sign_in, name="login"),
    path("sign-out/", account.sign_out, name="logout"),
    path("register/", account.register, name="register"),
    path("confirm/", account.step_up, name="step-up"),
    path("orders/", orders.order_list, name="order-list"),
    re_path(r"^orders/(?P<number>\d{12})/$", orders.order, name="order"),
    re_path(r"^orders/(?P<number>\d{12})/cancel/$", orders.cancel, name="order-cancel"),
    re_path(r"^orders/(?P<number>\d{12})/code/$", orders.reissue, name="order-code"),
    re_path(r"^orders/(?P<number>\d{12})/extend/$", orders.extend, name="order-extend"),
    re_path(r"^orders/(?P<number>\d{12})/point/$", orders.change_point, name="order-point"),
    path("claims/add/<int:line>/", claims.add, name="claim-add"),
    re_path(r"^claims/(?P<number>\d{11})/$", claims.claim, name="claim"),
    re_path(r"^claims/(?P<number>\d{11})/photos/(?P<photo>\d+)/$", claims.photo, name="claim-photo"),
    path("orders/link/<str:token>/", orders.order_by_link, name="anon-order"),
]

urlpatterns = [
    path("", pages.home, name="home"),
    path("catalogue/", include((catalogue, "catalogue"))),
    path("pavilions/", include((pavilions, "pavilions"))),
    path("search/", include((search, "search"))),
    path("basket/", include((basket_urls, "basket"))),
    path("checkout/", include((checkout_urls, "checkout"))),
    path("accounts/", include((customer, "customer"))),
    re_path(r"^s/(?P<token>[\w.-]{1,200})/$", samples.sample, name="sample"),
    path("look/", components_page, name="look"),
    path("demo/messages/", account.demo_messages, name="demo-messages"),
]
