"""States and kinds are known ones; what was handed over is never changed."""

from django.conf import settings
from django.db import migrations, models
from core.triggers import RefuseChange


class Migration(migrations.Migration):

    dependencies = [
        ("logistics", "0005_running"),
        ('order', '1002_order_relations'),
        ('partner', '1003_movement_append_only'),
        ('villages', '0002_known_values'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.CheckConstraint(condition=models.Q(('proof__in', ['QR', 'TYPED_CODE'])), name='collection_proof_known'),
        ),
        migrations.AddConstraint(
            model_name='consignment',
            constraint=models.CheckConstraint(condition=models.Q(('storage_class__in', ['AMBIENT', 'CHILLED', 'FROZEN'])), name='consignment_class_known'),
        ),
        migrations.AddConstraint(
            model_name='departure',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['SCHEDULED', 'DEPARTED', 'ARRIVED', 'CANCELLED', 'BROKEN_DOWN'])), name='departure_state_known'),
        ),
        migrations.AddConstraint(
            model_name='hub',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['PREFECTURE', 'COUNTY'])), name='hub_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='leg',
            constraint=models.CheckConstraint(condition=models.Q(('direction__in', ['OUT', 'BACK'])), name='leg_direction_known'),
        ),
        migrations.AddConstraint(
            model_name='parcel',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['PACKED', 'AT_STOP', 'LOADED', 'AT_HUB', 'AT_POINT', 'HANDED_OVER', 'RETURNED', 'WRITTEN_OFF'])), name='parcel_state_known'),
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['DROPPED', 'LOADED', 'UNLOADED', 'RECEIVED'])), name='scan_kind_known'),
        ),
        RefuseChange("logistics_collection"),
        RefuseChange("logistics_collectionline"),
    ]
