"""The buyer is told once that a standstill has ended, and that the time to explain a low price passed without an answer:
when it was is kept.
"""

from django.db import migrations, models
from django.db.models import Q

from procurement.live_migrations import AddIndexLive


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0038_what_a_lot_asks_of_firms")]

    operations = [
        migrations.AddField(
            "competition", "standstill_ended_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.AddField("lowpricequestion", "lapsed_at", models.DateTimeField(null=True, blank=True)),
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
    ]
