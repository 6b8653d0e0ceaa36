"""The social investor of a plan of outcomes with its word; files as evidence of claims."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0018_reminders")]

    operations = [
        migrations.AddField("outcomeplan", "investor_named", models.JSONField(blank=True, null=True)),
        migrations.AddField("outcomeplan", "investor_approval", models.JSONField(blank=True, null=True)),
        migrations.CreateModel(
            name="ClaimFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reference",
                    models.CharField(
                        max_length=120,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$",
                                "A reference holds letters, digits, dots, hyphens, underscores and tildes.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("stored_as", models.CharField(max_length=120, unique=True)),
                ("media_type", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("actor", models.CharField(max_length=120)),
                ("added_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("purged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="procurement.claim"
                    ),
                ),
            ],
            options={"ordering": ["claim_id", "id"]},
        ),
    ]
