"""Of what a contract reminds its parties, and when who has not said whether they are interested is reminded; for what
is live already, too.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from procurement.live_migrations import AddFieldOnce, AddIndexLive, CreateModelOnce

LIVE = ("unsigned", "active", "extended")


def look(apps, editor):
    """The clock looks at every live contract, and reminds half-way of what asks for interest."""
    apps.get_model("procurement", "Contract").objects.filter(status__in=LIVE, remind_on=None).update(
        remind_on=timezone.localdate()
    )
    rows = apps.get_model("procurement", "Competition").objects.filter(
        call_off__status="out", invited_at=None, remind_at=None
    )
    for row in rows.exclude(interest_until=None).exclude(published_at=None):
        row.remind_at = row.published_at + (row.interest_until - row.published_at) / 2
        row.save(update_fields=["remind_at"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0017_purged_files")]

    operations = [
        CreateModelOnce(
            name="ContractReminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("of", models.DateField()),
                ("reminded_at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="procurement.contract",
                    ),
                ),
            ],
            options={
                "ordering": ["contract_id", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("contract", "kind", "of"), name="contract_reminder_once"
                    )
                ],
            },
        ),
        AddFieldOnce("contract", "remind_on", models.DateField(blank=True, null=True)),
        AddIndexLive("contract", models.Index(fields=["remind_on"], name="contract_reminder_due")),
        migrations.RunPython(look, migrations.RunPython.noop),
    ]
