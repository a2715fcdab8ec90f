"""Columns of states and kinds hold known values only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("communication", "1001_message"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["SMS", "EMAIL"])), name="message_channel_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["DUE", "SENT", "DEAD"])), name="message_state_known"
            ),
        ),
    ]
