"""Columns of states and kinds hold known values only."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('villages', '0001_register_and_points'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='division',
            constraint=models.CheckConstraint(condition=models.Q(('level__in', ['PROVINCE', 'PREFECTURE', 'COUNTY', 'TOWNSHIP', 'VILLAGE'])), name='division_level_known'),
        ),
        migrations.AddConstraint(
            model_name='operator',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['OWNER', 'OPERATOR'])), name='operator_role_known'),
        ),
        migrations.AddConstraint(
            model_name='pickuppoint',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['VILLAGE_SHOP', 'TOWNSHIP_STATION', 'COMMUNITY_POINT', 'SUPERMARKET'])), name='point_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='pickuppoint',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['APPLIED', 'OPEN', 'SUSPENDED', 'CLOSED'])), name='point_state_known'),
        ),
        migrations.AddConstraint(
            model_name='pickuppoint',
            constraint=models.CheckConstraint(condition=models.Q(('location_precision__in', ['SURVEYED', 'APPROXIMATE'])), name='point_precision_known'),
        ),
        migrations.AddConstraint(
            model_name='pointcapacity',
            constraint=models.CheckConstraint(condition=models.Q(('storage_class__in', ['AMBIENT', 'CHILLED', 'FROZEN'])), name='point_capacity_class_known'),
        ),
        migrations.AddConstraint(
            model_name='pointday',
            constraint=models.CheckConstraint(condition=models.Q(('storage_class__in', ['AMBIENT', 'CHILLED', 'FROZEN'])), name='point_day_class_known'),
        ),
    ]
