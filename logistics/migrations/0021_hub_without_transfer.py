"""A hub itself no longer says what goods need there."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("logistics", "0020_carry_transfers")]

    operations = [migrations.RemoveField(model_name="hub", name="transfer_minutes")]
