"""Narrowing the listings that the words found: each filter as a mask, so that facets can leave one out.

Lot, specialism and region asked together are one condition on rows of offerings: one of them must meet all
three.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np

from search.engines.bits import bearing_any
from search.engines.columns import Array, Codes, Mask, rows_of
from search.engines.listings_rows import UNSTATED
from search.engines.listings_view import GradeRates, ListingsView
from search.fields import FILTERS
from search.query import ListingQuery, grade_name

OFFERING = "offering"
RATE = "rate"
_MANY = 4
"""From one listing in so many on, all offerings are looked through instead of each listing's being looked up."""

_NO_PRICE = np.iinfo(np.int64).max

OFFERED = ("lot", "specialism", "region")


@dataclass(slots=True)
class Narrowed:
    """The candidates by words, and for each filter that was asked for (OFFERING for its three, RATE) who
    passes it.
    """

    slots: Array
    passes: dict[str, Mask] = field(default_factory=dict)
    rates: Array | None = None
    offers: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    _fails: Array | None = None

    def all_but(self, *left_out: str) -> Mask:
        """Who passes every filter but these."""
        if self._fails is None:
            self._fails = np.zeros(len(self.slots), dtype=np.int8)
            for mask in self.passes.values():
                self._fails += ~mask
        fails = self._fails
        for name in left_out:
            if name in self.passes:
                fails = fails - ~self.passes[name]
        passed: Mask = fails == 0
        return passed


def narrow(view: ListingsView, query: ListingQuery, slots: Array) -> Narrowed:
    """Applies every filter of the question to the slots that the words found."""
    narrowed = Narrowed(slots)
    for filter_field in FILTERS:
        wanted = query.filters.get(filter_field.name)
        if not wanted or filter_field.by_offering:
            continue
        if filter_field.several:
            passed = _bearing(view, filter_field.name, wanted)[slots]
        else:
            allowed = allowed_codes(view.codes[filter_field.name], wanted)
            passed = allowed[column_of(view, filter_field.name, query)[slots]]
        narrowed.passes[filter_field.name] = passed
    if any(query.filters.get(name) for name in OFFERED):
        narrowed.passes[OFFERING] = _offering(view, query, narrowed)
    if query.grade is not None:
        narrowed.rates = lowest_rates(view, query)[slots]
        if query.min_rate is not None or query.max_rate is not None:
            narrowed.passes[RATE] = within(narrowed.rates, query)
    return narrowed


def _offering(view: ListingsView, query: ListingQuery, narrowed: Narrowed) -> Mask:
    """Who has an offering that meets all that was asked of one."""
    slots = narrowed.slots
    asked = [name for name in OFFERED if query.filters.get(name)]
    if asked == ["region"]:
        return regions_met(view, query.filters["region"])[view.columns.array("slot_regions")[slots]]
    if len(asked) == 1:
        return _bearing(view, asked[0], query.filters[asked[0]])[slots]
    _, owners = offers_meeting(view, query, narrowed)
    passed = np.zeros(view.size, dtype=np.bool_)
    passed[owners] = True
    return passed[slots]


def _bearing(view: ListingsView, name: str, wanted: Iterable[str]) -> Mask:
    return bearing_any(view.bearers(name), view.codes[name].find(wanted), view.size)


def regions_met(view: ListingsView, wanted: Iterable[str]) -> Mask:
    """For every set of regions whether one of those wanted is in it."""
    met: Mask = np.any(view.region_bits[:, view.codes["region"].find(wanted)], axis=1)
    return met


def allowed_codes(codes: Codes, wanted: Iterable[str]) -> Mask:
    """For every code whether it was asked for; the last place, which -1 finds, is False."""
    allowed = np.zeros(len(codes) + 1, dtype=np.bool_)
    allowed[codes.find(wanted)] = True
    return allowed


def column_of(view: ListingsView, name: str, query: ListingQuery) -> Array:
    """The codes of a single-valued filter, by slot."""
    return view.statuses(query.on) if name == "status" else view.columns.array(name)


def offers_meeting(
    view: ListingsView, query: ListingQuery, narrowed: Narrowed, left_out: str = ""
) -> tuple[Array, Array]:
    """The offerings that meet the lot, the specialism and the region asked for but one filter, as row numbers,
    ascending, and the slot of each: those of every candidate, perhaps with those of others. Looked up once for a
    question.

    They are looked for among the candidates' where these are few, else among those of the specialism or the lot.
    """
    asked = {name: wanted for name in OFFERED if name != left_out and (wanted := query.filters.get(name))}
    told = " ".join(asked)
    if told in narrowed.offers:
        return narrowed.offers[told]
    if len(narrowed.slots) * _MANY < view.size:
        rows = rows_of(view.columns.array("offer_starts"), narrowed.slots)
    elif name := next((name for name in ("specialism", "lot") if name in asked), ""):
        rows = view.offers_of(name, view.codes[name].find(asked.pop(name)))
    else:
        rows = np.arange(len(view.columns.array("offer_owner")))
    for name, wanted in asked.items():
        if name == "region":
            rows = rows[regions_met(view, wanted)[view.columns.array("offer_regions")[rows]]]
        else:
            rows = rows[allowed_codes(view.codes[name], wanted)[view.columns.array(f"offer_{name}")[rows]]]
    found = narrowed.offers[told] = rows, view.columns.array("offer_owner")[rows]
    return found


def lowest_rates(view: ListingsView, query: ListingQuery) -> Array:
    """The lowest rate of the question's grade for every slot, -1 where there is none: of the rates that count."""
    lowest = np.full(view.size, -1, dtype=np.int64)
    grade = _grade_code(view, query)
    if grade is None:
        return lowest
    rates = view.comparable_rates(grade)
    slots, prices = rates.slots, rates.prices
    if wanted := query.rate_lots:
        allowed = allowed_codes(view.codes["lot"], wanted)
        allowed[UNSTATED] = True
        kept = allowed[rates.lots]
        if query.priced_by_offer:
            kept &= _of_lots_offered(view, query, rates)
        slots, prices = slots[kept], prices[kept]
    if len(slots):
        begins = np.flatnonzero(np.diff(slots, prepend=-1))
        lowest[slots[begins]] = np.minimum.reduceat(prices, begins)
    return lowest


def _of_lots_offered(view: ListingsView, query: ListingQuery, rates: GradeRates) -> Mask:
    """Of each rate whether it holds for every lot, or for one in which its listing offers a specialism asked for."""
    rows = view.offers_of("specialism", view.codes["specialism"].find(query.filters["specialism"]))
    owners, lots = (view.columns.array(f"offer_{name}")[rows] for name in ("owner", "lot"))
    offered = np.zeros(view.pairs, dtype=np.bool_)
    offered[view.pair_of(owners, lots)] = True
    kept: Mask = offered[view.pair_of(rates.slots, rates.lots)] | (rates.lots == UNSTATED)
    return kept


def specialisms_offered(view: ListingsView, slot: int, wanted: Collection[str]) -> list[str]:
    """Which of the specialisms asked for a listing offers, by reference."""
    first, last = view.columns.array("offer_starts")[slot : slot + 2].tolist()
    values = view.codes["specialism"].values
    codes = view.columns.array("offer_specialism")[first:last].tolist()
    return sorted(values[code] for code in codes if code >= 0 and values[code] in wanted)


def lowest_in_lots(view: ListingsView, query: ListingQuery, slots: Array, lots: Array) -> Array:
    """The lowest rate of the question's grade that each slot has in the lot (a code) beside it or in every lot, -1
    where there is none.
    """
    grade = _grade_code(view, query)
    lowest = np.full(len(slots), _NO_PRICE, dtype=np.int64)
    pairs, prices = view.lowest_in_lots(grade) if grade is not None else (slots[:0], slots[:0])
    if len(pairs):
        for wanted in (view.pair_of(slots, lots), view.pair_of(slots, np.full_like(lots, UNSTATED))):
            at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
            lowest = np.where(pairs[at] == wanted, np.minimum(lowest, prices[at]), lowest)
    lowest[lowest == _NO_PRICE] = -1
    return lowest


def _grade_code(view: ListingsView, query: ListingQuery) -> int | None:
    frameworks = query.filters.get("framework", ())
    if len(frameworks) != 1 or query.grade is None:
        return None
    return view.codes["grade"].get(grade_name(frameworks[0], query.grade))


def lowest_rate_of(view: ListingsView, query: ListingQuery, slot: int) -> tuple[int, str | None, str] | None:
    """The lowest rate of one listing as (price, lot or None, work type); of equal ones the first by lot, then
    work type.
    """
    grade = _grade_code(view, query)
    if grade is None:
        return None
    rates = view.comparable_rates(grade)
    first, last = np.searchsorted(rates.slots, (slot, slot + 1))
    offered = specialisms_offered(view, slot, query.filters["specialism"]) if query.priced_by_offer else ()
    wanted = query.rate_lots_of(offered)
    lots, work_types = view.codes["lot"].values, view.codes["work_type"].values
    found = [
        (price, lots[lot] if lot >= 0 else "", work_types[work_type])
        for price, lot, work_type in zip(
            rates.prices[first:last].tolist(),
            rates.lots[first:last].tolist(),
            rates.work_types[first:last].tolist(),
            strict=True,
        )
        if not wanted or lot < 0 or lots[lot] in wanted
    ]
    if not found:
        return None
    price, lot, work_type = min(found)
    return price, lot or None, work_type


def within(rates: Array, query: ListingQuery) -> Mask:
    """Whose rate lies between the bounds, both included; who has none does not."""
    passed: Mask = rates >= max(query.min_rate or 0, 0)
    if query.max_rate is not None:
        passed &= rates <= query.max_rate
    return passed
