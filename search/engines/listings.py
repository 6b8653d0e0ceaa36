"""Answering questions over the listings from the embedded index: opens the current generation and asks it.

A reader in any process looks at CURRENT (one stat) before each question and moves to a new generation when there is one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from search.engines.base import EngineUnavailable, IndexState
from search.engines.columns import current_mark, read_current
from search.engines.listings_view import ListingsView, StaleManifest, current_generation
from search.fields import MAPPING
from search.query import Suggestion, SuggestionQuery

_ATTEMPTS = 20


class ListingsReader:
    """The listings' half of the engine, for reading."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark: tuple[int, int] | None = None
        self._view: ListingsView | None = None
        self._lock = threading.Lock()

    def view(self) -> ListingsView:
        """The current generation. Raises EngineUnavailable if there is none or it is damaged."""
        mark = current_mark(self._folder)
        view = self._view
        if view is not None and mark == self._mark:
            return view
        with self._lock:
            if self._view is None or mark != self._mark:
                self._view = self._open(self._view)
                self._mark = mark
            return self._view

    def _open(self, before: ListingsView | None) -> ListingsView:
        # Files of a generation go three generations later: a reader overtaken by several commits looks again.
        for attempt in range(_ATTEMPTS):
            current = read_current(self._folder)
            if current is None:
                raise EngineUnavailable("there is no listings index yet")
            directory = self._folder / current.directory
            try:
                return ListingsView(directory, current_generation(directory, current.generation), before)
            except StaleManifest:
                continue
            except EngineUnavailable:
                if attempt == _ATTEMPTS - 1 or read_current(self._folder) == current:
                    raise
        raise EngineUnavailable("the listings index changes faster than it can be opened")

    def listing(self, reference: str) -> bytes | None:
        """See Engine.listing."""
        view = self.view()
        slot = view.slot_of(reference)
        return None if slot is None else view.record(slot).stored()

    def keys(self) -> Iterator[tuple[str, int]]:
        """See Engine.listing_keys."""
        view = self.view()
        versions = view.columns.array("version")
        for slot in view.everything.tolist():
            yield view.keys[slot], int(versions[slot])

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        """See Engine.suggest."""
        return self.view().suggestions.find(query)

    def state(self) -> IndexState:
        """See Engine.state."""
        try:
            view = self.view()
        except EngineUnavailable as error:
            return IndexState("listings", 0, 0, MAPPING, str(error))
        return IndexState("listings", view.generation, len(view.everything), MAPPING, None)
