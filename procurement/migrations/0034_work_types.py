"""A lot says which types of work its rates are for. The lots of RM6309, of which that is known, say so from here on."""

from django.db import migrations, models

from procurement.guards import stand_again, stand_aside

RM6309 = {
    **{f"rm6309~{number}": ["advice", "delivery"] for number in range(1, 10)},
    "rm6309~10": ["complex", "non-complex"],
}


def aside(apps, editor):
    stand_aside(editor)


def again(apps, editor):
    stand_again(editor)


def state(apps, editor):
    lots = apps.get_model("procurement", "Lot")
    for reference, kinds in RM6309.items():
        lots.objects.filter(reference=reference).update(work_types=kinds)


class Migration(migrations.Migration):
    dependencies = [("procurement", "0033_what_a_price_means")]

    operations = [
        migrations.RunPython(aside, again, elidable=False),
        migrations.AddField(
            "lot",
            "work_types",
            models.JSONField(
                default=list,
                db_default=models.Value([], models.JSONField()),
                help_text="Slugs of the types of work that its rates are for; none: not stated, rates may be for any.",
            ),
        ),
        migrations.RunPython(again, aside, elidable=False),
        migrations.RunPython(state, migrations.RunPython.noop, elidable=False),
    ]
