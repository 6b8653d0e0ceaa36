"""A lot says what it asks of the firms on it: accreditations, and for how much they are insured. The lots of CX-DEMO-01,
which is made up, say so from here on; of no real framework that is here is it known.
"""

from django.db import migrations, models

from procurement.closed_values import Bound, bounds, hold_values, let_values
from procurement.guards import stand_again, stand_aside

LOTS = "procurement_lot"
ADDED = (("professional_indemnity_pence",), ("public_liability_pence",))
CX_DEMO_01 = {
    "cx-demo-01~1": ([], 1),
    "cx-demo-01~2a": (["cyber-essentials"], 2),
    "cx-demo-01~2b": (["cyber-essentials-plus", "iso-27001"], 5),
}
"""Accreditations, and millions of pounds of either cover."""
IN_ORDER = Bound(
    LOTS, "values_in_order", ("minimum_value_pence", "maximum_value_pence"),
    '{}"minimum_value_pence" <= {}"maximum_value_pence"', '{}"minimum_value_pence" > {}"maximum_value_pence"',
)  # fmt: skip
"""As 0030 has it: SQLite holds everything of a table by one trigger, which is put up anew here."""


def aside(apps, editor):
    stand_aside(editor)


def again(apps, editor):
    stand_again(editor)


def state(apps, editor):
    lots = apps.get_model("procurement", "Lot")
    for reference, (accreditations, millions) in CX_DEMO_01.items():
        lots.objects.filter(reference=reference).update(
            accreditations=accreditations,
            professional_indemnity_pence=millions * 100_000_000,
            public_liability_pence=millions * 100_000_000,
        )


def held(apps):
    return [*(bound for bound in bounds(apps, "procurement") if bound.table == LOTS), IN_ORDER]


def put_up(apps, editor):
    hold_values(editor, held(apps))


def remove(apps, editor):
    let_values(editor, [bound for bound in held(apps) if bound.columns in ADDED])
    hold_values(editor, [bound for bound in held(apps) if bound.columns not in ADDED])


class Migration(migrations.Migration):
    dependencies = [("procurement", "0037_plausible_rows")]

    operations = [
        migrations.RunPython(aside, again, elidable=False),
        migrations.AddField(
            "lot",
            "accreditations",
            models.JSONField(
                default=list,
                db_default=models.Value([], models.JSONField()),
                help_text="Slugs of the accreditations that a firm must hold, or an equivalent; none: not stated.",
            ),
        ),
        migrations.AddField(
            "lot",
            "professional_indemnity_pence",
            models.BigIntegerField(
                null=True, blank=True, help_text="Least cover that a firm must have; null: not stated."
            ),
        ),
        migrations.AddField(
            "lot",
            "public_liability_pence",
            models.BigIntegerField(
                null=True, blank=True, help_text="Least cover that a firm must have; null: not stated."
            ),
        ),
        migrations.RunPython(again, aside, elidable=False),
        migrations.RunPython(state, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
