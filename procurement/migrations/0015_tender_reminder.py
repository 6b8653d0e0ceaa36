"""When those who have not submitted a tender are reminded, for competitions that are out already, too."""

from django.db import migrations, models
from django.db.models import Q

from procurement.live_migrations import AddFieldOnce, AddIndexLive


def half_way(apps, editor):
    """Of what is out at the time: few, each with its deadline ahead."""
    rows = apps.get_model("procurement", "Competition").objects.filter(call_off__status="out", remind_at=None)
    for row in rows.exclude(invited_at=None).exclude(deadline=None):
        row.remind_at = row.invited_at + (row.deadline - row.invited_at) / 2
        row.save(update_fields=["remind_at"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0014_public_notices")]

    operations = [
        AddFieldOnce("competition", "remind_at", models.DateTimeField(blank=True, null=True)),
        AddFieldOnce("competition", "reminded_at", models.DateTimeField(blank=True, null=True)),
        AddIndexLive(
            "competition",
            models.Index(fields=["remind_at"], condition=Q(reminded_at=None), name="competition_reminder_due"),
        ),
        migrations.RunPython(half_way, migrations.RunPython.noop),
    ]
