"""The values of all facets of one generation as one run of numbers, so that they are counted and ordered at once.

Ten facets hold some six hundred values. Each facet for itself costs a dozen calls of numpy, which for so few values
take longer than what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from search.engines.columns import Array, Codes
from search.engines.suggestions import Labels
from search.fields import FILTERS, FilterField

APART: Final = frozenset({"status", "region"})
"""Facets whose values are not counted by who bears them: a status depends on the day, and regions come in few sets."""

ARRANGED: Final = tuple(sorted(FILTERS, key=lambda field: field.name in APART))
"""The facets as they are numbered: those of APART last."""

_FACET_BITS: Final = 48
_COUNT_BITS: Final = 20


@dataclass(frozen=True, slots=True)
class FacetTable:
    """The facets as ARRANGED, the values of each in the order of their codes.

    `stretches` tell the first number of a facet and the first behind it; `values` and `labels` are by number.
    """

    stretches: Mapping[str, tuple[int, int]]
    values: list[str]
    labels: list[str]
    _places: Array

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.values)

    def ordered(self, counts: Array) -> dict[str, list[int]]:
        """Of each facet the numbers of the values that count at all: those that count most first, equals by the
        alphabet.
        """
        (present,) = counts.nonzero()
        places = self._places[present] - (counts[present] << _COUNT_BITS)
        order = present[places.argsort()].tolist()
        ends = present.searchsorted([last for _, last in self.stretches.values()]).tolist()
        return {
            name: order[first:last]
            for name, first, last in zip(self.stretches, [0, *ends[:-1]], ends, strict=True)
        }


def facet_table(codes: Mapping[str, Codes], labels: Labels) -> FacetTable:
    """The table of the values that have a code, of whatever kind."""
    stretches: dict[str, tuple[int, int]] = {}
    values: list[str] = []
    named: list[str] = []
    places = []
    for number, facet in enumerate(ARRANGED):
        held = codes[facet.name].values
        stretches[facet.name] = len(values), len(values) + len(held)
        values.extend(held)
        named.extend(label_of(facet, value, labels) for value in held)
        alphabet = np.empty(len(held), dtype=np.int64)
        alphabet[sorted(range(len(held)), key=held.__getitem__)] = np.arange(len(held))
        places.append(alphabet + (number << _FACET_BITS))
    return FacetTable(stretches, values, named, np.concatenate(places))


def label_of(facet: FilterField, value: str, labels: Labels) -> str:
    """What people read for a value."""
    if facet.one_of is not None:
        return facet.one_of.get(value, value)
    return labels.label(facet.name, value)
