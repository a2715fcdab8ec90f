"""Kinds and states of sellers and stock movements are known ones."""

from django.conf import settings
from django.db import migrations, models

from core.triggers import KeepRefusing


class Migration(migrations.Migration):
    dependencies = [
        ("partner", "1003_movement_append_only"),
        ("villages", "0002_known_values"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        KeepRefusing("partner_stockmovement"),
        migrations.AddConstraint(
            model_name="partner",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["FARMER", "HOUSEHOLD", "COOPERATIVE", "VILLAGE_SHOP", "ENTERPRISE"])),
                name="seller_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="partner",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["APPLIED", "ACTIVE", "SUSPENDED"])), name="seller_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["OPENING", "RECEIVED", "ADJUSTED", "RETURNED", "PACKED", "WRITTEN_OFF"])
                ),
                name="stock_movement_kind_known",
            ),
        ),
        KeepRefusing("partner_stockmovement"),
    ]
