"""Buyers' words for what profiles call otherwise, read once from synonyms.txt and used by the planner for
every engine.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from search.analysis import GAP, normalise, term_of, words_of

Terms = tuple[str, ...]

_FILE: Final = Path(__file__).with_name("synonyms.txt")


def term_as_written(word: str) -> str:
    """A word's term; a stop word in capitals stands for itself (IT)."""
    term = term_of(word)
    return word if term == GAP and len(word) > 1 and word.isupper() else term


@functools.cache
def synonyms() -> Mapping[Terms, tuple[Terms, ...]]:
    """What each word or group of words also finds. Raises ValueError for a line that cannot be read."""
    found: dict[Terms, dict[Terms, None]] = {}
    for number, line in enumerate(_FILE.read_text(encoding="utf-8").splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        asked, arrow, others = line.partition("=>")
        wanted = [_terms(phrase) for phrase in asked.split(",")]
        also = [_terms(phrase) for phrase in others.split(",")] if arrow else wanted
        if not all(wanted) or not all(also) or (not arrow and len(wanted) < 2):
            raise ValueError(f"{_FILE.name} line {number}: {line!r}")
        for terms in wanted:
            found.setdefault(terms, {}).update(
                {_searchable(other): None for other in also if other != terms and _searchable(other)}
            )
    return {terms: tuple(others) for terms, others in found.items()}


@functools.cache
def longest_group() -> int:
    """How many words the longest group has."""
    return max(map(len, synonyms()))


def groups_in(words: Sequence[str]) -> Iterator[tuple[int, int, tuple[Terms, ...]]]:
    """The groups that stand in a run of words, as (first word, number of words, what else they find); longest
    first at each place, none inside another.
    """
    terms = [term_as_written(word) for word in words]
    at = 0
    while at < len(terms):
        for length in range(min(longest_group(), len(terms) - at), 0, -1):
            others = synonyms().get(tuple(terms[at : at + length]))
            if others is not None:
                yield at, length, others
                at += length
                break
        else:
            at += 1


def grouped(words: Sequence[str]) -> set[int]:
    """The places of the words that belong to a group, of one word or several."""
    return {at + place for at, length, _ in groups_in(words) for place in range(length)}


def groups_among(readings: Sequence[Sequence[str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The groups of several words in a run of which each may be read in one of several ways, as (first word, the
    words as they are read); the ways are tried in their order, places and lengths as in groups_in.
    """
    at = 0
    while at < len(readings):
        for length in range(min(longest_group(), len(readings) - at), 1, -1):
            ways = itertools.product(*readings[at : at + length])
            found = next((way for way in ways if tuple(map(term_as_written, way)) in synonyms()), None)
            if found is not None:
                yield at, found
                at += length
                break
        else:
            at += 1


def _terms(phrase: str) -> Terms:
    return tuple(term_as_written(word) for word in words_of(normalise(phrase)))


def _searchable(terms: Terms) -> Terms:
    """What of a group the index can hold: a stop word only keeps its distance inside a phrase."""
    kept = [GAP if len(term) > 1 and term_of(term) == GAP else term for term in terms]
    while kept and kept[0] == GAP:
        kept.pop(0)
    while kept and kept[-1] == GAP:
        kept.pop()
    return tuple(kept)
