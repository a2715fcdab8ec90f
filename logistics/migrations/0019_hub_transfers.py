"""What goods need at a hub comes to have versions, each from a day on; legs can be too tight for it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logistics", "0018_substitutes")]

    operations = [
        migrations.CreateModel(
            name="HubTransfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minutes", models.PositiveSmallIntegerField()),
                ("valid_from", models.DateField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "hub",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="transfers", to="logistics.hub"
                    ),
                ),
            ],
            options={"ordering": ["hub", "valid_from", "pk"]},
        ),
        migrations.AddConstraint(
            model_name="hubtransfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)), fields=("hub", "valid_from"), name="hub_transfer_once"
            ),
        ),
        migrations.AddField(
            model_name="leg",
            name="is_too_tight",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The hub before it has come to need more time than there is: it is not got on",
            ),
        ),
        migrations.AddIndex(
            model_name="leg",
            index=models.Index(
                condition=models.Q(("is_too_tight", True), ("released_at", None)),
                fields=["departs_at"],
                name="leg_too_tight",
            ),
        ),
    ]
