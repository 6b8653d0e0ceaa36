"""Key performance indicators of contracts, their ratings, and why a contract has none. That column has no default:
SQLite would make the table anew for it, without its guards.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from procurement.closed_values import bounds, hold_values


def held(apps, editor):
    hold_values(editor, [one for one in bounds(apps, "procurement") if one.table == "procurement_indicatorrating"])


class Migration(migrations.Migration):
    dependencies = [("procurement", "0040_sent_back")]

    operations = [
        migrations.AddField("contract", "no_indicators", models.TextField(null=True, blank=True)),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indicators",
                        to="procurement.contract",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("target", models.TextField()),
            ],
            options={
                "ordering": ["contract_id", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("contract", "position"), name="indicator_position_once"),
                    models.CheckConstraint(
                        condition=Q(position__gte=1) & ~Q(name="") & ~Q(target=""), name="indicator_whole"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IndicatorRating",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "indicator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ratings",
                        to="procurement.indicator",
                    ),
                ),
                ("key", models.CharField(max_length=20)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "rating",
                    models.CharField(
                        choices=[
                            ("good", "Good"),
                            ("approaching_target", "Approaching target"),
                            ("requires_improvement", "Requires improvement"),
                            ("inadequate", "Inadequate"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("actor", models.CharField(max_length=120)),
                ("assessed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["indicator_id", "last_day", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("indicator", "key", "last_day"), name="indicator_rated_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(last_day__gte=F("first_day")), name="indicator_rating_ends_after_start"
                    ),
                ],
            },
        ),
        migrations.RunPython(held, migrations.RunPython.noop, elidable=False),
    ]
