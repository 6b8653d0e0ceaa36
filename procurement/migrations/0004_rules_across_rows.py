"""The database refuses rows that contradict each other; what nobody confirmed says so."""

from django.db import migrations, models

from procurement.guards import Rule, allow_rows, refuse_edits, refuse_rows, take_down

PLACED = (
    ("procurement_lot", ("framework_id",), "A lot stays in its framework."),
    ("procurement_specialism", ("lot_id",), "A specialism stays in its lot."),
    ("procurement_grade", ("lot_id",), "A grade stays in its lot."),
    ("procurement_appointment", ("supplier_id", "lot_id"), "An appointment keeps its supplier and its lot."),
    ("procurement_ratecard", ("supplier_id", "framework_id"), "A rate card keeps its supplier and its framework."),
    ("procurement_suppliermember", ("supplier_id", "partner_id", "role"),
     "A membership keeps its supplier, its partner and its role: end it and begin another."),
)  # fmt: skip
"""What stays where it is, so that a rule that held when a row was written holds ever after."""

AT_ONE_TIME = (
    "EXISTS (SELECT 1 FROM procurement_suppliermember n JOIN procurement_suppliermember o "
    "ON o.supplier_id = n.supplier_id AND o.id <> n.id WHERE n.id = NEW.id "
    "AND (o.left_on IS NULL OR n.joined_on < o.left_on) AND (n.left_on IS NULL OR o.joined_on < n.left_on) AND {})"
)
NO_LEAD = (
    "EXISTS (SELECT 1 FROM procurement_supplier s WHERE s.id = {} AND NOT EXISTS (SELECT 1 FROM "
    "procurement_suppliermember m WHERE m.supplier_id = s.id AND m.role = 'lead' AND m.left_on IS NULL))"
)
LED = "A supplier has a lead."
WRITTEN = ("INSERT", "UPDATE")
BY_SUPPLIER = ("procurement_supplier", "NEW.supplier_id")

RULES = (
    Rule(
        "procurement_offering", "other_lot", WRITTEN,
        "NEW.specialism_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM procurement_specialism s "
        "JOIN procurement_appointment a ON a.lot_id = s.lot_id "
        "WHERE s.id = NEW.specialism_id AND a.id = NEW.appointment_id)",
        "An offering's specialism belongs to the lot of its appointment.",
    ),
    Rule(
        "procurement_offering", "stranger", WRITTEN,
        "NOT EXISTS (SELECT 1 FROM procurement_appointment a JOIN procurement_suppliermember m "
        "ON m.supplier_id = a.supplier_id WHERE a.id = NEW.appointment_id AND m.partner_id = NEW.partner_id)",
        "An offering is of a partner that belongs, or has belonged, to the supplier.",
    ),
    Rule(
        "procurement_rateline", "other_framework", ("INSERT",),
        "(NEW.lot_id IS NOT NULL OR NEW.grade_id IS NOT NULL) AND NOT EXISTS (SELECT 1 "
        "FROM procurement_ratecardversion v JOIN procurement_ratecard c ON c.id = v.card_id "
        "WHERE v.id = NEW.version_id AND (NEW.lot_id IS NULL OR EXISTS (SELECT 1 FROM procurement_lot l "
        "WHERE l.id = NEW.lot_id AND l.framework_id = c.framework_id)) "
        "AND (NEW.grade_id IS NULL OR EXISTS (SELECT 1 FROM procurement_grade g "
        "JOIN procurement_lot l ON l.id = g.lot_id WHERE g.id = NEW.grade_id AND l.framework_id = c.framework_id "
        "AND (NEW.lot_id IS NULL OR g.lot_id = NEW.lot_id))))",
        "A rate line's lot and grade belong to its card's framework, and its grade to its lot.",
    ),
    Rule(
        "procurement_ratecardversion", "other_card", ("UPDATE",), "OLD.card_id <> NEW.card_id",
        "A version keeps its rate card.",
    ),
    Rule(
        "procurement_appointment", "leaderless", ("INSERT",), "NOT EXISTS (SELECT 1 FROM "
        "procurement_suppliermember m WHERE m.supplier_id = NEW.supplier_id AND m.role = 'lead')",
        "Only a supplier with a lead is appointed.",
    ),
    Rule(
        "procurement_suppliermember", "overlap", WRITTEN, AT_ONE_TIME.format("o.partner_id = n.partner_id"),
        "A partner belongs to a supplier once at a time.", deferred=True, turn=BY_SUPPLIER,
    ),
    Rule(
        "procurement_suppliermember", "second_lead", WRITTEN,
        AT_ONE_TIME.format("o.role = 'lead' AND n.role = 'lead'"),
        "A supplier has one lead at a time.", deferred=True, turn=BY_SUPPLIER,
    ),
)  # fmt: skip

AT_THE_END = (
    Rule("procurement_supplier", "leaderless", ("INSERT",), NO_LEAD.format("NEW.id"), LED, deferred=True),
    Rule(
        "procurement_suppliermember", "leaderless", ("UPDATE", "DELETE"), NO_LEAD.format("OLD.supplier_id"), LED,
        deferred=True,
    ),
)  # fmt: skip
"""Only where a trigger can wait: a supplier has no lead before its first joins, and between one and the next."""


def rules(editor):
    return RULES + (AT_THE_END if editor.connection.vendor == "postgresql" else ())


def put_up(apps, editor):
    for table, columns, sentence in PLACED:
        refuse_edits(editor, table, columns, "", sentence)
    for rule in rules(editor):
        refuse_rows(editor, rule)


def remove(apps, editor):
    for table, _, _ in PLACED:
        take_down(editor, table)
    for rule in rules(editor):
        allow_rows(editor, rule)


def withdraw_confirmations(apps, editor):
    """Publishing counted as confirming, whoever published. The day stays where the firm itself did either."""
    Partner, Membership, Event = (
        apps.get_model("procurement", name) for name in ("Partner", "Membership", "Event")
    )
    members = set(Membership.objects.values_list("user__reference", "organisation"))
    Application = apps.get_model("procurement", "Application")
    members.update(Application.objects.exclude(organisation=None).values_list("reference", "organisation"))
    stood_by = {
        (reference, changes["confirmed_on"])
        for reference, changes in Event.objects.filter(type="partner.profile_confirmed").values_list(
            "subject", "changes"
        )
    }
    unconfirmed = [
        key
        for key, reference, day, organisation, actor in Partner.objects.exclude(
            confirmed_on=None
        ).values_list("pk", "reference", "confirmed_on", "organisation", "published__actor")
        if (reference, day.isoformat()) not in stood_by and (actor, organisation) not in members
    ]
    for start in range(0, len(unconfirmed), 500):
        Partner.objects.filter(pk__in=unconfirmed[start : start + 500]).update(confirmed_on=None)


class Migration(migrations.Migration):
    dependencies = [("procurement", "0003_guards")]

    short_locks = (
        "The choices of a field stand in no database; confirmations are a column of some thousand rows."
    )

    operations = [
        migrations.RunPython(put_up, remove, elidable=False),
        migrations.RunPython(withdraw_confirmations, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="supplier",
            name="form",
            field=models.CharField(
                choices=[
                    ("alone", "A firm alone"),
                    ("prime", "Prime with subcontractors"),
                    ("joint_and_several", "Jointly and severally liable"),
                    ("incorporated", "Incorporated"),
                    ("not_stated", "Not stated"),
                ],
                max_length=20,
            ),
        ),
    ]
