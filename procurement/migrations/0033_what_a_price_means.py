"""The database refuses to change what gives the prices of a rate card their meaning: its currency and unit ever, its
basis while a version is published. A card is published with another basis between its versions: the old one is
superseded, the basis changes, the new one is published.
"""

from contextlib import nullcontext

from django.db import migrations, transaction

from procurement.guards import Rule, allow_rows, refuse_edits, refuse_replacing, refuse_rows, write_over

CARDS = "procurement_ratecard"
PLACED = ("supplier_id", "framework_id")
KEPT = (*PLACED, "currency", "unit")
BASIS = Rule(
    CARDS, "other_basis", ("UPDATE",),
    "OLD.basis <> NEW.basis AND EXISTS (SELECT 1 FROM procurement_ratecardversion v "
    "WHERE v.card_id = NEW.id AND v.status = 'published')",
    "What a published rate card says is kept: publish another.",
)  # fmt: skip


def put_up(apps, editor):
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        refuse_edits(editor, CARDS, KEPT, "", "A rate card keeps its supplier, its framework, its currency and its unit.")
        refuse_replacing(editor, CARDS, "A rate card is not written over.")
        allow_rows(editor, BASIS)
        refuse_rows(editor, BASIS)


def remove(apps, editor):
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        allow_rows(editor, BASIS)
        write_over(editor, CARDS)
        refuse_edits(editor, CARDS, PLACED, "", "A rate card keeps its supplier and its framework.")


class Migration(migrations.Migration):
    # One change at a time on PostgreSQL, so that nothing is kept locked meanwhile: one broken off is done again.
    atomic = False

    dependencies = [("procurement", "0032_names_and_places")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
