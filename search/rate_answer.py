"""An answer about rates in the API's words, for api and web: money as decimal strings, VAT stated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procurement.pricing import Place, RateStatistics, money
from search.notes import Note
from search.rate_query import CAVEAT, RateResult
from search.rate_roles import corrected


def answer(result: RateResult, notes: Sequence[Note] = ()) -> dict[str, Any]:
    """Everything but the lines, the links and the freshness: count, statistics, the proposed price's place,
    the notes, the caveat.

    Statistics of nothing are None. Amounts are decimal strings of the stated currency for the stated unit.
    """
    query = result.query
    return {
        "count": result.count,
        "currency": query.currency,
        "unit": query.unit,
        "vat": "excluded",
        "as_of": query.as_of.isoformat(),
        "include_expired": query.include_expired,
        "sort": query.sort,
        "seed": query.seed,
        "statistics": statistics_shape(result.statistics),
        "proposed": place_shape(result.place),
        "illustrative_left_out": result.illustrative,
        "unknown_experience_left_out": result.unknown_experience,
        "did_you_mean": corrected(query.q, result.corrections),
        "notes": notes,
        "caveat": CAVEAT,
    }


def statistics_shape(figures: RateStatistics | None) -> dict[str, Any] | None:
    """Statistics as JSON; `exact` is always true: both engines count every line."""
    if figures is None:
        return None
    return {
        "count": figures.count,
        "minimum": money(figures.minimum),
        "maximum": money(figures.maximum),
        "mean": money(figures.mean),
        "standard_deviation": money(figures.standard_deviation),
        "percentiles": {str(percentile): money(price) for percentile, price in figures.percentiles.items()},
        "histogram": [
            {"from": money(part.lower), "to": money(part.upper), "count": part.count}
            for part in figures.histogram
        ],
        "exact": True,
    }


def place_shape(place: Place | None) -> dict[str, Any] | None:
    """Where the proposed price stands, as JSON; `deviations` None where all prices are equal."""
    if place is None:
        return None
    return {
        "amount": money(place.proposed),
        "below": place.below,
        "equal": place.equal,
        "above": place.above,
        "percentile": place.percentile,
        "deviations": place.deviations,
    }
