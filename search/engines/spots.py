"""The stored words of a page's records, side by side: where those asked for stand, all records at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.engines.records import PackedRecord
from search.fields import TEXT_FIELDS

FIELDS = len(TEXT_FIELDS)

Places = NDArray[np.int64]


class PageWords:
    """Several records' tokens as one run. A token is known by its place in the run, `at`; parts are numbered
    through all records.
    """

    def __init__(self, records: Sequence[PackedRecord]) -> None:
        self.marks = np.concatenate([record.marks() for record in records])
        self.places = np.concatenate([record.places() for record in records])
        sizes = [record.tokens for record in records]
        parts = [record.parts for record in records]
        before = np.cumsum(sizes) - sizes
        self.first_part: list[int] = (np.cumsum(parts) - parts).tolist()
        self.record: Places = np.repeat(np.arange(len(records)), parts)
        """Of each part, its record."""
        ends = np.concatenate([record.token_ends() for record in records])
        self.field: Places = np.concatenate([record.fields() for record in records])
        """Of each part, the number of its field."""
        self.end: Places = (ends + before[self.record]).astype(np.int64)
        """Of each part, where its tokens end."""
        begin = np.empty_like(self.end)
        begin[1:], begin[self.first_part] = self.end[:-1], before
        self.box: Places = self.record * FIELDS + self.field
        """Of each part, the number of its record's field: what BM25 reckons with as one text."""
        self._begin = begin
        self._boxes = len(records) * FIELDS

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
        near = np.minimum(np.searchsorted(wanted, self.marks), len(wanted) - 1)
        at = np.flatnonzero(wanted[near] == self.marks)
        return at, near[at]

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
