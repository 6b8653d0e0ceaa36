"""Gathering the candidates for a need in the embedded index: whole columns at a time.

Who is eligible and what each covers are masks; how much its words tell is looked up in who holds which term.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.engines.bits import bearing_any, counts_among, mask_of
from search.engines.columns import Array, Mask, rows_of
from search.engines.listings_filters import allowed_codes, narrow, regions_met
from search.engines.listings_rows import UNSTATED
from search.engines.listings_view import ListingsView
from search.engines.matching_base import (
    AT_LEAST,
    IN_ORDER,
    NO_TOTAL,
    RULED_OUT_SHOWN,
    TOGETHER,
    Candidates,
    CardKind,
    Covered,
    Gathered,
    Lengths,
    Likeness,
    Prices,
    RuledOut,
)
from search.engines.meanings import products
from search.engines.team_totals import totals_of
from search.engines.together import PAIRS, price_steps, worths_of
from search.need import Need, Pair
from search.query import Freshness, ListingQuery

Coverage = NDArray[np.int8]
Slots = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Nearness:
    """The need's product with every text's vector, and with each listing's nearest (by slot)."""

    texts: NDArray[np.int32]
    nearest: NDArray[np.int32]


_NONE = np.iinfo(np.int32).min


def gather(view: ListingsView, need: Need, index: Freshness) -> Gathered:
    """See matching_base.Reading."""
    universe = _universe(view, need)
    coverage = np.array([_covered(view, need, pair) for pair in need.pairs], dtype=np.int8)
    coverage = coverage.reshape(len(need.pairs), view.size)
    missing = {at: universe & (coverage[at] == Covered.MISSING) for at in sorted(need.must)}
    out = np.logical_or.reduce(list(missing.values())) if missing else np.zeros(view.size, dtype=np.bool_)
    eligible = universe & ~out
    totals = totals_of(view, need)
    near = None if need.vector is None else _nearness(view, need.vector)
    prices = _prices(view, eligible, totals)
    chosen = _candidates(view, need, eligible, coverage, totals, near, prices)
    named = _by_key(view, out)[:RULED_OUT_SHOWN]
    return Gathered(
        eligible=int(np.count_nonzero(eligible)),
        lots=_lots(view, eligible),
        candidates=_told_of(view, need, _by_key(view, chosen), coverage, totals, near),
        ruled_out=tuple(
            RuledOut(key, record, tuple(at for at, lacks in missing.items() if lacks[slot]))
            for slot, key, record in zip(named, view.keys.take(named), view.records(named), strict=True)
        ),
        ruled_out_count=int(np.count_nonzero(out)),
        without={at: int(np.count_nonzero(lacks)) for at, lacks in missing.items()},
        lengths=_lengths(view),
        prices=prices,
        index=index,
    )


def _told_of(
    view: ListingsView,
    need: Need,
    slots: Slots,
    coverage: Coverage,
    totals: Array,
    near: _Nearness | None,
) -> Candidates:
    """The candidates at these slots."""
    cards = zip(
        *(
            map(view.codes[kind].values.__getitem__, view.columns.array(kind)[slots].tolist())
            for kind in ("currency", "unit", "basis")
        ),
        strict=True,
    )
    return Candidates(
        keys=view.keys.take(slots),
        records=view.records(slots),
        likeness=None if near is None else _of_texts(view, near, slots),
        covered=coverage[:, slots].T,
        totals=totals[slots],
        cards=tuple(cards),
        preferred=_liked(view, need)[:, slots].T,
        confirmed_on=view.columns.array("confirmed_on")[slots].astype(np.int64),
        names=view.sort_names.take(slots) if need.order == "name" else (),
    )


def _lots(view: ListingsView, eligible: Mask) -> frozenset[str]:
    held = np.flatnonzero(counts_among(view.bearers("lot"), eligible))
    return frozenset(view.codes["lot"].values[code] for code in held.tolist())


def _universe(view: ListingsView, need: Need) -> Mask:
    """The listings of the framework and lot; without one, of every framework that is live on the day."""
    filters = {"status": ("live",)} if need.framework is None else {"framework": (need.framework,)}
    if need.lot is not None:
        filters["lot"] = (need.lot,)
    narrowed = narrow(view, ListingQuery(filters=filters, on=need.on), view.everything)
    return mask_of(view.everything[narrowed.all_but()], view.size)


def _covered(view: ListingsView, need: Need, pair: Pair) -> Coverage:
    """What each listing's offerings say to a pair: one of them must meet both."""
    owners, specialisms = view.columns.array("offer_owner"), view.columns.array("offer_specialism")
    here: Mask = np.ones(len(owners), dtype=np.bool_)
    if pair.region is not None:
        here &= regions_met(view, [pair.region])[view.columns.array("offer_regions")]
    lot = need.lot if pair.specialism is None else pair.specialism.rpartition("~")[0]
    if lot is not None:
        here &= allowed_codes(view.codes["lot"], [lot])[view.columns.array("offer_lot")]
    found = np.full(view.size, Covered.MISSING, dtype=np.int8)
    if pair.specialism is None:
        found[owners[here]] = Covered.MET
        return found
    found[owners[here & (specialisms == UNSTATED)]] = Covered.NOT_STATED
    found[owners[here & allowed_codes(view.codes["specialism"], [pair.specialism])[specialisms]]] = (
        Covered.MET
    )
    return found


def _nearness(view: ListingsView, vector: NDArray[np.int8]) -> _Nearness:
    texts = products(vector, view.meanings)
    rows, starts = view.columns.array("meaning_row"), view.columns.array("meaning_starts")
    nearest = np.full(view.size, _NONE, dtype=np.int32)
    having = np.flatnonzero(np.diff(starts))
    if len(having):
        nearest[having] = np.maximum.reduceat(texts[rows], starts[having])
    return _Nearness(texts, nearest)


def _of_texts(view: ListingsView, near: _Nearness, slots: Slots) -> Likeness:
    """The products of these listings' texts."""
    starts = view.columns.array("meaning_starts")
    rows = view.columns.array("meaning_row")[rows_of(starts, slots)]
    return Likeness(near.texts[rows], np.diff(starts)[slots].astype(np.int64))


def _candidates(
    view: ListingsView,
    need: Need,
    eligible: Mask,
    coverage: Coverage,
    totals: Array,
    near: _Nearness | None,
    prices: Prices,
) -> Mask:
    """Whom all that is asked for together or the order asked for brings up."""
    chosen = np.zeros(view.size, dtype=np.bool_)
    fair = view.tie_rank(need.seed)
    worths = worths_of(need)
    worth = _told(view, need) * worths.word
    if near is not None:
        worth += np.maximum(near.nearest, 0).astype(np.int64) * worths.near
    for states in coverage[:PAIRS]:
        worth += states.astype(np.int64) * worths.pair
    if worths.price:
        worth += _price_steps(view, eligible, totals, prices) * worths.price
    if worths.liked:
        worth += _liked(view, need).sum(axis=0) * worths.liked
    _choose(chosen, np.flatnonzero(eligible & (worth > 0)), -worth, fair, TOGETHER)
    if need.order == "price":
        _choose(chosen, np.flatnonzero(eligible & (totals != NO_TOTAL)), totals, fair, IN_ORDER)
    elif need.order == "name":
        _choose(chosen, np.flatnonzero(eligible), view.name_rank(), fair, IN_ORDER)
    elif need.order == "shuffle":
        _choose(chosen, np.flatnonzero(eligible), fair, fair, IN_ORDER)
    room = AT_LEAST - int(np.count_nonzero(chosen))
    if room > 0:
        _choose(chosen, np.flatnonzero(eligible & ~chosen), fair, fair, room)
    return chosen


def _told(view: ListingsView, need: Need) -> NDArray[np.int64]:
    """How much each listing's words tell of the need, in 64ths, however often they stand there."""
    told = np.zeros(view.size, dtype=np.int64)
    for term in need.terms:
        told[view.holders.of(term.term)] += term.steps
    return told


def _price_steps(view: ListingsView, eligible: Mask, totals: Array, prices: Prices) -> NDArray[np.int64]:
    """By slot, among cards of its kind."""
    steps = np.zeros(view.size, dtype=np.int64)
    priced = eligible & (totals != NO_TOTAL)
    for kind, among in prices.totals.items():
        same = priced.copy()
        for name, value in zip(("currency", "unit", "basis"), kind, strict=True):
            same &= view.columns.array(name) == view.codes[name].get(value)
        steps[same] = price_steps(totals[same], among)
    return steps


def _liked(view: ListingsView, need: Need) -> Mask:
    """Which listings have any of the values of each kind of preference: kinds by slots."""
    liked = np.zeros((len(need.preferences), view.size), dtype=np.bool_)
    for at, (kind, values) in enumerate(need.preferences.items()):
        liked[at] = bearing_any(view.bearers(kind), view.codes[kind].find(values), view.size)
    return liked


def _choose(chosen: Mask, among: Array, places: Array, fair: Array, count: int) -> None:
    """Marks those with the smallest places; of equals those first in the fair order."""
    if len(among) > count:
        edge = np.partition(places[among], count - 1)[count - 1]
        before = among[places[among] < edge]
        equal = among[places[among] == edge]
        rest = count - len(before)
        if len(equal) > rest:
            equal = equal[np.argpartition(fair[equal], rest - 1)[:rest]]
        among = np.concatenate([before, equal])
    chosen[among] = True


def _by_key(view: ListingsView, mask: Mask) -> Slots:
    order = view.columns.array("key_order")
    slots: Slots = order[mask[order]].astype(np.intp)
    return slots


def _lengths(view: ListingsView) -> Lengths:
    kept = view.kept.get("lengths")
    if not isinstance(kept, Lengths):
        terms = int(view.columns.array("meant_terms")[view.everything].sum(dtype=np.int64))
        parts = int(view.columns.array("meant_parts")[view.everything].sum(dtype=np.int64))
        kept = Lengths(terms / max(len(view.everything), 1), terms / max(parts, 1))
        view.kept["lengths"] = kept
    return kept


def _prices(view: ListingsView, eligible: Mask, totals: Array) -> Prices:
    """One price a supplier (of one framework: without one nothing is priced): all its listings share a card. Where
    they show different rates of it, since they stand on different lots, the lowest.
    """
    slots = np.flatnonzero(eligible & (totals != NO_TOTAL))
    slots = slots[np.argsort(totals[slots], kind="stable")]
    _, first = np.unique(view.columns.array("supplier")[slots], return_index=True)
    slots = slots[np.sort(first)]
    columns = [view.columns.array(kind)[slots].tolist() for kind in ("currency", "unit", "basis")]
    values = [view.codes[kind].values for kind in ("currency", "unit", "basis")]
    found: dict[CardKind, list[int]] = {}
    for total, *codes in zip(totals[slots].tolist(), *columns, strict=True):
        currency, unit, basis = (names[code] for names, code in zip(values, codes, strict=True))
        found.setdefault((currency, unit, basis), []).append(total)
    return Prices({kind: np.array(some, dtype=np.int64) for kind, some in found.items()})
