"""The database refuses further rows that no action writes: a place that ends after its framework, a firm alone with
members, an offering in regions that its framework does not know, a name of blanks.

Each is asked of what is written from now on. Rows that break one and stand already are kept as they are until somebody
changes what is wrong: an upgrade does not stop at a name, which a CHECK of the whole table would have it do.
"""

from contextlib import nullcontext

from django.db import migrations, transaction

from procurement.guards import Rule, allow_rows, refuse_rows, refuse_where, take_down_where

NAMED = tuple(
    f"procurement_{model}" for model in ("organisation", "framework", "lot", "specialism", "grade", "supplier")
)
BLANKS = " \t\n\r\u00a0"
BLANK = f"trim(NEW.\"name\", '{BLANKS}') = ''"
NAME = "A name is not blank."

AFTER = (
    "NEW.ends_on IS NOT NULL AND EXISTS (SELECT 1 FROM procurement_lot l "
    "JOIN procurement_framework f ON f.id = l.framework_id WHERE l.id = NEW.lot_id AND NEW.ends_on > f.ends_on)"
)
WITHIN = "An appointment ends while its framework runs."
MEMBERS = (
    "EXISTS (SELECT 1 FROM procurement_supplier s WHERE s.id = {} AND s.form = 'alone' AND 1 < (SELECT count(*) "
    "FROM procurement_suppliermember m WHERE m.supplier_id = s.id AND m.left_on IS NULL))"
)
ALONE = "A firm alone has one member, its lead."
ELSEWHERE = (
    "(CASE WHEN {kind}(NEW.regions) <> 'array' THEN TRUE WHEN {count}(NEW.regions) = 0 THEN TRUE "
    "ELSE EXISTS (SELECT 1 FROM {each}(NEW.regions) AS {named} WHERE (value IS NULL OR value <> 'UK') AND NOT EXISTS ("
    "SELECT 1 FROM procurement_appointment a JOIN procurement_lot l ON l.id = a.lot_id JOIN procurement_framework f "
    "ON f.id = l.framework_id JOIN procurement_region r ON r.scheme = f.region_scheme "
    "WHERE a.id = NEW.appointment_id AND r.code = value)) END)"
)
JSON = {
    "sqlite": {"kind": "json_type", "count": "json_array_length", "each": "json_each", "named": "one"},
    "postgresql": {
        "kind": "jsonb_typeof", "count": "jsonb_array_length", "each": "jsonb_array_elements_text",
        "named": "one (value)",
    },
}  # fmt: skip
"""What each database calls the same."""


def rules(editor):
    return (
        Rule("procurement_appointment", "end_outside", ("INSERT",), AFTER, WITHIN),
        Rule(
            "procurement_appointment", "end_moved_outside", ("UPDATE",),
            f"(OLD.ends_on IS NULL OR OLD.ends_on <> NEW.ends_on) AND {AFTER}", WITHIN,
        ),
        Rule(
            "procurement_suppliermember", "member_alone", ("INSERT", "UPDATE"),
            f"NEW.left_on IS NULL AND {MEMBERS.format('NEW.supplier_id')}", ALONE, deferred=True,
            turn=("procurement_supplier", "NEW.supplier_id"),
        ),
        Rule(
            "procurement_supplier", "members_alone", ("UPDATE",),
            f"OLD.form <> NEW.form AND {MEMBERS.format('NEW.id')}", ALONE, deferred=True,
        ),
        Rule(
            "procurement_offering", "elsewhere", ("INSERT", "UPDATE"),
            ELSEWHERE.format(**JSON[editor.connection.vendor]),
            "An offering names regions of its framework's scheme, or UK.",
        ),
        Rule(
            "procurement_framework", "other_scheme", ("UPDATE",),
            "OLD.region_scheme <> NEW.region_scheme AND EXISTS (SELECT 1 FROM procurement_lot l "
            "JOIN procurement_appointment a ON a.lot_id = l.id JOIN procurement_offering o ON o.appointment_id = a.id "
            "WHERE l.framework_id = NEW.id)",
            "A framework keeps the scheme in which its offerings name regions.",
        ),
    )  # fmt: skip


def put_up(apps, editor):
    # One change at a time on PostgreSQL, so that nothing is kept locked meanwhile: one that was broken off is done again.
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        for rule in rules(editor):
            allow_rows(editor, rule)
            refuse_rows(editor, rule)
        for table in NAMED:
            refuse_where(editor, table, "blank_name", "INSERT", BLANK, NAME)
            refuse_where(
                editor, table, "blank_name", "UPDATE", f'OLD."name" <> NEW."name" AND {BLANK}', NAME, ("name",)
            )


def remove(apps, editor):
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        for rule in rules(editor):
            allow_rows(editor, rule)
        for table in NAMED:
            for event in ("INSERT", "UPDATE"):
                take_down_where(editor, table, "blank_name", event)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0031_not_emptied")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
