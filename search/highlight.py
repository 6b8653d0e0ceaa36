"""Passages that show what was found: the best stretch of a text, escaped, with <mark> around the words that
matched.

Works on the places of words that were stored at indexing; nothing is tokenised here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

PASSAGE: Final = 220
"""About so many characters are shown of a longer text."""

_LEAD: Final = 45
"""So many of them before the first word that matched."""

_SPECIAL: Final = re.compile("[&<>\"']")

Match = tuple[int, int, int]
"""Where a matching word starts and ends (in characters of the text), and the number of what was asked that it
answers.
"""


def passage(text: str, start: int, end: int, matches: Sequence[Match]) -> str:
    """The best passage of `text[start:end]` as HTML. `matches` lie within it, in order; there is at least
    one.
    """
    first, last = _window(text, start, end, matches) if end - start > PASSAGE else (start, end)
    # Most passages hold nothing that HTML must have escaped.
    written = escape if _SPECIAL.search(text, first, last) else str
    pieces = ["" if first == start else "…"]
    at = first
    for match_start, match_end, _ in matches:
        if match_start >= at and match_end <= last:
            pieces += (
                written(text[at:match_start]),
                "<mark>",
                written(text[match_start:match_end]),
                "</mark>",
            )
            at = match_end
    pieces += (written(text[at:last]), "" if last == end else "…")
    return "".join(pieces)


def _window(text: str, start: int, end: int, matches: Sequence[Match]) -> tuple[int, int]:
    """The stretch that holds most of what was asked, then most matches, then comes first; it ends between
    words.
    """
    best, best_worth = start, (0, 0)
    for number, (match_start, _, _) in enumerate(matches):
        begin = max(start, match_start - _LEAD)
        inside = []
        for at in range(number, len(matches)):
            if matches[at][1] > begin + PASSAGE:
                break
            inside.append(matches[at][2])
        worth = (len(set(inside)), len(inside))
        if worth > best_worth:
            best, best_worth = begin, worth
    best = min(best, end - PASSAGE)
    first, last = best, best + PASSAGE
    if first > start:
        space = text.find(" ", first, first + _LEAD)
        first = (
            space + 1 if space >= 0 and all(not first <= match[0] <= space for match in matches) else first
        )
    if last < end:
        space = text.rfind(" ", last - _LEAD, last)
        last = space if space >= 0 and all(not space <= match[0] < last for match in matches) else last
    return first, last
