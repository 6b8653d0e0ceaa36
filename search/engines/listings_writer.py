"""Writing the listings: live updates, rebuilds beside them, the swap and the way back. One process at a time
holds it.

The index worker calls `apply` with what search/sync.py read; while a rebuild is open the same updates go to
both indexes, so that the swap loses none of them.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from search.engines.base import EngineUnavailable, Label
from search.engines.columns import (
    ColumnFiles,
    Current,
    load_manifest,
    read_current,
    remove_directories,
    write_current,
)
from search.engines.listings_store import ListingsStore
from search.engines.listings_view import ListingsView, current_generation
from search.fields import MAPPING

_BATCH: Final = 500
"""Documents of a rebuild that are analysed together."""
_COMMIT_EVERY: Final = 50_000
"""Documents of a rebuild between two commits, to bound what is kept in memory."""


class ListingsWriter:
    """The listings' half of the engine's Writer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._store: ListingsStore | None = None
        self._rebuild: ListingsRebuild | None = None
        current = self._current()
        remove_directories(folder, (current.directory, current.previous) if current else ())

    def apply(self, puts: Iterable[Mapping[str, Any]], deletes: Iterable[tuple[str, int]] = ()) -> int:
        """See Writer.apply."""
        store = self._opened()
        documents, gone = list(puts), list(deletes)
        try:
            for target in [store] if self._rebuild is None else [store, self._rebuild.store]:
                target.put(documents)
                for key, version in gone:
                    target.delete(key, version)
            if store.commit():
                self._publish(store)
        except Exception:
            # Nobody knows how much of it is in memory: what comes next begins from what is published.
            self._close_store()
            raise
        return store.generation

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Writer.label."""
        told = list(labels)
        self._opened().label(facet, told)
        if self._rebuild is not None:
            self._rebuild.store.label(facet, told)

    def begin_rebuild(self) -> ListingsRebuild:
        """See Writer.begin_rebuild."""
        if self._rebuild is not None:
            self._rebuild.abandon()
        current = self._current()
        directory = self._folder / f"{MAPPING}-{time.time_ns():x}"
        # Generations grow from index to index, so that no two answers of different content bear the same
        # number.
        store = ListingsStore(directory, current.generation if current else 0, create=True)
        self._rebuild = ListingsRebuild(self, store)
        return self._rebuild

    def end_rebuild(self, rebuild: ListingsRebuild) -> bool:
        """Forgets a rebuild that is committed or abandoned; False if it had ended already."""
        if self._rebuild is not rebuild:
            return False
        self._rebuild = None
        return True

    def swap_in(self, store: ListingsStore) -> None:
        """Makes a rebuilt index the one in use and keeps the one before for a rollback."""
        current = self._current()
        self._close_store()
        self._store = store
        store.filled()
        previous = current.directory if current else None
        write_current(self._folder, Current(store.directory.name, store.generation, previous))
        remove_directories(self._folder, (store.directory.name, previous))

    def rollback(self) -> None:
        """See Writer.rollback."""
        current = self._current()
        if current is None or current.previous is None or not (self._folder / current.previous).is_dir():
            raise ValueError("there is no earlier index to go back to")
        earlier = self._folder / current.previous
        numbers = {int(path.stem.partition("-")[2]) for path in earlier.glob("manifest-*.json")}
        if not numbers:
            raise ValueError("the earlier index has no generation")
        # A commit that broke off may have left a manifest whose words tantivy never took in.
        newest = max(numbers)
        manifest = current_generation(earlier, newest - 1 if newest - 1 in numbers else newest)
        if manifest.mapping != MAPPING:
            raise ValueError("the earlier index is of another mapping")
        self._close_store()
        # Generations grow on the way back too: whoever remembers an answer by its number takes it for no other.
        generation = max(current.generation, newest) + 1
        ColumnFiles(earlier).renumber(manifest, generation)
        write_current(self._folder, Current(earlier.name, generation, current.directory))

    def close(self) -> None:
        """Throws an unfinished rebuild away and frees tantivy's lock."""
        if self._rebuild is not None:
            self._rebuild.abandon()
        self._close_store()

    def _opened(self) -> ListingsStore:
        if self._store is None:
            current = self._current()
            if current is None:
                raise EngineUnavailable("there is no listings index yet")
            directory = self._folder / current.directory
            # After a crash between tantivy's commit and CURRENT's swap this is one further than CURRENT says.
            manifest = current_generation(directory, current.generation)
            if manifest.mapping != MAPPING:
                raise EngineUnavailable("the listings index is of another mapping")
            self._store = ListingsStore(directory, manifest.generation)
            if manifest.generation != current.generation:
                self._publish(self._store)
        return self._store

    def _publish(self, store: ListingsStore) -> None:
        current = self._current()
        previous = current.previous if current else None
        write_current(self._folder, Current(store.directory.name, store.generation, previous))
        store.clean()

    def _current(self) -> Current | None:
        """What is in use. A damaged CURRENT counts as none: a rebuild makes a new one."""
        try:
            return read_current(self._folder)
        except EngineUnavailable:
            return None

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keeps Python from looking for cycles meanwhile: a batch makes many objects, which stay or go by
    themselves.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class ListingsRebuild:
    """The listings' half of the engine's Rebuild."""

    def __init__(self, writer: ListingsWriter, store: ListingsStore) -> None:
        self._writer = writer
        self.store = store
        self._uncommitted = 0

    def put(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """See Rebuild.put."""
        told = iter(documents)
        while batch := list(islice(told, _BATCH)):
            with _no_collections():
                self.store.put(batch)
            self._uncommitted += len(batch)
            if self._uncommitted >= _COMMIT_EVERY:
                self.store.commit()
                self._uncommitted = 0

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Rebuild.label."""
        self.store.label(facet, labels)

    def refused(self) -> Mapping[str, str]:
        """See Rebuild.refused: every listing can be held."""
        return {}

    def commit(
        self, expected: int | None = None, sample: Mapping[str, Mapping[str, Any]] | None = None
    ) -> int:
        """See Rebuild.commit."""
        with _no_collections():
            self.store.commit()
        try:
            view = ListingsView(
                self.store.directory, load_manifest(self.store.directory, self.store.generation)
            )
            found = view.verify(sample or {})
            if expected is not None and found != expected:
                raise ValueError(f"the new index holds {found} listings, not {expected}")
        except (ValueError, EngineUnavailable) as error:
            self.abandon()
            raise ValueError(str(error)) from error
        self._writer.end_rebuild(self)
        self._writer.swap_in(self.store)
        return found

    def abandon(self) -> None:
        """See Rebuild.abandon. Once the rebuild has ended, one way or the other, this does nothing."""
        if self._writer.end_rebuild(self):
            self.store.close()
            shutil.rmtree(self.store.directory, ignore_errors=True)
