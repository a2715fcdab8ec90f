"""The demonstration's freight: invented rates, dearer with the distance and the cold, and an offer of free delivery."""

import datetime as dt

from core.clock import day_of
from core.storage_class import StorageClass
from logistics.models import Tariff
from logistics.services import tariffs
from logistics.services.tariffs import Rate
from logistics.states import FreightFunder, Reach

# First crate and each further one, in fen, for what needs no cooling.
FAR = {Reach.SAME_COUNTY: (300, 100), Reach.SAME_PREFECTURE: (500, 200), Reach.PROVINCE: (800, 300)}
DEARER_PERCENT = {StorageClass.AMBIENT: 100, StorageClass.CHILLED: 150, StorageClass.FROZEN: 200}
SHIMEN, CHANGSHA_FURONG = "430726000000", "430102000000"
PAIR = (600, 200)  # a pair of counties between which much is sent
FREE_FROM_FEN = 19_900


def set_tariff(*, at: dt.datetime) -> None:
    """Set the demonstration's tariff, once."""
    if Tariff.objects.exists():
        return
    rates = [
        Rate(storage_class.value, reach, first * percent // 100, further * percent // 100)
        for storage_class, percent in DEARER_PERCENT.items()
        for reach, (first, further) in FAR.items()
    ]
    rates.append(Rate(StorageClass.AMBIENT.value, Reach.PAIR, *PAIR, SHIMEN, CHANGSHA_FURONG))
    tariffs.set_tariff(rates, valid_from=day_of(at), note="演示运价", by="demo:tariff", at=at)
    tariffs.offer_free_delivery(
        funder=FreightFunder.PLATFORM, from_fen=FREE_FROM_FEN, seller_id=None, by="demo:tariff", at=at
    )
