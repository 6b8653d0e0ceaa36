"""The words of the listings in tantivy: the only module that imports it.

It is handed terms (search/analysis.py makes them), keeps their postings and scores them with BM25; everything countable lies
beside it in columns. A document is known by its slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import tantivy
from numpy.typing import NDArray

from search.analysis import GAP
from search.engines.base import EngineUnavailable
from search.fields import TEXT_FIELDS

WHOLE_NAME: Final = "whole_name"
_SLOT: Final = "slot"
_SLOT_KEY: Final = "slot_key"
_TERMS: Final = "terms"
_HEAP: Final = 64_000_000
"""Bytes of memory for each indexing thread before it writes a segment."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in TEXT_FIELDS:
        builder.add_text_field(field.name, tokenizer_name=_TERMS, index_option="position")
    builder.add_text_field(WHOLE_NAME, tokenizer_name="raw", index_option="basic")
    # Deleting by an unsigned term silently does nothing in tantivy: the key to delete by is text.
    builder.add_text_field(_SLOT_KEY, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(_SLOT, fast=True)
    return builder.build()


SCHEMA: Final = _schema()


def open_words(directory: Path, create: bool = False) -> tantivy.Index:
    """The index in a directory, its tokenizer registered (they are per process). Raises EngineUnavailable."""
    if create:
        directory.mkdir(parents=True)
    try:
        index = tantivy.Index(SCHEMA, str(directory)) if create else tantivy.Index.open(str(directory))
    except (ValueError, OSError) as error:
        raise EngineUnavailable(f"the words cannot be opened ({error})") from error
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(_TERMS, spaces.filter(tantivy.Filter.custom_stopword([GAP])).build())
    index.config_reader(reload_policy="manual")
    return index


def committed_stamp(directory: Path) -> int:
    """The number of the last commit, which grows with each one. Raises EngineUnavailable if it cannot be read."""
    try:
        return int(orjson.loads((directory / "meta.json").read_bytes())["opstamp"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f"the words cannot be read ({error})") from error


class WordsWriter:
    """Adds and removes the words of slots; visible from `commit` on."""

    def __init__(self, directory: Path, create: bool = False, threads: int = 1) -> None:
        self.directory = directory
        index = open_words(directory, create)
        self._writer = index.writer(_HEAP * threads, threads)

    def put(self, slot: int, lines: Mapping[str, str], whole_name: str, replaces: bool) -> None:
        """Sets the words of a slot; `replaces` if it had any."""
        if replaces:
            self.remove(slot)
        self._writer.add_document(
            tantivy.Document(**lines, **{WHOLE_NAME: whole_name, _SLOT_KEY: str(slot), _SLOT: slot})
        )

    def remove(self, slot: int) -> None:
        """Takes the words of a slot away."""
        self._writer.delete_documents_by_term(_SLOT_KEY, str(slot))

    def commit(self) -> None:
        """Makes everything since the last commit visible at once."""
        self._writer.commit()

    def close(self) -> None:
        """Waits for background merges and frees tantivy's lock."""
        self._writer.wait_merging_threads()


class WordsReader:
    """One snapshot of the words."""

    def __init__(self, index: tantivy.Index) -> None:
        self.searcher = index.searcher()
        self._all = max(self.searcher.num_docs, 1)

    def search(self, query: tantivy.Query) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The slots of every hit and their scores, best first."""
        hits = self.searcher.search(query, limit=self._all, count=False).hits
        if not hits:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64)
        scores, addresses = zip(*hits, strict=True)
        slots = self.searcher.fast_field_values(_SLOT, list(addresses))
        return np.array(slots, dtype=np.int64), np.array(scores, dtype=np.float64)

    def frequency(self, field: str, term: str) -> int:
        """In how many documents of the snapshot a field holds a term (removed ones count until segments merge)."""
        return self.searcher.doc_freq(field, term)

    def explain(self, query: tantivy.Query, slot: int) -> dict[str, Any] | None:
        """tantivy's own account of a score, None if the slot does not match. For tests and statistics."""
        only = tantivy.Query.term_query(SCHEMA, _SLOT_KEY, str(slot), "basic")
        hits = self.searcher.search(only, limit=1).hits
        if not hits:
            return None
        try:
            explanation: dict[str, Any] = orjson.loads(query.explain(self.searcher, hits[0][1]).to_json())
        except ValueError:
            return None
        return explanation
