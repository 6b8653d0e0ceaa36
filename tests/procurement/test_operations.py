"""Long work: queued with its upload, run once, followed, cancelled in time, ended by a result or a
problem.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from procurement.actions import operations, partner_imports
from procurement.actions.operations import cancel, due, start_import, uploads, visible
from procurement.actions.running import HALF, Following, run
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted
from procurement.guards import refuse_where, take_down_where
from procurement.models import Capability, Event, Membership, Operation, Organisation, Partner, User
from procurement.permissions import Actor, person
from tests.procurement.test_partner_imports import row
from tests.world import editor_of, make_frameworks

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(operator_of_module: Actor, settings: Any, tmp_path: Any) -> Actor:
    """An editor of the organisation that runs the service; what it hands in is kept in a folder of this test's."""
    settings.CALLOFF_DATA = tmp_path
    return operator_of_module


@pytest.fixture(scope="module")
def operator_of_module(module_database: None) -> Actor:
    make_frameworks()
    body = Organisation.objects.create(reference="operator", name="Operator")
    Capability.objects.create(organisation=body, kind=Capability.Kind.OPERATOR)
    return editor_of("operator")


def queued(actor: Actor, *rows: Any, **options: Any) -> Operation:
    content = "\n".join(json.dumps(one) for one in rows).encode()
    return start_import(actor, "import_partners", [content[:10], content[10:]], "my partners.jsonl", options)


def test_an_import_is_queued_with_its_upload_and_an_event(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    assert operation.reference.startswith("OP-")
    assert operation.status == "queued"
    assert [path.suffix for path in uploads().iterdir()] == [".jsonl"]
    assert Event.objects.latest("position").type == "operation.queued"


def test_it_runs_once_and_its_result_is_the_report(operator: Actor) -> None:
    operation = queued(operator, row("a"), row("b"))
    assert run(operation.reference) is True
    assert run(operation.reference) is False
    operation.refresh_from_db()
    assert (operation.status, operation.done, operation.total) == ("succeeded", 2, 2)
    assert operation.result is not None
    assert (operation.result["loaded"], operation.result["added_references"]) == (2, ["a", "b"])
    assert not list(uploads().iterdir())
    assert Event.objects.filter(actor=operator.reference, type="partner.profile_published").count() == 2


def test_a_refused_file_ends_with_a_problem_that_names_rows_and_cells(operator: Actor) -> None:
    operation = queued(operator, row("a"), row("b", size="huge"))
    run(operation.reference)
    operation.refresh_from_db()
    assert operation.status == "failed"
    assert operation.problem is not None
    assert operation.problem["errors"] == [
        {
            "line": 2,
            "reference": "b",
            "pointer": "/size",
            "code": "unknown_value",
            "message": "“huge” is not one of the known values: large, medium, micro, not-stated, small.",
        }
    ]
    assert not Partner.objects.exists()


def test_options_reach_the_import(operator: Actor) -> None:
    dry = queued(operator, row("a"), dry_run=True)
    run(dry.reference)
    dry.refresh_from_db()
    assert (dry.status, dry.result and dry.result["added"]) == ("succeeded", 1)
    assert not Partner.objects.exists()


@pytest.mark.parametrize(
    ("options", "status"),
    [({"partial": True}, "succeeded"), ({"dry_run": True, "partial": True}, "succeeded"), ({}, "failed")],
)
def test_progress_is_told_in_rows_of_the_file_whatever_becomes_of_them(
    operator: Actor, options: dict[str, Any], status: str
) -> None:
    rows = [row("good"), *(row(f"bad-{number}", size="huge") for number in range(8))]
    operation = queued(operator, *rows, **options)
    run(operation.reference)
    operation.refresh_from_db()
    assert (operation.status, operation.done, operation.total) == (status, 9, 9)


def test_progress_only_grows_while_rows_are_judged_and_written(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    running = operations.begin(operation.reference)
    assert running is not None
    following = Following(running, dry_run=False)
    told = []
    for step, rows in (
        (following.begun, 9), (following.judged, 5), (following.judged, 9), (following.writing, 4),
        (following.written, 2), (following.written, 4),
    ):  # fmt: skip
        step(rows)
        operation.refresh_from_db()
        told.append((operation.done, operation.total))
    assert told == [(0, 9), (2, 9), (4, 9), (4, 9), (8, 9), (9, 9)]


def test_no_two_operations_bear_the_same_reference(operator: Actor) -> None:
    made = [queued(operator, row("a")).reference for _ in range(12)]
    assert len(set(made)) == 12
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.create(reference=made[0], kind="import_partners", actor="system")
    assert Operation.objects.count() == 12


def test_a_refused_file_says_in_its_problem_that_nothing_was_changed(operator: Actor) -> None:
    operation = queued(operator, row("a"), row("b", size="huge"))
    run(operation.reference)
    operation.refresh_from_db()
    assert operation.problem is not None
    told = {name: operation.problem[name] for name in ("outcome", "applied", "loaded", "wrong", "added")}
    assert told == {
        "outcome": "Nothing was changed: 1 of 2 rows is wrong, and it was all or nothing.",
        "applied": False,
        "loaded": 0,
        "wrong": 1,
        "added": 1,
    }
    assert not Partner.objects.exists()


def test_a_queued_one_can_be_cancelled_and_is_not_run(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    cancel(operator, operation.reference)
    assert run(operation.reference) is False
    assert not Partner.objects.exists()
    with pytest.raises(Conflict):
        cancel(operator, operation.reference)


def test_one_that_runs_stops_before_it_writes_when_cancelled(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    running = operations.begin(operation.reference)
    assert running is not None
    cancel(operator, operation.reference)
    with pytest.raises(operations.Cancelled):
        operations.report(running, 1, None)
    with pytest.raises(operations.Cancelled):
        operations.no_way_back(running)


def test_one_that_writes_can_no_longer_be_cancelled(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    running = operations.begin(operation.reference)
    assert running is not None
    operations.no_way_back(running)
    with pytest.raises(Conflict):
        cancel(operator, operation.reference)


def test_one_whose_worker_died_is_due_again_and_ends(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    operations.begin(operation.reference)
    assert due() == []
    Operation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))
    assert due() == [operation.reference]
    assert run(operation.reference) is True
    operation.refresh_from_db()
    assert operation.status == "succeeded"


def test_one_that_an_error_ends_midway_says_what_is_in_and_the_same_file_loads_the_rest(
    operator: Actor,
) -> None:
    many = partner_imports.PUBLISHED_AT_ONCE
    rows = [row(f"firm-{number}") for number in range(many + 5)]
    operation = queued(operator, *rows)
    editor = connection.schema_editor()
    refuse_where(
        editor, "procurement_partner", "late", "INSERT", f"NEW.reference = 'firm-{many + 3}'", "Not today."
    )
    assert run(operation.reference) is True
    operation.refresh_from_db()
    assert (operation.status, operation.problem) == (
        "failed",
        {
            "code": "internal",
            "title": "The operation failed on our side.",
            "errors": [],
            "outcome": f"{many} of {many + 5} rows were loaded before it was broken off. The same file, sent again, "
            "loads the rest and leaves what stands as it is.",
            "applied": True,
            "loaded": many,
        },
    )
    assert Partner.objects.count() == many
    take_down_where(editor, "procurement_partner", "late", "INSERT")
    again = queued(operator, *rows)
    run(again.reference)
    again.refresh_from_db()
    assert again.result is not None
    assert (again.result["added"], again.result["unchanged"], Partner.objects.count()) == (5, many, many + 5)


def test_an_error_before_anything_is_written_says_nothing_of_rows(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    operations.upload_of(operation).unlink()
    assert run(operation.reference) is True
    operation.refresh_from_db()
    assert operation.problem == {
        "code": "internal",
        "title": "The operation failed on our side.",
        "errors": [],
    }


def test_one_that_is_refused_after_its_worker_was_killed_midway_does_not_say_that_nothing_is_in(
    operator: Actor,
) -> None:
    operation = queued(operator, row("a"), row("b", size="huge"))
    running = operations.begin(operation.reference)
    assert running is not None
    operations.no_way_back(running)
    Operation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))
    assert run(operation.reference) is True
    operation.refresh_from_db()
    assert operation.problem is not None
    assert (operation.problem["title"], operation.problem["outcome"]) == (
        "Nothing was imported by this attempt.",
        HALF,
    )


def test_another_organisation_neither_sees_nor_cancels_it(operator: Actor) -> None:
    operation = queued(operator, row("a"))
    other = Organisation.objects.create(reference="other", name="Other")
    Capability.objects.create(organisation=other, kind=Capability.Kind.OPERATOR)
    stranger = editor_of("other")
    assert list(visible(stranger)) == []
    assert list(visible(operator)) == [operation]
    with pytest.raises(NotFound):
        cancel(stranger, operation.reference)


@pytest.mark.parametrize(
    ("kind", "content", "pointer"), [("import_cats", b"x", "/kind"), ("import_partners", b"", "/file")]
)
def test_what_cannot_be_imported_is_refused_and_leaves_no_file(
    operator: Actor, kind: str, content: bytes, pointer: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        start_import(operator, kind, [content], "x.jsonl", {})
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    assert not list(uploads().iterdir())
    assert not Operation.objects.exists()


def test_only_an_operator_may_import(operator: Actor) -> None:
    with pytest.raises(NotPermitted):
        start_import(editor_of("owner"), "import_partners", [b"{}"], "x.jsonl", {})
    assert not Operation.objects.exists()


def test_an_import_is_that_organisations_by_which_whoever_acts_for_several_may_import(
    operator: Actor,
) -> None:
    buyer = Organisation.objects.create(reference="aa-buyer", name="Buyer")
    Capability.objects.create(organisation=buyer, kind=Capability.Kind.BUYER)
    colleague = editor_of("aa-buyer")
    user = User.objects.create_user("both@example.org", None)
    for body, role in ((buyer, "administrator"), (Organisation.objects.get(reference="operator"), "editor")):
        Membership.objects.create(user=user, organisation=body, role=role)
    actor = person(user)
    for roles in (actor.roles, dict(reversed(actor.roles.items()))):
        operation = queued(replace(actor, roles=roles), row("a"))
        assert operation.organisation is not None
        assert operation.organisation.reference == "operator"
        assert operation in visible(operator)
    assert list(visible(colleague)) == []


def test_a_name_with_a_path_stays_inside_the_folder(operator: Actor) -> None:
    operation = start_import(operator, "import_partners", [b"{}"], "../../etc/passwd", {})
    assert operations.upload_of(operation).parent == uploads()
    assert operation.parameters["name"] == "../../etc/passwd"
