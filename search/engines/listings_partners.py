"""Counting partners rather than listings: one partner has a listing on each framework that it stands on.

Exact, from columns, for as many regions as are asked for: each costs a pass over the listings found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search.engines.bits import mask_of
from search.engines.columns import Array
from search.engines.listings_filters import OFFERING, Narrowed, offers_meeting, regions_met
from search.engines.listings_view import ListingsView
from search.query import ListingQuery, PartnerCount, PartnerCounts


def count_partners(
    view: ListingsView, query: ListingQuery, narrowed: Narrowed, regions: Sequence[str]
) -> PartnerCounts:
    """See Engine.count_partners."""
    slots, sets = _places(view, query, narrowed)
    by_region = {region: _distinct(view, slots[regions_met(view, (region,))[sets]]) for region in regions}
    return PartnerCounts(_distinct(view, narrowed.slots[narrowed.all_but()]), by_region)


def _places(view: ListingsView, query: ListingQuery, narrowed: Narrowed) -> tuple[Array, Array]:
    """The listings that answer all but the region, and beside each a set of regions in which it does: of all that it
    offers, or of every offering that meets the lot and specialism asked for.
    """
    slots = narrowed.slots[narrowed.all_but(OFFERING)]
    if not any(query.filters.get(name) for name in ("lot", "specialism")):
        return slots, view.columns.array("slot_regions")[slots]
    left_out = "region" if query.filters.get("region") else ""
    rows, owners = offers_meeting(view, query, narrowed, left_out)
    kept = mask_of(slots, view.size)[owners]
    return owners[kept], view.columns.array("offer_regions")[rows[kept]]


def _distinct(view: ListingsView, slots: Array) -> PartnerCount:
    """How many partners these listings are of, and of each ownership form."""
    forms = view.codes["ownership"].values
    seen = np.zeros((len(view.codes["partner"]), len(forms)), dtype=np.bool_)
    seen[view.columns.array("partner")[slots], view.columns.array("ownership")[slots]] = True
    counts = seen.sum(axis=0).tolist()
    by_ownership = {form: count for form, count in zip(forms, counts, strict=True) if count}
    return PartnerCount(int(np.count_nonzero(seen.any(axis=1))), by_ownership)
