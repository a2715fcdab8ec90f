"""Payments by the platform's QR: what they paid for, what is paid back of them, and the demonstration's provider."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("logistics", "0032_platform_qr"),
        ("order", "1006_channel_point"),
        ("payment", "1002_known_values"),
        ("villages", "0005_days_off_and_closing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentRefund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("CHANGE", "Less was taken than was paid for"),
                            ("UNUSED", "Nothing was handed over for it"),
                            ("CLAIM", "A claim was granted"),
                        ],
                        max_length=6,
                    ),
                ),
                ("amount_fen", models.PositiveBigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("DUE", "Due"), ("DONE", "Paid back"), ("REFUSED", "Refused by the provider")],
                        default="DUE",
                        max_length=7,
                    ),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                (
                    "turn",
                    models.PositiveIntegerField(default=0, help_text="How often staff had a refused one tried again"),
                ),
                ("next_try_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RehearsedPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=32, unique=True)),
                ("key", models.CharField(max_length=40, unique=True)),
                ("description", models.CharField(max_length=128)),
                ("amount_fen", models.PositiveBigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "Open"),
                            ("SUCCEEDED", "Succeeded"),
                            ("FAILED", "Failed"),
                            ("REFUNDING", "Being refunded"),
                            ("REFUNDED", "Refunded"),
                        ],
                        default="OPEN",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RehearsedRefund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("amount_fen", models.PositiveBigIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="paymentattempt",
            name="payment_success_once",
        ),
        migrations.RemoveConstraint(
            model_name="paymentattempt",
            name="payment_attempt_state_known",
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="captured_fen",
            field=models.PositiveBigIntegerField(help_text="What the provider says was paid", null=True),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="collection",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payment",
                to="logistics.collection",
            ),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="next_look_at",
            field=models.DateTimeField(help_text="Until then somebody has asked, or asks, the provider", null=True),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="operator",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="point",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="villages.pickuppoint"
            ),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="qr_text",
            field=models.CharField(blank=True, max_length=512),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="spent_fen",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="paymentattempt",
            name="idempotency_key",
            field=models.CharField(max_length=40, unique=True),
        ),
        migrations.AlterField(
            model_name="paymentattempt",
            name="state",
            field=models.CharField(
                choices=[
                    ("OPEN", "Open"),
                    ("SUCCEEDED", "Succeeded"),
                    ("FAILED", "Failed"),
                    ("REFUNDING", "Being refunded"),
                    ("REFUNDED", "Refunded"),
                ],
                default="OPEN",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="paymentattempt",
            index=models.Index(
                condition=models.Q(("state", "OPEN")), fields=["created_at"], name="payment_attempt_open"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentattempt",
            index=models.Index(
                condition=models.Q(("collection", None), ("state", "SUCCEEDED")),
                fields=["settled_at"],
                name="payment_unspent",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentattempt",
            index=models.Index(fields=["provider_reference"], name="payment_attempt_reference"),
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("collection", None), ("state", "SUCCEEDED")),
                fields=("order",),
                name="payment_unspent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["OPEN", "SUCCEEDED", "FAILED", "REFUNDING", "REFUNDED"])),
                name="payment_attempt_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="payment_attempt_amount"),
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("captured_fen__gt", 0), ("state__in", ["SUCCEEDED", "REFUNDING", "REFUNDED"])),
                    models.Q(
                        models.Q(("state__in", ["SUCCEEDED", "REFUNDING", "REFUNDED"]), _negated=True),
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
                        ("spent_fen__lte", models.F("captured_fen")),
                        ("state", "SUCCEEDED"),
                    ),
                    _connector="OR",
                ),
                name="payment_attempt_spent",
            ),
        ),
        migrations.AddField(
            model_name="paymentrefund",
            name="attempt",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="payment.paymentattempt"
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsedpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["OPEN", "SUCCEEDED", "FAILED", "REFUNDING", "REFUNDED"])),
                name="payment_rehearsed_state_known",
            ),
        ),
        migrations.AddField(
            model_name="rehearsedrefund",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="refunds", to="payment.rehearsedpayment"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentrefund",
            index=models.Index(condition=models.Q(("state", "DUE")), fields=["next_try_at"], name="payment_refund_due"),
        ),
        migrations.AddConstraint(
            model_name="paymentrefund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reason__in", ["CHANGE", "UNUSED"])),
                fields=("attempt",),
                name="payment_refund_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["DUE", "DONE", "REFUSED"])), name="payment_refund_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ["CHANGE", "UNUSED", "CLAIM"])), name="payment_refund_reason_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentrefund",
            constraint=models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="payment_refund_amount"),
        ),
        migrations.AddConstraint(
            model_name="paymentrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", False), ("state", "DONE")),
                    models.Q(models.Q(("state", "DONE"), _negated=True), ("done_at", None)),
                    _connector="OR",
                ),
                name="payment_refund_done",
            ),
        ),
    ]
