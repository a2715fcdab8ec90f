from django.core.management.base import BaseCommand, CommandError

from core import invariants


class Command(BaseCommand):
    help = "Check what must always be true; name each row that is not."

    def add_arguments(self, parser):
        parser.add_argument("codes", nargs="*", help="S1, M1 …; without any, all")

    def handle(self, *args, codes, **options):
        unknown = set(codes) - set(invariants.codes())
        if unknown:
            raise CommandError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(invariants.codes())}")
        examined = invariants.examined(codes)
        found = [finding for finding in examined if not finding.is_deferred]
        for finding in found:
            self.stderr.write(str(finding))
        for finding in examined:
            if finding.is_deferred:
                self.stdout.write(str(finding))
        if found:
            raise CommandError(f"{len(found)} findings")
        self.stdout.write(f"all true: {', '.join(codes or invariants.codes())}")
