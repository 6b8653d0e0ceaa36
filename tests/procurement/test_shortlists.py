"""A shortlist while it is made: where it comes from, its entries, decisions, order and notes, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from procurement.actions.matches import Run, keep_match
from procurement.actions.requirements import create_requirement
from procurement.actions.shortlist_entries import add_entries, decide_entry, remove_entry, reorder_entries
from procurement.actions.shortlists import (
    ShortlistDraft,
    create_shortlist,
    note_on_shortlist,
    retitle_shortlist,
)
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.actions.standing import suspend_partner
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.models import Event, Match, Partner, Shortlist, ShortlistEntry, ShortlistNote, Snapshot
from procurement.permissions import SYSTEM, Actor
from procurement.querysets import ShortlistQuerySet
from procurement.ranked import RuledOut, ranked_of, ruled_out_of
from procurement.requirements import RequirementContent
from procurement.snapshots import Index
from tests.world import askers, editor_of, make_buyers, make_world

pytestmark = pytest.mark.django_db

ASH, ELM, OAK, YEW = "wr1~oak~ash", "wr1~oak~elm", "wr1~oak~oak", "wr1~yew~yew"
NEED = RequirementContent.from_json({"text": "Evaluate", "framework": "wr1", "lot": "wr1~1"})
COVERAGE = {"asked": 2, "met": 1, "told": "1 of 2"}
RULES = [{"rule": "must_have", "specialism": None, "region": {"reference": "TLC", "name": "North East"}}]
ANSWER = {
    "results": [
        {"reference": ELM, "rank": 1, "score": 0.875, "coverage": COVERAGE, "evidence": [], "price": None},
        {"reference": ASH, "rank": 2, "score": 0.5},
    ],
    "ruled_out": [{"reference": YEW, "rules": RULES}],
}
INDEX = Index("embedded", 7)


@pytest.fixture(scope="module")
def editor_of_module(module_database: None) -> Actor:
    make_world()
    make_buyers("shire", "borough")
    return editor_of("shire", "administrator")


@pytest.fixture
def editor(editor_of_module: Actor, db: None) -> Actor:
    return editor_of_module


def begun(actor: Actor, *listings: str, **fields: Any) -> Shortlist:
    return create_shortlist(actor, ShortlistDraft("Evaluators", listings=listings, **fields))


def match_of(actor: Actor, requirement: str | None = None) -> Match:
    run = Run("2026.1", "", "embedded", 7, 3, date(2026, 3, 1))
    return keep_match(actor, None, NEED, ANSWER, run, requirement)


def state() -> tuple[Any, ...]:
    return (
        list(Shortlist.objects.order_by("pk").values_list("reference", "revision", "title", "status")),
        list(ShortlistEntry.objects.order_by("pk").values_list("listing", "position", "decision", "reason")),
        ShortlistNote.objects.count(),
        Snapshot.objects.count(),
        Event.objects.count(),
    )


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    """The faults of a refusal, after checking that nothing has changed."""
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def order(shortlist: Shortlist) -> list[tuple[int, str]]:
    return list(shortlist.entries.order_by("position").values_list("position", "listing"))


def test_it_begins_empty(editor: Actor) -> None:
    made = begun(editor)
    assert made.reference.startswith("SL-")
    assert (made.title, made.status, made.revision, made.organisation.reference) == (
        "Evaluators", "open", 1, "shire",
    )  # fmt: skip
    event = Event.objects.latest("position")
    assert (event.type, event.subject, event.references) == (
        "shortlist.created", made.reference, {"organisation": "shire"},
    )  # fmt: skip
    assert event.changes == {"title": "Evaluators", "entries": 0, "query": ""}


def test_of_a_search_it_keeps_the_query_and_the_listings(editor: Actor) -> None:
    made = begun(editor, OAK, YEW, query="?q=evaluation&region=TLC")
    assert made.query == "q=evaluation&region=TLC"
    assert order(made) == [(1, OAK), (2, YEW)]
    assert set(made.entries.values_list("source", "decision", "added_by")) == {
        ("search", "undecided", editor.reference)
    }
    assert begun(editor, OAK).entries.get().source == "manual"


def test_of_a_match_the_ranked_results_become_entries_with_their_reasons(editor: Actor) -> None:
    requirement = create_requirement(editor, NEED.to_json())
    match = match_of(editor, requirement.reference)
    made = begun(editor, OAK, match=match.reference)
    assert (made.match, made.requirement) == (match, requirement)
    assert list(made.entries.values_list("listing", "source", "rank", "score", "reasons")) == [
        (ELM, "match", 1, 0.875, [{"kind": "coverage", "told": COVERAGE}]),
        (ASH, "match", 2, 0.5, []),
        (OAK, "manual", None, None, []),
    ]
    assert Event.objects.latest("position").references == {
        "organisation": "shire", "requirement": requirement.reference, "match": match.reference,
        "listing": [ELM, ASH, OAK],
    }  # fmt: skip
    assert order(begun(editor, match=match.reference, take=1)) == [(1, ELM)]


def test_of_a_match_only_those_that_are_chosen_become_entries_in_the_order_of_their_ranks(
    editor: Actor,
) -> None:
    match = match_of(editor).reference
    assert order(begun(editor, match=match, chosen=(ASH,))) == [(1, ASH)]
    assert order(begun(editor, match=match, chosen=(ASH, ELM))) == [(1, ELM), (2, ASH)]
    wrong = [("/chosen/1", "unknown")]
    assert refused(Invalid, lambda: begun(editor, match=match, chosen=(ASH, OAK))) == wrong
    assert refused(Invalid, lambda: begun(editor, chosen=(ASH,))) == [("/chosen/0", "unknown")]


def test_why_a_listing_was_ranked_is_kept_as_the_answer_tells_it() -> None:
    result = {
        "rank": 1, "reference": ASH, "score": 0.5, "partner": {"reference": "ash"}, "parts": {"text": 0.5},
        "coverage": COVERAGE, "text": {"words": 0.5, "meaning": 0.0, "terms": []}, "evidence": [], "price": None,
        "preferences": {},
    }  # fmt: skip
    answer = {"results": [result], "ruled_out": [{"reference": YEW, "rules": RULES}]}
    assert ranked_of(answer)[0].reasons == [
        {"kind": "parts", "told": {"text": 0.5}},
        {"kind": "coverage", "told": COVERAGE},
        {"kind": "text", "told": {"words": 0.5, "meaning": 0.0, "terms": []}},
    ]
    assert ruled_out_of(answer) == [RuledOut(YEW, RULES)]


def test_what_is_not_the_organisations_or_not_to_be_found_is_refused(editor: Actor) -> None:
    other = editor_of("borough")
    theirs = match_of(other)
    said = create_requirement(other, NEED.to_json())
    own = create_requirement(editor, {"text": "Something else"})
    answered = create_requirement(editor, NEED.to_json())
    match = match_of(editor, answered.reference)
    assert refused(Invalid, lambda: begun(editor, match=theirs.reference)) == [("/match", "unknown")]
    assert refused(Invalid, lambda: begun(editor, requirement=said.reference)) == [
        ("/requirement", "unknown")
    ]
    both = {"match": match.reference, "requirement": own.reference}
    assert refused(Invalid, lambda: begun(editor, **both)) == [("/requirement", "other_match")]
    # Expired frameworks stay to be found; elm offers nothing on wr0.
    wrong = ("wr1~oak~nobody", OAK, OAK, "nonsense", "wr0~oak~elm", "wr0~oak~ash", "a~b~c~d")
    assert refused(Invalid, lambda: begun(editor, *wrong)) == [
        ("/listings/0", "unknown"), ("/listings/2", "duplicate"), ("/listings/3", "unknown"),
        ("/listings/4", "unknown"), ("/listings/6", "unknown"),
    ]  # fmt: skip
    assert refused(Invalid, lambda: begun(editor, ELM, match=match.reference)) == [
        ("/listings/0", "duplicate")
    ]
    suspend_partner(SYSTEM, "ash", Partner.objects.get(reference="ash").revision, "x")
    assert refused(Invalid, lambda: begun(editor, ASH)) == [("/listings/0", "unknown")]
    blank = ShortlistDraft(" ", listings=())
    assert refused(Invalid, lambda: create_shortlist(editor, blank)) == [("/title", "required")]


def test_entries_are_added_removed_and_put_in_order(editor: Actor) -> None:
    made = begun(editor, OAK)
    add_entries(editor, made.reference, 1, [ASH, ELM], "search")
    assert order(made) == [(1, OAK), (2, ASH), (3, ELM)]
    assert made.entries.get(listing=ASH).source == "search"
    assert Event.objects.latest("position").references == {"organisation": "shire", "listing": [ASH, ELM]}
    reorder_entries(editor, made.reference, 2, [ELM, OAK, ASH])
    assert order(made) == [(1, ELM), (2, OAK), (3, ASH)]
    remove_entry(editor, made.reference, 3, ELM)
    assert order(made) == [(1, OAK), (2, ASH)]
    event = Event.objects.latest("position")
    assert (event.type, event.references["listing"]) == ("shortlist.entry_removed", ELM)
    made.refresh_from_db()
    assert made.revision == 4
    reorder_entries(editor, made.reference, 4, [OAK, ASH])
    made.refresh_from_db()
    assert made.revision == 4
    assert refused(Invalid, lambda: add_entries(editor, made.reference, 4, [OAK, YEW])) == [
        ("/listings/0", "duplicate")
    ]
    assert refused(Invalid, lambda: add_entries(editor, made.reference, 4, [], "match")) == [
        ("/source", "unknown_value"), ("/listings", "required"),
    ]  # fmt: skip
    for wrong in ([OAK], [OAK, OAK], [OAK, ELM], [OAK, ASH, ELM]):
        act = lambda one=wrong: reorder_entries(editor, made.reference, 4, one)  # noqa: E731
        assert refused(Invalid, act) == [("/listings", "not_all")]
    refused(NotFound, lambda: remove_entry(editor, made.reference, 4, ELM))


def test_a_decision_is_kept_with_its_reason_and_an_out_needs_one(editor: Actor) -> None:
    made = begun(editor, OAK, ASH)
    assert refused(Invalid, lambda: decide_entry(editor, made.reference, 1, OAK, "out", " ")) == [
        ("/reason", "required")
    ]
    assert refused(Invalid, lambda: decide_entry(editor, made.reference, 1, OAK, "maybe")) == [
        ("/decision", "unknown_value")
    ]
    decide_entry(editor, made.reference, 1, OAK, "out", "No evidence of evaluation.")
    decide_entry(editor, made.reference, 2, ASH, "in")
    entry = made.entries.get(listing=OAK)
    assert (entry.decision, entry.reason, entry.decided_by) == (
        "out", "No evidence of evaluation.", editor.reference,
    )  # fmt: skip
    assert entry.decided_at is not None
    event = Event.objects.filter(type="shortlist.entry_decided").order_by("position")[0]
    assert event.references == {"organisation": "shire", "listing": OAK}
    assert event.changes == {"decision": "out", "before": "undecided", "reason": "No evidence of evaluation."}
    before = state()
    decide_entry(editor, made.reference, 3, ASH, "in")
    assert state() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        ShortlistEntry.objects.filter(listing=OAK).update(reason="")


def test_titles_change_and_notes_are_only_added(editor: Actor) -> None:
    made = begun(editor, OAK)
    retitle_shortlist(editor, made.reference, 1, "Better evaluators")
    note_on_shortlist(editor, made.reference, 2, "Asked the board.\nThey agree.")
    lock_shortlist(editor, made.reference, 3, INDEX)
    note = note_on_shortlist(editor, made.reference, 4, "Locked after the meeting.")
    assert (note.number, note.actor) == (2, editor.reference)
    assert Event.objects.latest("position").changes == {"number": 2}
    made.refresh_from_db()
    assert (made.title, made.revision) == ("Better evaluators", 5)
    assert refused(Invalid, lambda: note_on_shortlist(editor, made.reference, 5, "")) == [
        ("/text", "required")
    ]
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        ShortlistNote.objects.update(text="Something else.")


def acts_of(actor: Actor, reference: str) -> list[tuple[str, Callable[[int], object]]]:
    """Everything that may be done to an open shortlist of oak and ash, by name; each takes the revision."""
    return [
        ("retitle", lambda at: retitle_shortlist(actor, reference, at, "Another")),
        ("add", lambda at: add_entries(actor, reference, at, [ELM])),
        ("decide", lambda at: decide_entry(actor, reference, at, OAK, "in")),
        ("reorder", lambda at: reorder_entries(actor, reference, at, [ASH, OAK])),
        ("remove", lambda at: remove_entry(actor, reference, at, OAK)),
        ("note", lambda at: note_on_shortlist(actor, reference, at, "Noted.")),
        ("lock", lambda at: lock_shortlist(actor, reference, at, INDEX)),
    ]


ACTS = [name for name, _ in acts_of(SYSTEM, "")]
MAY: dict[str, type[Refused] | None] = {
    "editor": None, "approver": None, "viewer": NotPermitted, "other buyer": NotFound, "partner": NotFound,
    "owner": NotFound, "nobody": NotFound, "integration": None, "integration without scope": NotFound,
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", list(MAY))
def test_each_act_is_its_own_organisations_editors_alone(editor: Actor, who: str, act: str) -> None:
    actor = askers("shire", "borough", "ash", "shortlists:write")[who]
    made = begun(editor, OAK, ASH)
    does = dict(acts_of(actor, made.reference))[act]
    expected = MAY[who]
    if expected is None:
        events = Event.objects.count()
        does(1)
        made.refresh_from_db()
        assert (made.revision, Event.objects.count()) == (2, events + 1)
        assert Event.objects.latest("position").actor == actor.reference
    else:
        refused(expected, lambda: does(1))
    seen = ShortlistQuerySet(Shortlist).seen_by(actor)
    assert seen.filter(pk=made.pk).exists() is (expected is not NotFound)


@pytest.mark.parametrize("who", list(MAY))
def test_who_may_begin_and_unlock(editor: Actor, who: str) -> None:
    actor = askers("shire", "borough", "ash", "shortlists:write")[who]
    made = begun(editor, OAK)
    lock_shortlist(editor, made.reference, 1, INDEX)
    expected = MAY[who]
    if expected is None:
        assert unlock_shortlist(actor, made.reference, 2, "A mistake.").status == "open"
        assert begun(actor, organisation="shire").actor == actor.reference
    else:
        refused(expected, lambda: unlock_shortlist(actor, made.reference, 2, "A mistake."))
        refused(NotPermitted, lambda: begun(actor, organisation="shire"))


@pytest.mark.parametrize("act", ACTS)
def test_each_act_needs_the_revision_and_an_open_shortlist(editor: Actor, act: str) -> None:
    made = begun(editor, OAK, ASH)
    does = dict(acts_of(editor, made.reference))[act]
    refused(Stale, lambda: does(7))
    if act != "note":
        lock_shortlist(editor, made.reference, 1, INDEX)
        refused(Conflict, lambda: does(2))
        unlock_shortlist(editor, made.reference, 2, "A mistake.")
        does(3)
