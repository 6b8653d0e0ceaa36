"""Intentions to award with their contract award notices; those that stand already, by the day on which they were told."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

TOLD, UNDONE = "call_off.intention", "call_off.award_undone"


def stand(apps, editor):
    """The standstills of these run already, counted from their letters, and stay as they are."""
    competition, event = apps.get_model("procurement", "Competition"), apps.get_model("procurement", "Event")
    intention = apps.get_model("procurement", "Intention")
    standing = competition.objects.filter(call_off__status__in=("intention", "awarded", "contracted"))
    for key, reference in standing.values_list("pk", "call_off__reference"):
        rows = event.objects.filter(subject_type="call_off", subject=reference, type__in=(TOLD, UNDONE))
        last = rows.order_by("position").last()
        if last is not None and last.type == TOLD:
            on = timezone.localdate(last.at)
            intention.objects.get_or_create(competition_id=key, ended_at=None, defaults={"told_on": on})


class Migration(migrations.Migration):
    dependencies = [("procurement", "0043_revision_of_a_place")]

    operations = [
        migrations.CreateModel(
            name="Intention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "competition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intentions",
                        to="procurement.competition",
                    ),
                ),
                ("told_on", models.DateField()),
                ("number", models.CharField(blank=True, max_length=60)),
                ("published_on", models.DateField(blank=True, null=True)),
                ("actor", models.CharField(blank=True, max_length=120)),
                ("recorded_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["competition_id", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(ended_at=None), fields=("competition",), name="intention_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(published_on=None, number="") | (~Q(published_on=None) & ~Q(number="")),
                        name="intention_notice_whole",
                    ),
                ],
            },
        ),
        migrations.RunPython(stand, migrations.RunPython.noop, elidable=False),
    ]
