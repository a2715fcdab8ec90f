import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from core import clock
from logistics import demo as network
from logistics import demo_tariff
from logistics.services import departures
from marketplace.samples import demo as samples
from marketplace.selling import demo as listings
from marketplace.users import demo as people
from villages import demo as points


class Command(BaseCommand):
    help = "Load the demonstration: register, points, network, sellers, 88 products with pictures, accounts."

    def handle(self, *args, **options):
        if not settings.DEMO_ACCOUNTS:
            raise CommandError("this deployment takes no demonstration data")
        at = clock.now()
        self._step("行政区划 31,691 个", lambda: call_command("load_divisions", verbosity=0))
        self._step("提货网点 600 个", lambda: points.open_points(at=at))
        self._step("分拨中心、干线和班线", lambda: network.build_network(at=at))
        self._step("运价", lambda: demo_tariff.set_tariff(at=at))
        self._step("班次", lambda: departures.open_departures(at=at))
        self._step("卖家和 88 种湘品", lambda: listings.load(at=at, progress=self._progress))
        self._step("各种身份的账号", lambda: people.create(at=at))
        self._step("网点的样品", lambda: samples.display(people.operator(), at=at))
        call_command("index_listings", verbosity=0)

    def _step(self, words: str, work) -> None:
        started = time.monotonic()
        self.stdout.write(f"… {words}")
        self.stdout.flush()
        work()
        self.stdout.write(f"  {words}: {time.monotonic() - started:.1f} 秒")
        self.stdout.flush()

    def _progress(self, done: int, total: int) -> None:
        if done % 11 == 0 or done == total:
            self.stdout.write(f"  {done}/{total}")
            self.stdout.flush()
