"""The ledger is append-only on both databases."""

from django.db import migrations

from core.triggers import RefuseChange


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_ledger")]

    operations = [RefuseChange("settlement_posting")]
