"""A match is kept as it was run: what was asked and answered, by what, under one digest."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from procurement.actions.matches import Run, digest_of, keep_match
from procurement.actions.requirements import create_requirement, revise_requirement, withdraw_requirement
from procurement.errors import Conflict, Invalid, NotPermitted, Refused
from procurement.models import Event, Match
from procurement.permissions import SYSTEM, Actor
from procurement.querysets import MatchQuerySet
from procurement.requirements import RequirementContent
from tests.world import askers, editor_of, make_buyers, make_frameworks, make_partners

pytestmark = pytest.mark.django_db

CONTENT = RequirementContent.from_json({"text": "Evaluate", "framework": "wr1", "lot": "wr1~1"})
ANSWER = {
    "results": [{"reference": "wr1~oak~ash", "rank": 1, "score": 0.1 + 0.2}],
    "ruled_out": [],
    "note": "Zoë’s “ü”",
}
RUN = Run("2026.1", "", "embedded", 7, 3, date(2026, 3, 1))


@pytest.fixture(scope="module")
def editor(module_database: None) -> Actor:
    make_frameworks()
    make_partners({"ash": "Ash Research"})
    make_buyers("shire", "borough")
    return editor_of("shire", "administrator")


def refused(kind: type[Refused], act: Any) -> Refused:
    before = Match.objects.count(), Event.objects.count()
    with pytest.raises(kind) as refusal:
        act()
    assert (Match.objects.count(), Event.objects.count()) == before
    return refusal.value


def test_a_match_is_kept_whole_and_never_edited(editor: Actor) -> None:
    kept = keep_match(editor, None, CONTENT, ANSWER, RUN)
    match = Match.objects.get(reference=kept.reference)
    assert match.reference.startswith("MATCH-")
    assert (match.content, match.answer, match.requirement) == (CONTENT.to_json(), ANSWER, None)
    assert (match.ranking, match.model_digest, match.engine, match.index_generation, match.seed, match.on) == (
        "2026.1", "", "embedded", 7, 3, date(2026, 3, 1),
    )  # fmt: skip
    assert match.digest == digest_of(match.content, match.answer)
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("match.kept", match.reference)
    assert event.references == {"organisation": "shire", "framework": "wr1", "lot": "wr1~1"}
    assert event.changes == {
        "digest": match.digest, "ranking": "2026.1", "engine": "embedded", "index_generation": 7,
    }  # fmt: skip
    for change in ({"answer": {}}, {"seed": 4}, {"digest": "0" * 64}, {"on": date(2026, 3, 2)}):
        with pytest.raises(IntegrityError, match="kept as it was run"), transaction.atomic():
            Match.objects.update(**change)


def test_it_points_at_the_revision_that_was_asked_with(editor: Actor) -> None:
    requirement = create_requirement(editor, CONTENT.to_json())
    revise_requirement(editor, requirement.reference, 1, {"months": 3})
    match = keep_match(editor, None, CONTENT, ANSWER, RUN, requirement.reference)
    assert match.requirement is not None
    assert (match.requirement.requirement, match.requirement.number) == (requirement, 1)
    assert Event.objects.latest("position").references["requirement"] == requirement.reference


def test_of_a_withdrawn_requirement_no_match_is_kept_and_what_was_kept_stays(editor: Actor) -> None:
    requirement = create_requirement(editor, CONTENT.to_json())
    before = keep_match(editor, None, CONTENT, ANSWER, RUN, requirement.reference)
    withdraw_requirement(editor, requirement.reference, 1, "No money.")
    refusal = refused(Conflict, lambda: keep_match(editor, None, CONTENT, ANSWER, RUN, requirement.reference))
    assert refusal.message.startswith("The requirement is withdrawn")
    assert Match.objects.get() == before


def test_a_requirement_that_never_said_this_or_is_anothers_is_refused(editor: Actor) -> None:
    requirement = create_requirement(editor, {"text": "Something else"})
    others = create_requirement(SYSTEM, CONTENT.to_json(), "borough")
    for reference in (requirement.reference, others.reference, "REQ-1999-0001"):
        refusal = refused(Invalid, lambda one=reference: keep_match(editor, None, CONTENT, ANSWER, RUN, one))
        assert [(fault.pointer, fault.code) for fault in refusal.faults] == [("/requirement", "unknown")]


@pytest.mark.parametrize(
    ("who", "keeps", "sees"),
    [
        ("editor", True, True), ("approver", True, True), ("viewer", False, True), ("other buyer", False, False),
        ("partner", False, False), ("owner", False, False), ("nobody", False, False), ("integration", True, True),
        ("integration without scope", False, False),
    ],
)  # fmt: skip
def test_it_is_its_own_organisations_alone(editor: Actor, who: str, keeps: bool, sees: bool) -> None:
    kept = keep_match(editor, None, CONTENT, ANSWER, RUN)
    actor = askers("shire", "borough", "ash", "matches:write")[who]
    seen = MatchQuerySet(Match).seen_by(actor)
    assert [match.reference for match in seen] == ([kept.reference] if sees else [])
    if keeps:
        assert keep_match(actor, "shire", CONTENT, ANSWER, RUN).actor == actor.reference
    else:
        refused(NotPermitted, lambda: keep_match(actor, "shire", CONTENT, ANSWER, RUN))


def test_lists_take_one_query(editor: Actor, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    requirement = create_requirement(editor, CONTENT.to_json())
    for _ in range(3):
        keep_match(editor, None, CONTENT, ANSWER, RUN, requirement.reference)
    with django_assert_num_queries(1):
        rows = MatchQuerySet(Match).seen_by(editor).told()
        assert [row.requirement.requirement.reference for row in rows if row.requirement] == [
            requirement.reference
        ] * 3
