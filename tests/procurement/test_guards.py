"""The database itself refuses to change the event log, a published version or a rate line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from procurement.actions.events import Happening, record_many
from procurement.closed_values import bounds
from procurement.guards import stand_again, stand_aside
from procurement.models import Chain, Event, Lot, ProfileVersion, RateCard, RateCardVersion, RateLine, Session
from procurement.permissions import SYSTEM
from tests.guards import CLEARED, guards
from tests.world import make_world

pytestmark = pytest.mark.django_db

NEVER = import_module("procurement.migrations.0028_never_written_over")
EMPTIED = import_module("procurement.migrations.0031_not_emptied")
PLACES = import_module("procurement.migrations.0032_names_and_places")
MOVED = import_module("procurement.migrations.0035_never_moved_over")
MEANING = import_module("procurement.migrations.0033_what_a_price_means")
PLAUSIBLE = import_module("procurement.migrations.0037_plausible_rows")
PUBLISHED = import_module("procurement.migrations.0030_rules_held").CARD
OVER = "A row that is never edited is not written over either."
OPENED = Happening("framework.opened", "framework", "wr1")


def refused(change: Callable[[], object]) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        change()
    return str(refusal.value).splitlines()[0]


def test_every_guard_stands_after_all_migrations() -> None:
    clearing = {*(f"{table}_no_truncate" for table in ("procurement_event", *EMPTIED.TABLES)), *CLEARED}
    written = ("insert", "update")
    at_the_end = {
        "procurement_supplier_no_leaderless_insert",
        "procurement_suppliermember_no_leaderless_update",
        "procurement_suppliermember_no_leaderless_delete",
    }
    by_column = {bound.table for bound in bounds(apps, "procurement")}
    assert guards().keys() | clearing == clearing | {
        *(
            f"{table}_no_other_value_{event}"
            for table in (by_column if connection.vendor == "sqlite" else ())
            for event in written
        ),
        *(
            f"{model._meta.db_table}_no_other_reference_update"
            for model in apps.get_app_config("procurement").get_models()
            if model is not Session
            and any(field.name == "reference" and field.unique for field in model._meta.local_concrete_fields)
        ),
        *(f"procurement_partner_no_other_profile_{event}" for event in written),
        "procurement_appointment_no_outside_insert",
        "procurement_appointment_no_moved_outside_update",
        "procurement_appointment_no_end_outside_insert",
        "procurement_appointment_no_end_moved_outside_update",
        "procurement_framework_no_other_scheme_update",
        "procurement_supplier_no_members_alone_update",
        *(f"procurement_suppliermember_no_member_alone_{event}" for event in written),
        *(f"procurement_offering_no_elsewhere_{event}" for event in written),
        *(f"{table}_no_blank_name_{event}" for table in PLACES.NAMED for event in written),
        *(f"{rule.table}_no_{rule.name}_{event}" for rule in PLAUSIBLE.RULES for event in written),
        "procurement_event_no_gap_insert",
        "procurement_profileversion_no_other_partner_update",
        "procurement_profileversion_no_way_back_update",
        "procurement_ratecardversion_no_way_back_update",
        "procurement_rateline_no_into_published_insert",
        *(at_the_end if connection.vendor == "postgresql" else ()),
        *(
            f"{one}_no_replace"
            for one in (NEVER.EVENTS, *NEVER.KEPT, MEANING.CARDS)
            if connection.vendor == "sqlite"
        ),
        *(f"{one}_no_moving_over" for one in MOVED.TABLES if connection.vendor == "sqlite"),
        *(f"procurement_offering_no_other_lot_{event}" for event in written),
        *(f"procurement_offering_no_stranger_{event}" for event in written),
        *(f"procurement_suppliermember_no_overlap_{event}" for event in written),
        *(f"procurement_suppliermember_no_second_lead_{event}" for event in written),
        "procurement_appointment_no_leaderless_insert",
        "procurement_appointment_no_update",
        "procurement_amendment_no_update",
        "procurement_competition_no_update",
        "procurement_declaration_no_update",
        "procurement_match_no_update",
        "procurement_measure_no_update",
        "procurement_offer_no_update",
        "procurement_outcomepayment_no_update",
        "procurement_outcomeletter_no_update",
        "procurement_requirementrevision_no_update",
        "procurement_grade_no_update",
        "procurement_lot_no_update",
        "procurement_ratecard_no_update",
        "procurement_ratecard_no_other_basis_update",
        "procurement_rateproposal_no_update",
        "procurement_ratecardversion_no_other_card_update",
        "procurement_ruledout_no_update",
        "procurement_tenderrevision_no_update",
        "procurement_rateline_no_other_framework_insert",
        "procurement_savedsearchalert_no_update",
        "procurement_shortlistnote_no_update",
        "procurement_snapshot_no_update",
        "procurement_specialism_no_update",
        "procurement_suppliermember_no_update",
        "procurement_event_no_update",
        "procurement_eventaudience_no_update",
        "procurement_delivery_no_update",
        "procurement_inboxmessage_no_update",
        "procurement_profileversion_no_update",
        "procurement_ratecardversion_no_update",
        "procurement_rateline_no_update",
    }


def test_an_event_is_neither_changed_nor_removed() -> None:
    with transaction.atomic():
        record_many(SYSTEM, [OPENED])
    if connection.vendor == "sqlite":
        # The clearing between tests needs it gone.
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TRIGGER procurement_event_no_delete BEFORE DELETE ON procurement_event FOR EACH ROW "
                "BEGIN SELECT RAISE(ABORT, 'The event log is append-only.'); END"
            )
    assert refused(lambda: Event.objects.update(actor="usr_2")) == "The event log is append-only."
    assert refused(lambda: Event.objects.all().delete()) == "The event log is append-only."
    assert Event.objects.get().actor == "system"


def test_no_row_that_is_never_edited_is_written_over_on_sqlite_either() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL knows no INSERT OR REPLACE")
    make_world()
    with transaction.atomic():
        record_many(SYSTEM, [OPENED])
    for model, key, said, told in (
        (Event, "id", {"actor": "usr_2"}, "The event log is append-only."),
        (Event, "position", {"id": 10**6, "actor": "usr_2"}, "The event log is append-only."),
        (RateLine, "id", {"price_minor": 1}, PUBLISHED),
        (RateLine, "version_id, key", {"id": 10**6, "price_minor": 1}, PUBLISHED),
        (ProfileVersion, "id", {"summary": "never said"}, OVER),
        (RateCard, "id", {"currency": "USD"}, "A rate card is not written over."),
        (RateCard, "reference", {"id": 10**6, "basis": "illustrative"}, "A rate card is not written over."),
        # Unique among published versions alone.
        (RateCardVersion, "card_id", {"id": 10**6, "number": 10**6, "digest": "x"}, OVER),
    ):
        before = list(model.objects.order_by("pk").values())
        row = {**before[0], **said}
        assert refused(lambda row=row, model=model: replace(model, row)) == told, key
        assert list(model.objects.order_by("pk").values()) == before, key


def test_no_row_is_moved_over_one_that_is_never_edited_on_sqlite_either() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL knows no UPDATE OR REPLACE")
    make_world()
    published = RateCardVersion.objects.filter(status="published").earliest("pk")
    draft = RateCardVersion.objects.create(
        card=published.card, number=7, status="draft", digest="", actor="system"
    )
    for change in (
        f"id = {published.pk}",
        f"number = {published.number}",
        # Unique among published versions alone.
        "status = 'published'",
    ):
        before = list(RateCardVersion.objects.order_by("pk").values())
        said = f"UPDATE OR REPLACE procurement_ratecardversion SET {change} WHERE id = {draft.pk}"  # noqa: S608
        assert refused(lambda said=said: executed(said)) == MOVED.OVER, change
        assert list(RateCardVersion.objects.order_by("pk").values()) == before, change
    executed(f"UPDATE OR REPLACE procurement_ratecardversion SET number = 9 WHERE id = {draft.pk}")  # noqa: S608
    draft.refresh_from_db()
    assert draft.number == 9


def executed(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_shares_no_key_is_inserted_as_before_on_sqlite() -> None:
    make_world()
    version = RateCardVersion.objects.filter(status="published").earliest("pk")
    RateCardVersion.objects.create(card=version.card, number=7, status="draft", digest="", actor="system")
    assert RateCardVersion.objects.filter(card=version.card).count() == 2


def replace(model: type[models.Model], row: dict[str, Any]) -> None:
    """Writes a row over whichever shares a key with it, as the database's own shell may."""
    fields = {one.column: one for one in model._meta.concrete_fields}
    values = [fields[name].get_db_prep_save(value, connection) for name, value in row.items()]
    columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("%s" for _ in row)
    with connection.cursor() as cursor:
        cursor.execute(f"REPLACE INTO {model._meta.db_table} ({columns}) VALUES ({marks})", values)  # noqa: S608


def test_the_event_log_is_not_emptied_at_once() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    make_world()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER procurement_event_no_truncate BEFORE TRUNCATE ON procurement_event "
            "EXECUTE FUNCTION calloff_refuse('The event log is append-only.')"
        )
        # Others refer to it, so that it is emptied with them or not at all.
        emptied = "TRUNCATE procurement_event CASCADE"
        assert refused(lambda: cursor.execute(emptied)) == "The event log is append-only."


def test_no_table_whose_rows_are_guarded_is_emptied_at_once_nor_with_another() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    guarded = {name.partition("_no_")[0] for name in guards()}
    assert {*EMPTIED.TABLES} == guarded - {"procurement_event"} | {"procurement_chain"}
    make_world()
    with connection.cursor() as cursor, schema_editor() as editor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        EMPTIED.put_up(apps, editor)
        # Again, as after a migration that was broken off.
        EMPTIED.put_up(apps, editor)
        for table in EMPTIED.TABLES:
            assert (
                refused(lambda table=table: cursor.execute(f"TRUNCATE {table} CASCADE")) == EMPTIED.EMPTIED
            ), table
        for table in ("procurement_chain", "procurement_rateline"):
            assert refused(lambda table=table: cursor.execute(f"TRUNCATE {table}")) == EMPTIED.EMPTIED, table
        assert (RateLine.objects.exists(), Chain.objects.count()) == (True, 1)
        EMPTIED.remove(apps, editor)
    assert [name for name in guards() if name.endswith("_no_truncate")] == []


def schema_editor() -> BaseDatabaseSchemaEditor:
    """Within the transaction of a test, which undoes it."""
    return connection.schema_editor(atomic=False)


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "never said"},
        {"case_studies": []},
        {"contacts": {"email": "x@example.org"}},
        {"number": 9},
        {"published_at": None},
    ],
)
def test_a_published_profile_is_not_edited(change: dict[str, object]) -> None:
    make_world()
    assert refused(lambda: ProfileVersion.objects.filter(status="published").update(**change)) == (
        "A published profile is never edited: publish another."
    )


def test_a_published_profile_may_be_superseded_and_is_then_kept_as_it_was() -> None:
    make_world()
    version = ProfileVersion.objects.filter(status="published").first()
    assert version is not None
    version.status = "superseded"
    version.save()
    assert refused(lambda: ProfileVersion.objects.filter(pk=version.pk).update(name="Another")) == (
        "A published profile is never edited: publish another."
    )


def test_a_draft_is_edited_freely() -> None:
    make_world()
    version = RateCardVersion.objects.latest("pk")
    draft = RateCardVersion.objects.create(
        card=version.card, number=7, status="draft", digest="", actor="system"
    )
    assert RateCardVersion.objects.filter(pk=draft.pk).update(valid_from=date(2026, 1, 1)) == 1


def test_a_published_card_and_its_lines_are_not_edited() -> None:
    make_world()
    published = RateCardVersion.objects.filter(status="published")
    assert refused(lambda: published.update(valid_to=date(2030, 1, 1))) == (
        "A published rate card is never edited: publish another."
    )
    assert refused(lambda: RateLine.objects.update(price_minor=1)) == (
        "A rate line is never edited: publish another card."
    )


@pytest.mark.django_db(transaction=True)
def test_guards_stand_aside_while_sqlite_builds_anew_a_table_that_they_look_at() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL alters a table where it is")
    before, names = guards(), Lot._meta.get_field("name")
    with pytest.raises(OperationalError, match="error in trigger"), connection.schema_editor() as editor:
        editor.alter_field(Lot, names, longer_name(), strict=True)
    with connection.schema_editor() as editor:
        stand_aside(editor)
        assert guards() == {}
        editor.alter_field(Lot, names, longer_name(), strict=True)
        editor.alter_field(Lot, longer_name(), names, strict=True)
        stand_again(editor)
    assert guards() == before


def longer_name() -> models.Field[str, str]:
    field = models.CharField(max_length=210)
    field.set_attributes_from_name("name")
    field.model = Lot
    return field
