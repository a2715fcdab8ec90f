"""What a device reads beside a label, RFID tags, what turns up at a hub, and the close of a departure."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('logistics', '0006_known_values'),
        ('villages', '0002_known_values'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='scan',
            name='scan_kind_known',
        ),
        migrations.AddField(
            model_name='departure',
            name='closed_at',
            field=models.DateTimeField(help_text='When its end had compared what came with the manifest', null=True),
        ),
        migrations.AddField(
            model_name='parcel',
            name='epc',
            field=models.CharField(help_text='SGTIN-96 or SSCC-96, 24 hexadecimal digits', max_length=24, null=True, unique=True, verbose_name='RFID tag'),
        ),
        migrations.AddField(
            model_name='parcel',
            name='temperature_breach_at',
            field=models.DateTimeField(help_text='First reading beyond its storage class', null=True),
        ),
        migrations.AddField(
            model_name='scan',
            name='latitude',
            field=models.DecimalField(decimal_places=6, max_digits=9, null=True),
        ),
        migrations.AddField(
            model_name='scan',
            name='longitude',
            field=models.DecimalField(decimal_places=6, max_digits=9, null=True),
        ),
        migrations.AddField(
            model_name='scan',
            name='temperature_c',
            field=models.DecimalField(decimal_places=2, max_digits=5, null=True),
        ),
        migrations.AlterField(
            model_name='scan',
            name='kind',
            field=models.CharField(choices=[('DROPPED', 'Dropped at the stop'), ('LOADED', 'Loaded'), ('UNLOADED', 'Unloaded at the hub'), ('RECEIVED', 'Received at the point'), ('SURPLUS', 'Found at the hub')], max_length=8),
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['DROPPED', 'LOADED', 'UNLOADED', 'RECEIVED', 'SURPLUS'])), name='scan_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('longitude', None)), models.Q(('latitude__isnull', False), ('longitude__isnull', False), ('latitude__gte', -90), ('latitude__lte', 90), ('longitude__gte', -180), ('longitude__lte', 180)), _connector='OR'), name='scan_position'),
        ),
    ]
