"""Commands that wait for another process to rebuild the index: they say for what, give up with its reason, and show how
far it has come.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone

from search import following
from search.drift import drift
from search.engines.base import Writer
from search.following import NobodyWorks, follow_index, follow_rebuild
from search.index import engine, rebuild_because, release_writer
from search.models import IndexRequest, IndexRun
from search.progress import RebuildShown
from search.rebuild import DIED, note_failure, rebuild, request_rebuild, serve_requests
from search.sync import close, drain
from search.tasks import index_sync
from tests.search.indexed import keys
from tests.world import publish_rates

pytestmark = [pytest.mark.django_db]

NOT_BEGUN = (
    "Another process holds the index, the index worker or a command. It has been asked for a rebuild and has not begun "
    "for 0 s; the index worker looks each minute what it is asked for."
)
NOTHING_LISTENS = "nothing listens at the search service's address (SEARCH_URL)"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits says so without waiting some seconds first."""
    monkeypatch.setattr(following, "SAYS_AFTER", 0.0)


def ignore(_done: int, _total: int) -> None:
    pass


def running() -> IndexRun:
    return IndexRun.objects.create(
        kind="rebuild", status="running", heartbeat_at=timezone.now(), done=2, total=5
    )


def test_it_is_said_what_is_waited_for_until_the_worker_has_done_it(writer: Writer, at_once: None) -> None:
    told: list[str] = []

    def work(text: str) -> None:
        told.append(text)
        index_sync()

    run = follow_rebuild(ignore, work)
    assert told == [NOT_BEGUN]
    assert (run.status, run.detail) == (
        "succeeded",
        {"documents": {"listings": 6, "rates": 1}, "sampled": 6},
    )


def test_a_worker_that_finds_the_service_away_is_no_longer_waited_for(writer: Writer, at_once: None) -> None:
    def fail(_text: str) -> None:
        with override_settings(SEARCH_URL="http://127.0.0.1:1"):
            index_sync()

    with pytest.raises(NobodyWorks) as told:
        follow_rebuild(ignore, fail)
    assert str(told.value) == (
        f"{NOTHING_LISTENS}. It stays asked for: the index worker tries again each minute."
    )
    assert [(run.kind, run.status) for run in IndexRun.objects.filter(status="requested")] == [
        ("rebuild", "requested")
    ]
    assert len(keys()) == 6


def test_a_worker_that_fails_in_another_way_is_no_longer_waited_for(writer: Writer, at_once: None) -> None:
    def fail(_text: str) -> None:
        with override_settings(SEARCH_URL="nonsense"), pytest.raises(ValueError, match="SEARCH_URL"):
            index_sync()

    with pytest.raises(
        NobodyWorks, match=r"^ValueError: SEARCH_URL .* the index worker tries again each minute\.$"
    ):
        follow_rebuild(ignore, fail)
    assert len(keys()) == 6


def test_why_an_earlier_try_failed_is_no_answer_to_who_asks_now(writer: Writer, at_once: None) -> None:
    earlier = request_rebuild()
    note_failure("long ago")
    earlier.refresh_from_db()
    assert earlier.detail == {"why": "long ago"}
    told: list[str] = []

    def work(text: str) -> None:
        told.append(text)
        index_sync()

    run = follow_rebuild(ignore, work)
    assert (run.pk, run.status, told) == (earlier.pk, "succeeded", [NOT_BEGUN])
    assert "why" not in run.detail


def test_a_rebuild_that_does_not_move_is_said_to_stand_still(writer: Writer, at_once: None) -> None:
    run, told, seen = running(), [], []

    def end(text: str) -> None:
        told.append(text)
        close(run, IndexRun.Status.FAILED, {"why": "somebody ended it"})

    with pytest.raises(ValueError, match="somebody ended it"):
        follow_rebuild(lambda done, total: seen.append((done, total)), end)
    assert told == ["The index worker has told nothing for 0 s, at 2 of 5."]
    assert set(seen) == {(2, 5)}


def test_half_an_hour_without_a_movement_is_enough(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    running()
    monkeypatch.setattr(following, "PATIENCE", timedelta(0))
    with pytest.raises(NobodyWorks, match="does not begin or end"):
        follow_rebuild(ignore)
    assert len(keys()) == 6


def test_who_follows_a_rebuild_whose_process_died_is_told_so(writer: Writer) -> None:
    dead = running()
    assert rebuild(writer).status == "succeeded"
    dead.refresh_from_db()
    assert (dead.status, dead.detail) == ("failed", {"error": "died", "why": DIED})


def test_without_a_terminal_each_collection_is_told_in_lines_with_rate_and_time_left() -> None:
    out, now = StringIO(), [0.0]
    with closing(RebuildShown({"listings": 1_000, "rates": 40}, out, lambda: now[0])) as shown:
        for seconds, done in ((0.0, 0), (5.0, 200), (10.0, 400), (12.0, 500), (20.0, 900), (25.0, 1_000)):
            now[0] = seconds
            shown.show(done, 1_040)
        for seconds, done in ((31.0, 1_010), (100.0, 1_011), (105.0, 1_040)):
            now[0] = seconds
            shown.show(done, 1_040)
    assert out.getvalue().splitlines() == [
        "listings: 400 of 1,000 partners, 40.0 a second, 15 s left",
        "listings: 900 of 1,000 partners, 45.0 a second, 2 s left",
        "rates: 10 of 40 rate cards, 1.7 a second, 18 s left",
        "rates: 11 of 40 rate cards, 0.1 a second, 3 min 18 s left",
    ]


def test_a_rebuild_that_is_quick_tells_no_line() -> None:
    out, now = StringIO(), [0.0]
    with closing(RebuildShown({"listings": 10, "rates": 4}, out, lambda: now[0])) as shown:
        for done in range(15):
            now[0] += 0.5
            shown.show(done, 14)
    assert out.getvalue() == ""


def test_on_a_terminal_each_collection_has_a_bar_with_rate_and_time_left() -> None:
    out = Terminal()
    with closing(RebuildShown({"listings": 10, "rates": 4}, out)) as shown:
        for done in (0, 5, 10, 12, 14):
            shown.show(done, 14)
        shown.say("Said beside it.")
    listings, rates = (
        [part for part in out.getvalue().replace("\n", "\r").split("\r") if part.startswith(name)][-1]
        for name in ("listings", "rates")
    )
    assert listings.startswith("listings: 100%")
    assert " 10/10 [" in listings
    assert rates.startswith("rates: 100%")
    assert " 4/4 [" in rates
    assert "partners/s]" in listings
    assert "rate cards/s]" in rates
    assert "Said beside it.\n" in out.getvalue()


@pytest.mark.parametrize("by", ["the worker", "a command"])
def test_a_card_that_waits_is_written_where_the_listings_alone_had_to_be_built(
    writer: Writer, index_folder: Path, by: str
) -> None:
    publish_rates("oak", "wr1", {"wr1~1~G1": 41_000, "wr1~1~G2": 66_000})
    (index_folder / "listings" / "CURRENT").unlink()
    assert set(rebuild_because()) == {"listings"}
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 3)]
    if by == "the worker":
        index_sync()
    else:
        release_writer()
        assert follow_index(ignore) is True
    assert rebuild_because() == {}
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 2)]
    assert not IndexRequest.objects.exists()
    assert drift().count == 0


def test_the_heartbeat_says_that_a_card_waits_until_it_is_written(writer: Writer, index_folder: Path) -> None:
    drain(writer)
    before = engine().freshness("rates").position
    publish_rates("oak", "wr1", {"wr1~1~G1": 41_000, "wr1~1~G2": 66_000})
    (index_folder / "listings" / "CURRENT").unlink()
    assert serve_requests(writer) is True
    assert engine().freshness("rates").position == before
    assert IndexRequest.objects.filter(claim="").count() == 1
    drain(writer)
    assert engine().freshness("rates").position > before
