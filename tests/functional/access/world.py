"""Two of everybody, each with something of their own, and a canary in whatever is another's secret."""

import datetime as dt
from dataclasses import dataclass, field

from django.apps import apps
from django.core import signing
from django.db import transaction
from django.db.models import Model

from logistics import codes
from logistics import signing as signing_of
from logistics.models import (
    Consignment,
    Departure,
    GoodsReturn,
    HubTransfer,
    HubWorker,
    Lane,
    Leg,
    OfflineUpload,
    Parcel,
    Round,
    SheetImport,
)
from logistics.services import calendars, goods_returns, leases
from logistics.services.calendars import Days
from logistics.states import CollectionProof, Direction, Disposal, ReturnReason
from marketplace.applying.services import applications
from marketplace.claims.services import claims, goods_back
from marketplace.communication.models import Message
from marketplace.counter.services import cash, handover, syncing
from marketplace.counter.views import matter_of_damage
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.order import links as order_links
from marketplace.order.models import Order
from marketplace.order.services.freezing import Source
from marketplace.order.states import Channel
from marketplace.payment.models import PaymentAttempt, PaymentRefund, RehearsedPayment
from marketplace.samples import links
from marketplace.samples.services import samples
from marketplace.users.models import StaffAssignment, User
from tests.factories import applying, shop, villages
from tests.factories import claims as factories_of_claims
from tests.factories import leases as phones
from tests.factories import logistics as factories
from tests.factories.counter import qr_of
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY
from villages.models import Device
from villages.services import holidays, operators
from villages.states import OperatorRole

ROLES = (
    "anonymous",
    "buyer A",
    "buyer B",
    "seller A",
    "seller B",
    "operator P",
    "operator Q",
    "owner P",
    "owner Q",
    "hub worker",
    "driver",
    "county staff",
    "prefecture staff",
    "province staff",
    "planner",
    "planner elsewhere",
    "platform staff",
)
DAY = dt.date(2026, 3, 20)
CANARY_NAME = "金丝雀阿明"
CANARY_PHONE = "+8613812340987"


@dataclass
class World:
    """The people by role, and whose each kind of object is: ``objects[kind] = (value for the path, owners …)``."""

    people: dict[str, User | None] = field(default_factory=dict)
    objects: dict[str, tuple] = field(default_factory=dict)
    canaries: dict[str, list[str]] = field(default_factory=dict)


def build(*, contact_name: str = CANARY_NAME, **listing) -> World:
    """Build the world; what belongs to A and P is the victim's.

    :param contact_name: what the buyer of every order is called. :param listing: fields of the one listing.
    """
    world = World()
    people = world.people
    people["anonymous"] = None
    for role in ROLES[1:]:
        people[role] = shop.user(role)
    made = shop.shop()
    made.seller.users.set([people["seller A"]])
    shop.seller(made.network.stop, people=(people["seller B"],))
    shop.operator(made.point, person=people["operator P"])
    elsewhere = villages.point("430723001001")
    shop.operator(elsewhere, person=people["operator Q"])
    shop.operator(made.point, person=people["owner P"], role=OperatorRole.OWNER)
    shop.operator(elsewhere, person=people["owner Q"], role=OperatorRole.OWNER)
    invitation = operators.invite(made.point, by=people["owner P"], at=MONDAY)
    withdrawn = operators.invite(made.point, by=people["owner P"], at=MONDAY)
    operators.withdraw(withdrawn, by=people["owner P"], at=MONDAY)
    device = villages.device(made.point, by=people["owner P"])
    days_off = holidays.announce(
        made.point, first_day=DAY, last_day=DAY, note="", by=people["owner P"], at=MONDAY - dt.timedelta(days=9)
    )
    HubWorker.objects.create(hub=made.network.county, user=people["hub worker"], since=MONDAY)
    Round.objects.filter(hub=made.network.county).update(driver=people["driver"])
    for role, division in (
        ("county staff", "430726000000"),
        ("prefecture staff", "430700000000"),
        ("province staff", "430000000000"),
    ):
        StaffAssignment.objects.create(user=people[role], division_id=division, since=MONDAY)
    factories.planner("430700000000", person=people["planner"])
    factories.planner("430100000000", person=people["planner elsewhere"])
    closure, _effect = calendars.close(
        Days("430700000000", "CLOSURE", "ROUNDS", "测试停运", DAY, DAY), by=people["planner"], at=MONDAY
    )
    transfer = HubTransfer.objects.create(hub=made.network.county, minutes=20, valid_from=DAY)
    sent = SheetImport.objects.create(
        user=people["planner"],
        file_name="x.xlsx",
        valid_from=DAY,
        sheets={"tables": {"LANES": []}, "seen": {}},
        uploaded_at=MONDAY,
    )
    people["platform staff"].is_staff = True
    people["platform staff"].save(update_fields=["is_staff"])

    applied, draft = applying.submitted(by=people["buyer A"]), applying.draft(by=people["buyer A"])
    paper = Photo.objects.get(matter=applications.matter_of(applied, "licence")).pk
    product = shop.listing(made.seller, on_hand=50, **listing)
    waiting = shop.at_point(_order(made, product, people["buyer A"], contact_name))
    collected = shop.at_point(_order(made, product, people["buyer A"], contact_name))
    collection = handover.hand_over(
        collected,
        point=made.point,
        outcomes={},
        proof=CollectionProof.QR,
        code=qr_of(collected),
        nonce="world",
        by=people["operator P"],
        at=MONDAY + dt.timedelta(days=2),
    )
    photo = photos.keep(jpeg(), at=MONDAY)
    photos.bind([photo], matter=handover.matter_of(collection.lines.get().pk), at=MONDAY)
    damage = photos.keep(jpeg(), at=MONDAY)
    photos.bind([damage], matter=matter_of_damage(Parcel.objects.get(consignment__order=waiting).pk), at=MONDAY)
    upload = _unproved_upload(made, waiting, device, by=people["operator P"])
    counted = cash.count_up(made.point, counted_fen=0, note="short", by=people["operator P"], at=MONDAY)
    back = _return(collected.consignments.get())
    thrown = photos.keep(jpeg(), at=MONDAY)
    photos.bind([thrown], matter=goods_back.matter_of(back), at=MONDAY)
    claimed = collected.consignments.get().lines.select_related("order_line").get()
    claim = factories_of_claims.claim(claimed, words=contact_name, by=people["buyer A"])
    proof = Photo.objects.get(matter=claims.matter_of(claim)).pk
    fresh = _order(made, product, people["buyer A"], contact_name)
    shop.routed(fresh)
    packed = Consignment.objects.get(order=waiting)
    dead = Message.objects.create(
        channel="SMS", recipient=CANARY_PHONE, recipient_hash="x", recipient_tail="0987", body=CANARY_NAME, name="test",
        state="DEAD", dead_reason="TRIES", next_try_at=MONDAY, created_at=MONDAY,
    )  # fmt: skip
    proxy = shop.placing.place(
        shop.basket(product),
        point_id=made.point.pk,
        contact=shop.contact(CANARY_PHONE, name=contact_name),
        by=people["operator P"],
        at=MONDAY,
        source=Source(Channel.PROXY, made.point.pk),
    )
    rehearsed = RehearsedPayment.objects.create(reference="re_1", key="k", description="x", amount_fen=1)
    sample = samples.put_up(made.point, product=product, by=people["operator P"], at=MONDAY)
    world.objects = {
        "order": (fresh.number, "buyer A"),
        "photo token": (photo.token, "nobody"),
        "order link": (_void_link(fresh), "nobody"),
        "seller's consignment": (packed.number, "seller A"),
        "seller's listing": (product.pk, "seller A"),
        "point's parcel": (Parcel.objects.get(consignment=packed).number, "operator P", "owner P"),
        "point's order": (waiting.number, "operator P", "owner P"),
        "point's collection": (collection.pk, "operator P", "owner P"),
        "photo of a collection": (photo.pk, "operator P", "owner P"),
        "point's cash-up": (counted.pk, "operator P", "owner P"),
        "point's arrival": (_arrival(made).pk, "operator P", "owner P"),
        "photo of a parcel": (damage.pk, "operator P", "owner P"),
        "point's return": (back.number, "operator P", "owner P"),
        "photo of a return": (thrown.pk, "operator P", "owner P"),
        "seller's return": (back.number, "seller A"),
        "buyer's line": (claimed.pk, "buyer A"),
        "buyer's claim": (claim.number, "buyer A"),
        "photo of a buyer's claim": (proof, "buyer A"),
        "seller's claim": (claim.number, "seller A"),
        "photo of a seller's claim": (proof, "seller A"),
        "point's claim": (claim.number, "operator P", "owner P"),
        "public:claim": (claim.number, ""),
        "public:photo of a claim": (proof, ""),
        "point's proxy order": (proxy.number, "operator P", "owner P"),
        "point's sample": (sample.pk, "operator P", "owner P"),
        "public:sample link": (signing_of.text_of(links.KIND, sample.pk), ""),
        "public:listing": (product.pk, ""),
        "public:listing slug": (product.slug, ""),
        "public:category": (product.categories.get().pk, ""),
        "public:category slug": (product.categories.get().slug, ""),
        "public:prefecture": ("430700000000", ""),
        "public:picture": ("nothing.webp", ""),
        "public:order of anybody": (fresh.number, ""),
        "public:dead letter": (dead.pk, ""),
        "public:rehearsed payment": (rehearsed.reference, ""),
        "public:refund": (_refund(waiting).pk, ""),
        "own application": (applied.pk, "buyer A"),
        "own draft": (draft.pk, "buyer A"),
        "photo of a paper": (paper, "buyer A"),
        "county's application": (applied.pk, "county staff", "prefecture staff", "province staff"),
        "photo of a county's paper": (paper, "county staff", "prefecture staff", "province staff"),
        "invitation link": (operators.token_of(withdrawn), "nobody"),
        "point's invitation": (invitation.pk, "owner P"),
        "point's operator": (people["operator P"].operator_of.get().pk, "owner P"),
        "point's device": (device.pk, "owner P"),
        "point's upload": (upload.pk, "owner P"),
        "point's days off": (days_off.pk, "owner P"),
        "county's point": (made.network.stop.pk, "county staff", "prefecture staff", "province staff"),
        "waiting": (waiting.number, "operator P"),
        "hub's departure": (_lane_departure(made), "hub worker"),
        "hub's departure of a round": (_round_departure(made), "hub worker", "planner"),
        "planner's hub": (made.network.county.code, "planner"),
        "planner's timetable": (Lane.objects.filter(origin=made.network.county).first().code, "planner"),
        "planner's transfer": (transfer.pk, "planner"),
        "planner's days": (closure.pk, "planner"),
        "planner's import": (sent.pk, "planner"),
        "public:export": ("timetables.xlsx", ""),
        "public:timetable": (Round.objects.filter(hub=made.network.county).first().code, ""),
        "hub's parcel": (Parcel.objects.get(consignment=packed).number, "hub worker"),
    }
    secret = [CANARY_NAME, CANARY_PHONE.removeprefix("+86"), codes.typed_code(waiting.number, epoch=1)]
    world.canaries = {"all": secret}
    return world


def _unproved_upload(made: shop.Shop, order: Order, device: Device, *, by: User) -> OfflineUpload:
    """A hand-over with a typed code that came after its phone had given its lease back."""
    lease = leases.grant(made.point, device=device, by=by, at=MONDAY)
    leases.hand_back(made.point, device=device, by=by, at=MONDAY)
    who = {"name": CANARY_NAME, "phone": CANARY_PHONE}
    code = codes.typed_code(order.number, epoch=1)
    item = phones.hand_over(order, lease, at=MONDAY, by_code=True, code=code, collector=who)
    syncing.sync([item], device=device, by=by, at=MONDAY)
    return OfflineUpload.objects.get()


def _lane_departure(made: shop.Shop) -> int:
    """A departure that the driver of the hub's rounds has no part in."""
    return Departure.objects.filter(lane__origin=made.network.county).order_by("pk").first().pk


def _round_departure(made: shop.Shop) -> int:
    return Departure.objects.filter(round__hub=made.network.county).order_by("-pk").first().pk


def _order(made: shop.Shop, product, buyer: User, contact_name: str) -> Order:
    order = shop.order(made.point, product, by=buyer, phone=CANARY_PHONE)
    Order.objects.filter(pk=order.pk).update(contact_name=contact_name)
    return Order.objects.get(pk=order.pk)


def _void_link(order: Order) -> str:
    return signing.dumps([order.number, order.code_epoch + 1], salt=order_links.SALT)


def _return(consignment: Consignment) -> GoodsReturn:
    with transaction.atomic():
        return goods_returns.begin(
            consignment,
            reason=ReturnReason.REJECTED,
            disposal=Disposal.BACK,
            units={consignment.lines.get().pk: 1},
            by="test",
            at=MONDAY,
        )


def _refund(order: Order) -> PaymentRefund:
    """A refund that the provider refuses."""
    attempt = PaymentAttempt.objects.create(
        order=order,
        idempotency_key="k",
        provider="stripe",
        provider_reference="pi_1",
        amount_fen=100,
        captured_fen=100,
        state="REFUNDING",
        created_at=MONDAY,
        settled_at=MONDAY,
    )
    return PaymentRefund.objects.create(
        attempt=attempt,
        key="k:unused",
        reason="UNUSED",
        amount_fen=100,
        state="REFUSED",
        next_try_at=MONDAY,
        created_at=MONDAY,
    )


IGNORED = {"sessions.session", "sites.site", "contenttypes.contenttype", "auth.permission"}


def snapshot() -> dict[str, list]:
    """Return every row of every table, but sessions, sign-in times and the readers' own."""
    rows = {}
    for model in (model for model in apps.get_models() if model._meta.managed):
        label = model._meta.label_lower
        if label not in IGNORED and not label.startswith("core.bookmark"):
            rows[label] = sorted(map(str, model.objects.values_list(*_fields(model))))
    return rows


def _fields(model: type[Model]) -> list[str]:
    return [f.attname for f in model._meta.concrete_fields if f.attname not in ("last_login", "routing_lease_until")]


def _arrival(made) -> Departure:
    """Return a round that brings something to the point of operator P."""
    legs = Leg.objects.in_force().filter(direction=Direction.OUT, consignment__point=made.point)
    return legs.filter(departure__round__isnull=False).order_by("pk").first().departure
