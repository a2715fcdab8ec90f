"""A success has what was captured, and what was spent: a CHECK lets pass what it cannot tell of a NULL."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("logistics", "0032_platform_qr"),
        ("order", "1006_channel_point"),
        ("payment", "1003_platform_qr"),
        ("villages", "0005_days_off_and_closing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="paymentattempt",
            name="payment_attempt_captured",
        ),
        migrations.RemoveConstraint(
            model_name="paymentattempt",
            name="payment_attempt_spent",
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("captured_fen__gt", 0),
                        ("captured_fen__isnull", False),
                        ("state__in", ("SUCCEEDED", "REFUNDING", "REFUNDED")),
                    ),
                    models.Q(
                        models.Q(("state__in", ("SUCCEEDED", "REFUNDING", "REFUNDED")), _negated=True),
                        ("captured_fen", None),
                    ),
                    _connector="OR",
                ),
                name="payment_attempt_captured",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("collection", None), ("spent_fen", None)),
                    models.Q(
                        ("collection__isnull", False),
                        ("spent_fen__gt", 0),
                        ("spent_fen__isnull", False),
                        ("spent_fen__lte", models.F("captured_fen")),
                        ("state", "SUCCEEDED"),
                    ),
                    _connector="OR",
                ),
                name="payment_attempt_spent",
            ),
        ),
    ]
