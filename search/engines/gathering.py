"""Gathering the candidates for a need in the embedded index: whole columns at a time.

Who is eligible and what each covers are masks; the best by words are those whose words tell most in sum, looked up
in who holds which term; the best by meaning those whose nearest text is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from search.engines.bits import bearing_any, counts_among, mask_of
from search.engines.columns import Array, Mask, rows_of
from search.engines.listings_filters import allowed_codes, narrow, regions_met
from search.engines.listings_rows import UNSTATED
from search.engines.listings_view import ListingsView
from search.engines.matching_base import (
    AT_LEAST,
    BY_COVERAGE,
    BY_MEANING,
    BY_PRICE,
    BY_WORDS,
    IN_ORDER,
    RULED_OUT_SHOWN,
    Candidate,
    Covered,
    Gathered,
    Lengths,
    Prices,
    RuledOut,
)
from search.engines.meanings import products
from search.engines.team_totals import NO_TOTAL, totals_of
from search.need import Need, Pair
from search.query import Freshness, ListingQuery

Coverage = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class _Likeness:
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
    likeness = None if need.vector is None else _likeness(view, need.vector)
    chosen = _candidates(view, need, eligible, coverage, totals, likeness)
    return Gathered(
        eligible=int(np.count_nonzero(eligible)),
        lots=_lots(view, eligible),
        candidates=_told_of(view, need, _by_key(view, chosen), coverage, totals, likeness),
        ruled_out=tuple(
            RuledOut(
                view.keys[slot], view.record(slot), tuple(at for at, lacks in missing.items() if lacks[slot])
            )
            for slot in _by_key(view, out)[:RULED_OUT_SHOWN]
        ),
        ruled_out_count=int(np.count_nonzero(out)),
        without={at: int(np.count_nonzero(lacks)) for at, lacks in missing.items()},
        lengths=_lengths(view),
        prices=_prices(view, eligible, totals),
        index=index,
    )


def _told_of(
    view: ListingsView,
    need: Need,
    slots: list[int],
    coverage: Coverage,
    totals: Array,
    likeness: _Likeness | None,
) -> tuple[Candidate, ...]:
    """The candidates at these slots."""
    cards = zip(
        *(
            map(view.codes[kind].values.__getitem__, view.columns.array(kind)[slots].tolist())
            for kind in ("currency", "unit", "basis")
        ),
        strict=True,
    )
    likings = [
        bearing_any(view.bearers(kind), view.codes[kind].find(values), view.size)[slots].tolist()
        for kind, values in need.preferences.items()
    ]
    preferred = zip(*likings, strict=True) if likings else repeat(())
    near = repeat(None) if likeness is None else _of_texts(view, likeness, slots)
    return tuple(
        Candidate(key, record, alike, covered, None if total == NO_TOTAL else total, card, liked, day, name)
        for key, record, alike, covered, total, card, liked, day, name in zip(
            [view.keys[slot] for slot in slots],
            [view.record(slot) for slot in slots],
            near,
            [tuple(map(Covered, states)) for states in coverage[:, slots].T.tolist()],
            totals[slots].tolist(),
            cards,
            preferred,
            view.columns.array("confirmed_on")[slots].tolist(),
            [view.sort_names[slot] for slot in slots] if need.order == "name" else repeat(""),
            strict=False,
        )
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


def _likeness(view: ListingsView, vector: NDArray[np.int8]) -> _Likeness:
    texts = products(vector, view.meanings)
    rows, starts = view.columns.array("meaning_row"), view.columns.array("meaning_starts")
    nearest = np.full(view.size, _NONE, dtype=np.int32)
    having = np.flatnonzero(np.diff(starts))
    if len(having):
        nearest[having] = np.maximum.reduceat(texts[rows], starts[having])
    return _Likeness(texts, nearest)


def _of_texts(view: ListingsView, likeness: _Likeness, slots: list[int]) -> list[NDArray[np.int32]]:
    """The products of each listing's texts."""
    starts = view.columns.array("meaning_starts")
    texts = likeness.texts[view.columns.array("meaning_row")[rows_of(starts, np.array(slots, dtype=np.intp))]]
    ends = np.cumsum(np.diff(starts)[slots])
    return np.split(texts, ends[:-1])


def _candidates(
    view: ListingsView,
    need: Need,
    eligible: Mask,
    coverage: Coverage,
    totals: Array,
    likeness: _Likeness | None,
) -> Mask:
    """Whom the need's words, its meaning, what it asks for, the price or the order asked for bring up."""
    chosen = np.zeros(view.size, dtype=np.bool_)
    fair = view.tie_rank(need.seed)
    if need.terms:
        told = _told(view, need)
        _choose(chosen, np.flatnonzero(eligible & (told > 0)), -told, fair, BY_WORDS)
    if likeness is not None:
        near = np.flatnonzero(eligible & (likeness.nearest > 0))
        _choose(chosen, near, -likeness.nearest.astype(np.int64), fair, BY_MEANING)
    if need.pairs:
        met = (coverage == Covered.MET).sum(axis=0)
        stated = (coverage == Covered.NOT_STATED).sum(axis=0)
        covers = met * (len(need.pairs) + 1) + stated
        _choose(chosen, np.flatnonzero(eligible & (covers > 0)), -covers, fair, BY_COVERAGE)
    if need.days:
        _choose(chosen, np.flatnonzero(eligible & (totals != NO_TOTAL)), totals, fair, BY_PRICE)
    if need.order == "name":
        _choose(chosen, np.flatnonzero(eligible), view.name_rank(), fair, IN_ORDER)
    elif need.order == "shuffle":
        _choose(chosen, np.flatnonzero(eligible), fair, fair, IN_ORDER)
    room = AT_LEAST - int(np.count_nonzero(chosen))
    if room > 0:
        _choose(chosen, np.flatnonzero(eligible & ~chosen), fair, fair, room)
    return chosen


def _told(view: ListingsView, need: Need) -> NDArray[np.float64]:
    """How much each listing's words tell of the need, however often they stand there."""
    told = np.zeros(view.size)
    for term in need.terms:
        told[view.holders.of(term.term)] += term.step
    return told


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


def _by_key(view: ListingsView, mask: Mask) -> list[int]:
    order = view.columns.array("key_order")
    slots: list[int] = order[mask[order]].tolist()
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
    """One price a supplier and framework: all its listings there share a card. Where they show different rates of it,
    since they stand on different lots, the lowest.
    """
    slots = np.flatnonzero(eligible & (totals != NO_TOTAL))
    if not len(slots):
        return Prices({})
    slots = slots[np.argsort(totals[slots], kind="stable")]
    supplier, framework, *kinds = (
        view.columns.array(name)[slots] for name in ("supplier", "framework", "currency", "unit", "basis")
    )
    _, first = np.unique(np.stack([supplier, framework]), axis=1, return_index=True)
    found: dict[tuple[str, str, str], NDArray[np.int64]] = {}
    values = [view.codes[kind].values for kind in ("currency", "unit", "basis")]
    codes = np.stack(kinds)[:, first]
    for kind in np.unique(codes, axis=1).T.tolist():
        same = (codes == np.array(kind)[:, None]).all(axis=0)
        currency, unit, basis = (names[code] for names, code in zip(values, kind, strict=True))
        found[currency, unit, basis] = np.sort(totals[slots[first[same]]])
    return Prices(found)
