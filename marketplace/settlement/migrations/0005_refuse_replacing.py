"""Written rows are not replaced either, nor emptied."""

from django.db import migrations

from core.triggers import KeepRefusing


class Migration(migrations.Migration):

    dependencies = [("settlement", "0004_freight_funded")]

    operations = [KeepRefusing("settlement_posting")]
