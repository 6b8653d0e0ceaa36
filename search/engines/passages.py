"""What a page shows of the texts of its hits: of each field the passages that answer most of what was asked."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np

from search.engines.records import PackedRecord
from search.engines.spots import FIELDS, PageWords, Places, begins
from search.fields import TEXT_FIELDS
from search.highlight import Match, passage
from search.query import Highlight

SPECIALISMS: Final = next(number for number, field in enumerate(TEXT_FIELDS) if field.name == "specialisms")
_PASSAGES: Final = {SPECIALISMS: 3}
"""How many passages of a field are shown; of others one."""


class PagePassages:
    """Of one page. `matched` are the tokens that answer a clause: place * clauses + clause, ascending."""

    def __init__(self, words: PageWords, matched: Places, clauses: int) -> None:
        self._first_part = words.first_part
        at, asked = np.divmod(matched, clauses)
        part = words.part(at)
        places = words.places[at]
        starts = places >> 8
        self._matches: list[Match] = list(
            zip(starts.tolist(), (starts + (places & 255)).tolist(), asked.tolist(), strict=True)
        )
        # Matches are in the order of their parts.
        (firsts,) = begins(part).nonzero()
        parts, counts = part[firsts], np.diff(firsts, append=len(part))
        answers = np.bincount(part * clauses + asked, minlength=len(words.box) * clauses)
        distinct = np.count_nonzero(answers.reshape(-1, clauses)[parts], axis=1)
        # Those that answer most first, then those with most matches.
        order = (parts - (counts << 20) - (distinct << 40)).argsort()
        columns = (words.box[parts], parts, firsts, firsts + counts)
        self._parts: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for box, *found in zip(*(column[order].tolist() for column in columns), strict=True):
            self._parts[box].append((found[0], found[1], found[2]))

    def shown(self, number: int, record: PackedRecord) -> tuple[tuple[Highlight, ...], tuple[str, ...]]:
        """The passages of one hit, given its place on the page, and the references of its specialisms whose names
        answer something.
        """
        found = [
            (field, some) for field in range(FIELDS) if (some := self._parts.get(number * FIELDS + field))
        ]
        if not found:
            return (), ()
        text, ends, names = record.text(), record.text_ends(), record.names()
        before = self._first_part[number]
        passages: list[Highlight] = []
        specialisms: tuple[str, ...] = ()
        for field, some in found:
            if field == SPECIALISMS:
                specialisms = tuple(names[part - before] for part in sorted(part for part, _, _ in some))
            if not TEXT_FIELDS[field].highlighted:
                continue
            for part, first, last in some[: _PASSAGES.get(field, 1)]:
                own = part - before
                start = ends[own - 1] + 1 if own else 0
                passages.append(
                    Highlight(
                        TEXT_FIELDS[field].name,
                        names[own],
                        passage(text, start, ends[own], self._matches[first:last]),
                    )
                )
        return tuple(passages), specialisms
