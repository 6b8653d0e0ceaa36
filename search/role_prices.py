"""What a team that names roles costs at the candidates of a match.

The index holds the listings' rates by grade alone, so that those by role are read from the database, on the cards in
force on the day of the match: the one step of a match that asks it, and only for such a team. Candidates are gathered
without it, so that who is cheap is among them where all of the eligible are, or where something else brought it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from procurement.models import Framework, Lot, Supplier
from procurement.quotes import Quote, QuoteQuestion, quotes
from procurement.requirements import RequirementContent
from search.engines.matching_base import NO_TOTAL, CardKind, Gathered, Prices


@dataclass(frozen=True, slots=True)
class RolePrices:
    """The quote of each supplier by its reference."""

    quotes: Mapping[str, Quote] = field(default_factory=dict)

    def of(self, listing: str) -> Quote | None:
        """That of the supplier of a listing, by the listing's reference."""
        return self.quotes.get(_supplier(listing))


def priced_by_role(content: RequirementContent, gathered: Gathered, on: date) -> tuple[Gathered, RolePrices]:
    """The candidates with their totals and the yardstick of those, and the quotes behind them. Eight queries at most,
    however many candidates there are.
    """
    framework = Framework.objects.filter(reference=content.framework).first()
    if framework is None:
        return gathered, RolePrices()
    lot = Lot.objects.filter(framework=framework, reference=content.lot).first() if content.lot else None
    keys = gathered.candidates.keys
    suppliers = list(Supplier.objects.filter(reference__in={_supplier(key) for key in keys}))
    question = QuoteQuestion(framework, lot, content.team, on, work_type=content.work_type or None, vat=False)
    found = {one.supplier.reference: one for one in quotes(question, suppliers, on)}
    of = [found.get(_supplier(key)) for key in keys]
    candidates = replace(
        gathered.candidates,
        totals=np.array([_total(one) for one in of], dtype=np.int64),
        cards=[_kind(one) for one in of],
    )
    totals: dict[CardKind, list[int]] = {}
    for one in found.values():
        if one.price is not None:
            totals.setdefault(_kind(one), []).append(one.price.total)
    prices = Prices({kind: np.array(sorted(some), dtype=np.int64) for kind, some in totals.items()})
    return replace(gathered, candidates=candidates, prices=prices), RolePrices(found)


def _supplier(listing: str) -> str:
    """A listing is framework, supplier and partner."""
    return listing.split("~")[1]


def _total(quote: Quote | None) -> int:
    return NO_TOTAL if quote is None or quote.price is None else quote.price.total


def _kind(quote: Quote | None) -> CardKind:
    if quote is None or quote.held is None:
        return "", "", ""
    card = quote.held.card
    return card.currency, card.unit, quote.held.version.basis
