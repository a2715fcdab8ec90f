"""A message keeps the day that it tells, so that nobody is told the same day twice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("communication", "1004_probing")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="promised_at",
            field=models.DateTimeField(help_text="The day that it tells, where it tells one", null=True),
        )
    ]
