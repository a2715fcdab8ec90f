"""Written rows are not replaced by their other keys either."""

from django.db import migrations

from core.triggers import KeepRefusing


class Migration(migrations.Migration):
    dependencies = [("logistics", "0014_refuse_replacing")]

    operations = [KeepRefusing("logistics_collection"), KeepRefusing("logistics_collectionline")]
