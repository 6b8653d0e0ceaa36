"""The words of the listings in tantivy: the only module that imports it.

It is handed terms (search/analysis.py makes them), keeps their postings and scores them with BM25; everything
countable lies beside it in columns. A document is known by its slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import tantivy
from numpy.typing import NDArray

from search.analysis import GAP
from search.engines.base import EngineUnavailable
from search.fields import (
    ALL_WORDS_SCORE,
    CONSTANT_SCORE,
    NAME_START_SCORE,
    TEXT_FIELDS,
    TIE_BREAKER,
    WHOLE_NAME_SCORE,
)
from search.planner import Clause, Plan, Terms

WHOLE_NAME: Final = "whole_name"
_SLOT: Final = "slot"
_SLOT_KEY: Final = "slot_key"
_TERMS: Final = "terms"
_HEAP: Final = 64_000_000
"""Bytes of memory that are filled before a segment is written."""


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

Question = tantivy.Query
"""What tantivy is asked."""


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
    """The number of the last commit, which grows with each one. Raises EngineUnavailable if it cannot be
    read.
    """
    try:
        return int(orjson.loads((directory / "meta.json").read_bytes())["opstamp"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f"the words cannot be read ({error})") from error


def compile_plan(plan: Plan) -> tantivy.Query | None:
    """A plan as a query, None if it can match nothing. Each clause scores by its best field (search/fields.py
    weighs them).
    """
    wanted = [
        (tantivy.Occur.Must if clause.required else tantivy.Occur.Should, _clause(clause))
        for clause in plan.clauses
    ]
    if plan.whole_name:
        whole = tantivy.Query.const_score_query(named(plan.whole_name), WHOLE_NAME_SCORE)
        wanted.append((tantivy.Occur.Should, whole))
    if plan.together:
        every = [(tantivy.Occur.Must, wanted[at][1]) for at in plan.together]
        bonus = tantivy.Query.const_score_query(tantivy.Query.boolean_query(every), ALL_WORDS_SCORE)
        wanted.append((tantivy.Occur.Should, bonus))
    unwanted = [
        (tantivy.Occur.MustNot, _terms(field.name, terms)) for terms in plan.excluded for field in TEXT_FIELDS
    ]
    if not wanted and plan.asked:
        return None
    if not wanted:
        wanted = [(tantivy.Occur.Must, tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0))]
    return tantivy.Query.boolean_query([*wanted, *unwanted])


def holding(terms: Terms) -> tantivy.Query:
    """Who holds a term, or a phrase, in any field."""
    return _either(_terms(field.name, terms) for field in TEXT_FIELDS)


def holding_any(fields: Iterable[str], terms: Terms) -> tantivy.Query:
    """Who holds any of the terms in any of the fields."""
    return _either(_any_of(field, terms) for field in fields)


def named(whole_name: str) -> tantivy.Query:
    """Who bears a name."""
    return tantivy.Query.term_query(SCHEMA, WHOLE_NAME, whole_name, "basic")


def among(query: tantivy.Query, slots: Iterable[int]) -> tantivy.Query:
    """The same, of these slots alone; scores stay as they are."""
    these = tantivy.Query.term_set_query(SCHEMA, _SLOT_KEY, [str(slot) for slot in slots])
    return tantivy.Query.boolean_query(
        [
            (tantivy.Occur.Must, query),
            (tantivy.Occur.Must, tantivy.Query.const_score_query(these, 0.0)),
        ]
    )


def _either(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _clause(clause: Clause) -> tantivy.Query:
    found = [
        tantivy.Query.boost_query(_terms(field.name, alternative.terms), field.weight * alternative.weight)
        for alternative in clause.alternatives
        for field in TEXT_FIELDS
    ]
    if clause.constants:
        found.extend(
            tantivy.Query.const_score_query(
                _any_of(field.name, clause.constants), field.weight * CONSTANT_SCORE
            )
            for field in TEXT_FIELDS
        )
    if clause.name_starts:
        found.append(tantivy.Query.const_score_query(_any_of("name", clause.name_starts), NAME_START_SCORE))
    return tantivy.Query.disjunction_max_query(found, TIE_BREAKER)


def _terms(field: str, terms: Terms) -> tantivy.Query:
    """A term, or several as a phrase that keeps the places of its stop words."""
    if len(terms) == 1:
        return tantivy.Query.term_query(SCHEMA, field, terms[0], "freq")
    placed = [(at, term) for at, term in enumerate(terms) if term != GAP]
    return tantivy.Query.phrase_query(SCHEMA, field, list[str | tuple[int, str]](placed))


def _any_of(field: str, terms: Terms) -> tantivy.Query:
    return tantivy.Query.term_set_query(SCHEMA, field, terms)


class WordsWriter:
    """Adds and removes the words of slots; visible from `commit` on."""

    def __init__(self, directory: Path, create: bool = False) -> None:
        self.directory = directory
        index = open_words(directory, create)
        # One thread keeps up with the analysis, which takes the other core, and leaves half as many segments to search.
        self._writer = index.writer(_HEAP, 1)

    def put(self, slot: int, lines: Mapping[str, str], whole_name: str, replaces: bool) -> None:
        """Sets the words of a slot; `replaces` if it had any."""
        if replaces:
            self.remove(slot)
        document = tantivy.Document()
        for field, line in lines.items():
            document.add_text(field, line)
        document.add_text(WHOLE_NAME, whole_name)
        document.add_text(_SLOT_KEY, str(slot))
        document.add_integer(_SLOT, slot)
        self._writer.add_document(document)

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
        self._statistics: dict[str, tuple[int, float]] = {}

    def search(
        self, query: tantivy.Query, limit: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The slots of every hit, or of the best so many, and their scores, best first."""
        hits = self.searcher.search(query, limit=limit or self._all, count=False).hits
        if not hits:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64)
        scores, addresses = zip(*hits, strict=True)
        slots = self.searcher.fast_field_values(_SLOT, list(addresses))
        return np.array(slots, dtype=np.int64), np.array(scores, dtype=np.float64)

    def holders(self, query: tantivy.Query) -> NDArray[np.int32]:
        """The slots of every hit."""
        slots, _ = self.search(query)
        return slots.astype(np.int32)

    def frequency(self, field: str, term: str) -> int:
        """In how many documents of the snapshot a field holds a term (removed ones count until segments
        merge).
        """
        return self.searcher.doc_freq(field, term)

    def statistics(self, field: str, terms: Terms) -> tuple[int, float]:
        """How many documents BM25 reckons with and a field's average length, as this snapshot has them.

        tantivy tells them only in an explanation, so one of the terms' documents is explained, once for each
        field.
        """
        known = self._statistics.get(field)
        if known is None:
            # A phrase's explanation leaves the statistics out; that of its first term has them.
            query = _terms(field, terms[:1])
            explanation = orjson.loads(query.explain(self.searcher, self._first(query)).to_json())
            facts = {fact["description"].partition(",")[0]: fact["value"] for fact in _facts(explanation)}
            known = self._statistics[field] = int(facts["N"]), float(facts["avgdl"])
        return known

    def _first(self, query: tantivy.Query) -> tantivy.DocAddress:
        return self.searcher.search(query, limit=1, count=False).hits[0][1]

    def explained_score(self, query: tantivy.Query, slot: int) -> float:
        """A slot's score as tantivy itself explains it; the slot must match the query."""
        address = self._first(tantivy.Query.term_query(SCHEMA, _SLOT_KEY, str(slot), "basic"))
        return float(orjson.loads(query.explain(self.searcher, address).to_json())["value"])


def _facts(explanation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield explanation
    for detail in explanation.get("details", ()):
        yield from _facts(detail)
