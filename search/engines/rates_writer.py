"""Writing rate cards to the embedded index: what the index worker calls for the rates collection.

Many cards put in one `apply` are one new generation. A rebuild fills a directory beside the one in use and is
swapped in when it is whole; live updates meanwhile go to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import orjson

from search.engines.base import DocumentsRefused, EngineUnavailable, Label
from search.engines.columns import (
    Columns,
    Current,
    current_mark,
    load_manifest,
    read_current,
    remove_directories,
    write_current,
)
from search.engines.rates_base import CardDocument
from search.engines.rates_rows import MAPPING, RateRows
from search.engines.rates_view import RatesView
from search.ties import hashes_of


class RatesWriter:
    """The only writer of the rates collection in `folder`; the caller sees to it that there is one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._rows: RateRows | None = None
        self._mark: tuple[int, int] | None = None
        self._rebuild: RatesRebuild | None = None

    def apply(self, puts: Iterable[Mapping[str, Any]], deletes: Iterable[tuple[str, int]] = ()) -> int:
        """Replaces and removes cards in one visible step; returns the generation that shows it.

        An older version never overwrites or removes a newer one. Raises EngineUnavailable if there is no
        index yet, and DocumentsRefused, once all else is shown, for cards of which something does not fit.
        """
        current = read_current(self.folder)
        if current is None:
            raise EngineUnavailable("rates: there is no index yet; rebuild it")
        rows = self._live(current)
        targets = [rows] if self._rebuild is None else [rows, self._rebuild.rows]
        refused: dict[str, str] = {}
        try:
            for put in puts:
                for target in targets:
                    target.put(cast(CardDocument, put))
                if put["key"] in rows.refused:
                    refused[put["key"]] = rows.refused[put["key"]]
            for card, version in deletes:
                for target in targets:
                    target.delete(card, version)
            generation = self._publish(rows, current.generation + 1, current.directory, current.previous)
        except Exception:
            # Nobody knows how much of it is in memory: what comes next begins from what is published.
            self._forget()
            raise
        if refused:
            raise DocumentsRefused(refused)
        return generation

    def begin_rebuild(self) -> RatesRebuild:
        """Begins a new index beside the one in use; an unfinished earlier one is thrown away."""
        if self._rebuild is not None:
            self._rebuild.abandon()
        current = read_current(self.folder)
        remove_directories(self.folder, [current.directory, current.previous] if current else [])
        number = 1 + max((int(path.name[6:]) for path in self.folder.glob("rates-*")), default=0)
        self._rebuild = RatesRebuild(self, self.folder / f"rates-{number:06d}")
        return self._rebuild

    def finish_rebuild(
        self, rebuild: RatesRebuild, expected: int | None, sample: Mapping[str, Mapping[str, Any]]
    ) -> int:
        """Verifies and swaps the new index in; RatesRebuild.commit calls it."""
        current = read_current(self.folder)
        generation = current.generation + 1 if current else 1
        manifest = rebuild.rows.save(generation)
        directory = rebuild.rows.files.directory.name
        previous = current.directory if current else None
        swapped = Current(directory, generation, previous)
        try:
            view = RatesView(self.folder, swapped)
            if expected is not None and view.cards != (held := expected - len(rebuild.rows.refused)):
                raise ValueError(f"the new index holds {view.cards} rate cards, not {held}")
            for key, stored in sample.items():
                lines = view.lines(np.array(view.rows_of_keys([key], hashes_of([key])), np.int64))
                if orjson.dumps(stored) not in lines:
                    raise ValueError(f"the new index does not hold {key} as it should")
        except (ValueError, EngineUnavailable) as error:
            rebuild.abandon()
            raise ValueError(str(error)) from error
        self._rebuild = None
        write_current(self.folder, swapped)
        self._keep(rebuild.rows)
        remove_directories(self.folder, [directory, previous])
        return int(manifest.facts["cards"])

    def forget_rebuild(self, rebuild: RatesRebuild) -> None:
        """Stops writing to a rebuild that was given up; RatesRebuild.abandon calls it."""
        if self._rebuild is rebuild:
            self._rebuild = None

    def rollback(self) -> None:
        """Swaps the index that the last rebuild replaced back in. Raises ValueError if there is none."""
        current = read_current(self.folder)
        if current is None or current.previous is None:
            raise ValueError("there is no earlier index to go back to")
        directory = self.folder / current.previous
        numbers = [int(path.stem.partition("-")[2]) for path in directory.glob("manifest-*.json")]
        if not numbers:
            raise ValueError("the earlier index has no generation")
        manifest = load_manifest(directory, max(numbers))
        if manifest.mapping != MAPPING:
            raise ValueError("the earlier index is of another mapping")
        rows = RateRows.load(Columns(directory, manifest))
        self._publish(rows, max(current.generation, max(numbers)) + 1, current.previous, current.directory)

    def close(self) -> None:
        """Lets go of the files."""
        if self._rebuild is not None:
            self._rebuild.abandon()
        self._forget()

    def _forget(self) -> None:
        """Lets go of the rows in memory."""
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.blob.close()

    def _live(self, current: Current) -> RateRows:
        """The rows of the current generation, kept between calls."""
        if self._rows is None or current_mark(self.folder) != self._mark:
            directory = self.folder / current.directory
            manifest = load_manifest(directory, current.generation)
            if manifest.mapping != MAPPING:
                raise EngineUnavailable("rates: the index is of another mapping; rebuild it")
            return self._keep(RateRows.load(Columns(directory, manifest)))
        return self._rows

    def _keep(self, rows: RateRows) -> RateRows:
        """Makes these the rows of the current generation; lets go of the ones before."""
        if self._rows is not None and self._rows is not rows:
            self._rows.blob.close()
        self._rows, self._mark = rows, current_mark(self.folder)
        return rows

    def _publish(self, rows: RateRows, generation: int, directory: str, previous: str | None) -> int:
        rows.save(generation)
        write_current(self.folder, Current(directory, generation, previous))
        self._keep(rows)
        rows.files.clean(generation)
        return generation


class RatesRebuild:
    """A new rates index being filled. Put batches as they are read; commit writes it once."""

    def __init__(self, writer: RatesWriter, directory: Path) -> None:
        directory.mkdir(parents=True)
        self._writer = writer
        self.rows = RateRows(directory)

    def put(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Adds cards; one older than a live update that has already arrived changes nothing."""
        for document in documents:
            self.rows.put(cast(CardDocument, document))

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """Rates have no facets; nothing is kept."""

    def refused(self) -> Mapping[str, str]:
        """Cards of which something does not fit, with why."""
        return dict(self.rows.refused)

    def commit(
        self, expected: int | None = None, sample: Mapping[str, Mapping[str, Any]] | None = None
    ) -> int:
        """Swaps the new index in and returns how many cards have lines in it.

        `sample` maps line references to what must be stored for them. Raises ValueError, and leaves the old
        index in use, if the number is not `expected` or the sample does not stand in it.
        """
        return self._writer.finish_rebuild(self, expected, sample or {})

    def abandon(self) -> None:
        """Throws the new index away."""
        self._writer.forget_rebuild(self)
        self.rows.blob.close()
        remove_directories(
            self._writer.folder,
            [path.name for path in self._writer.folder.iterdir() if path != self.rows.files.directory],
        )
