"""What a buyer has kept outlives whatever answered it: another engine, a new index, another model of meaning."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from procurement.actions.matches import Run, keep_match
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist, verify_snapshot
from procurement.models import Match, Snapshot
from procurement.permissions import Actor
from procurement.requirements import RequirementContent
from search import meaning
from search.engines.elasticsearch.client import Client
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.index import engine
from search.matching import MatchOptions, match
from search.meaning import WordVectors, package_files
from search.relied_on import index_now
from tests.world import editor_of, make_buyers, make_world

pytestmark = pytest.mark.django_db

NEED = RequirementContent.from_json({"text": "What public bodies achieved", "framework": "wr1"})


@pytest.fixture
def editor(index_folder: Path) -> Actor:
    make_world()
    make_buyers("shire")
    call_command("rebuild_index", verbosity=0)
    return editor_of("shire", "administrator")


@pytest.fixture
def service(search_node: str) -> Iterator[dict[str, str]]:
    """The settings of a search service of this test's own."""
    prefix = f"test-{secrets.token_hex(4)}-"
    yield {"SEARCH_URL": search_node, "SEARCH_PREFIX": prefix}
    client = Client(Connection(hosts_of(search_node), prefix=prefix))
    for name in client.call("GET", f"/{prefix}*/_alias"):
        client.call("DELETE", f"/{name}")
    client.close()


def asked(actor: Actor) -> Match:
    found = match(NEED, MatchOptions(timezone.localdate(), seed=0), engine())
    run = Run(found.ranking, found.model, engine().name, found.generation, found.seed, timezone.localdate())
    return keep_match(actor, None, NEED, found.answer, run)


def locked(actor: Actor, kept: Match) -> Snapshot:
    made = create_shortlist(actor, ShortlistDraft("Evaluators", match=kept.reference))
    return lock_shortlist(actor, made.reference, 1, index_now())


def assert_as_it_was(actor: Actor, kept: Match, snapshot: Snapshot) -> None:
    again, row = Snapshot.objects.get(pk=snapshot.pk), Match.objects.get(pk=kept.pk)
    assert (again.document, again.digest) == (snapshot.document, snapshot.digest)
    assert (row.answer, row.digest, row.engine, row.model_digest) == (
        kept.answer, kept.digest, kept.engine, kept.model_digest,
    )  # fmt: skip
    assert verify_snapshot(actor, snapshot.shortlist.reference).valid


@pytest.mark.elasticsearch
def test_the_other_engine_answers_alike_and_what_was_locked_verifies(
    editor: Actor, service: dict[str, str], settings: Any
) -> None:
    first = asked(editor)
    assert first.engine == "embedded"
    assert len(first.answer["results"]) > 1
    snapshot = locked(editor, first)
    for name, value in service.items():
        setattr(settings, name, value)
    call_command("rebuild_index", verbosity=0)
    second = asked(editor)
    assert second.engine == "elasticsearch"
    assert second.answer["results"] == first.answer["results"]
    assert_as_it_was(editor, first, snapshot)
    newer = locked(editor, second)
    settings.SEARCH_URL = ""
    assert asked(editor).engine == "embedded"
    assert_as_it_was(editor, first, snapshot)
    assert_as_it_was(editor, second, newer)


def test_another_model_names_itself_and_what_was_locked_verifies(
    editor: Actor, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(editor)
    snapshot = locked(editor, first)
    files, weights = package_files(), tmp_path / "other.npz"
    assert files is not None
    learned = dict(np.load(Path(meaning.__file__).with_name("meaning_weights.npz")))
    np.savez(weights, importance=learned["importance"][::-1], projection=learned["projection"])
    other = WordVectors(files, weights)
    monkeypatch.setattr(meaning, "_installed", lambda: other)
    assert asked(editor).model_digest == ""
    call_command("rebuild_index", verbosity=0)
    second = asked(editor)
    assert (second.model_digest, second.index_generation) == (
        other.digest,
        engine().freshness("listings").generation,
    )
    assert second.model_digest != first.model_digest
    assert [one["text"] for one in second.answer["results"]] != [
        one["text"] for one in first.answer["results"]
    ]
    settings.MEANING = False
    call_command("rebuild_index", verbosity=0)
    assert asked(editor).model_digest == ""
    assert_as_it_was(editor, first, snapshot)
