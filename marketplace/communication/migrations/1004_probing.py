"""One sender at a time tries a channel that failed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("communication", "1003_sending"),
    ]

    operations = [
        migrations.AddField(
            model_name="circuit",
            name="probed_until",
            field=models.DateTimeField(help_text="One sender tries a failing channel, the others go on", null=True),
        ),
    ]
