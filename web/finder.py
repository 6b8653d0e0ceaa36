"""Where the buyer's guided walk ends: one framework, lot and route with why; a firm's ends in web/readiness.py.

Journey: /find/need … /find/answer -> web/walk.py reads the answers -> here: lots by their specialisms
(search/matching.py), ways by the rules of call-offs (procurement/routing.py) -> the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.ground import codes_in
from procurement.models import CallOff, Lot
from procurement.pricing import money as amount_of
from procurement.querysets import LotQuerySet
from procurement.routing import Sketch, Ways, ways_of
from search.engines.base import Engine
from search.engines.matching_base import MatchingEngine
from search.lots import FittingLot
from search.matching import lots_for
from search.params import listing_query
from web.address import Address
from web.formats import amounts, day, money
from web.partner_map import counting, facet_of, letter_of
from web.walk import day_typed, pence_typed
from web.walks import ASKED_BY, OUTCOMES, regions

Given = Mapping[str, tuple[str, ...]]
ROUTES: Final = dict(CallOff.Route.choices)


@dataclass(frozen=True, slots=True)
class Found:
    """A lot that fits the need: its ways, the specialisms for which it does, and how many suppliers hold a place."""

    ways: Ways
    fit: FittingLot
    suppliers: int

    @property
    def lot(self) -> Lot:
        return self.ways.lot

    @property
    def specialisms(self) -> str:
        return ", ".join(one.name for one in self.fit.because)


@dataclass(frozen=True, slots=True)
class Answer:
    """The way to take (None: there is none), others that are open, those that fit and are not, and why the first; the
    chosen `regions` by codes that its framework takes.
    """

    best: Found | None
    others: tuple[Found, ...]
    closed: tuple[Found, ...]
    why: tuple[str, ...]
    outcomes: bool
    match: str
    regions: tuple[str, ...]


def sketch_of(given: Given) -> Sketch:
    """The purchase that sound answers sketch."""
    return Sketch(
        buyer_class=given["whom"][0],
        total=pence_typed(given["value"][0]) if given["value"] else None,
        starts_on=day_typed(given["starts"][0]) if given["starts"] else None,
        months=int(given["months"][0]) if given["months"] else None,
    )


def way_for(given: Given, engine: MatchingEngine, on: date) -> Answer:
    """The answer to a buyer who answered every question (three queries at most). Raises EngineUnavailable."""
    rows = LotQuerySet(Lot).with_suppliers(on).select_related("framework")
    sketch, need = sketch_of(given), given["need"][0]
    counts = {lot.reference: lot.supplier_count for lot in rows}  # type: ignore[attr-defined]
    every = {lot.reference: ways_of(lot, sketch, on) for lot in rows}

    def found(wanted: bool) -> list[Found]:
        lots = [key for key, ways in every.items() if bool(ways.open) is wanted and counts[key]]
        return [
            Found(every[fit.reference], fit, counts[fit.reference]) for fit in lots_for(need, lots, engine)
        ]

    possible = found(True)
    best = possible[0] if possible else None
    where = _regions_on(best.lot, given) if best else given["where"]
    match = Address("/match", (("text", need), *(("region", one) for one in where)))
    if best is not None:
        match = match.put({"framework": best.lot.framework.reference, "lot": best.lot.reference})
    return Answer(
        best=best,
        others=tuple(possible[1:]),
        # One that would be a guess would not have fitted.
        closed=tuple(one for one in found(False) if not one.fit.weak),
        why=_why(best, sketch) if best else (),
        outcomes=given["pays"][0] == OUTCOMES,
        match=str(match),
        regions=where,
    )


def _regions_on(lot: Lot, given: Given) -> tuple[str, ...]:
    """The chosen regions as the lot's framework names them: it takes codes of its own scheme alone, the walk asks by
    today's (one query at most).
    """
    scheme = lot.framework.region_scheme
    return given["where"] if scheme == ASKED_BY else codes_in(scheme, given["where"])


def unserved_in(given: Given, answer: Answer, engine: Engine, on: date) -> tuple[str, ...]:
    """The names of the chosen regions in which no listing on the lot of the answer says that it works, as searches
    count them (one search, and one query where there are any). Raises EngineUnavailable.
    """
    if answer.best is None or not given["where"]:
        return ()
    lot = answer.best.lot
    asked = Address("/search", (("framework", lot.framework.reference), ("lot", lot.reference)))
    counted = engine.search_listings(counting(listing_query(asked.sent(), on)))
    served = {letter_of(one.value) for one in facet_of(counted, "region").values if one.count}
    unserved = [one for one in given["where"] if letter_of(one) not in served]
    names = regions() if unserved else {}
    return tuple(names[one] for one in unserved)


def _why(found: Found, sketch: Sketch) -> tuple[str, ...]:
    """Why this lot and this route, a sentence each."""
    lot, framework = found.lot, found.lot.framework
    words = list(dict.fromkeys(word for one in found.fit.because for word in one.words))
    last = min(framework.ends_on, lot.closes_on or framework.ends_on)
    named = (
        _("It names %(specialisms)s. Your words that stand there: %(words)s.")
        if words
        else _("It names %(specialisms)s, the nearest in meaning.")
    )
    until = _("It takes call-offs until %(day)s, and a body such as yours may buy under %(framework)s.")
    told = [
        named % {"specialisms": found.specialisms, "words": ", ".join(words)},
        until % {"day": day(last), "framework": framework.number},
    ]
    if sketch.months is not None and lot.longest_term_months is not None:
        lasts = ngettext(
            "A call-off may last %(most)s month; you need %(needed)s.",
            "A call-off may last %(most)s months; you need %(needed)s.",
            lot.longest_term_months,
        )
        told.append(lasts % {"most": lot.longest_term_months, "needed": sketch.months})
    cap = lot.direct_award_cap_pence
    if found.ways.route == CallOff.Route.DIRECT_AWARD:
        told.append(_direct_award(cap))
        if CallOff.Route.COMPETITION in found.ways.open:
            told.append(_("A further competition is open to you as well."))
    else:
        against = found.ways.against[CallOff.Route.DIRECT_AWARD]
        reason = f"{against[0].message[0].lower()}{against[0].message[1:]}"
        told.append(_("By further competition: %(reason)s") % {"reason": amounts(reason)})
    return tuple(told)


def _direct_award(cap: int | None) -> str:
    if cap is None:
        return _("The lot allows a direct award: on objective grounds, with the reason kept on file.")
    limited = _(
        "The lot allows a direct award, up to %(amount)s without VAT: on objective grounds, with the reason kept on "
        "file."
    )
    return limited % {"amount": money(cap)}


def requirement_of(given: Given, answer: Answer) -> dict[str, Any]:
    """The requirement that the answers state, as create_requirement takes it; `answer` has a way."""
    assert answer.best is not None
    sketch, lot = sketch_of(given), answer.best.lot
    return {
        "text": given["need"][0],
        "framework": lot.framework.reference,
        "lot": lot.reference,
        "regions": list(answer.regions),
        "starts_on": sketch.starts_on.isoformat() if sketch.starts_on else None,
        "months": sketch.months,
        "budget": None if sketch.total is None else {"amount": amount_of(sketch.total), "currency": "GBP"},
    }
