"""Rebuild and drift check: verified before the swap, live updates kept, the way back, what differs found
and repaired.
"""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from procurement.actions.profiles import update_profile
from procurement.models import Offering, Partner, RateCard, RateLine
from procurement.permissions import SYSTEM
from search import rebuild as rebuilding
from search.drift import drift, repair
from search.engines.base import EngineUnavailable, Writer
from search.following import follow_index, follow_rebuild
from search.index import engine, rebuild_because, release_writer
from search.models import IndexRequest, IndexRun
from search.rate_documents import rate_documents
from search.rebuild import rebuild, request_after_restore, request_rebuild, serve_requests
from search.sync import drain, stamp
from tests.guards import unguarded
from tests.search.indexed import keys, listing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_engine")]


def edit(text: str, reference: str = "yew") -> None:
    update_profile(SYSTEM, reference, Partner.objects.get(reference=reference).revision, {"summary": text})


def test_a_missing_index_is_noticed_and_built_by_itself(
    index_folder: Path, world_of_module: None, db: None
) -> None:
    assert set(rebuild_because()) == {"listings", "rates"}
    edit("It waits for an index.")
    with engine().writer() as writer:
        with pytest.raises(EngineUnavailable):
            drain(writer)
        assert serve_requests(writer) is True
        assert serve_requests(writer) is False
    assert len(keys()) == 6
    assert not IndexRequest.objects.exists()


def test_a_rebuild_tells_counts_and_how_many_were_compared(writer: Writer) -> None:
    run = rebuild(writer)
    assert run.status == "succeeded"
    assert run.detail == {"documents": {"listings": 6, "rates": 1}, "sampled": 6}
    assert run.done == run.total == 5


def test_progress_reaches_its_end(writer: Writer) -> None:
    seen: list[tuple[int, int]] = []
    rebuild(writer, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 5)
    assert seen[-1] == (5, 5)


def test_a_change_between_two_batches_is_in_the_old_index_at_once_and_in_the_new_one(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "PARTNERS_AT_ONCE", 1)
    told: list[str] = []

    def change(done: int, _total: int) -> None:
        if told:
            assert listing("wr1~yew~yew")["summary"] == told[-1]
        told.append(f"after {done}")
        edit(told[-1])

    rebuild(writer, progress=change)
    drain(writer)
    assert listing("wr1~yew~yew")["summary"] == told[-1]
    assert drift().count == 0


def test_a_listing_that_disappears_during_a_rebuild_is_not_in_the_new_index(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "PARTNERS_AT_ONCE", 1)

    def suspend(done: int, _total: int) -> None:
        if done == 2:
            Partner.objects.filter(reference="oak").update(suspended=True)
            IndexRequest.objects.create(kind="partner", reference="oak")

    run = rebuild(writer, progress=suspend)
    assert run.detail["documents"]["listings"] == 4
    assert "wr1~oak~oak" not in keys()


def test_an_index_that_does_not_verify_is_not_swapped_in(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = engine().state("listings").generation
    edit("only in the database")
    drain(writer)
    monkeypatch.setattr(rebuilding._Filling, "expected", lambda *_: 99)
    with pytest.raises(ValueError, match="holds 6 listings, not 99"):
        rebuild(writer)
    assert listing("wr1~yew~yew")["summary"] == "only in the database"
    assert engine().state("listings").generation == before + 1
    assert IndexRun.objects.filter(kind="rebuild").latest("pk").status == "failed"


def test_a_failed_first_build_gives_back_what_it_had_claimed(
    index_folder: Path, world_of_module: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = IndexRequest.objects.count()
    monkeypatch.setattr(rebuilding._Filling, "expected", lambda *_: 99)
    with engine().writer() as writer, pytest.raises(ValueError, match="not 99"):
        rebuild(writer)
    assert IndexRequest.objects.filter(claim="").count() == waiting


def test_two_requests_for_a_rebuild_are_one(writer: Writer) -> None:
    first, second = request_rebuild(), request_rebuild()
    assert first.pk == second.pk
    assert serve_requests(writer) is True
    first.refresh_from_db()
    assert (first.status, first.detail["documents"]["listings"]) == ("succeeded", 6)


def test_a_database_brought_back_from_a_back_up_has_its_index_built_again(writer: Writer) -> None:
    edit("It is in the back-up.")
    drain(writer)
    assert request_after_restore() is False
    writer.heartbeat(engine().freshness("listings").position + 3, True)
    assert request_after_restore() is True
    assert IndexRun.objects.get(kind="rebuild", status="requested").detail == {}
    assert serve_requests(writer) is True
    drain(writer)
    assert request_after_restore() is False


def test_a_run_whose_process_died_is_closed_by_the_next(writer: Writer) -> None:
    dead = IndexRun.objects.create(kind="rebuild", status="running")
    assert serve_requests(writer) is True
    dead.refresh_from_db()
    assert dead.status == "failed"
    assert serve_requests(writer) is False


def test_the_way_back_is_the_index_before(writer: Writer) -> None:
    rebuild(writer)
    edit("after the second build")
    drain(writer)
    release_writer()
    call_command("rebuild_index", rollback=True, stdout=StringIO())
    assert listing("wr1~yew~yew")["summary"] == "Yew Digital helps public bodies with what they do."
    call_command("check_index", repair=True, stdout=StringIO())
    assert listing("wr1~yew~yew")["summary"] == "after the second build"


def test_without_an_earlier_index_there_is_no_way_back(writer: Writer) -> None:
    release_writer()
    with pytest.raises(CommandError) as refused:
        call_command("rebuild_index", rollback=True, stdout=StringIO())
    assert str(refused.value) == (
        "Nothing was changed: listings: there is no earlier index to go back to; "
        "rate cards: there is no earlier index to go back to."
    )


def test_listings_go_back_where_rates_have_no_earlier_index_and_both_are_told(writer: Writer) -> None:
    edit("only in the first index")
    drain(writer)
    rebuild(writer, ["listings"])
    edit("after the second build")
    drain(writer)
    release_writer()
    out = StringIO()
    call_command("rebuild_index", rollback=True, stdout=out)
    assert out.getvalue().splitlines() == [
        "Of listings the index before the last rebuild is in use; run check_index --repair to bring it up to date.",
        "Nothing else was changed: rate cards: there is no earlier index to go back to.",
    ]
    assert listing("wr1~yew~yew")["summary"] == "only in the first index"
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 3)]


def test_drift_is_found_by_kind_and_repaired(writer: Writer) -> None:
    assert drift().count == 0
    Partner.objects.filter(reference="ash").update(suspended=True)
    Offering.objects.filter(partner__reference="yew", specialism__isnull=False).update(regions=["TLD"])
    with unguarded():
        RateLine.objects.filter(price_minor=90_000).delete()
    found = drift()
    assert sorted(found.orphaned) == ["wr0~oak~ash", "wr1~oak~ash"]
    assert sorted(found.different) == ["wr1~oak~elm", "wr1~oak~oak", "wr1~yew~yew"]
    assert found.cards == ["wr1~oak"]
    Partner.objects.filter(reference="ash").update(suspended=False)
    writer.apply("listings", [], [("wr1~yew~yew", stamp().pk)])
    again = drift()
    assert (again.missing, again.orphaned) == (["wr1~yew~yew"], [])
    repair(again)
    drain(writer)
    assert drift().count == 0


def test_a_price_that_is_not_the_published_one_is_drift_though_the_card_has_as_many_lines(
    writer: Writer,
) -> None:
    (card,) = RateCard.objects.filter(reference="wr1~oak").values_list("pk", flat=True)
    (stale,) = rate_documents([card], stamp().pk)
    first, *rest = stale["lines"]
    cheaper: Any = {**first, "price_minor": 1, "stored": {**first["stored"], "amount": "0.01"}}
    writer.apply("rates", [{**stale, "lines": [cheaper, *rest]}])
    found = drift()
    assert found.cards == ["wr1~oak"]
    repair(found)
    drain(writer)
    assert drift().count == 0


def test_what_waits_in_the_outbox_is_no_drift(writer: Writer) -> None:
    edit("not yet indexed")
    assert drift().count == 0


def test_check_index_says_what_differs_and_fails(writer: Writer) -> None:
    Partner.objects.filter(reference="yew").update(suspended=True)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_index", stdout=out)
    assert ended.value.code == 1
    assert "only in the index: wr1~yew~yew" in out.getvalue()
    release_writer()
    out = StringIO()
    call_command("check_index", repair=True, json=True, stdout=out)
    assert json.loads(out.getvalue())["repaired"] == 1


def test_check_index_without_an_index_says_what_to_do(index_folder: Path, db: None) -> None:
    with pytest.raises(CommandError, match="rebuild_index"):
        call_command("check_index", stdout=StringIO())


def test_a_command_without_a_worker_writes_itself(writer: Writer) -> None:
    release_writer()
    edit("by a command")
    assert follow_index(lambda _done, _total: None) is True
    assert listing("wr1~yew~yew")["summary"] == "by a command"
    assert follow_rebuild(lambda _done, _total: None).detail["documents"]["listings"] == 6


def test_one_bad_row_rests_and_does_not_hold_up_the_others(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner: Any = Partner.objects.select_related("published").get(reference="ash")
    studies = partner.published.case_studies
    with unguarded():
        type(partner.published).objects.filter(pk=partner.published.pk).update(
            case_studies=[{"broken": True}]
        )
    for reference in ("ash", "yew"):
        IndexRequest.objects.create(kind="partner", reference=reference)
    drain(writer)
    assert IndexRequest.objects.filter(failures=1).count() == 2
    IndexRequest.objects.update(not_before=None)
    drain(writer)
    left = IndexRequest.objects.get()
    assert (left.reference, left.failures) == ("ash", 2)
    with unguarded():
        type(partner.published).objects.filter(pk=partner.published.pk).update(case_studies=studies)
    IndexRequest.objects.update(not_before=None)
    drain(writer)
    assert not IndexRequest.objects.exists()
