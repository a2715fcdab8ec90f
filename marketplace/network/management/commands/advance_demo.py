"""Let the demonstration's time pass, and its people work."""

import datetime as dt

from django.core.management.base import BaseCommand, CommandError

from core import clock
from marketplace.network import demo


class Command(BaseCommand):
    help = "Move the demonstration's clock and do the scans that people would do meanwhile."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--hours", type=float, default=12, help="so many hours (12 unless told)")
        which.add_argument("--to-arrival", metavar="NUMBER", help="until this order or consignment is at its point")
        which.add_argument("--step", action="store_true", help="until the next thing is done")

    def handle(self, *args, **options):
        try:
            if options["to_arrival"]:
                now = demo.advance_to_arrival(options["to_arrival"], tell=self._tell)
            elif options["step"]:
                now = demo.advance_one_step(tell=self._tell)
            else:
                now = demo.advance(by=dt.timedelta(hours=options["hours"]), tell=self._tell)
        except (demo.UnableToAdvance, clock.UnableToMoveClock) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"现在是 {now.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}")

    def _tell(self, told: demo.Told) -> None:
        self.stdout.write(str(told))
        self.stdout.flush()
