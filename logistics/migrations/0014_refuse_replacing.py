"""Written rows are not replaced either, nor emptied."""

from django.db import migrations

from core.triggers import KeepRefusing


class Migration(migrations.Migration):

    dependencies = [("logistics", "0013_watched")]

    operations = [KeepRefusing("logistics_collection"), KeepRefusing("logistics_collectionline")]
