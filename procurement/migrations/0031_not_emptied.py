"""PostgreSQL refuses to empty at once (TRUNCATE, also by CASCADE) a table whose rows are guarded one at a time: those
triggers are not asked then. SQLite has no such statement. The event log has its own since the beginning.
"""

from django.db import migrations

from procurement.guards import allow_emptying, refuse_emptying

GUARDED = (
    "amendment", "application", "appointment", "calloff", "claim", "claimfile", "clarification", "competition",
    "competitiondocument", "contract", "declaration", "delivery", "eventaudience", "framework", "grade", "inboxmessage",
    "invitation", "joining", "lot", "match", "measure", "memberinvitation", "membershiprequest", "offer", "offering",
    "operation", "organisation", "outcomeletter", "outcomepayment", "outcomeplan", "partner", "profileversion",
    "ratecard", "ratecardversion", "rateline", "rateproposal", "registration", "requirement", "requirementrevision",
    "ruledout", "savedsearch", "savedsearchalert", "shortlist", "shortlistnote", "snapshot", "specialism", "supplier",
    "suppliermember", "tender", "tenderfile", "tenderrevision", "user", "webhookendpoint",
)  # fmt: skip
# The end of the log has no guard of its rows, which move with each event, but nothing is recorded without it.
TABLES = tuple(f"procurement_{name}" for name in (*GUARDED, "chain"))
EMPTIED = "What is kept is never emptied at once."


def put_up(apps, editor):
    for table in TABLES:
        refuse_emptying(editor, table, EMPTIED)


def remove(apps, editor):
    for table in TABLES:
        allow_emptying(editor, table)


class Migration(migrations.Migration):
    # A table at a time, so that none is kept locked while the others wait: one that was broken off is done again.
    atomic = False

    dependencies = [("procurement", "0030_rules_held")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
