"""Messages are claimed before they are sent, die for a reason, and wait where their channel pauses."""

from django.db import migrations, models

import core.sealed


class Migration(migrations.Migration):
    dependencies = [
        ("communication", "1002_known_values"),
    ]

    operations = [
        migrations.CreateModel(
            name="Circuit",
            fields=[
                (
                    "channel",
                    models.CharField(
                        choices=[("SMS", "Text message"), ("EMAIL", "E-mail"), ("PAGE", "Order page")],
                        max_length=5,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("paused_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_channel_known",
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_state_known",
        ),
        migrations.RemoveIndex(
            model_name="message",
            name="message_due",
        ),
        migrations.AddField(
            model_name="message",
            name="dead_reason",
            field=models.CharField(
                choices=[
                    ("REFUSED", "Refused for good"),
                    ("TRIES", "Tried too often"),
                    ("TOO_LATE", "Too late to be of use"),
                    ("UNKNOWN", "Nobody knows whether it was sent"),
                ],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="good_until",
            field=models.DateTimeField(help_text="After it, sending it would help nobody", null=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[("SMS", "Text message"), ("EMAIL", "E-mail"), ("PAGE", "Order page")], max_length=5
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="recipient",
            field=core.sealed.SealedTextField(blank=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="recipient_hash",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="message",
            name="recipient_tail",
            field=models.CharField(blank=True, max_length=4),
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(
                choices=[("DUE", "Due"), ("SENDING", "Being sent"), ("SENT", "Sent"), ("DEAD", "Not deliverable")],
                default="DUE",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "DUE")), fields=["channel", "next_try_at"], name="message_due"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "SENDING")), fields=["leased_until"], name="message_sending"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["order_number", "channel"], name="message_order"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("state", "DEAD")), fields=["id"], name="message_dead"),
        ),
        migrations.RunSQL(
            ["UPDATE communication_message SET dead_reason = 'TRIES' WHERE state = 'DEAD'"],
            [
                "DELETE FROM communication_message WHERE channel = 'PAGE'",
                "UPDATE communication_message SET state = 'DUE' WHERE state = 'SENDING'",
            ],
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["SMS", "EMAIL", "PAGE"])), name="message_channel_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["DUE", "SENDING", "SENT", "DEAD"])), name="message_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("dead_reason__in", ["REFUSED", "TRIES", "TOO_LATE", "UNKNOWN"])),
                name="message_dead_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dead_reason__isnull", False), ("state", "DEAD")),
                    models.Q(models.Q(("state", "DEAD"), _negated=True), ("dead_reason", None)),
                    _connector="OR",
                ),
                name="message_dead_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["SMS", "EMAIL", "PAGE"])), name="circuit_channel_known"
            ),
        ),
    ]
