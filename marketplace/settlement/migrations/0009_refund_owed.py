"""What was paid for nothing is owed to the buyer."""

from django.db import migrations, models

from core.triggers import KeepRefusing


class Migration(migrations.Migration):

    dependencies = [
        ('logistics', '0032_platform_qr'),
        ('order', '1006_channel_point'),
        ('settlement', '0008_points_earn'),
    ]

    operations = [
        KeepRefusing("settlement_posting"),
        migrations.RemoveConstraint(
            model_name='posting',
            name='posting_kind_known',
        ),
        migrations.AlterField(
            model_name='posting',
            name='kind',
            field=models.CharField(choices=[('GOODS_DUE', 'Goods due'), ('FREIGHT_DUE', 'Freight due'), ('DISCOUNT_DUE', 'Discount granted'), ('NOT_DELIVERED', 'Goods not handed over'), ('FREIGHT_WAIVED', 'Freight waived'), ('CASH_TAKEN', 'Cash taken'), ('PAID_ONLINE', 'Paid online'), ('REFUND_OWED', 'Paid for nothing, to be refunded'), ('EARNED', 'Earned by the seller'), ('COMMISSION', 'Commission'), ('FREIGHT_EARNED', 'Freight earned'), ('FREIGHT_FUNDED', 'Freight paid for the buyer'), ('CLAIM_GRANTED', 'Claim granted'), ('COMMISSION_BACK', 'Commission given back'), ('POINT_PARCEL', 'Parcels handed over'), ('POINT_SAMPLE', 'Sold from a sample'), ('POINT_PROXY', 'Ordered for somebody'), ('SAMPLE_BACK', "Sample's share given back"), ('PROXY_BACK', 'Fee of an order given back'), ('REFUND', 'Refund'), ('WRITE_OFF', 'Write-off')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['GOODS_DUE', 'FREIGHT_DUE', 'DISCOUNT_DUE', 'NOT_DELIVERED', 'FREIGHT_WAIVED', 'CASH_TAKEN', 'PAID_ONLINE', 'REFUND_OWED', 'EARNED', 'COMMISSION', 'FREIGHT_EARNED', 'FREIGHT_FUNDED', 'CLAIM_GRANTED', 'COMMISSION_BACK', 'POINT_PARCEL', 'POINT_SAMPLE', 'POINT_PROXY', 'SAMPLE_BACK', 'PROXY_BACK', 'REFUND', 'WRITE_OFF'])), name='posting_kind_known'),
        ),
        KeepRefusing("settlement_posting"),
    ]
