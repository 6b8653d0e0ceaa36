"""What a page shows of the texts of its hits: of each field the passages that answer most of what was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np

from search.engines.records import PackedRecord
from search.engines.spots import FIELDS, PageWords, Places
from search.fields import TEXT_FIELDS
from search.highlight import Match, passage
from search.query import Highlight

SPECIALISMS: Final = next(number for number, field in enumerate(TEXT_FIELDS) if field.name == "specialisms")
_SHOWN: Final = [number for number, field in enumerate(TEXT_FIELDS) if field.highlighted]
_PASSAGES: Final = {SPECIALISMS: 3}
"""How many passages of a field are shown; of others one."""


class PagePassages:
    """Of one page. `matched` are the tokens that answer a clause: place * clauses + clause, ascending."""

    def __init__(self, words: PageWords, matched: Places, clauses: int) -> None:
        self._first_part = words.first_part
        at, asked = np.divmod(matched, clauses)
        part = words.part(at)
        places = words.places[at]
        begins = places >> 8
        self._matches: list[Match] = list(
            zip(begins.tolist(), (begins + (places & 255)).tolist(), asked.tolist(), strict=True)
        )
        parts, firsts, counts = np.unique(part, return_index=True, return_counts=True)
        distinct = np.bincount(np.unique(part * clauses + asked) // clauses, minlength=len(words.box))[parts]
        # Those that answer most first, then those with most matches.
        order = np.lexsort((parts, -counts, -distinct))
        columns = (words.box[parts], parts, firsts, firsts + counts)
        self._parts: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for box, *found in zip(*(column[order].tolist() for column in columns), strict=True):
            self._parts[box].append((found[0], found[1], found[2]))

    def highlights(self, number: int, record: PackedRecord) -> Iterator[Highlight]:
        """The passages of one hit, given its place on the page."""
        text, ends, names = record.text(), record.text_ends(), record.names()
        for field in _SHOWN:
            for part, first, last in self._parts.get(number * FIELDS + field, ())[: _PASSAGES.get(field, 1)]:
                own = part - self._first_part[number]
                start = ends[own - 1] + 1 if own else 0
                shown = passage(text, start, ends[own], self._matches[first:last])
                yield Highlight(TEXT_FIELDS[field].name, names[own], shown)

    def specialisms(self, number: int, record: PackedRecord) -> tuple[str, ...]:
        """The references of a hit's specialisms whose names answer something."""
        parts = self._parts.get(number * FIELDS + SPECIALISMS)
        if not parts:
            return ()
        names = record.names()
        return tuple(names[part - self._first_part[number]] for part in sorted(part for part, _, _ in parts))
