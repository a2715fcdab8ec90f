from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string


class Command(BaseCommand):
    help = "Fail when a URL has no policy of its own, or a policy no URL."

    def handle(self, *args, **options):
        module = settings.URL_POLICIES.rpartition(".")[0]
        undeclared = import_string(f"{module}.undeclared")()
        stale = import_string(f"{module}.stale")()
        doubled = import_string(f"{module}.doubled")()
        for name in undeclared:
            self.stderr.write(f"no policy: {name}")
        for name in stale:
            self.stderr.write(f"no URL: {name}")
        for name in doubled:
            self.stderr.write(f"several URLs of this name: {name}")
        if undeclared or stale or doubled:
            raise CommandError("each URL is declared once in config/policies.py")
        self.stdout.write(f"{len(import_string(settings.URL_POLICIES))} URLs declared")
