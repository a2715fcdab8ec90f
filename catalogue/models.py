"""Oscar's catalogue, forked in place: the listing's seller, state, origin, season, storage class and size."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oscar.apps.catalogue.abstract_models import AbstractProduct, AbstractProductImage
from oscar.apps.catalogue.managers import ProductQuerySet

from catalogue.states import ListingState
from core.constraints import known
from core.storage_class import StorageClass


class ListingQuerySet(ProductQuerySet):
    def listed(self) -> "ListingQuerySet":
        """Keep what buyers may see."""
        return self.filter(state=ListingState.LISTED, is_public=True)

    def visible_to(self, user) -> "ListingQuerySet":
        """Keep the listings of the user's own sellers."""
        return self.filter(seller__users=user)


class Product(AbstractProduct):
    """A listing: one product offered by one seller, with one stock record."""

    seller = models.ForeignKey(
        "partner.Partner", models.PROTECT, null=True, related_name="listings", verbose_name=_("Seller")
    )
    state = models.CharField(_("State"), max_length=10, choices=ListingState, default=ListingState.DRAFT)
    origin = models.ForeignKey(
        "villages.Division", models.PROTECT, null=True, related_name="+", verbose_name=_("Origin")
    )
    pack = models.CharField(_("Pack"), max_length=64, blank=True)
    storage_class = models.CharField(
        _("Storage class"), max_length=8, choices=StorageClass, default=StorageClass.AMBIENT
    )
    shelf_life_days = models.PositiveIntegerField(_("Shelf life (days)"), null=True, blank=True)
    harvest_from_month = models.PositiveSmallIntegerField(_("Harvest from month"), null=True, blank=True)
    harvest_to_month = models.PositiveSmallIntegerField(_("Harvest to month"), null=True, blank=True)
    units_per_crate = models.PositiveIntegerField(_("Units per crate"), default=4)
    category_path = models.CharField(
        _("Statistical category"), max_length=128, blank=True, help_text=_("The one category of the statistics")
    )
    keywords = models.CharField(_("Keywords"), max_length=255, blank=True)
    listed_at = models.DateTimeField(_("Listed"), null=True, blank=True)
    index_stale = models.BooleanField(default=True, editable=False, help_text=_("The search engine must be told"))

    objects = ListingQuerySet.as_manager()

    class Meta(AbstractProduct.Meta):
        indexes = [
            models.Index(fields=["state", "category_path"], name="listing_state_category"),
            models.Index(fields=["state", "origin"], name="listing_state_origin"),
            models.Index(fields=["id"], condition=Q(index_stale=True), name="listing_index_stale"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(harvest_from_month=None, harvest_to_month=None)
                | Q(harvest_from_month__range=(1, 12), harvest_to_month__range=(1, 12)),
                name="listing_harvest_months",
            ),
            models.CheckConstraint(condition=Q(units_per_crate__gt=0), name="listing_units_per_crate"),
            known("state", ListingState, name="listing_state_known"),
            known("storage_class", StorageClass, name="listing_class_known"),
        ]

    def in_season(self, month: int) -> bool:
        """Tell whether a month (1–12) lies in the harvest; a span may run over New Year (11..1)."""
        start, end = self.harvest_from_month, self.harvest_to_month
        if start is None:
            return False
        return start <= month <= end if start <= end else month >= start or month <= end


class ProductImage(AbstractProductImage):
    """A picture; composed ones are marked 示意图 wherever they are shown."""

    is_illustration = models.BooleanField(_("Illustration"), default=False)


from oscar.apps.catalogue.models import *  # noqa: E402, F403
