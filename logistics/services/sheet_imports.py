"""Spreadsheets that planners sent: what is done with them is over some day, and they hold people's names."""

import datetime as dt

from django.db.models import Q

from logistics.models import SheetImport

APPLIED_KEPT = dt.timedelta(days=30)  # after it was made; the lines themselves keep who changed them
OPEN_KEPT = dt.timedelta(days=7)  # after it was sent, with errors or never agreed to
_BATCH = 500


def clear(*, at: dt.datetime) -> int:
    """Delete the files that were applied long ago, and those that nobody came back to; return how many."""
    over = Q(applied_at__lte=at - APPLIED_KEPT) | Q(applied_at=None, uploaded_at__lte=at - OPEN_KEPT)
    deleted = 0
    while pks := list(SheetImport.objects.filter(over).values_list("pk", flat=True)[:_BATCH]):
        deleted += SheetImport.objects.filter(pk__in=pks).delete()[0]
    return deleted
