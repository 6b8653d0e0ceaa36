"""What a price is, published or made up, belongs to the version of the card that states it: of two versions that each
hold on days of their own, one may be real and the other made up. Versions say what their card said when this came.

Undone, the database keeps no basis of a version; its card still has that of the version published last.
"""

from django.db import migrations, models

from procurement.closed_values import bounds, hold_values, let_values
from procurement.guards import refuse_edits, stand_again, stand_aside

CARDS = "procurement_ratecardversion"
PUBLISHED = "OLD.status IN ('published', 'superseded')"
BEFORE = ("card_id", "number", "valid_from", "valid_to", "source", "digest", "actor", "created_at", "published_at")
SENTENCE = "A published rate card is never edited: publish another."


def aside(apps, editor):
    stand_aside(editor)


def again(apps, editor):
    stand_again(editor)


def state(apps, editor):
    """Those made up alone: the column says of all others what they are."""
    versions = apps.get_model("procurement", "RateCardVersion").objects
    versions.filter(card__basis="illustrative").update(basis="illustrative")


def held(apps):
    return [bound for bound in bounds(apps, "procurement") if bound.table == CARDS]


def put_up(apps, editor):
    refuse_edits(editor, CARDS, (*BEFORE, "basis"), PUBLISHED, SENTENCE)
    hold_values(editor, held(apps))


def remove(apps, editor):
    refuse_edits(editor, CARDS, BEFORE, PUBLISHED, SENTENCE)
    let_values(editor, [bound for bound in held(apps) if bound.columns == ("basis",)])
    hold_values(editor, [bound for bound in held(apps) if bound.columns != ("basis",)])


class Migration(migrations.Migration):
    short_locks = "A version is a row for a whole card, of which there are some thousands: its lines are not touched."

    dependencies = [("procurement", "0035_never_moved_over")]

    operations = [
        migrations.RunPython(aside, again, elidable=False),
        migrations.AddField(
            "ratecardversion",
            "basis",
            models.CharField(
                max_length=12,
                choices=[("published", "Published"), ("illustrative", "Illustrative")],
                default="published",
                db_default="published",
            ),
        ),
        migrations.RunPython(again, aside, elidable=False),
        migrations.RunPython(state, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
