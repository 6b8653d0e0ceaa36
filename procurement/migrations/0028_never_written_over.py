"""SQLite refuses `INSERT OR REPLACE` of a row that is never edited: it removes the row that stood without asking the
triggers against UPDATE and DELETE. PostgreSQL has no such statement.
"""

from django.db import migrations

from procurement.guards import refuse_replacing, write_over

EVENTS = "procurement_event"
KEPT = (
    "procurement_amendment",
    "procurement_competition",
    "procurement_declaration",
    "procurement_delivery",
    "procurement_eventaudience",
    "procurement_inboxmessage",
    "procurement_match",
    "procurement_measure",
    "procurement_offer",
    "procurement_outcomeletter",
    "procurement_outcomepayment",
    "procurement_profileversion",
    "procurement_ratecardversion",
    "procurement_rateline",
    "procurement_rateproposal",
    "procurement_requirementrevision",
    "procurement_ruledout",
    "procurement_savedsearchalert",
    "procurement_shortlistnote",
    "procurement_snapshot",
    "procurement_tenderrevision",
)


def put_up(apps, editor):
    refuse_replacing(editor, EVENTS, "The event log is append-only.")
    for table in KEPT:
        refuse_replacing(editor, table, "A row that is never edited is not written over either.")


def remove(apps, editor):
    for table in (EVENTS, *KEPT):
        write_over(editor, table)


class Migration(migrations.Migration):
    dependencies = [("procurement", "0027_member_invitations")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
