"""Slips and signs of the shelves, and the room of the days ahead."""

from django.urls import reverse

from logistics.models import Consignment, Departure, Parcel
from tests.factories import shop, villages
from villages.models import PointDay


def test_a_parcel_on_the_shelf_has_its_slip_with_no_more_of_the_phone_than_its_end(counter):
    order = counter.waiting(phone="+8613873601234")
    parcel = Parcel.objects.get(consignment__order=order)

    page = counter.client().get(reverse("counter:parcel-slip", args=[parcel.number])).content.decode()

    assert "A-01" in page
    assert parcel.number[7:] in page
    assert "1234" in page
    assert "13873601234" not in page
    assert order.contact_name not in page


def test_what_is_not_on_a_shelf_has_no_slip(counter):
    parcel = Parcel.objects.get(consignment__order=counter.coming())

    page = counter.client().get(reverse("counter:parcel-slip", args=[parcel.number])).content.decode()

    assert "还没有上架的包裹。" in page


def test_another_points_parcel_has_no_slip_here(counter, elsewhere):
    parcel = Parcel.objects.get(consignment__order=counter.waiting())

    assert elsewhere.client().get(reverse("counter:parcel-slip", args=[parcel.number])).status_code == 404


def test_the_slips_of_a_vehicle_are_those_of_one_point(counter):
    here, there = counter.waiting(), counter.waiting()
    near = villages.point("430723001002", name="另一个提货点")
    shop.operator(near, person=counter.operator)
    Consignment.objects.filter(order=there).update(point=near)
    vehicle = Departure.objects.filter(legs__consignment__order=here).latest("arrives_at")

    page = counter.client().get(reverse("counter:arrival-slips", args=[vehicle.pk])).text

    ends = [Parcel.objects.get(consignment__order=order).number[7:] for order in (here, there)]
    assert [end in page for end in ends] == [True, False]


def test_a_shelf_has_its_sign_where_the_point_keeps_its_class(counter):
    page = counter.client().get(reverse("counter:shelves")).content.decode()

    assert "A-01" in page
    kept = set(counter.point.capacities.values_list("storage_class", flat=True))
    assert ("F-01" in page) == ("FROZEN" in kept)


def test_the_room_of_the_days_ahead_counts_what_is_held(counter):
    shop.order(counter.point, shop.listing(counter.shop.seller), quantity=8)
    day = PointDay.objects.get(held__gt=0)

    page = counter.client().get(reverse("counter:waiting")).content.decode()

    assert f"{day.held} / {day.capacity}" in page
