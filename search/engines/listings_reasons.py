"""Why each hit of a page was found: which words stand where, what each field added to the score, and passages that show it.

Reads the tokens that were stored at indexing. Scores are worked out again as BM25 does it, from the numbers that tantivy
used, so that the parts sum to the score that ranked the hit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from search.analysis import GAP, mark_of
from search.engines.columns import Array
from search.engines.rates_text import B, K1, lucene_length
from search.engines.records import PackedRecord, whole_name
from search.engines.words import WordsReader
from search.fields import (
    CONSTANT_SCORE,
    NAME_START_SCORE,
    TEXT_FIELDS,
    TIE_BREAKER,
    WHOLE_NAME_SCORE,
)
from search.highlight import Match, passage
from search.planner import Alternative, Plan, Terms
from search.query import Highlight, Reason

_NAME: Final = next(number for number, field in enumerate(TEXT_FIELDS) if field.name == "name")
_SPECIALISMS: Final = next(number for number, field in enumerate(TEXT_FIELDS) if field.name == "specialisms")
_PASSAGES: Final = {_SPECIALISMS: 3}
"""How many passages of a field are shown; of others one."""

Phrase = tuple[tuple[int, int], ...]
"""The terms of an alternative as (distance from the first, mark)."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A clause in marks."""

    words: str
    alternatives: tuple[tuple[Alternative, Phrase], ...]
    constants: frozenset[int]
    name_starts: frozenset[int]


@dataclass(slots=True)
class _Places:
    """Where the wanted marks stand in one record: by part, then by mark, the positions within the part."""

    record: PackedRecord
    fields: list[int]
    token_ends: list[int]
    parts: dict[int, dict[int, list[int]]] = field(default_factory=dict)


@dataclass(slots=True)
class Explained:
    """What a page shows beside a hit."""

    why: tuple[Reason, ...]
    highlights: tuple[Highlight, ...]
    specialisms: tuple[str, ...]


class Explainer:
    """Explains the hits of one question."""

    def __init__(self, plan: Plan, words: WordsReader) -> None:
        self._words = words
        self._whole_name = plan.whole_name
        self._wanted = [
            _Wanted(
                clause.words,
                tuple((alternative, _phrase(alternative.terms)) for alternative in clause.alternatives),
                frozenset(map(mark_of, clause.constants)),
                frozenset(map(mark_of, clause.name_starts)),
            )
            for clause in plan.clauses
        ]
        self._interest = np.array(sorted(set(self._marks())), dtype=np.uint32)
        self._idf: dict[tuple[int, Terms], float] = {}

    def _marks(self) -> Iterator[int]:
        for wanted in self._wanted:
            for _, phrase in wanted.alternatives:
                yield from (mark for _, mark in phrase)
            yield from wanted.constants
            yield from wanted.name_starts

    def explain(self, records: Sequence[PackedRecord], scores: Sequence[float]) -> list[Explained]:
        """Explains hits, given their records and their scores."""
        return [self._explain(places, score) for places, score in zip(self._find(records), scores, strict=True)]

    def _find(self, records: Sequence[PackedRecord]) -> list[_Places]:
        """Looks for all wanted marks in all records at once."""
        found = [_Places(record, record.fields(), record.token_ends()) for record in records]
        if not len(self._interest) or not records:
            return found
        marks = np.concatenate([record.marks() for record in records])
        near = np.minimum(np.searchsorted(self._interest, marks), len(self._interest) - 1)
        hits = np.flatnonzero(self._interest[near] == marks)
        record_ends = np.cumsum([record.tokens for record in records])
        owners = np.searchsorted(record_ends, hits, side="right")
        starts: Array = np.concatenate([[0], record_ends[:-1]])
        for owner, at, mark in zip(owners.tolist(), (hits - starts[owners]).tolist(), marks[hits].tolist(), strict=True):
            places = found[owner]
            part = 0
            while places.token_ends[part] <= at:
                part += 1
            begin = places.token_ends[part - 1] if part else 0
            places.parts.setdefault(part, {}).setdefault(mark, []).append(at - begin)
        return found

    def _explain(self, places: _Places, score: float) -> Explained:
        added: dict[int, float] = defaultdict(float)
        words: dict[int, dict[str, None]] = defaultdict(dict)
        matched: dict[int, set[tuple[int, int]]] = defaultdict(set)
        lengths: dict[int, int] = {}
        for number, wanted in enumerate(self._wanted):
            scored = self._score_clause(number, wanted, places, lengths, matched)
            best = max(scored, key=lambda pair: pair[1], default=None)
            for pair in scored:
                field_number, part_score = pair
                added[field_number] += part_score if pair is best else part_score * TIE_BREAKER
                words[field_number][wanted.words] = None
        record = places.record
        text = record.text()
        ends = record.text_ends()
        if self._whole_name and whole_name(text[: ends[0]]) == self._whole_name:
            added[_NAME] += WHOLE_NAME_SCORE
            words[_NAME].setdefault(text[: ends[0]])
        names = record.names()
        return Explained(
            why=_reasons(added, words, score),
            highlights=tuple(_highlights(places, text, ends, names, matched)),
            specialisms=tuple(names[part] for part in sorted(matched) if places.fields[part] == _SPECIALISMS),
        )

    def _score_clause(
        self,
        number: int,
        wanted: _Wanted,
        places: _Places,
        lengths: dict[int, int],
        matched: dict[int, set[tuple[int, int]]],
    ) -> list[tuple[int, float]]:
        """What each field adds for each alternative; notes the (position, clause) of the words that matched, by part."""
        scored: list[tuple[int, float]] = []
        for alternative, phrase in wanted.alternatives:
            counts: dict[int, int] = {}
            for part, positions in places.parts.items():
                if starts := _occurrences(positions, phrase):
                    field_number = places.fields[part]
                    counts[field_number] = counts.get(field_number, 0) + len(starts)
                    matched[part].update((start + distance, number) for start in starts for distance, _ in phrase)
            for field_number, count in counts.items():
                if field_number not in lengths:
                    lengths[field_number] = _length(places, field_number)
                scored.append((field_number, self._bm25(field_number, alternative, count, lengths[field_number])))
        constant_fields: set[int] = set()
        started = False
        for part, positions in places.parts.items():
            field_number = places.fields[part]
            for mark, at in positions.items():
                if mark in wanted.constants:
                    constant_fields.add(field_number)
                    matched[part].update((position, number) for position in at)
                if field_number == _NAME and mark in wanted.name_starts:
                    started = True
                    matched[part].update((position, number) for position in at)
        scored.extend((field_number, TEXT_FIELDS[field_number].weight * CONSTANT_SCORE) for field_number in constant_fields)
        if started:
            scored.append((_NAME, NAME_START_SCORE))
        return scored

    def _bm25(self, field_number: int, alternative: Alternative, count: int, length: int) -> float:
        text_field = TEXT_FIELDS[field_number]
        key = field_number, alternative.terms
        documents, average = self._words.statistics(text_field.name, alternative.terms)
        idf = self._idf.get(key)
        if idf is None:
            idf = self._idf[key] = sum(
                math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
                for frequency in (
                    self._words.frequency(text_field.name, term) for term in alternative.terms if term != GAP
                )
            )
        norm = K1 * (1 - B + B * lucene_length(length) / average)
        return idf * (K1 + 1) * count / (count + norm) * text_field.weight * alternative.weight


def _phrase(terms: Terms) -> Phrase:
    return tuple((at, mark_of(term)) for at, term in enumerate(terms) if term != GAP)


def _occurrences(positions: dict[int, list[int]], phrase: Phrase) -> list[int]:
    """Where a term, or a phrase, begins among the positions of one part."""
    starts = positions.get(phrase[0][1], [])
    if len(phrase) == 1 or not starts:
        return starts
    following = [(distance, set(positions.get(mark, ()))) for distance, mark in phrase[1:]]
    return [start for start in starts if all(start + distance in places for distance, places in following)]


def _length(places: _Places, field_number: int) -> int:
    """How many terms a field has: stop words do not count."""
    marks = places.record.marks()
    length = begin = 0
    for part_field, end in zip(places.fields, places.token_ends, strict=True):
        if part_field == field_number:
            length += int(np.count_nonzero(marks[begin:end]))
        begin = end
    return length


def _reasons(added: dict[int, float], words: dict[int, dict[str, None]], score: float) -> tuple[Reason, ...]:
    """The parts by field, the greatest first, rounded to four decimals so that they sum to the score."""
    total = sum(added.values())
    if not total:
        return ()
    ordered = sorted(added.items(), key=lambda item: (-item[1], item[0]))
    # The engine adds up in 32 bits: the parts are brought to its total, the greatest takes what rounding leaves.
    parts = [round(part * score / total, 4) for _, part in ordered]
    parts[0] = round(parts[0] + score - sum(parts), 4)
    return tuple(
        Reason(TEXT_FIELDS[number].name, TEXT_FIELDS[number].label, tuple(words[number]), part)
        for (number, _), part in zip(ordered, parts, strict=True)
    )


def _highlights(
    places: _Places, text: str, ends: list[int], names: list[str], matched: dict[int, set[tuple[int, int]]]
) -> Iterator[Highlight]:
    """Of each field the parts that answer most of what was asked."""
    by_field: dict[int, list[int]] = defaultdict(list)
    for part in matched:
        if TEXT_FIELDS[places.fields[part]].highlighted:
            by_field[places.fields[part]].append(part)
    word_places = places.record.places()
    for field_number in sorted(by_field):
        parts = sorted(
            by_field[field_number],
            key=lambda part: (-len({asked for _, asked in matched[part]}), -len(matched[part]), part),
        )
        for part in parts[: _PASSAGES.get(field_number, 1)]:
            begin = places.token_ends[part - 1] if part else 0
            matches: list[Match] = []
            for position, asked in sorted(matched[part]):
                place = int(word_places[begin + position])
                matches.append((place >> 8, (place >> 8) + (place & 255), asked))
            start = ends[part - 1] + 1 if part else 0
            html = passage(text, start, ends[part], matches)
            yield Highlight(TEXT_FIELDS[field_number].name, names[part], html)


