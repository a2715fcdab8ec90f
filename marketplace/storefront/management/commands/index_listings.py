from django.core.management.base import BaseCommand, CommandError

from catalogue import search
from catalogue.models import Product
from catalogue.search import SearchUnavailable
from marketplace.storefront.services import indexing


class Command(BaseCommand):
    help = "Tell the search engine of changed listings, or of all with --all."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="begin with an empty index")

    def handle(self, *args, **options):
        done = 0
        try:
            if options["all"]:
                search.engine().clear()
                Product.objects.update(index_stale=True)
            while count := indexing.index_stale():
                done += count
        except SearchUnavailable as error:
            raise CommandError(f"the search engine does not answer: {error}") from error
        if options["verbosity"]:
            self.stdout.write(f"{done} listings")
