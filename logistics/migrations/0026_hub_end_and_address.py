"""Hubs have an address and may end; a division may have more than one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logistics", "0025_hand_over")]

    operations = [
        migrations.AddField("hub", "address", models.CharField(blank=True, default="", max_length=120)),
        migrations.AddField(
            "hub",
            "ended_on",
            models.DateField(help_text="The first day on which it is a hub no more", null=True),
        ),
        migrations.RemoveConstraint("hub", "hub_once"),
        migrations.AddConstraint(
            "hub", models.UniqueConstraint(fields=("division", "name"), name="hub_name_once")
        ),
    ]
