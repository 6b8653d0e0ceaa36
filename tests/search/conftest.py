"""An index of its own for each test that asks for one, over the small world of tests/world.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.test import override_settings

from search.engines.base import Writer
from search.index import borrowed_writer, kept_writer, release_writer
from search.rebuild import rebuild
from tests.search.engines import KINDS, ElasticsearchIndexing, EmbeddedIndexing, Indexing
from tests.world import make_world


@pytest.fixture(scope="module")
def over_node(search_node: str) -> Iterator[ElasticsearchIndexing]:
    """Makes engines over the node that this run's tests share."""
    made = ElasticsearchIndexing(search_node)
    yield made
    made.remove()


@pytest.fixture(scope="module", params=KINDS)
def indexing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Indexing:
    """Makes engines, of each kind in turn."""
    if request.param == "embedded":
        return EmbeddedIndexing(tmp_path_factory.mktemp("index"))
    over_node: Indexing = request.getfixturevalue("over_node")
    return over_node


@pytest.fixture(scope="module", params=KINDS)
def each_demonstration(request: pytest.FixtureRequest) -> Iterator[str]:
    """Searches, which read no database, meet the whole demonstration on each kind of engine in turn."""
    if request.param == "embedded":
        where = {"INDEX_FOLDER": request.getfixturevalue("demonstration_index")}
    else:
        where = request.getfixturevalue("demonstration_service")
    with override_settings(**where):
        yield request.param


@pytest.fixture
def at_node(over_node: ElasticsearchIndexing, settings: Any) -> ElasticsearchIndexing:
    """The settings name the node, and names there that are this test's own."""
    over_node.empty()
    settings.SEARCH_URL, settings.SEARCH_PREFIX = over_node.address, over_node.prefix
    return over_node


@pytest.fixture(params=KINDS)
def each_engine(request: pytest.FixtureRequest) -> str:
    """The settings name each kind of engine in turn, for tests that ask for it before a `writer`."""
    if request.param == "elasticsearch":
        request.getfixturevalue("at_node")
    return str(request.param)


@pytest.fixture
def index_folder(settings: Any, tmp_path: Path) -> Path:
    """Where this test's index lies."""
    settings.INDEX_FOLDER = tmp_path / "index"
    return tmp_path / "index"


@pytest.fixture(scope="module")
def world_of_module(module_database: None) -> None:
    """The world, made once for a module; each test undoes its own changes."""
    make_world()


@pytest.fixture(scope="module")
def index_of_module(world_of_module: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the world, built once for a module."""
    folder = tmp_path_factory.mktemp("built") / "index"
    with override_settings(INDEX_FOLDER=folder), borrowed_writer() as held:
        rebuild(held)
    return folder


@pytest.fixture
def writer(index_of_module: Path, db: None, index_folder: Path, settings: Any) -> Iterator[Writer]:
    """The writer of an index of its own: a copy of the one that was built over the world; a search service, which keeps
    no files of ours, builds its own.
    """
    if settings.SEARCH_URL:
        held = kept_writer()
        rebuild(held)
    else:
        copytree(index_of_module, index_folder)
        held = kept_writer()
    yield held
    release_writer()
