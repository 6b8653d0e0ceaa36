"""The evidence pack: of the snapshot alone, in three formats that say the same, for those who may see the shortlist."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from procurement.actions.evidence import evidence_file, make_evidence, start_evidence
from procurement.actions.matches import Run, keep_match
from procurement.actions.operations import cancel, visible
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.running import run
from procurement.actions.shortlist_entries import decide_entry
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.canonical import digest_of_text
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from procurement.evidence.content import Pack, Source, Table, pack_of, told
from procurement.evidence.paper import MOST_ROWS, SURE, paper
from procurement.evidence.workbook import LONGEST_CELL, guarded, workbook
from procurement.models import Event, Operation, Snapshot
from procurement.permissions import SYSTEM, Actor
from procurement.requirements import RequirementContent
from procurement.snapshots import Index
from tests.guards import unguarded
from tests.world import askers, editor_of, make_buyers, make_world, publish_rates

pytestmark = pytest.mark.django_db

ASH, OAK, YEW = "wr1~oak~ash", "wr1~oak~oak", "wr1~yew~yew"
NEED = RequirementContent.from_json({"text": "=SUM(A1) *bold* #panic()", "framework": "wr1", "lot": "wr1~1"})
ANSWER = {
    "results": [
        {
            "reference": ASH,
            "rank": 1,
            "score": 0.875,
            "text": {"terms": [{"word": "evaluation", "adds": 0.1}]},
        }
    ],
    "ruled_out": [{"reference": YEW, "rules": [{"rule": "must_have"}]}],
}


@pytest.fixture(scope="module")
def editor_of_module(module_database: None) -> Actor:
    make_world()
    make_buyers("shire", "borough")
    return editor_of("shire", "administrator")


@pytest.fixture
def editor(editor_of_module: Actor, db: None, settings: Any, tmp_path: Path) -> Actor:
    settings.CALLOFF_DATA = tmp_path
    return editor_of_module


@pytest.fixture
def locked(editor: Actor) -> Snapshot:
    match = keep_match(
        editor, None, NEED, ANSWER, Run("2026.1", "model-a", "embedded", 7, 3, date(2026, 3, 1))
    )
    made = create_shortlist(editor, ShortlistDraft("Evaluators", match=match.reference, listings=(OAK,)))
    decide_entry(editor, made.reference, 1, ASH, "out", "@other reasons: 中 and 😀")
    return lock_shortlist(editor, made.reference, 2, Index("embedded", 9))


def made(actor: Actor, snapshot: Snapshot, form: str) -> tuple[Operation, bytes]:
    """A finished operation and the file that it has made."""
    begun = start_evidence(actor, snapshot.shortlist.reference, form)
    assert run(begun.reference)
    begun.refresh_from_db()
    assert begun.status == "succeeded", begun.problem
    return begun, evidence_file(actor, snapshot.shortlist.reference, begun.reference).path.read_bytes()


def sheet(book: Workbook, name: str) -> list[tuple[Any, ...]]:
    return list(book[name].iter_rows(values_only=True))


def test_it_is_queued_followed_and_kept_by_its_digest(locked: Snapshot, editor: Actor) -> None:
    reference = locked.shortlist.reference
    begun = start_evidence(editor, reference, "json")
    event = Event.objects.latest("position")
    assert (event.type, event.references, event.changes) == (
        "operation.queued", {"shortlist": reference}, {"kind": "evidence_pack"},
    )  # fmt: skip
    assert (begun.status, begun.organisation) == ("queued", locked.shortlist.organisation)
    with pytest.raises(Conflict, match="queued"):
        evidence_file(editor, reference, begun.reference)
    run(begun.reference)
    begun.refresh_from_db()
    assert (begun.status, begun.done, begun.total) == ("succeeded", 3, 3)
    file = evidence_file(editor, reference, begun.reference)
    content = file.path.read_bytes()
    assert begun.result == {
        "shortlist": reference, "snapshot": 1, "snapshot_digest": locked.digest, "format": "json",
        "sha256": hashlib.sha256(content).hexdigest(), "size": len(content),
    }  # fmt: skip
    assert (file.name, file.digest) == (f"{reference}-snapshot-1.json", begun.result["sha256"])


def test_as_json_it_holds_the_document_and_is_the_same_bytes_again(locked: Snapshot, editor: Actor) -> None:
    _, first = made(editor, locked, "json")
    publish_profiles(SYSTEM, [ProfileDraft("ash", {"summary": "Now something else."})])
    publish_rates("oak", "wr1", {"wr1~1~G1": 30_000})
    _, again = made(editor, locked, "json")
    assert again == first
    held = json.loads(first)
    assert held["document"] == json.loads(locked.document)
    assert (held["audit"]["digest"], held["audit"]["locked_by"]) == (locked.digest, editor.reference)
    assert held["audit"]["rate_cards"] == ["wr1~oak version 1"]


def test_as_a_workbook_it_begins_with_the_audit_and_no_cell_is_a_formula(
    locked: Snapshot, editor: Actor
) -> None:
    _, content = made(editor, locked, "xlsx")
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == [
        "Audit", "What was asked", "Ranking", "Ruled out", "Entries", "Profiles", "Offerings", "Rate cards",
        "Rates", "Frameworks and lots",
    ]  # fmt: skip
    audit = {row[0]: row[1] for row in sheet(book, "Audit")}
    assert (audit["Digest"], audit["Locked by"], audit["Ranking"], audit["Model digest"]) == (
        locked.digest, editor.reference, "2026.1", "model-a",
    )  # fmt: skip
    assert audit["Profiles"] == "ash version 1\noak version 1"
    asked = {row[0]: row[1] for row in sheet(book, "What was asked")}
    assert asked["Text"] == "'=SUM(A1) *bold* #panic()"
    entries = sheet(book, "Entries")
    assert entries[1][:6] == (ASH, "1", "Ash Research", "Oak Consortium", "out", "'@other reasons: 中 and 😀")
    assert [row[3] for row in sheet(book, "Rates")[1:4]] == [
        "400.00 GBP a day",
        "650.50 GBP a day",
        "900.00 GBP a day",
    ]
    assert sheet(book, "Ruled out")[1] == (YEW, "rule: must_have")
    assert {cell.data_type for one in book for row in one.iter_rows() for cell in row} <= {"s", "n"}
    assert {
        cell.value for one in book for row in one.iter_rows() for cell in row if cell.data_type == "n"
    } == {None}
    publish_profiles(SYSTEM, [ProfileDraft("ash", {"summary": "Now something else."})])
    _, again = made(editor, locked, "xlsx")
    other = load_workbook(io.BytesIO(again))
    assert [sheet(book, name) for name in book.sheetnames] == [
        sheet(other, name) for name in other.sheetnames
    ]


def test_what_a_search_found_is_told_and_was_not_in_the_first_format(locked: Snapshot, editor: Actor) -> None:
    found = {
        "on": "2026-03-01", "engine": "embedded", "generation": 7, "seed": 3, "count": 1250,
        "results": [{"listing": ASH, "score": 1.5}, {"listing": OAK, "score": 0.25}],
    }  # fmt: skip
    begun = create_shortlist(editor, ShortlistDraft("Searched", listings=(OAK,), query="q=x", found=found))
    snapshot = lock_shortlist(editor, begun.reference, 1, Index("embedded", 9))
    pack = pack_of(Source(json.loads(snapshot.document), snapshot.digest))
    (table,) = [one for one in pack.tables if one.title == "Found by the search"]
    assert table.rows == (("1", ASH, "1.5"), ("2", OAK, "0.25"))
    assert table.note.startswith("On 2026-03-01 the search found 1,250 listings")
    first = json.loads(locked.document)
    del first["found"]
    first["format"] = 1
    titles = [one.title for one in pack_of(Source(first, locked.digest)).tables]
    assert "Found by the search" not in titles
    assert titles[:3] == ["Audit", "What was asked", "Ranking"]


def test_on_paper_it_is_tagged_and_takes_no_text_for_markup(locked: Snapshot, editor: Actor) -> None:
    _, content = made(editor, locked, "pdf")
    assert content.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in content
    assert b"/MarkInfo" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert b"/Lang" in content
    _, again = made(editor, locked, "pdf")
    assert again == content


def test_whatever_people_write_can_be_put_on_paper() -> None:
    everything = "".join(chr(code) for code in range(0x20, 0x2200) if not SURE.match(chr(code)))
    for words in (
        everything,
        "中文 😀 \U0010ffff",
        "a" * 5_000,
        "\n\n",
        "\u202e\u0301",
        '#import "x"',
        "\\u{0}",
    ):
        pack = Pack("Words", "2026-03-01T10:00:00+00:00", (Table("One", ("A", "B"), ((words, words),)),))
        assert paper(pack).startswith(b"%PDF")


def test_long_tables_are_cut_on_paper_and_long_cells_in_a_workbook() -> None:
    rows = tuple((f"row {number}", "x") for number in range(MOST_ROWS + 1))
    assert paper(Pack("Long", "2026-03-01T10:00:00+00:00", (Table("One", ("A", "B"), rows),)))
    assert len(guarded("a" * 40_000)) == LONGEST_CELL
    book = workbook(
        Pack("Long", "2026-03-01T10:00:00+00:00", (Table("One", ("A",), (("a\x00b" * 20_000,),)),))
    )
    assert load_workbook(io.BytesIO(book))["One"]["A2"].value.startswith("a\N{REPLACEMENT CHARACTER}b")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_looks_like_a_formula_is_text(start: str) -> None:
    assert guarded(f"{start}1+1") == f"'{start}1+1"


def test_values_are_told_in_words() -> None:
    assert told({"a": [1, None], "b": True, "c": {"d": "e"}}) == "a: 1\n; b: yes; c: d: e"


def test_a_listing_that_was_gone_when_it_was_locked_is_told_all_the_same(editor: Actor) -> None:
    answer = {"results": [{"reference": "wr1~oak~nobody", "rank": 1, "score": 1}]}
    match = keep_match(editor, None, NEED, answer, Run("1", "", "embedded", 1, 1, date(2026, 3, 1)))
    made_ = create_shortlist(editor, ShortlistDraft("Gone", match=match.reference))
    snapshot = lock_shortlist(editor, made_.reference, 1, Index(None, None))
    tables = {
        table.title: table for table in pack_of(Source(json.loads(snapshot.document), snapshot.digest)).tables
    }
    assert tables["Entries"].rows[0][0] == "wr1~oak~nobody"
    assert tables["Profiles"].rows == ()
    for form in ("xlsx", "pdf"):
        made(editor, snapshot, form)


def test_an_altered_snapshot_is_no_evidence(locked: Snapshot, editor: Actor) -> None:
    begun = start_evidence(editor, locked.shortlist.reference, "pdf")
    text = locked.document.replace('"decision":"out"', '"decision":"in"')
    with unguarded():
        Snapshot.objects.filter(pk=locked.pk).update(document=text, digest=digest_of_text(text))
    run(begun.reference)
    begun.refresh_from_db()
    assert (begun.status, begun.result) == ("failed", None)
    assert begun.problem is not None
    assert begun.problem["code"] == "conflict"
    assert ("/entries", "altered") in [(one["pointer"], one["code"]) for one in begun.problem["errors"]]
    with pytest.raises(Conflict, match="failed"):
        evidence_file(editor, locked.shortlist.reference, begun.reference)


def refused(kind: type[Refused], act: Callable[[], object]) -> None:
    before = Operation.objects.count(), Event.objects.count()
    with pytest.raises(kind):
        act()
    assert (Operation.objects.count(), Event.objects.count()) == before


def test_only_a_locked_shortlist_has_evidence_and_in_known_formats(locked: Snapshot, editor: Actor) -> None:
    reference = locked.shortlist.reference
    for form in ("docx", "", None, 5):
        refused(Invalid, lambda one=form: start_evidence(editor, reference, one))
    unlock_shortlist(editor, reference, 3, "A mistake.")
    refused(Conflict, lambda: start_evidence(editor, reference, "pdf"))


def test_a_pack_is_of_its_own_snapshot_however_often_it_is_locked(locked: Snapshot, editor: Actor) -> None:
    reference = locked.shortlist.reference
    begun = start_evidence(editor, reference, "json")
    unlock_shortlist(editor, reference, 3, "A mistake.")
    second = lock_shortlist(editor, reference, 4, Index("embedded", 9))
    run(begun.reference)
    begun.refresh_from_db()
    assert begun.result is not None
    assert (begun.result["snapshot"], begun.result["snapshot_digest"]) == (1, locked.digest)
    assert made(editor, second, "json")[0].parameters["snapshot"] == 2


def test_it_may_be_cancelled_before_it_is_made_and_a_lost_file_is_told(
    locked: Snapshot, editor: Actor
) -> None:
    reference = locked.shortlist.reference
    begun = start_evidence(editor, reference, "json")
    cancel(editor, begun.reference)
    assert run(begun.reference) is False
    done, _ = made(editor, locked, "json")
    evidence_file(editor, reference, done.reference).path.unlink()
    with pytest.raises(NotFound, match="no longer kept"):
        evidence_file(editor, reference, done.reference)
    other = create_shortlist(editor, ShortlistDraft("Other"))
    with pytest.raises(NotFound):
        evidence_file(editor, other.reference, done.reference)


def test_progress_is_told_in_steps(locked: Snapshot) -> None:
    steps: list[tuple[int, int]] = []
    parameters = {"shortlist": locked.shortlist.reference, "snapshot": 1, "format": "json"}
    make_evidence(parameters, lambda done, total: steps.append((done, total)))
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("editor", None), ("approver", None), ("viewer", None), ("other buyer", NotFound), ("partner", NotFound),
        ("owner", NotFound), ("nobody", NotFound), ("integration", None), ("integration without scope", NotFound),
    ],
)  # fmt: skip
def test_who_may_see_the_shortlist_may_have_its_evidence(
    locked: Snapshot, editor: Actor, who: str, refusal: type[Refused] | None
) -> None:
    actor = askers("shire", "borough", "ash", "shortlists:write")[who]
    done, content = made(editor, locked, "json")
    reference = locked.shortlist.reference
    if refusal is None:
        assert evidence_file(actor, reference, done.reference).path.read_bytes() == content
        begun = start_evidence(actor, reference, "json")
        assert begun in visible(actor)
    else:
        refused(refusal, lambda: start_evidence(actor, reference, "json"))
        with pytest.raises(refusal):
            evidence_file(actor, reference, done.reference)


def test_a_reading_integration_has_packs_but_asks_for_none(locked: Snapshot, editor: Actor) -> None:
    reader = askers("shire", "borough", "ash", "shortlists:read")["integration"]
    done, content = made(editor, locked, "json")
    reference = locked.shortlist.reference
    assert evidence_file(reader, reference, done.reference).path.read_bytes() == content
    refused(NotPermitted, lambda: start_evidence(reader, reference, "json"))
