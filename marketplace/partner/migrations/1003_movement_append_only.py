"""The record of stock movements is append-only on both databases."""

from django.db import migrations

from core.triggers import RefuseChange


class Migration(migrations.Migration):
    dependencies = [("partner", "1002_seller_relations")]

    operations = [RefuseChange("partner_stockmovement")]
