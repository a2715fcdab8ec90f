"""Columns of states and kinds hold known values only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("order", "1003_known_values"),
        ("payment", "1001_payment_attempt"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["OPEN", "SUCCEEDED", "FAILED", "REFUNDED"])),
                name="payment_attempt_state_known",
            ),
        ),
    ]
