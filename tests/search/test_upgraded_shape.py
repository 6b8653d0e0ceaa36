"""An upgrade to another shape of the index, while the index worker of the version before still runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from search.engines.base import EngineUnavailable, Writer
from search.engines.elasticsearch.indices import Standing
from search.index import borrowed_writer, rebuild_because
from search.models import IndexRun
from search.rebuild import rebuild, serve_requests
from tests.search.engines import ElasticsearchIndexing
from tests.search.indexed import keys
from tools.prepare import build_index

pytestmark = [pytest.mark.elasticsearch, pytest.mark.django_db]

OLDER = "0123456789"
ANOTHERS = "the earlier index is of another version of Calloff; with that one, go back to it"
OTHER = "the listings index is of another mapping"


@pytest.fixture
def older(at_node: ElasticsearchIndexing, world_of_module: None, db: None) -> Iterator[Writer]:
    """The writer of a worker whose version knows another shape of the listings, and has built its index."""
    engine = at_node.again()
    shape = engine._listings.indices.shape
    engine._listings.indices.shape = replace(shape, mapping=OLDER)
    with engine.writer() as held:
        rebuild(held)
        yield held


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """What another process does each time that a command waits for it."""

    def does(what: Callable[[], Any]) -> None:
        monkeypatch.setattr(time, "sleep", lambda _seconds: what())

    return does


def test_prepare_leaves_the_worker_before_alone_and_what_it_would_go_back_to(
    older: Writer, at_node: ElasticsearchIndexing, capsys: pytest.CaptureFixture[str]
) -> None:
    before, runs = standing(at_node), IndexRun.objects.count()
    build_index()
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"Searches of this version will answer 503 until the index is built (listings, {OTHER}): the index worker that "
        "runs holds it, and the one that takes its place begins with that.\n"
    )
    assert (standing(at_node), IndexRun.objects.count(), rebuild_because()) == (
        before,
        runs,
        {"listings": OTHER},
    )
    with pytest.raises(EngineUnavailable, match=OTHER):
        keys()
    older.close()
    with borrowed_writer() as writer:
        assert serve_requests(writer) is True
    assert (rebuild_because(), len(keys())) == ({}, 6)


def test_a_command_that_the_worker_before_answers_says_that_it_has_built_its_own(
    older: Writer, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    meanwhile(lambda: serve_requests(older))
    with pytest.raises(CommandError, match=f"holds the index and has built it as its own: {OTHER}"):
        call_command("rebuild_index")
    assert rebuild_because() == {"listings": OTHER}


def test_a_command_builds_the_index_itself_once_the_worker_before_has_gone(
    older: Writer, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    def builds_its_own_and_ends() -> None:
        serve_requests(older)
        older.close()

    meanwhile(builds_its_own_and_ends)
    told = StringIO()
    call_command("rebuild_index", stdout=told)
    assert "The index is new: 6 listings, 1 rate cards" in told.getvalue()
    assert (rebuild_because(), len(keys())) == ({}, 6)


def test_only_the_version_that_built_the_earlier_index_goes_back_to_it(
    older: Writer, at_node: ElasticsearchIndexing
) -> None:
    older.close()
    with borrowed_writer() as writer:
        rebuild(writer)
    before = standing(at_node)
    told = StringIO()
    call_command("rebuild_index", rollback=True, stdout=told)
    back, stay = told.getvalue().splitlines()
    assert back.startswith("Of rate cards the index before the last rebuild is in use; ")
    assert stay == f"Nothing else was changed: listings: {ANOTHERS}."
    assert (standing(at_node), rebuild_because(), len(keys())) == (before, {}, 6)
    engine = at_node.again()
    engine._listings.indices.shape = replace(engine._listings.indices.shape, mapping=OLDER)
    with engine.writer() as again:
        again.rollback("listings")
    assert (standing(at_node).current, standing(at_node).previous) == (before.previous, before.current)
    assert (engine.state("listings").documents, engine.state("listings").rebuild_because) == (6, None)
    assert rebuild_because() == {"listings": OTHER}


def standing(node: ElasticsearchIndexing) -> Standing:
    """Which index of the listings has which role."""
    return node.again()._listings.indices.standing()
