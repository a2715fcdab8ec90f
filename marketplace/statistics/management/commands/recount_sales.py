from django.core.management.base import BaseCommand, CommandError

from core import events
from marketplace.statistics import recount
from marketplace.statistics.services import rollups


class Command(BaseCommand):
    help = "Prove that the rollups equal a recount from orders and collections."

    def handle(self, *args, **options):
        events.publish(limit=100_000)
        while rollups.read_events():
            pass
        differences = recount.differences()
        for what, key, ours, true in differences[:50]:
            self.stderr.write(f"{what} {key}: rollup {dict(ours)}, recount {dict(true)}")
        if differences:
            raise CommandError(f"{len(differences)} figures differ")
        self.stdout.write(f"equal: {recount.count()} figures")
