"""Which listings hold what was asked, as slots: what is filtered and counted before anything is scored.

Scoring every hit only to count it would cost more than all else. Who holds a term is asked of tantivy once and
remembered; the next generation takes over what it remembers, for the listings that did not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from search.engines.columns import Array, Mask
from search.engines.words import WordsReader, holding, holding_any, named
from search.fields import TEXT_FIELDS
from search.planner import Clause, Plan, Terms

_REMEMBERED: Final = 16_000_000
"""Slots, of four bytes, that are remembered before all is forgotten."""

_FIELDS: Final = tuple(field.name for field in TEXT_FIELDS)


class Holders:
    """Of one generation. Safe for many threads: what it remembers is only added to, and the same for all."""

    def __init__(self, words: WordsReader, alive: Mask) -> None:
        self._words = words
        self._alive = alive
        self._of_terms: dict[Terms, Array] = {}
        self._of_sets: dict[tuple[tuple[str, ...], Terms], Array] = {}
        self._size = 0

    def __len__(self) -> int:
        """How many terms, phrases and sets of terms are remembered."""
        return len(self._of_terms) + len(self._of_sets)

    def take_over(self, before: Holders, changed: Mapping[int, frozenset[str]]) -> None:
        """Remembers what the generation before did. `changed` are the slots that differ, with the terms of
        each; none for one that was removed.
        """
        slots = np.array(sorted(changed), dtype=np.int32)
        for terms, known in list(before._of_terms.items()):
            if len(terms) > 1:
                continue
            now = [slot for slot, held in changed.items() if terms[0] in held]
            kept = known[~np.isin(known, slots)] if len(slots) else known
            self._of_terms[terms] = np.concatenate([kept, np.array(now, dtype=np.int32)]) if now else kept
        self._size = sum(map(len, self._of_terms.values()))

    def matching(self, plan: Plan) -> Array:
        """The slots of every listing that the plan finds, ascending."""
        if plan.asked:
            found = np.zeros(len(self._alive), dtype=np.bool_)
            required = [clause for clause in plan.clauses if clause.required]
            if required:
                found = np.logical_and.reduce(
                    [self._mask(self._any_of(clause, set())) for clause in required]
                )
            else:
                self._set(found, plan)
        else:
            found = self._alive.copy()
        for terms in plan.excluded:
            found[self._holding(terms)] = False
        slots: Array = np.flatnonzero(found)
        return slots

    def of(self, term: str) -> Array:
        """The slots of every listing that holds a term."""
        return self._holding((term,))

    def _set(self, found: Mask, plan: Plan) -> None:
        """Marks whoever meets any of the clauses, or bears the name."""
        alone = {
            alternative.terms[0]
            for clause in plan.clauses
            for alternative in clause.alternatives
            if len(alternative.terms) == 1
        }
        for clause in plan.clauses:
            for slots in self._any_of(clause, alone):
                found[slots] = True
        if plan.whole_name:
            found[self._words.holders(named(plan.whole_name))] = True

    def _mask(self, holders: Iterable[Array]) -> Mask:
        mask = np.zeros(len(self._alive), dtype=np.bool_)
        for slots in holders:
            mask[slots] = True
        return mask

    def _any_of(self, clause: Clause, alone: set[str]) -> Iterator[Array]:
        """The holders of each thing that meets a clause, but for a phrase with a word that is asked for `alone`
        too: its holders hold that word.
        """
        for alternative in clause.alternatives:
            if len(alternative.terms) == 1 or alone.isdisjoint(alternative.terms):
                yield self._holding(alternative.terms)
        if clause.constants:
            yield self._holding_any(_FIELDS, clause.constants)
        if clause.name_starts:
            yield self._holding_any(("name",), clause.name_starts)

    def _holding(self, terms: Terms) -> Array:
        known = self._of_terms.get(terms)
        if known is None:
            self._make_room()
            known = self._of_terms[terms] = self._words.holders(holding(terms))
            self._size += len(known)
        return known

    def _holding_any(self, fields: tuple[str, ...], terms: Terms) -> Array:
        known = self._of_sets.get((fields, terms))
        if known is None:
            self._make_room()
            known = self._of_sets[fields, terms] = self._words.holders(holding_any(fields, terms))
            self._size += len(known)
        return known

    def _make_room(self) -> None:
        if self._size > _REMEMBERED:
            self._of_terms, self._of_sets, self._size = {}, {}, 0
