import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import clock, events
from marketplace.order import history
from marketplace.statistics.services import rollups


class Command(BaseCommand):
    help = "Load the demonstration's two years of orders; what is there already is left alone."

    def handle(self, *args, **options):
        if not settings.DEMO_ACCOUNTS:
            raise CommandError("this deployment takes no demonstration data")
        started, shown = time.monotonic(), 0.0

        def progress(done: int, days: int, orders: int) -> None:
            nonlocal shown
            if time.monotonic() - shown > 2 or done == days:
                shown = time.monotonic()
                self.stdout.write(f"历史 {done}/{days} 天，{orders} 单")
                self.stdout.flush()
            if done % 10 == 0:
                self._read()

        orders = history.load(until=clock.today(), progress=progress)
        self._read()
        self.stdout.write(f"历史 {orders} 单，{time.monotonic() - started:.0f} 秒")

    def _read(self) -> None:
        """Let the readers keep up, as the worker's sweeps do."""
        while events.publish():
            pass
        while rollups.read_events():
            pass
