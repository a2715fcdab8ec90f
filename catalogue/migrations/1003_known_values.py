"""Columns of states and kinds hold known values only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "1002_listing_relations"),
        ("partner", "1003_movement_append_only"),
        ("villages", "0002_known_values"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["DRAFT", "LISTED", "WITHDRAWN", "BLOCKED"])),
                name="listing_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("storage_class__in", ["AMBIENT", "CHILLED", "FROZEN"])), name="listing_class_known"
            ),
        ),
    ]
