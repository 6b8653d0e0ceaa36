"""Public notices of contracts: what was published, when the clock looks next; whether a lot's services are light touch."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

from procurement.guards import stand_again, stand_aside

LIVE = ("unsigned", "active", "extended", "complete")


def aside(apps, editor):
    stand_aside(editor)


def again(apps, editor):
    stand_again(editor)


def look(apps, editor):
    """The clock looks at every contract that there is already."""
    apps.get_model("procurement", "Contract").objects.filter(status__in=LIVE).update(notice_on=timezone.localdate())


class Migration(migrations.Migration):
    dependencies = [("procurement", "0013_outbox")]

    short_locks = "Contracts are few, one for a purchase."

    operations = [
        migrations.CreateModel(
            name="PublicNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="public_notices",
                        to="procurement.contract",
                    ),
                ),
                ("key", models.CharField(max_length=20)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("number", models.CharField(blank=True, max_length=60)),
                ("published_on", models.DateField(blank=True, null=True)),
                ("actor", models.CharField(blank=True, max_length=120)),
                ("recorded_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["contract_id", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("contract", "key"), name="public_notice_once"),
                    models.CheckConstraint(
                        condition=Q(published_on=None, number="") | (~Q(published_on=None) & ~Q(number="")),
                        name="public_notice_whole",
                    ),
                ],
            },
        ),
        migrations.AddField("contract", "notice_on", models.DateField(blank=True, null=True)),
        migrations.RunPython(aside, again),
        migrations.AddField(
            "lot",
            "light_touch",
            models.BooleanField(
                db_default=False, default=False, help_text="Its services are light touch services."
            ),
        ),
        migrations.RunPython(again, aside),
        migrations.AddIndex(
            "contract", models.Index(fields=["notice_on"], name="contract_notice_due")
        ),
        migrations.RunPython(look, migrations.RunPython.noop),
    ]
