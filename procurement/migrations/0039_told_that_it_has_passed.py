"""The buyer is told once that a standstill has ended, and that the time to explain a low price passed without an answer:
when it was is kept. A tender that was awarded stands as not signed where its supplier did not sign.
"""

from django.db import migrations, models
from django.db.models import Q

from procurement.closed_values import bounds, hold_values
from procurement.live_migrations import AddFieldOnce, AddIndexLive

TENDERS = "procurement_tender"
STATUSES = [
    ("invited", "Invited"),
    ("viewed", "Viewed"),
    ("declined", "Declined"),
    ("draft", "Being written"),
    ("submitted", "Submitted"),
    ("withdrawn", "Withdrawn"),
    ("disqualified", "Disqualified"),
    ("successful", "Successful"),
    ("unsuccessful", "Unsuccessful"),
    ("not_signed", "Not signed"),
]


def held(apps, editor):
    hold_values(editor, [one for one in bounds(apps, "procurement") if one.table == TENDERS])


class Migration(migrations.Migration):
    atomic = False
    short_locks = "The words of a tender's status are held by a check of its own: the column is not touched."

    dependencies = [("procurement", "0038_what_a_lot_asks_of_firms")]

    operations = [
        AddFieldOnce(
            "competition", "standstill_ended_at", models.DateTimeField(null=True, blank=True)
        ),
        AddFieldOnce("lowpricequestion", "lapsed_at", models.DateTimeField(null=True, blank=True)),
        AddIndexLive(
            "competition",
            models.Index(
                fields=["standstill_until"],
                condition=Q(standstill_ended_at=None),
                name="competition_standstill_due",
            ),
        ),
        AddIndexLive(
            "lowpricequestion",
            models.Index(
                fields=["answer_by"],
                condition=Q(answered_at=None, lapsed_at=None),
                name="low_price_due",
            ),
        ),
        # Undone, this comes after the list of words is the former one again.
        migrations.RunPython(migrations.RunPython.noop, held, elidable=False),
        migrations.AlterField(
            "tender",
            "status",
            models.CharField(max_length=12, choices=STATUSES, default="invited"),
        ),
        migrations.RunPython(held, migrations.RunPython.noop, elidable=False),
    ]
