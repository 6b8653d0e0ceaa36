"""A locked shortlist keeps what it relied on: whatever changes afterwards, and whoever alters it, is told apart."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.consortia import end_member
from procurement.actions.matches import Run, keep_match
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.shortlist_entries import add_entries, decide_entry, remove_entry
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import (
    lock_shortlist,
    snapshot_of,
    unlock_shortlist,
    verdict_on,
    verify_snapshot,
)
from procurement.actions.standing import suspend_partner
from procurement.canonical import canonical, digest_of_text
from procurement.errors import Conflict, Invalid, NotFound
from procurement.models import Event, Partner, ProfileVersion, RateCardVersion, Snapshot, Supplier
from procurement.permissions import SYSTEM, Actor
from procurement.requirements import RequirementContent
from procurement.snapshots import Index
from tests.guards import unguarded
from tests.world import askers, editor_of, make_buyers, make_world, publish_rates

pytestmark = pytest.mark.django_db

ASH, OAK, YEW = "wr1~oak~ash", "wr1~oak~oak", "wr1~yew~yew"
NEED = RequirementContent.from_json({"text": "Evaluate", "framework": "wr1", "lot": "wr1~1"})
ANSWER = {
    "results": [{"reference": ASH, "rank": 1, "score": 0.875, "text": {"words": 0.5}}],
    "ruled_out": [{"reference": YEW, "rules": [{"rule": "must_have"}]}],
}


@pytest.fixture(scope="module")
def editor_of_module(module_database: None) -> Actor:
    make_world()
    make_buyers("shire", "borough")
    return editor_of("shire", "administrator")


@pytest.fixture
def editor(editor_of_module: Actor, db: None) -> Actor:
    return editor_of_module


FOUND = {
    "on": "2026-03-01", "engine": "embedded", "generation": 7, "seed": 3, "count": 2,
    "results": [{"listing": ASH, "score": 1.5}, {"listing": OAK, "score": 0.25}],
}  # fmt: skip


@pytest.fixture
def locked(editor: Actor) -> Snapshot:
    run = Run("2026.1", "model-a", "embedded", 7, 3, date(2026, 3, 1))
    match = keep_match(editor, None, NEED, ANSWER, run)
    made = create_shortlist(editor, ShortlistDraft("Evaluators", match=match.reference, listings=(OAK, YEW)))
    decide_entry(editor, made.reference, 1, ASH, "in", "Strong evidence.")
    decide_entry(editor, made.reference, 2, YEW, "out", "Other lot.")
    return lock_shortlist(editor, made.reference, 3, Index("embedded", 9))


def document(snapshot: Snapshot) -> Any:
    return json.loads(snapshot.document)


def vandalised(snapshot: Snapshot, **columns: str) -> Snapshot:
    """The snapshot after somebody with the keys of the database has altered its row by hand."""
    with unguarded(), connection.cursor() as cursor:
        for column, value in columns.items():
            cursor.execute(
                f"UPDATE procurement_snapshot SET {column} = %s WHERE id = %s",  # noqa: S608
                [value, snapshot.pk],
            )
    return Snapshot.objects.get(pk=snapshot.pk)


def differences(snapshot: Snapshot) -> list[tuple[str, str]]:
    verdict = verdict_on(snapshot)
    assert verdict.valid is (not verdict.differences)
    return [(one.pointer, one.code) for one in verdict.differences]


def test_a_snapshot_holds_what_was_relied_on(locked: Snapshot, editor: Actor) -> None:
    held = document(locked)
    assert (locked.number, locked.digest) == (1, digest_of_text(locked.document))
    assert locked.document == canonical(held)
    assert held["shortlist"] == {
        "reference": locked.shortlist.reference, "title": "Evaluators", "snapshot": 1,
        "organisation": {"reference": "shire", "name": "Shire"},
    }  # fmt: skip
    assert held["locked"]["actor"] == editor.reference
    assert held["index"] == {"engine": "embedded", "generation": 9}
    assert held["match"]["answer"] == ANSWER
    assert held["match"]["content"] == NEED.to_json()
    assert (held["match"]["ranking"], held["match"]["model_digest"], held["match"]["index_generation"]) == (
        "2026.1", "model-a", 7,
    )  # fmt: skip
    ash, oak, yew = held["entries"]
    assert (ash["listing"], ash["rank"], ash["score"], ash["decision"], ash["reason"]) == (
        ASH, 1, 0.875, "in", "Strong evidence.",
    )  # fmt: skip
    assert (oak["decision"], yew["decision"], yew["reason"]) == ("undecided", "out", "Other lot.")
    version = ProfileVersion.objects.get(partner__reference="ash", status="published")
    profile = ash["partner"]["profile"]
    assert (profile["version"], profile["digest"], profile["summary"]) == (1, version.digest, version.summary)
    assert profile["case_studies"] == version.case_studies
    assert [(one["lot"], one["specialism"]["reference"], one["regions"]) for one in ash["offerings"]] == [
        ("wr1~1", "wr1~1~1", ["TLC"]), ("wr1~1", "wr1~1~2", ["TLC"]),
    ]  # fmt: skip
    assert ash["rate_cards"] == [{"reference": "wr1~oak", "version": 1}]
    assert yew["rate_cards"] == []
    (card,) = held["rate_cards"]
    assert (card["reference"], card["basis"], card["currency"], card["unit"], card["vat"]) == (
        "wr1~oak", "published", "GBP", "day", "excluded",
    )  # fmt: skip
    assert [(line["grade"], line["price_minor"]) for line in card["lines"]] == [
        ("G1", 40_000), ("G2", 65_050), ("G3", 90_000),
    ]  # fmt: skip
    assert [(one["reference"], [lot["reference"] for lot in one["lots"]]) for one in held["frameworks"]] == [
        ("wr1", ["wr1~1", "wr1~2a"])
    ]
    event = Event.objects.latest("position")
    assert (event.type, event.changes["snapshot"], event.changes["digest"]) == (
        "shortlist.locked", 1, locked.digest,
    )  # fmt: skip


def test_a_snapshot_of_a_search_holds_what_it_found_when_the_shortlist_was_begun(editor: Actor) -> None:
    draft = ShortlistDraft("Evaluators", listings=(OAK,), query="q=ash", found=FOUND)
    made = create_shortlist(editor, draft)
    held = document(lock_shortlist(editor, made.reference, 1, Index("elasticsearch", 12)))
    assert (held["format"], held["query"], held["found"]) == (2, "q=ash", FOUND)
    assert held["index"] == {"engine": "elasticsearch", "generation": 12}
    by_hand = create_shortlist(editor, ShortlistDraft("Evaluators", listings=(OAK,)))
    assert document(lock_shortlist(editor, by_hand.reference, 1, Index(None, None)))["found"] is None


def test_a_snapshot_holds_no_personal_data(locked: Snapshot) -> None:
    assert ProfileVersion.objects.filter(partner__reference="ash").get().contacts == {
        "email": "hello@example.org"
    }
    assert "contacts" not in locked.document
    assert "@" not in locked.document


def test_it_survives_whatever_changes_afterwards(locked: Snapshot, editor: Actor) -> None:
    before = locked.document
    publish_profiles(SYSTEM, [ProfileDraft("ash", {"summary": "Now something else.", "name": "Ash & Co"})])
    publish_rates("oak", "wr1", {"wr1~1~G1": 30_000})
    suspend_partner(SYSTEM, "yew", Partner.objects.get(reference="yew").revision, "Excluded.")
    end_member(SYSTEM, "oak", Supplier.objects.get(reference="oak").revision, "ash")
    call_command("rebuild_index", verbosity=0)
    again = Snapshot.objects.get(pk=locked.pk)
    assert again.document == before
    verdict = verify_snapshot(editor, locked.shortlist.reference)
    assert (verdict.valid, verdict.computed, verdict.recorded) == (True, locked.digest, locked.digest)
    # Locked anew it holds the new state, and says which listing is no longer shown.
    unlock_shortlist(editor, locked.shortlist.reference, 4, "The market moved.")
    second = lock_shortlist(editor, locked.shortlist.reference, 5, Index(None, None))
    held = document(second)
    assert [entry["shown"] for entry in held["entries"]] == [False, True, False]
    assert held["entries"][0]["partner"]["profile"]["summary"] == "Now something else."
    assert [(card["version"], len(card["lines"])) for card in held["rate_cards"]] == [(2, 1)]
    assert held["index"] == {"engine": None, "generation": None}
    assert [verify_snapshot(editor, locked.shortlist.reference, number).valid for number in (1, 2)] == [
        True,
        True,
    ]
    assert verify_snapshot(editor, locked.shortlist.reference).snapshot == 2


def test_the_card_in_force_counts_not_one_that_begins_later(editor: Actor) -> None:
    later = timezone.localdate() + timedelta(days=30)
    publish_rates("oak", "wr1", {"wr1~1~G1": 99_000}, valid_from=later)
    assert RateCardVersion.objects.filter(card__reference="wr1~oak").count() == 2
    made = create_shortlist(editor, ShortlistDraft("Evaluators", listings=(OAK,)))
    held = document(lock_shortlist(editor, made.reference, 1, Index("embedded", 9)))
    assert [(card["version"], card["lines"][0]["price_minor"]) for card in held["rate_cards"]] == [
        (1, 40_000)
    ]


def test_the_database_refuses_to_edit_a_snapshot(locked: Snapshot) -> None:
    for change in ({"document": "{}"}, {"digest": "0" * 64}, {"number": 2}):
        with pytest.raises(IntegrityError, match="A snapshot is never edited"), transaction.atomic():
            Snapshot.objects.filter(pk=locked.pk).update(**change)
    assert differences(Snapshot.objects.get(pk=locked.pk)) == []


def test_one_changed_byte_is_found_and_its_part_named(locked: Snapshot) -> None:
    assert locked.document.count("Strong evidence.") == 1
    altered = vandalised(locked, document=locked.document.replace("Strong evidence.", "strong evidence."))
    assert differences(altered) == [("", "digest_differs"), ("/entries", "altered")]


def test_whichever_character_is_changed_it_is_found_with_its_digest_or_without(locked: Snapshot) -> None:
    document, recorded = locked.document, locked.digest
    for at in range(0, len(document), 61):
        other = "y" if document[at] == "x" else "x"
        locked.document = f"{document[:at]}{other}{document[at + 1 :]}"
        for digest in (recorded, digest_of_text(locked.document)):
            locked.digest = digest
            assert not verdict_on(locked).valid, (at, document[at])


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ('"price_minor":40000', '"price_minor":40001', "/rate_cards"),
        ('"title":"Evaluators"', '"title":"evaluators"', "/shortlist"),
        ('"ranking":"2026.1"', '"ranking":"2026.2"', "/match"),
        ('"generation":9', '"generation":8', "/index"),
        ('"format":2,', '"format":2, ', ""),
        ('"format":2,', '"format":2,"extra":0,', "/extra"),
        ('{"entries"', '["entries"', ""),
    ],
)
def test_a_row_changed_together_with_its_digest_is_found(
    locked: Snapshot, old: str, new: str, pointer: str
) -> None:
    text = locked.document.replace(old, new, 1)
    assert text != locked.document
    altered = vandalised(locked, document=text, digest=digest_of_text(text))
    assert differences(altered) == [(pointer, "altered"), ("", "digest_not_recorded")]


def test_a_digest_changed_alone_is_found(locked: Snapshot) -> None:
    altered = vandalised(locked, digest="0" * 64)
    assert differences(altered) == [("", "digest_differs"), ("", "digest_not_recorded")]


def test_a_log_changed_with_row_and_digest_is_found(locked: Snapshot) -> None:
    event = Event.objects.get(type="shortlist.locked")
    text = locked.document.replace("Strong", "strong")
    changes = event.changes | {"digest": digest_of_text(text)}
    altered = vandalised(locked, document=text, digest=digest_of_text(text))
    with unguarded():
        Event.objects.filter(pk=event.pk).update(changes=changes)
    assert ("", "log_altered") in differences(altered)
    with unguarded():
        Event.objects.filter(pk=event.pk).update(type="shortlist.noted")
    assert ("", "not_recorded") in differences(altered)


def test_it_is_locked_once_and_not_without_entries(editor: Actor) -> None:
    made = create_shortlist(editor, ShortlistDraft("Evaluators"))
    with pytest.raises(Invalid):
        lock_shortlist(editor, made.reference, 1, Index("embedded", 9))
    add_entries(editor, made.reference, 1, [OAK])
    lock_shortlist(editor, made.reference, 2, Index("embedded", 9))
    with pytest.raises(Conflict):
        lock_shortlist(editor, made.reference, 3, Index("embedded", 9))
    with pytest.raises(Invalid) as refusal:
        unlock_shortlist(editor, made.reference, 3, " ")
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [("/reason", "required")]
    unlock_shortlist(editor, made.reference, 3, "A mistake.")
    assert Event.objects.latest("position").changes == {"reason": "A mistake.", "snapshot": 1}
    with pytest.raises(Conflict):
        unlock_shortlist(editor, made.reference, 4, "A mistake.")
    remove_entry(editor, made.reference, 4, OAK)
    assert Snapshot.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("editor", True), ("approver", True), ("viewer", True), ("other buyer", False), ("partner", False),
        ("owner", False), ("nobody", False), ("integration", True), ("integration without scope", False),
    ],
)  # fmt: skip
def test_who_may_see_the_shortlist_may_verify_it(locked: Snapshot, who: str, sees: bool) -> None:
    actor = askers("shire", "borough", "ash", "shortlists:read")[who]
    reference = locked.shortlist.reference
    if sees:
        assert verify_snapshot(actor, reference).valid
        assert snapshot_of(actor, reference, 1) == locked
        with pytest.raises(NotFound):
            snapshot_of(actor, reference, 2)
    else:
        for look in (verify_snapshot, snapshot_of):
            with pytest.raises(NotFound):
                look(actor, reference)


def test_locking_takes_as_many_queries_for_many_entries_as_for_one(
    editor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for listings in ((OAK,), (OAK, ASH, "wr1~oak~elm")):
        made = create_shortlist(editor, ShortlistDraft("Evaluators", listings=listings))
        with django_assert_num_queries(22):
            lock_shortlist(editor, made.reference, 1, Index("embedded", 9))
