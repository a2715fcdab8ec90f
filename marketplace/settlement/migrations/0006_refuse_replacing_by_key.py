"""Written rows are not replaced by their other keys either."""

from django.db import migrations

from core.triggers import KeepRefusing


class Migration(migrations.Migration):
    dependencies = [("settlement", "0005_refuse_replacing")]

    operations = [KeepRefusing("settlement_posting")]
