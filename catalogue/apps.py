from django.utils.translation import gettext_lazy as _
from oscar.apps.catalogue.apps import CatalogueConfig as CoreCatalogueConfig


class CatalogueConfig(CoreCatalogueConfig):
    name = "catalogue"
    verbose_name = _("Catalogue")

    def ready(self):
        """Connect Oscar's receivers only: the pages for buyers are the storefront's."""
        from oscar.apps.catalogue import receivers  # noqa: F401 - connects the deletion of image files

    def get_urls(self):
        return []
