import datetime as dt
import random

from core import invariants
from core.storage_class import StorageClass
from logistics import demo, promises
from logistics.models import Consignment, Hub, Lane, Round, RoundStop
from logistics.promises import PromiseRequest
from logistics.services import routing
from logistics.states import ConsignmentState, HubKind
from tests.factories import logistics
from tests.factories.logistics import MONDAY
from villages import queries
from villages.models import PickupPoint


def test_every_prefecture_and_county_has_its_hub(hunan):
    assert Hub.objects.filter(kind=HubKind.PREFECTURE).count() == 14
    counties = set(Hub.objects.filter(kind=HubKind.COUNTY).values_list("division_id", flat=True))

    assert counties == set(queries.counties(zones=False).values_list("pk", flat=True))
    assert Hub.objects.count() == 136
    assert Hub.objects.get(division_id="433100000000").name == "湘西分拨中心"
    assert Hub.objects.get(division_id="431000000000").name == "郴州分拨中心"


def test_building_it_again_builds_nothing(hunan):
    before = (Hub.objects.count(), Lane.objects.count(), Round.objects.count())

    demo.build_network(at=MONDAY)

    assert (Hub.objects.count(), Lane.objects.count(), Round.objects.count()) == before


def test_each_point_is_on_a_round_of_its_county_in_the_morning_and_in_the_afternoon(hunan):
    hubs = {county.pk: county.hub_county_code for county in queries.counties()}
    stops = RoundStop.objects.select_related("round__hub", "point")
    seen: dict[int, set[dt.time]] = {}
    for stop in stops:
        seen.setdefault(stop.point_id, set()).add(stop.round.departs)
        assert stop.round.hub.division_id == hubs[stop.point.county_code]
        assert 0 < stop.offset_minutes < stop.round.duration_minutes

    assert len(seen) == 600
    assert all(departs == {dt.time(8), dt.time(13, 30)} for departs in seen.values())
    assert max(round_.stops.count() for round_ in Round.objects.all()) <= demo.MOST_STOPS


def test_every_two_points_reach_each_other_in_every_storage_class(hunan):
    points = list(PickupPoint.objects.order_by("pk"))
    chance = random.Random(7)
    ways = [(chance.choice(points), chance.choice(points)) for _ in range(400)]

    kept = queries.capacities_of({point.pk for _, point in ways})
    for storage_class in StorageClass.values:
        found = promises.times(
            [
                PromiseRequest(stop.pk, point.pk, storage_class, 1)
                for stop, point in ways
                if storage_class in kept[point.pk]
            ],
            at=MONDAY,
        )
        assert None not in found
        assert max(found) - MONDAY < dt.timedelta(days=5)


def test_a_citrus_order_from_shimen_is_in_changsha_within_two_days(hunan):
    shimen, changsha = queries.points_in("430726000000").first(), queries.points_in("430102000000").first()

    [promised] = promises.times([PromiseRequest(shimen.pk, changsha.pk, StorageClass.AMBIENT, 1)], at=MONDAY)

    assert promised - MONDAY < dt.timedelta(days=2)


def test_consignments_from_all_over_the_province_are_routed(hunan):
    points = list(PickupPoint.objects.order_by("pk"))
    chance = random.Random(8)
    logistics.consignments([(chance.choice(points), chance.choice(points)) for _ in range(500)])

    while routing.route_waiting(limit=200, at=MONDAY, by="test").claimed:
        pass

    assert set(Consignment.objects.values_list("state", flat=True)) == {ConsignmentState.ROUTED}
    assert invariants.findings(["L1"]) == []
