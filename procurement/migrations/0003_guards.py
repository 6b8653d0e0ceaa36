"""The database refuses to change the event log, a published version, or a rate line."""

from django.db import migrations

from procurement.guards import refuse_changes, refuse_edits, take_down

EVENTS = "procurement_event"
PROFILES = "procurement_profileversion"
CARDS = "procurement_ratecardversion"
LINES = "procurement_rateline"

PUBLISHED = "OLD.status IN ('published', 'superseded')"
PROFILE = (
    "partner_id", "number", "name", "summary", "ownership", "ownership_evidence", "size", "sectors", "regions",
    "accreditations", "case_studies", "contacts", "digest", "actor", "created_at", "published_at",
)
CARD = ("card_id", "number", "valid_from", "valid_to", "source", "digest", "actor", "created_at", "published_at")
LINE = (
    "version_id", "key", "ordinal", "lot_id", "grade_id", "role_title", "work_type", "min_experience",
    "max_experience", "qualification", "qualification_text", "site", "size", "valid_from", "valid_to", "price_minor",
)


def put_up(apps, editor):
    refuse_changes(editor, EVENTS, "The event log is append-only.")
    refuse_edits(editor, PROFILES, PROFILE, PUBLISHED, "A published profile is never edited: publish another.")
    refuse_edits(editor, CARDS, CARD, PUBLISHED, "A published rate card is never edited: publish another.")
    refuse_edits(editor, LINES, LINE, "", "A rate line is never edited: publish another card.")


def remove(apps, editor):
    for table in (EVENTS, PROFILES, CARDS, LINES):
        take_down(editor, table)


class Migration(migrations.Migration):
    dependencies = [("procurement", "0002_specialism_name")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
