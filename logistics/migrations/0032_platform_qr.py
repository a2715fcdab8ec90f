"""A hand-over may be paid by the platform's QR."""

from django.conf import settings
from django.db import migrations, models

from core.triggers import KeepRefusing


class Migration(migrations.Migration):

    dependencies = [
        ('logistics', '0031_leases'),
        ('order', '1006_channel_point'),
        ('villages', '0005_days_off_and_closing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        KeepRefusing("logistics_collection"),
        migrations.RemoveConstraint(
            model_name='collection',
            name='collection_paid_by_known',
        ),
        migrations.AlterField(
            model_name='collection',
            name='paid_by',
            field=models.CharField(choices=[('CASH', 'Cash'), ('OPERATOR_SCAN', 'Scan to the operator'), ('PLATFORM_QR', "The platform's QR")], default='CASH', max_length=13),
        ),
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.CheckConstraint(condition=models.Q(('paid_by__in', ['CASH', 'OPERATOR_SCAN', 'PLATFORM_QR'])), name='collection_paid_by_known'),
        ),
        KeepRefusing("logistics_collection"),
    ]
