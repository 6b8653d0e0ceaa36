"""A buyer's requirement: who may say it, what is checked against the market, what stays of what was said."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from procurement.actions.requirements import create_requirement, revise_requirement, withdraw_requirement
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.models import Event, Membership, Organisation, Requirement, RequirementRevision, User
from procurement.permissions import SYSTEM, Actor, person
from procurement.querysets import RequirementQuerySet
from procurement.requirements import RequirementContent
from tests.world import askers, editor_of, make_buyers, make_frameworks, make_partners

pytestmark = pytest.mark.django_db

ASKED = {
    "text": "Evaluate our service.",
    "framework": "wr1",
    "lot": "wr1~1",
    "specialisms": ["wr1~1~1"],
    "regions": ["TLC", "UK"],
    "team": [{"grade": "G1", "days": "10"}],
}


@pytest.fixture(scope="module")
def market(module_database: None) -> None:
    make_frameworks()
    make_partners({"ash": "Ash Research"})
    make_buyers("shire", "borough")


@pytest.fixture
def editor(market: None) -> Actor:
    return editor_of("shire")


def state() -> tuple[int, int, int, list[int]]:
    return (
        Requirement.objects.count(),
        RequirementRevision.objects.count(),
        Event.objects.count(),
        list(Requirement.objects.values_list("revision", flat=True)),
    )


def refused(kind: type[Refused], act: Any) -> Refused:
    """The refusal, after checking that nothing has changed."""
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return refusal.value


def test_what_is_said_is_kept_as_an_immutable_revision(editor: Actor) -> None:
    made = create_requirement(editor, ASKED)
    assert made.reference.startswith("REQ-")
    assert made.reference.endswith("-0001")
    assert (made.organisation.reference, made.status, made.revision) == ("shire", "open", 1)
    said = made.revisions.get()
    assert made.current == said
    assert (said.number, said.actor) == (1, editor.reference)
    assert said.content == RequirementContent.from_json(ASKED).to_json()
    assert said.digest == RequirementContent.from_json(said.content).digest()
    event = Event.objects.latest("position")
    assert (event.type, event.subject, event.actor) == (
        "requirement.created", made.reference, editor.reference,
    )  # fmt: skip
    assert event.references == {"organisation": "shire", "framework": "wr1", "lot": "wr1~1"}
    assert event.changes == {"number": 1, "digest": said.digest}
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        RequirementRevision.objects.update(content={})


def test_it_is_said_anew_and_what_was_said_stays(editor: Actor) -> None:
    made = create_requirement(editor, ASKED)
    revise_requirement(editor, made.reference, 1, {"text": "Evaluate it again.", "regions": []})
    made.refresh_from_db()
    assert made.revision == 2
    assert made.current is not None
    assert (made.current.number, made.current.content["text"], made.current.content["lot"]) == (
        2, "Evaluate it again.", "wr1~1",
    )  # fmt: skip
    assert made.revisions.get(number=1).content["text"] == "Evaluate our service."
    assert Event.objects.latest("position").changes["fields"] == ["regions", "text"]


def test_the_same_again_is_no_revision(editor: Actor) -> None:
    made = create_requirement(editor, ASKED)
    before = state()
    revise_requirement(editor, made.reference, 1, {"text": " Evaluate our service. ", "months": None})
    assert state() == before


def test_a_withdrawn_one_is_not_said_anew(editor: Actor) -> None:
    made = create_requirement(editor, ASKED)
    withdraw_requirement(editor, made.reference, 1, "No money.")
    made.refresh_from_db()
    assert (made.status, made.revision) == ("withdrawn", 2)
    assert Event.objects.latest("position").changes == {"status": "withdrawn", "reason": "No money."}
    refused(Conflict, lambda: revise_requirement(editor, made.reference, 2, {"text": "x"}))
    refused(Conflict, lambda: withdraw_requirement(editor, made.reference, 2))


def test_a_stale_revision_is_refused(editor: Actor) -> None:
    made = create_requirement(editor, ASKED)
    revise_requirement(editor, made.reference, 1, {"months": 3})
    refused(Stale, lambda: revise_requirement(editor, made.reference, 1, {"months": 4}))
    refused(Stale, lambda: withdraw_requirement(editor, made.reference, 1))
    refused(Invalid, lambda: withdraw_requirement(editor, made.reference, 2, "a\x00b"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"framework": "wr7", "lot": None, "specialisms": [], "team": []}, [("/framework", "unknown")]),
        ({"lot": "wr1~9", "specialisms": []}, [("/lot", "unknown")]),
        ({"specialisms": ["wr1~1~1", "wr1~1~99"]}, [("/specialisms/1", "unknown")]),
        # Of the other scheme; of none.
        ({"regions": ["UK", "UKC1", "XX"]}, [("/regions/1", "unknown"), ("/regions/2", "unknown")]),
        (
            {"team": [{"grade": "G1", "days": "1"}, {"grade": "G9", "days": "1"}]},
            [("/team/1/grade", "unknown")],
        ),
        ({"text": "", "specialisms": []}, [("/text", "required")]),
        ({"colour": "blue"}, [("/colour", "unknown_field")]),
    ],
)
def test_what_it_names_must_be_there(
    editor: Actor, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    refusal = refused(Invalid, lambda: create_requirement(editor, ASKED | changes))
    assert [(fault.pointer, fault.code) for fault in refusal.faults] == expected
    made = create_requirement(editor, ASKED)
    refusal = refused(Invalid, lambda: revise_requirement(editor, made.reference, 1, changes))
    assert [(fault.pointer, fault.code) for fault in refusal.faults] == expected


def test_without_a_framework_regions_of_either_scheme_are_known(editor: Actor) -> None:
    made = create_requirement(editor, {"text": "Help", "regions": ["UKC1", "TLC"]})
    assert made.revisions.get().content["framework"] is None


def test_the_number_of_queries_does_not_grow_with_what_is_named(
    editor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    create_requirement(editor, {"text": "Help"})
    many = ASKED | {
        "specialisms": ["wr1~1~1", "wr1~1~2", "wr1~1~3"],
        "regions": ["TLC", "TLD", "TLE", "UK"],
        "team": [{"grade": f"G{rank}", "days": "1"} for rank in (1, 2, 3)],
    }
    with django_assert_num_queries(19):
        create_requirement(editor, many)


MAY: dict[str, type[Refused] | None] = {
    "editor": None, "approver": None, "viewer": NotPermitted, "other buyer": NotFound, "partner": NotFound,
    "owner": NotFound, "nobody": NotFound, "integration": None, "integration without scope": NotFound,
}  # fmt: skip


@pytest.mark.parametrize("who", list(MAY))
def test_it_is_its_own_organisations_alone(market: None, who: str) -> None:
    actor = askers("shire", "borough", "ash", "requirements:write")[who]
    made = create_requirement(SYSTEM, ASKED, "shire")
    acts = (
        lambda: revise_requirement(actor, made.reference, 1, {"months": 3}),
        lambda: withdraw_requirement(actor, made.reference, 2),
    )
    for act in acts:
        expected = MAY[who]
        if expected is None:
            act()
        else:
            refused(expected, act)
    sees = RequirementQuerySet(Requirement).seen_by(actor)
    assert [one.reference for one in sees] == ([made.reference] if MAY[who] is not NotFound else [])
    if MAY[who] is None:
        assert create_requirement(actor, ASKED, "shire").organisation.reference == "shire"
    else:
        refused(NotPermitted, lambda: create_requirement(actor, ASKED, "shire"))


def test_who_acts_for_several_buyers_names_the_one(market: None) -> None:
    editor_of("shire")
    user = User.objects.get(email="editor@shire.example.org")
    Membership.objects.create(
        user=user, organisation=Organisation.objects.get(reference="borough"), role="editor"
    )
    # Not a buyer, so it leaves no choice.
    Membership.objects.create(
        user=user, organisation=Organisation.objects.get(reference="ash"), role="editor"
    )
    actor = person(user)
    refusal = refused(Invalid, lambda: create_requirement(actor, ASKED))
    assert [(fault.pointer, fault.code) for fault in refusal.faults] == [("/organisation", "required")]
    assert create_requirement(actor, ASKED, "borough").organisation.reference == "borough"
    refused(NotPermitted, lambda: create_requirement(actor, ASKED, "ash"))
    refused(NotPermitted, lambda: create_requirement(actor, ASKED, "nowhere"))


def test_lists_take_one_query(editor: Actor, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(3):
        create_requirement(editor, ASKED)
    with django_assert_num_queries(1):
        rows = RequirementQuerySet(Requirement).seen_by(editor).told()
        assert [one.current.number for one in rows if one.current] == [1, 1, 1]
