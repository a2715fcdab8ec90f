"""Written rows are not replaced either, nor emptied."""

from django.db import migrations

from core.triggers import KeepRefusing


class Migration(migrations.Migration):

    dependencies = [("core", "0002_event_append_only")]

    operations = [KeepRefusing("core_event")]
