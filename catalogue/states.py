"""States of a listing (上架商品)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ListingState(TextChoices):
    DRAFT = "DRAFT", _("Draft")
    LISTED = "LISTED", _("On sale")
    WITHDRAWN = "WITHDRAWN", _("Taken off sale")
    BLOCKED = "BLOCKED", _("Blocked by staff")


LISTING_MOVES = {
    ListingState.DRAFT: {ListingState.LISTED, ListingState.BLOCKED},
    ListingState.LISTED: {ListingState.WITHDRAWN, ListingState.BLOCKED},
    ListingState.WITHDRAWN: {ListingState.LISTED, ListingState.BLOCKED},
    ListingState.BLOCKED: {ListingState.WITHDRAWN},
}
