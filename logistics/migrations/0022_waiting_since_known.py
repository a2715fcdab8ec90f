from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    """What waits since before it was noted has waited since it was made."""
    waiting = apps.get_model("logistics", "Consignment").objects.filter(state="AWAITING_ROUTE", waiting_since=None)
    waiting.update(waiting_since=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("logistics", "0021_hub_without_transfer")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
