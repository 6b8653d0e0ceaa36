"""Why each hit of a page was found: which words stand where, what each field added to the score, and passages
that show it.

Reads the tokens that were stored at indexing; the same for every engine, which only tells how often words
occur (Statistics). Scores are worked out again as BM25 does it, so that the parts sum to the score that
ranked the hit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from search.analysis import GAP, mark_of
from search.engines.passages import PagePassages
from search.engines.rates_text import K1, B, lucene_length
from search.engines.records import PackedRecord, whole_name
from search.engines.spots import FIELDS, PageWords, Places, begins, tallied
from search.fields import (
    ALL_WORDS_SCORE,
    CONSTANT_SCORE,
    NAME_START_SCORE,
    TEXT_FIELDS,
    TIE_BREAKER,
    WHOLE_NAME_SCORE,
)
from search.planner import Alternative, Plan, Terms
from search.query import Highlight, Reason

_NAME: Final = next(number for number, field in enumerate(TEXT_FIELDS) if field.name == "name")
_ALL_WORDS: Final = len(TEXT_FIELDS)
"""Stands among the fields for what a listing gains by holding every word."""
_LABELS: Final = [*((field.name, field.label) for field in TEXT_FIELDS), ("all_words", "Every word")]
_CONSTANT: Final = -1
_NAME_START: Final = -2
"""What a word is used for that BM25 does not score."""
_CONSTANT_SCORES: Final = np.array([field.weight * CONSTANT_SCORE for field in TEXT_FIELDS])
_NAME_START_SCORES: Final = np.full(FIELDS, NAME_START_SCORE)
"""By field."""


class Statistics(Protocol):
    """What an engine tells of its words, from which BM25 scores are made."""

    def statistics(self, field: str, terms: Terms) -> tuple[int, float]:
        """How many documents are reckoned with, and the average length of a field; `terms` stand in it
        somewhere.
        """

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a field holds a term."""


@dataclass(slots=True)
class Explained:
    """What a page shows beside a hit."""

    why: tuple[Reason, ...]
    highlights: tuple[Highlight, ...]
    specialisms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Parts of scores: what a clause adds by a field of a record (its box), one row each."""

    boxes: Places
    clauses: Places
    scores: NDArray[np.float64]


class Explainer:
    """Explains the hits of one question."""

    def __init__(self, plan: Plan, statistics: Statistics) -> None:
        self._statistics = statistics
        self._plan = plan
        self._alternatives: list[Alternative] = []
        self._phrases: list[tuple[int, int, list[tuple[int, int]]]] = []
        uses: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, clause in enumerate(plan.clauses):
            for alternative in clause.alternatives:
                phrase = [(at, mark_of(term)) for at, term in enumerate(alternative.terms) if term != GAP]
                if len(phrase) == 1:
                    uses[phrase[0][1]].append((number, len(self._alternatives)))
                else:
                    self._phrases.append((number, len(self._alternatives), phrase))
                    uses.setdefault(phrase[0][1], [])
                self._alternatives.append(alternative)
            for term in clause.constants:
                uses[mark_of(term)].append((number, _CONSTANT))
            for term in clause.name_starts:
                uses[mark_of(term)].append((number, _NAME_START))
        self._wanted = np.array(sorted(uses), dtype=np.uint32)
        listed = [uses[mark] for mark in self._wanted.tolist()]
        self._use_counts = np.array([len(some) for some in listed], dtype=np.int64)
        self._use_starts = np.cumsum(self._use_counts) - self._use_counts
        flat = np.array([use for some in listed for use in some], dtype=np.int64).reshape(-1, 2)
        self._use_clauses, self._use_kinds = flat[:, 0], flat[:, 1]
        self._factors: dict[tuple[int, int], tuple[float, float]] = {}

    def explain(self, records: Sequence[PackedRecord], scores: Sequence[float]) -> list[Explained]:
        """Explains hits, given their records and their scores."""
        if not records:
            return []
        if not len(self._wanted):
            return [
                self._explained(record, score, {}, ((), ()))
                for record, score in zip(records, scores, strict=True)
            ]
        words = PageWords(records)
        parts, matched = self._found(words)
        added = self._added(parts, len(records))
        shown = PagePassages(words, matched, len(self._plan.clauses))
        return [
            self._explained(
                record,
                score,
                added[number],
                shown.shown(number, record),
            )
            for number, (record, score) in enumerate(zip(records, scores, strict=True))
        ]

    def _found(self, words: PageWords) -> tuple[_Parts, Places]:
        """What every clause adds by every field, and which tokens answer it: place * clauses + clause, sorted."""
        clauses = len(self._plan.clauses)
        lengths = words.lengths()
        at, mark = words.spots(self._wanted)
        part = words.part(at)
        spot, use = _expanded(mark, self._use_starts, self._use_counts)
        kinds = self._use_kinds[use]
        counted = (kinds != _NAME_START) | (words.field[part[spot]] == _NAME)
        spot, use, kinds = spot[counted], use[counted], kinds[counted]
        matches = [at[spot] * clauses + self._use_clauses[use]]
        uses = max(len(self._use_kinds), 1)
        keys, counts = tallied(words.box[part[spot]] * uses + use, len(lengths) * uses)
        boxes, use = np.divmod(keys, uses)
        kinds = self._use_kinds[use]
        bm25 = kinds >= 0
        found = [self._bm25(boxes[bm25], self._use_clauses[use[bm25]], kinds[bm25], counts[bm25], lengths)]
        for kind, scores in ((_CONSTANT, _CONSTANT_SCORES), (_NAME_START, _NAME_START_SCORES)):
            # However many of its words a field holds, they count once.
            same = kinds == kind
            once, _ = tallied(boxes[same] * clauses + self._use_clauses[use[same]], len(lengths) * clauses)
            if len(once):
                found.append(_Parts(once // clauses, once % clauses, scores[once // clauses % FIELDS]))
        for number, alternative, phrase in self._phrases:
            first, rest = phrase[0][1], [(distance - phrase[0][0], other) for distance, other in phrase[1:]]
            starts = words.phrase(at[self._wanted[mark] == first], rest)
            if not len(starts):
                continue
            boxes, counts = tallied(words.box[words.part(starts)], len(lengths))
            alike = np.full(len(boxes), alternative)
            found.append(self._bm25(boxes, np.full(len(boxes), number), alike, counts, lengths))
            matches.extend((starts + distance) * clauses + number for distance, _ in [(0, first), *rest])
        together = (
            np.concatenate(column)
            for column in zip(*((p.boxes, p.clauses, p.scores) for p in found), strict=True)
        )
        matched = np.sort(np.concatenate(matches))
        return _Parts(*together), matched[begins(matched)]

    def _bm25(
        self, boxes: Places, clauses: Places, alternatives: Places, counts: Places, lengths: Places
    ) -> _Parts:
        """What alternatives add that stand so often in a record's field."""
        pairs = alternatives * FIELDS + boxes % FIELDS
        told = np.zeros((len(self._alternatives) * FIELDS, 2))
        for pair in tallied(pairs, len(told))[0].tolist():
            told[pair] = self._factors_of(*divmod(pair, FIELDS))
        weights, averages = told[pairs].T
        norms = K1 * (1 - B + B * _remembered(lengths[boxes]) / averages)
        return _Parts(boxes, clauses, weights * counts / (counts + norms))

    def _factors_of(self, alternative_number: int, field_number: int) -> tuple[float, float]:
        """What does not depend on the hit: weight times inverse frequency, and the field's average length."""
        known = self._factors.get((alternative_number, field_number))
        if known is not None:
            return known
        text_field, alternative = TEXT_FIELDS[field_number], self._alternatives[alternative_number]
        documents, average = self._statistics.statistics(text_field.name, alternative.terms)
        idf = 0.0
        for term in alternative.terms:
            if term != GAP:
                frequency = self._statistics.frequency(text_field.name, term)
                idf += math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
        known = idf * (K1 + 1) * text_field.weight * alternative.weight, average
        self._factors[alternative_number, field_number] = known
        return known

    def _added(self, parts: _Parts, records: int) -> list[dict[int, tuple[float, list[str]]]]:
        """By record and field, what was added and by which words: a clause's best field counts whole, the others
        by a share.
        """
        clauses = len(self._plan.clauses)
        groups = parts.boxes // FIELDS * clauses + parts.clauses
        order = np.lexsort((parts.boxes, -parts.scores, groups))
        boxes, ordered = parts.boxes[order], groups[order]
        shares = parts.scores[order] * np.where(begins(ordered), 1.0, TIE_BREAKER)
        sums = np.bincount(boxes, shares, records * FIELDS).tolist()
        added: list[dict[int, tuple[float, list[str]]]] = [{} for _ in range(records)]
        answered: list[set[int]] = [set() for _ in range(records)]
        keys, _ = tallied(boxes * clauses + ordered % clauses, records * FIELDS * clauses)
        for key in keys.tolist():
            box, clause = divmod(key, clauses)
            record, field_number = divmod(box, FIELDS)
            words = added[record].setdefault(field_number, (sums[box], []))[1]
            if self._plan.clauses[clause].words not in words:
                words.append(self._plan.clauses[clause].words)
            answered[record].add(clause)
        if self._plan.together:
            every = list(dict.fromkeys(self._plan.clauses[number].words for number in self._plan.together))
            for record, numbers in enumerate(answered):
                if numbers.issuperset(self._plan.together):
                    added[record][_ALL_WORDS] = ALL_WORDS_SCORE, every
        return added

    def _explained(
        self,
        record: PackedRecord,
        score: float,
        added: dict[int, tuple[float, list[str]]],
        shown: tuple[tuple[Highlight, ...], tuple[str, ...]],
    ) -> Explained:
        # A name of another length is another name, which nearly all are.
        if self._plan.whole_name and record.first_tokens() == self._plan.whole_name.count(" ") + 1:
            name = record.text()[: record.text_ends()[0]]
            if whole_name(name) == self._plan.whole_name:
                before, words = added.get(_NAME, (0.0, []))
                added[_NAME] = before + WHOLE_NAME_SCORE, [*words, *({name} - set(words))]
        return Explained(_reasons(added, score), *shown)


def _expanded(codes: Places, starts: Places, counts: Places) -> tuple[Places, Places]:
    """Each code's uses, one after the other: which element of `codes` it is, and the number of the use."""
    each = counts[codes]
    which = np.repeat(np.arange(len(codes)), each)
    return which, np.arange(len(which)) + np.repeat(starts[codes] - (np.cumsum(each) - each), each)


_LENGTHS: Final = np.array([lucene_length(length) for length in range(4096)], dtype=np.int64)


def _remembered(lengths: Places) -> Places:
    """The lengths as Lucene remembers them."""
    if lengths.max(initial=0) < len(_LENGTHS):
        return _LENGTHS[lengths]
    return np.array([lucene_length(length) for length in lengths.tolist()], dtype=np.int64)


def _reasons(added: Mapping[int, tuple[float, list[str]]], score: float) -> tuple[Reason, ...]:
    """The parts by field, the greatest first, rounded to four decimals so that they sum to the score."""
    total = sum(part for part, _ in added.values())
    if not total:
        return ()
    ordered = sorted(added.items(), key=lambda item: (-item[1][0], item[0]))
    # The engine adds up in 32 bits: the parts are brought to its total, the greatest takes what rounding
    # leaves.
    parts = [round(part * score / total, 4) for _, (part, _) in ordered]
    parts[0] = round(parts[0] + score - sum(parts), 4)
    return tuple(
        Reason(*_LABELS[number], tuple(words), part)
        for (number, (_, words)), part in zip(ordered, parts, strict=True)
    )
