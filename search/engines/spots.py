"""The stored words of a page's records, side by side: where those asked for stand, all records at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engines.records import PackedRecord
from search.fields import TEXT_FIELDS

FIELDS = len(TEXT_FIELDS)
_LAST_BITS: Final = np.uint32(0xFFFF)
"""Of a mark: few enough to look each up in a table, and hardly any two marks of a question share them."""

Places = NDArray[np.int64]


def tallied(keys: Places, size: int) -> tuple[Places, Places]:
    """The distinct keys, all below `size`, ascending, and how often each stands there; for a few thousand possible keys
    much quicker than sorting them.
    """
    counts = np.bincount(keys, minlength=size)
    (found,) = counts.nonzero()
    return found, counts[found]


def begins(ordered: Places) -> NDArray[np.bool_]:
    """Where something new begins among keys that are in order."""
    fresh = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return fresh


class PageWords:
    """Several records' tokens as one run. A token is known by its place in the run, `at`; parts are numbered
    through all records.
    """

    def __init__(self, records: Sequence[PackedRecord]) -> None:
        self.marks = np.concatenate([record.marks() for record in records])
        self._records = records
        sizes = [record.tokens for record in records]
        parts = [record.parts for record in records]
        before = np.cumsum(sizes) - sizes
        self.first_part: list[int] = (np.cumsum(parts) - parts).tolist()
        self.record: Places = np.repeat(np.arange(len(records)), parts)
        """Of each part, its record."""
        fields, _, ends = np.concatenate([record.heads() for record in records], axis=1)
        self.field: Places = fields.astype(np.int64)
        """Of each part, the number of its field."""
        self.end: Places = (ends + before[self.record]).astype(np.int64)
        """Of each part, where its tokens end."""
        begin = np.empty_like(self.end)
        begin[1:], begin[self.first_part] = self.end[:-1], before
        self.box: Places = self.record * FIELDS + self.field
        """Of each part, the number of its record's field: what BM25 reckons with as one text."""
        self._begin = begin
        self._boxes = len(records) * FIELDS

    @cached_property
    def places(self) -> NDArray[np.uint32]:
        """Where each token stands in its record's texts."""
        return np.concatenate([record.places() for record in self._records])

    def part_lengths(self) -> Places:
        """How many terms each part has: stop words do not count."""
        terms = np.zeros(len(self.marks) + 1, dtype=np.int64)
        np.cumsum(self.marks != 0, out=terms[1:])
        counted: Places = terms[self.end] - terms[self._begin]
        return counted

    def lengths(self) -> Places:
        """How many terms each record's field has, by box."""
        return np.bincount(self.box, self.part_lengths(), self._boxes).astype(np.int64)

    def spots(self, wanted: NDArray[np.uint32]) -> tuple[Places, Places]:
        """Where any of the sorted marks stand, and which of them it is."""
        table = np.zeros(int(_LAST_BITS) + 1, dtype=np.bool_)
        table[wanted & _LAST_BITS] = True
        at = np.flatnonzero(table[self.marks & _LAST_BITS])
        marks = self.marks[at]
        near = np.minimum(np.searchsorted(wanted, marks), len(wanted) - 1)
        same = wanted[near] == marks
        return at[same], near[same]

    def part(self, at: Places) -> Places:
        """The parts that tokens belong to."""
        found: Places = np.searchsorted(self.end, at, side="right")
        return found

    def phrase(self, starts: Places, rest: Sequence[tuple[int, int]]) -> Places:
        """Those of the starts after which the marks follow at their distances, within the same part."""
        last = max(distance for distance, _ in rest)
        starts = starts[starts + last < self.end[self.part(starts)]]
        for distance, mark in rest:
            starts = starts[self.marks[starts + distance] == mark]
        return starts
