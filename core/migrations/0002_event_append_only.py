"""The event log is append-only on both databases."""

from django.db import migrations

from core.triggers import RefuseChange


class Migration(migrations.Migration):
    dependencies = [("core", "0001_event_log")]

    operations = [RefuseChange("core_event")]
