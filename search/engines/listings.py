"""Answering questions over the listings from the embedded index: opens the current generation and asks it.

A reader in any process looks at CURRENT (one stat) before each question and moves to a new generation when
there is one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from search.engines.base import EngineUnavailable, IndexState
from search.engines.columns import current_mark, read_current
from search.engines.comparing import ListingsComparing
from search.engines.listings_facets import count_facets
from search.engines.listings_filters import lowest_rate_of, narrow, specialisms_offered
from search.engines.listings_partners import count_partners
from search.engines.listings_ranking import Page, cursor_of, page_of
from search.engines.listings_view import ListingsView, StaleManifest, current_generation
from search.engines.reasons import Explained, Explainer
from search.engines.words import compile_plan
from search.fields import MAPPING
from search.meaning import model
from search.planner import Plan, name_meant, plan
from search.query import (
    Freshness,
    Hit,
    HitRate,
    ListingQuery,
    ListingResult,
    PartnerCounts,
    Suggestion,
    SuggestionQuery,
    Unknown,
)

_ATTEMPTS: Final = 20
_UNEXPLAINED: Final = Explained((), (), ())


class ListingsReader:
    """The listings' half of the engine, for reading."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark: tuple[int, int] | None = None
        self._view: ListingsView | None = None
        self._comparing: ListingsComparing | None = None
        self._lock = threading.Lock()

    def view(self) -> ListingsView:
        """The current generation. Raises EngineUnavailable if there is none or it is damaged."""
        mark = current_mark(self._folder)
        view = self._view
        if view is not None and mark == self._mark:
            return view
        with self._lock:
            if self._view is None or mark != self._mark:
                self._view = self._open(self._view)
                self._mark = mark
            return self._view

    def _open(self, before: ListingsView | None) -> ListingsView:
        # Files of a generation go three generations later: a reader overtaken by several commits looks again.
        for attempt in range(_ATTEMPTS):
            current = read_current(self._folder)
            if current is None:
                raise EngineUnavailable("there is no listings index yet")
            directory = self._folder / current.directory
            try:
                return ListingsView(directory, current_generation(directory, current.generation), before)
            except StaleManifest:
                continue
            except EngineUnavailable:
                if attempt == _ATTEMPTS - 1 or read_current(self._folder) == current:
                    raise
        raise EngineUnavailable("the listings index changes faster than it can be opened")

    def search(self, query: ListingQuery, freshness: Callable[[int], Freshness]) -> ListingResult:
        """See Engine.search_listings. `freshness` tells it of a generation."""
        view = self.view()
        asked = plan(query.q, view.lexicon)
        words = asked.asked or bool(asked.excluded)
        narrowed = narrow(view, query, view.holders.matching(asked) if words else view.everything)
        passed = int(np.count_nonzero(narrowed.all_but()))
        page = page_of(view, query, narrowed, compile_plan(asked) if asked.asked else None)
        hits = _hits(view, query, asked, page)
        after = None
        if page.more and hits:
            score = page.scores[-1] if asked.asked else None
            rate = hits[-1].rate
            after = cursor_of(view, query, page.slots[-1], score, None if rate is None else rate.price_minor)
        return ListingResult(
            count=passed,
            hits=hits,
            facets=count_facets(view, query, narrowed, not words and not narrowed.passes)
            if query.facets
            else (),
            did_you_mean=asked.did_you_mean,
            seed=query.seed,
            after=after,
            index=freshness(view.generation),
        )

    def answering(
        self, query: ListingQuery, among: Sequence[str] | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """See Engine.answering. Who answers is worked out at once, what is stored is read one by one."""
        view = self.view()
        asked = plan(query.q, view.lexicon)
        words = asked.asked or bool(asked.excluded)
        slots = view.holders.matching(asked) if words else view.everything
        if among is not None:
            named = {slot for key in among if (slot := view.slot_of(key)) is not None}
            slots = slots[np.isin(slots, sorted(named))]
        narrowed = narrow(view, query, slots)
        found = narrowed.slots[narrowed.all_but()].tolist() if len(slots) else []
        return ((view.keys[slot], view.record(slot).stored()) for slot in found)

    def count_partners(self, query: ListingQuery, regions: Sequence[str]) -> PartnerCounts:
        """See Engine."""
        view = self.view()
        asked = plan(query.q, view.lexicon)
        words = asked.asked or bool(asked.excluded)
        narrowed = narrow(view, query, view.holders.matching(asked) if words else view.everything)
        return count_partners(view, query, narrowed, regions)

    def listing(self, reference: str) -> bytes | None:
        """See Engine.listing."""
        view = self.view()
        slot = view.slot_of(reference)
        return None if slot is None else view.record(slot).stored()

    def keys(self) -> Iterator[tuple[str, int]]:
        """See Engine.listing_keys."""
        view = self.view()
        versions = view.columns.array("version")
        for slot in view.everything.tolist():
            yield view.keys[slot], int(versions[slot])

    def unlike(self, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """See Engine."""
        view, comparing = self.view(), self._comparing
        if comparing is None or comparing.view is not view:
            comparing = self._comparing = ListingsComparing(view)
        return comparing.unlike(documents)

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        """See Engine.suggest."""
        view = self.view()
        found = view.suggestions.find(query)
        if not found and (meant := name_meant(query.q, view.lexicon)) is not None:
            found = view.suggestions.find(replace(query, q=meant))
        return found

    def unknown_values(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """See Engine."""
        return self.view().labels.unknown(asked)

    def state(self) -> IndexState:
        """See Engine.state."""
        try:
            view = self.view()
        except EngineUnavailable as error:
            return IndexState("listings", 0, 0, MAPPING, str(error))
        at_hand = model()
        because = None
        if at_hand is not None and view.meaning != at_hand.digest:
            because = "its vectors are not by the model of meaning at hand"
        return IndexState("listings", view.generation, len(view.everything), MAPPING, because)


def _hits(view: ListingsView, query: ListingQuery, asked: Plan, page: Page) -> tuple[Hit, ...]:
    """What a page shows of its listings."""
    slots = np.array(page.slots, dtype=np.int64)
    records = view.records(slots)
    explained = [_UNEXPLAINED] * len(records)
    if asked.asked:
        explained = Explainer(asked, view.words).explain(records, [score / 10_000 for score in page.scores])
    wanted = query.filters.get("specialism", ())
    statuses = view.codes["status"].values
    hits = []
    for slot, key, status, score, record, why in zip(
        page.slots,
        view.keys.take(slots),
        view.statuses(query.on)[slots].tolist(),
        page.scores,
        records,
        explained,
        strict=True,
    ):
        offered = specialisms_offered(view, slot, wanted) if wanted else ()
        hits.append(
            Hit(
                reference=key,
                stored=record.stored(),
                status=statuses[status],
                score=score / 10_000,
                specialisms=tuple(dict.fromkeys((*offered, *why.specialisms))),
                rate=_rate(view, query, slot) if query.grade else None,
                highlights=why.highlights,
                why=why.why,
            )
        )
    return tuple(hits)


def _rate(view: ListingsView, query: ListingQuery, slot: int) -> HitRate | None:
    if query.grade is None:
        return None
    found = lowest_rate_of(view, query, slot)
    if found is None:
        return None
    price, lot, work_type = found
    currency, unit, basis = (
        view.codes[kind].values[int(view.columns.array(kind)[slot])] for kind in ("currency", "unit", "basis")
    )
    return HitRate(query.grade, price, currency, unit, basis, lot, work_type)
