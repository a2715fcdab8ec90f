"""The minutes that each hub needs become its first version, in force since ever."""

import datetime as dt

from django.db import migrations

SINCE_EVER = dt.date(2020, 1, 1)


def into_versions(apps, schema_editor):
    hub, version = apps.get_model("logistics", "Hub"), apps.get_model("logistics", "HubTransfer")
    rows = hub.objects.filter(transfer_minutes__gt=0).values_list("pk", "transfer_minutes")
    version.objects.bulk_create(
        [version(hub_id=pk, minutes=minutes, valid_from=SINCE_EVER) for pk, minutes in rows], batch_size=500
    )


def back_to_hubs(apps, schema_editor):
    hub, version = apps.get_model("logistics", "Hub"), apps.get_model("logistics", "HubTransfer")
    for row in version.objects.filter(withdrawn_at=None, valid_from__lte=dt.date.today()).order_by("valid_from"):
        hub.objects.filter(pk=row.hub_id).update(transfer_minutes=row.minutes)
    version.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("logistics", "0019_hub_transfers")]

    operations = [migrations.RunPython(into_versions, back_to_hubs)]
