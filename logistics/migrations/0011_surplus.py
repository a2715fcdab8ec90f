"""An index of the few parcels that turned up where they were not expected."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('logistics', '0010_version_constraints'),
        ('villages', '0002_known_values'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='scan',
            index=models.Index(condition=models.Q(('kind', 'SURPLUS')), fields=['parcel'], name='scan_surplus'),
        ),
    ]
