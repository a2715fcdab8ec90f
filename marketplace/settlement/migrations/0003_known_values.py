"""Kinds of accounts and postings are known ones."""

from django.db import migrations, models
from core.triggers import KeepRefusing


class Migration(migrations.Migration):

    dependencies = [
        ('logistics', '0006_known_values'),
        ('order', '1003_known_values'),
        ('settlement', '0002_posting_append_only'),
    ]

    operations = [
        KeepRefusing("settlement_posting"),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['BUYER_CLEARING', 'UNEARNED', 'PROVIDER', 'OPERATOR_CASH', 'SELLER_PAYABLE', 'POINT', 'HUB', 'COMMISSION', 'FREIGHT', 'DISCOUNT', 'REFUNDS', 'WRITE_OFF'])), name='account_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['GOODS_DUE', 'FREIGHT_DUE', 'DISCOUNT_DUE', 'NOT_DELIVERED', 'FREIGHT_WAIVED', 'CASH_TAKEN', 'PAID_ONLINE', 'EARNED', 'COMMISSION', 'FREIGHT_EARNED', 'REFUND', 'WRITE_OFF'])), name='posting_kind_known'),
        ),
        KeepRefusing("settlement_posting"),
    ]
