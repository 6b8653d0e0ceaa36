"""Why each hit of a page was found: which words stand where, what each field added to the score, and passages
that show it.

Reads the tokens that were stored at indexing; the same for every engine, which only tells how often words
occur (Statistics). Scores are worked out again as BM25 does it, so that the parts sum to the score that
ranked the hit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from search.analysis import GAP, mark_of
from search.engines.rates_text import K1, B, lucene_length
from search.engines.records import PackedRecord, whole_name
from search.fields import (
    ALL_WORDS_SCORE,
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
_ALL_WORDS: Final = len(TEXT_FIELDS)
"""Stands among the fields for what a listing gains by holding every word."""
_LABELS: Final = [*((field.name, field.label) for field in TEXT_FIELDS), ("all_words", "Every word")]
_PASSAGES: Final = {_SPECIALISMS: 3}
"""How many passages of a field are shown; of others one."""

Matched = dict[int, list[tuple[int, int]]]
"""By part: the position of each word that matched, and the number of the clause that it answers."""

Scored = dict[int, list[tuple[int, float]]]
"""By clause: what each field adds for each of its alternatives."""


class Statistics(Protocol):
    """What an engine tells of its words, from which BM25 scores are made."""

    def statistics(self, field: str, terms: Terms) -> tuple[int, float]:
        """How many documents are reckoned with, and the average length of a field; `terms` stand in it
        somewhere.
        """

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a field holds a term."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What a page shows beside a hit."""

    why: tuple[Reason, ...]
    highlights: tuple[Highlight, ...]
    specialisms: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """The words of one record that were asked for: (part, position within it, mark)."""

    record: PackedRecord
    fields: list[int]
    token_ends: list[int]
    spots: list[tuple[int, int, int]]


class Explainer:
    """Explains the hits of one question."""

    def __init__(self, plan: Plan, statistics: Statistics) -> None:
        self._statistics = statistics
        self._plan = plan
        self._terms: dict[int, list[tuple[int, Alternative]]] = defaultdict(list)
        self._phrases: list[tuple[int, Alternative, list[tuple[int, int]]]] = []
        self._constants: dict[int, list[int]] = defaultdict(list)
        self._starts: dict[int, list[int]] = defaultdict(list)
        for number, clause in enumerate(plan.clauses):
            for alternative in clause.alternatives:
                phrase = [(at, mark_of(term)) for at, term in enumerate(alternative.terms) if term != GAP]
                if len(phrase) == 1:
                    self._terms[phrase[0][1]].append((number, alternative))
                else:
                    self._phrases.append((number, alternative, phrase))
            for term in clause.constants:
                self._constants[mark_of(term)].append(number)
            for term in clause.name_starts:
                self._starts[mark_of(term)].append(number)
        phrased = {mark for _, _, phrase in self._phrases for _, mark in phrase}
        wanted = {*self._terms, *self._constants, *self._starts, *phrased}
        self._wanted = np.array(sorted(wanted), dtype=np.uint32)
        self._factors: dict[tuple[int, Alternative], tuple[float, float]] = {}

    def explain(self, records: Sequence[PackedRecord], scores: Sequence[float]) -> list[Explained]:
        """Explains hits, given their records and their scores."""
        return [self._explain(found, score) for found, score in zip(self._find(records), scores, strict=True)]

    def _find(self, records: Sequence[PackedRecord]) -> list[_Found]:
        """Looks for everything wanted in all records at once."""
        found = [_Found(record, record.fields(), record.token_ends(), []) for record in records]
        if not len(self._wanted) or not records:
            return found
        marks = np.concatenate([record.marks() for record in records])
        near = np.minimum(np.searchsorted(self._wanted, marks), len(self._wanted) - 1)
        hits = np.flatnonzero(self._wanted[near] == marks)
        owner, part, begin, end, offset = -1, 0, 0, 0, 0
        ends = np.cumsum([record.tokens for record in records]).tolist()
        for at, mark in zip(hits.tolist(), marks[hits].tolist(), strict=True):
            while owner < 0 or at >= ends[owner]:
                owner += 1
                offset = ends[owner - 1] if owner else 0
                part, begin, end = 0, 0, found[owner].token_ends[0]
            while at - offset >= end:
                part += 1
                begin, end = end, found[owner].token_ends[part]
            found[owner].spots.append((part, at - offset - begin, mark))
        return found

    def _explain(self, found: _Found, score: float) -> Explained:
        scored, matched = self._score(found)
        added: dict[int, float] = defaultdict(float)
        words: dict[int, dict[str, None]] = defaultdict(dict)
        for number, parts in sorted(scored.items()):
            best = max(range(len(parts)), key=lambda at: parts[at][1])
            for at, (field_number, part) in enumerate(parts):
                added[field_number] += part if at == best else part * TIE_BREAKER
                words[field_number][self._plan.clauses[number].words] = None
        if self._plan.together and all(number in scored for number in self._plan.together):
            added[_ALL_WORDS] = ALL_WORDS_SCORE
            words[_ALL_WORDS] = {self._plan.clauses[number].words: None for number in self._plan.together}
        text, ends, names = found.record.text(), found.record.text_ends(), found.record.names()
        if self._plan.whole_name and whole_name(text[: ends[0]]) == self._plan.whole_name:
            added[_NAME] += WHOLE_NAME_SCORE
            words[_NAME].setdefault(text[: ends[0]])
        return Explained(
            why=_reasons(added, words, score),
            highlights=tuple(_highlights(found, text, ends, names, matched)),
            specialisms=tuple(names[part] for part in sorted(matched) if found.fields[part] == _SPECIALISMS),
        )

    def _score(self, found: _Found) -> tuple[Scored, Matched]:
        counts: dict[tuple[int, int], int] = defaultdict(int)
        matched: Matched = defaultdict(list)
        for part, position, mark in found.spots:
            field_number = found.fields[part]
            counts[field_number, mark] += 1
            for number, _ in self._terms.get(mark, ()):
                matched[part].append((position, number))
            for number in self._constants.get(mark, ()):
                matched[part].append((position, number))
            if field_number == _NAME:
                for number in self._starts.get(mark, ()):
                    matched[part].append((position, number))
        lengths: dict[int, int] = {}
        scored: Scored = defaultdict(list)
        constant: set[tuple[int, int]] = set()
        started: set[int] = set()
        for (field_number, mark), count in counts.items():
            for number, alternative in self._terms.get(mark, ()):
                scored[number].append(
                    (field_number, self._bm25(found, field_number, alternative, count, lengths))
                )
            constant.update((number, field_number) for number in self._constants.get(mark, ()))
            if field_number == _NAME:
                started.update(self._starts.get(mark, ()))
        if self._phrases:
            self._score_phrases(found, scored, matched, lengths)
        for number, field_number in constant:
            scored[number].append((field_number, TEXT_FIELDS[field_number].weight * CONSTANT_SCORE))
        for number in started:
            scored[number].append((_NAME, NAME_START_SCORE))
        return scored, matched

    def _score_phrases(
        self, found: _Found, scored: Scored, matched: Matched, lengths: dict[int, int]
    ) -> None:
        places: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for part, position, mark in found.spots:
            places[part][mark].add(position)
        for number, alternative, phrase in self._phrases:
            counts: dict[int, int] = defaultdict(int)
            for part, positions in places.items():
                if not all(mark in positions for _, mark in phrase):
                    continue
                for start in positions[phrase[0][1]]:
                    if all(start + distance in positions[mark] for distance, mark in phrase):
                        counts[found.fields[part]] += 1
                        matched[part].extend((start + distance, number) for distance, _ in phrase)
            for field_number, count in counts.items():
                scored[number].append(
                    (field_number, self._bm25(found, field_number, alternative, count, lengths))
                )

    def _bm25(
        self, found: _Found, field_number: int, alternative: Alternative, count: int, lengths: dict[int, int]
    ) -> float:
        factors = self._factors.get((field_number, alternative))
        if factors is None:
            factors = self._factors[field_number, alternative] = self._factors_of(field_number, alternative)
        weight, average = factors
        length = lengths.get(field_number)
        if length is None:
            length = lengths[field_number] = lucene_length(_length(found, field_number))
        return weight * count / (count + K1 * (1 - B + B * length / average))

    def _factors_of(self, field_number: int, alternative: Alternative) -> tuple[float, float]:
        """What does not depend on the hit: weight times inverse frequency, and the field's average length."""
        text_field = TEXT_FIELDS[field_number]
        documents, average = self._statistics.statistics(text_field.name, alternative.terms)
        idf = 0.0
        for term in alternative.terms:
            if term != GAP:
                frequency = self._statistics.frequency(text_field.name, term)
                idf += math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
        return idf * (K1 + 1) * text_field.weight * alternative.weight, average


def _length(found: _Found, field_number: int) -> int:
    """How many terms a field has: stop words do not count."""
    marks = found.record.marks()
    length = begin = 0
    for part_field, end in zip(found.fields, found.token_ends, strict=True):
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
    # The engine adds up in 32 bits: the parts are brought to its total, the greatest takes what rounding
    # leaves.
    parts = [round(part * score / total, 4) for _, part in ordered]
    parts[0] = round(parts[0] + score - sum(parts), 4)
    return tuple(
        Reason(*_LABELS[number], tuple(words[number]), part)
        for (number, _), part in zip(ordered, parts, strict=True)
    )


def _highlights(
    found: _Found, text: str, ends: list[int], names: list[str], matched: Matched
) -> Iterator[Highlight]:
    """Of each field the parts that answer most of what was asked."""
    by_field: dict[int, list[int]] = defaultdict(list)
    for part in matched:
        if TEXT_FIELDS[found.fields[part]].highlighted:
            by_field[found.fields[part]].append(part)
    places = found.record.places()
    for field_number in sorted(by_field):
        parts = by_field[field_number]
        if len(parts) > 1:
            parts.sort(
                key=lambda part: (-len({asked for _, asked in matched[part]}), -len(matched[part]), part)
            )
        for part in parts[: _PASSAGES.get(field_number, 1)]:
            begin = found.token_ends[part - 1] if part else 0
            spots = sorted(set(matched[part]))
            matches: list[Match] = []
            for place, (_, asked) in zip(
                places[[begin + at for at, _ in spots]].tolist(), spots, strict=True
            ):
                matches.append((place >> 8, (place >> 8) + (place & 255), asked))
            start = ends[part - 1] + 1 if part else 0
            yield Highlight(
                TEXT_FIELDS[field_number].name, names[part], passage(text, start, ends[part], matches)
            )
