"""Answering questions about rate lines from the embedded index: pages, statistics, suggestions, export.

Second step of the rates journey: search/rate_params.py makes the question, this module answers it, api and
web show it. One stat of a file tells whether the index worker has made a newer generation.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from procurement.pricing import RateStatistics, place, statistics
from search.engines.base import EngineUnavailable, IndexState
from search.engines.columns import Array, Codes, current_mark, read_current
from search.engines.comparing import RatesComparing
from search.engines.rates_base import CardDocument
from search.engines.rates_pages import after, cursor, page_rows
from search.engines.rates_rows import MAPPING
from search.engines.rates_suggest import Roles, typed_words
from search.engines.rates_view import Hits, RatesView
from search.query import Unknown
from search.rate_query import OtherUnits, RateQuery, RateResult, RoleQuery, RoleSuggestion

EXPORT_BATCH: Final = 2_000
KEPT_ROLES: Final = 16
"""Frameworks, units and days for which the counts of role titles are remembered."""


class RatesReader:
    """The rates collection in `folder`, for any number of processes and threads. Raises EngineUnavailable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._comparing: RatesComparing | None = None
        self._opened: tuple[tuple[int, int], RatesView] | None = None
        self._roles: OrderedDict[tuple[int, RoleQuery], Roles] = OrderedDict()

    def search_rates(self, query: RateQuery) -> RateResult:
        """A page of lines, the exact count, statistics over everything found.

        Raises OtherUnits if nothing is found in a unit that was taken for granted, but is in another.
        """
        view = self._view()
        hits = view.find(query)
        count = len(hits.rows)
        if not count and not query.stated_unit:
            _look_elsewhere(view, query)
        start = after(view, hits, query.after) if query.after else (query.page - 1) * query.page_size
        stop = min(start + query.page_size, count)
        page = page_rows(view, hits, query.sort, query.seed, start, stop)
        figures, prices = _statistics(view, hits, query)
        return RateResult(
            query=query,
            count=count,
            lines=view.lines(page),
            statistics=figures,
            place=None
            if query.proposed is None or figures is None
            else place(prices, figures, query.proposed),
            illustrative=count - len(prices),
            unknown_experience=hits.unknown,
            corrections=hits.corrections,
            after=cursor(view, hits, query.sort, query.seed, int(page[-1])) if start < stop < count else None,
            generation=view.generation,
        )

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]:
        """Every line found, in order, each ready JSON; the question's page is not looked at.

        Raises what search_rates raises, at once and not when the lines are read.
        """
        view = self._view()
        hits = view.find(query)
        if not len(hits.rows) and not query.stated_unit:
            _look_elsewhere(view, query)
        rows = page_rows(view, hits, query.sort, query.seed, 0, len(hits.rows))
        batches = (rows[start : start + EXPORT_BATCH] for start in range(0, len(rows), EXPORT_BATCH))
        return chain.from_iterable(map(view.lines, batches))

    def suggest_roles(self, query: RoleQuery) -> list[RoleSuggestion]:
        """Role titles with words that begin as those typed do, those on the most lines first."""
        view = self._view()
        typed = typed_words(query.q)
        name = view.generation, query.about
        roles = self._roles.get(name)
        if roles is None:
            roles = self._roles[name] = Roles.of(view.titles, view.lines_of_titles(query))
            while len(self._roles) > KEPT_ROLES:
                self._roles.popitem(last=False)
        return roles.beginning(view.titles, typed, query.limit) if typed else []

    def unlike(self, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """See Engine."""
        view, comparing = self._view(), self._comparing
        if comparing is None or comparing.view is not view:
            comparing = self._comparing = RatesComparing(view)
        return comparing.unlike([cast(CardDocument, document) for document in documents])

    def rate_cards(self) -> Iterator[tuple[str, int, int]]:
        """Every (card reference, version, number of lines) in the index, for the drift check."""
        view = self._view()
        cards, versions = view.data.data("cards"), view.data.array("versions")
        counts = np.bincount(view.columns["card"], minlength=len(versions))
        names = Codes.load(cards).values
        for code in np.flatnonzero(counts).tolist():
            yield names[code], int(versions[code]), int(counts[code])

    def unknown_values(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """See Engine."""
        return self._view().unknown_values(asked)

    def state(self) -> IndexState:
        """What stands in the index, and whether it has to be built anew. Never raises EngineUnavailable."""
        try:
            view = self._view()
        except EngineUnavailable as error:
            return IndexState("rates", 0, 0, MAPPING, str(error))
        return IndexState("rates", view.generation, view.cards, MAPPING, None)

    def _view(self) -> RatesView:
        """The current generation, opened again only when CURRENT has been swapped."""
        mark = current_mark(self.folder)
        opened = self._opened
        if opened is not None and opened[0] == mark:
            return opened[1]
        current = read_current(self.folder)
        if current is None or mark is None:
            raise EngineUnavailable("rates: there is no index yet")
        view = RatesView(self.folder, current, opened[1] if opened else None)
        self._opened = mark, view
        return view


def _statistics(view: RatesView, hits: Hits, query: RateQuery) -> tuple[RateStatistics | None, Array]:
    """Figures over what counts, and its prices. Those of a whole base are remembered with it."""
    prices = hits.prices
    if not query.bases and hits.base.illustrative:
        prices = prices[view.columns["basis"][hits.rows] != view.codes["basis"].get("illustrative")]
    if not hits.whole:
        return statistics(prices, query.bins), prices
    if query.bins not in hits.base.figures:
        hits.base.figures[query.bins] = statistics(prices, query.bins)
    return hits.base.figures[query.bins], prices


def _look_elsewhere(view: RatesView, query: RateQuery) -> None:
    """Raises OtherUnits if the same question finds lines in another currency or unit."""
    units = tuple(
        (currency, unit)
        for currency, unit in sorted(view.units)
        if (currency, unit) != (query.currency, query.unit)
        and len(view.find(replace(query, currency=currency, unit=unit, min_rate=None, max_rate=None)).rows)
    )
    if units:
        raise OtherUnits(units)
