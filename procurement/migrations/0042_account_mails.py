"""E-mails about accounts are owed by rows."""

import django.utils.timezone
from django.db import migrations, models

from procurement.closed_values import bounds, hold_values


def held(apps, editor):
    hold_values(editor, [one for one in bounds(apps, "procurement") if one.table == "procurement_accountmail"])


class Migration(migrations.Migration):
    dependencies = [("procurement", "0041_indicators")]

    operations = [
        migrations.CreateModel(
            name="AccountMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("password", "The link to set a password"),
                            ("registration", "The link to set up an account"),
                            ("invitation", "An invitation to act for an organisation"),
                            ("second_step", "The second step was turned on or off"),
                        ],
                        max_length=12,
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=120)),
                ("number", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.RunPython(held, migrations.RunPython.noop, elidable=False),
    ]
