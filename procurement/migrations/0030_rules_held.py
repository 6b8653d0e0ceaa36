"""The database refuses what no action writes, on SQLite as on PostgreSQL: a word that is not of its list, an amount
below nothing, a line into or out of a published card, a reference that changes, a log with a gap.
"""

from contextlib import nullcontext

from django.db import migrations, transaction

from procurement.closed_values import Bound, bounds, hold_values, let_values, one_of
from procurement.guards import Rule, allow_rows, refuse_rows, refuse_where, take_down_where

APP = "procurement"
LOT = "procurement_lot"
FURTHER = (
    one_of("procurement_framework", "rate_unit", ["day", "hour"]),
    Bound(
        LOT, "values_in_order", ("minimum_value_pence", "maximum_value_pence"),
        '{}"minimum_value_pence" <= {}"maximum_value_pence"', '{}"minimum_value_pence" > {}"maximum_value_pence"',
    ),
)  # fmt: skip

OF_PUBLISHED = (
    "EXISTS (SELECT 1 FROM procurement_ratecardversion v WHERE v.id = {}.version_id "
    "AND v.status IN ('published', 'superseded'))"
)
BACK = (
    "(OLD.status = 'published' AND NEW.status NOT IN ('published', 'superseded')) "
    "OR (OLD.status = 'superseded' AND NEW.status <> 'superseded')"
)
PUBLISHED = "OLD.status IN ('published', 'superseded')"
OUTSIDE = (
    "EXISTS (SELECT 1 FROM procurement_lot l JOIN procurement_framework f ON f.id = l.framework_id "
    "WHERE l.id = NEW.lot_id AND NOT NEW.starts_on BETWEEN f.starts_on AND f.ends_on)"
)
WITHIN = "An appointment starts while its framework runs."
CARD = "What a published rate card says is kept: publish another."
PROFILE = "What a published profile says is kept: publish another."

RULES = (
    Rule("procurement_rateline", "into_published", ("INSERT",), OF_PUBLISHED.format("NEW"), CARD),
    Rule("procurement_rateline", "out_of_published", ("DELETE",), OF_PUBLISHED.format("OLD"), CARD),
    Rule("procurement_ratecardversion", "published", ("DELETE",), PUBLISHED, CARD),
    Rule("procurement_ratecardversion", "way_back", ("UPDATE",), BACK, CARD),
    Rule("procurement_profileversion", "published", ("DELETE",), PUBLISHED, PROFILE),
    Rule("procurement_profileversion", "way_back", ("UPDATE",), BACK, PROFILE),
    Rule(
        "procurement_profileversion", "other_partner", ("UPDATE",), "OLD.partner_id <> NEW.partner_id",
        "A version keeps its partner.",
    ),
    Rule(
        "procurement_partner", "other_profile", ("INSERT", "UPDATE"),
        "EXISTS (SELECT 1 FROM procurement_profileversion v WHERE v.id = NEW.published_id AND v.partner_id <> NEW.id)",
        "What a partner has published is a version of its own profile.",
    ),
    Rule(
        "procurement_suppliermember", "offering_left", ("DELETE",),
        "EXISTS (SELECT 1 FROM procurement_offering o JOIN procurement_appointment a ON a.id = o.appointment_id "
        "WHERE a.supplier_id = OLD.supplier_id AND o.partner_id = OLD.partner_id) "
        "AND NOT EXISTS (SELECT 1 FROM procurement_suppliermember m WHERE m.supplier_id = OLD.supplier_id "
        "AND m.partner_id = OLD.partner_id AND m.id <> OLD.id)",
        "An offering is of a partner that belongs, or has belonged, to the supplier.",
    ),
    Rule("procurement_appointment", "outside", ("INSERT",), OUTSIDE, WITHIN),
    Rule("procurement_appointment", "moved_outside", ("UPDATE",), f"OLD.starts_on <> NEW.starts_on AND {OUTSIDE}", WITHIN),
    Rule(
        "procurement_event", "gap", ("INSERT",),
        "length(NEW.hash) <> 64 OR NEW.position < 1 OR (NEW.position = 1 AND NEW.previous_hash <> "
        f"'{'0' * 64}') OR (NEW.position > 1 AND NOT EXISTS (SELECT 1 FROM procurement_event e "
        "WHERE e.position = NEW.position - 1 AND e.hash = NEW.previous_hash))",
        "An event follows the one before it, by position and by hash.",
    ),
)  # fmt: skip


def held(apps):
    return [*bounds(apps, APP), *FURTHER]


def named(apps):
    """Tables whose rows others name by a reference. A browser's session has one that changes with its cookie's key."""
    for model in apps.get_app_config(APP).get_models():
        if model._meta.model_name != "session" and any(field.name == "reference" and field.unique for field in model._meta.local_concrete_fields):
            yield model._meta.db_table


def put_up(apps, editor):
    # One change at a time on PostgreSQL, so that nothing is kept locked meanwhile: one that was broken off is done again.
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        for rule in RULES:
            allow_rows(editor, rule)
            refuse_rows(editor, rule)
        for table in named(apps):
            refuse_where(
                editor, table, "other_reference", "UPDATE", "OLD.reference <> NEW.reference",
                "A reference is for ever.", ("reference",),
            )  # fmt: skip
        hold_values(editor, held(apps))


def remove(apps, editor):
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        for rule in RULES:
            allow_rows(editor, rule)
        for table in named(apps):
            take_down_where(editor, table, "other_reference", "UPDATE")
        let_values(editor, held(apps))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0029_asked_on")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
