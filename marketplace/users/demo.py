"""The demonstration's people: one account for every role, with one password, printed by ``demo_accounts``."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop

from core.phones import normalise
from core.sealed import digest
from logistics.models import Hub, HubWorker, Planner, Round
from marketplace.partner.models import Partner
from marketplace.users.models import StaffAssignment, User
from villages import queries
from villages.models import Operator, PickupPoint
from villages.states import OperatorRole

PASSWORD = "xiangpin-2026"  # noqa: S105 - of the demonstration only, printed for whoever runs it
PROVINCE, PREFECTURE, COUNTY = "430000000000", "430700000000", "430726000000"


class UnableToCreateAccounts(Exception):
    """Demonstration accounts have no place in this deployment."""


@dataclass(frozen=True)
class Account:
    """A demonstration account: what it may do, the phone to sign in with, its name, and where it begins."""

    role: str
    phone: str
    family_name: str
    given_name: str
    start: str


ACCOUNTS = (
    Account(gettext_noop("Buyer"), "13800000001", "李", "小满", "/"),
    Account(gettext_noop("Seller (cooperative in Shimen)"), "13800000002", "覃", "石门", "/seller/"),
    Account(gettext_noop("Point operator"), "13800000003", "周", "桂香", "/point/"),
    Account(gettext_noop("Hub worker"), "13800000004", "彭", "建国", "/network/"),
    Account(gettext_noop("Driver"), "13800000005", "向", "前进", "/network/"),
    Account(gettext_noop("Network planner (Changde)"), "13800000000", "伍", "调度", "/network/planning/"),
    Account(gettext_noop("County staff"), "13800000006", "唐", "县办", "/province/"),
    Account(gettext_noop("Prefecture staff"), "13800000007", "刘", "市办", "/province/"),
    Account(gettext_noop("Province staff"), "13800000008", "陈", "省办", "/province/"),
    Account(gettext_noop("Platform staff"), "13800000009", "王", "平台", "/dashboard/"),
)


def create(*, at: dt.datetime) -> list[User]:
    """Create the accounts and give each its role; run again, it changes nothing.

    :raises UnableToCreateAccounts: where ``settings.DEMO_ACCOUNTS`` is off, as in production.
    """
    if not settings.DEMO_ACCOUNTS:
        raise UnableToCreateAccounts("this deployment has no demonstration accounts")
    users = [_user(account) for account in ACCOUNTS]
    _buyer, seller, operator, worker, driver, planner, county, prefecture, province, platform = users
    shop = Partner.objects.get(code=f"demo-{COUNTY[:6]}")
    shop.users.add(seller)
    for point in demo_points(shop):
        Operator.objects.get_or_create(
            point=point, user=operator, until=None, defaults={"since": at, "role": OperatorRole.OWNER}
        )
    hub = Hub.objects.filter(division_id=COUNTY).first()
    if hub:
        HubWorker.objects.get_or_create(hub=hub, user=worker, until=None, defaults={"since": at})
        Round.objects.filter(pk__in=Round.objects.filter(hub=hub).values("pk")[:1]).update(driver=driver)
    for user, division in ((county, COUNTY), (prefecture, PREFECTURE), (province, PROVINCE)):
        StaffAssignment.objects.get_or_create(user=user, division_id=division, until=None, defaults={"since": at})
    Planner.objects.get_or_create(user=planner, division_id=PREFECTURE, until=None, defaults={"since": at})
    if not platform.is_staff:
        platform.is_staff = True
        platform.save(update_fields=["is_staff"])
    return users


def operator() -> User:
    """Return the demo's point operator, who is there once ``create`` has run."""
    return _user(ACCOUNTS[2])


def demo_points(shop: Partner) -> list[PickupPoint]:
    """Return the points of the demo's operator: all of 长沙市岳麓区, so that whichever is chosen there will do."""
    return list(queries.points_in("430104000000").exclude(pk=shop.drop_off_id))


def _user(account: Account) -> User:
    phone = normalise(account.phone)
    user = User.objects.filter(phone_hash=digest(phone)).first()
    return user or User.objects.create_user(
        password=PASSWORD, phone=phone, last_name=account.family_name, first_name=account.given_name
    )
