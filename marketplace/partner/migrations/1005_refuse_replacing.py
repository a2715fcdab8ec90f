"""Written rows are not replaced either, nor emptied."""

from django.db import migrations

from core.triggers import KeepRefusing


class Migration(migrations.Migration):
    dependencies = [("partner", "1004_known_values")]

    operations = [KeepRefusing("partner_stockmovement")]
