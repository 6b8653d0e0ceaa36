"""Reference data that every document needs: frameworks, lots, specialisms, grades and which regions a region
satisfies.

Read once for each run of the index (five queries, a few hundred rows), never kept between runs: a run's
version promises that everything in its documents was read after the version was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from procurement.models import Framework, Grade, Lot, Region, RegionTwin, Specialism
from search.engines.base import DocumentLot, DocumentSpecialism

NATIONAL = "UK"
"""The code of an offering that covers the whole United Kingdom."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Which asked codes an offered code satisfies.

    An offering in a region satisfies that code, everything below it, and each code of the other scheme that
    shares ground with any of these (Eurostat NUTS 2013, ONS ITL 2025; a partial overlap counts). A national
    offering satisfies every code.
    """

    below: dict[str, tuple[str, ...]]
    twins: dict[str, tuple[tuple[str, bool], ...]]
    every: tuple[str, ...]
    answered: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def satisfied(self, offered: Iterable[str]) -> tuple[str, ...]:
        """Every code that somebody may ask for and that these offered codes meet, sorted; unknown codes meet
        themselves.
        """
        key = tuple(offered)
        known = self.answered.get(key)
        if known is None:
            known = self.answered[key] = self._satisfied(key)
        return known

    def _satisfied(self, offered: tuple[str, ...]) -> tuple[str, ...]:
        if NATIONAL in offered:
            return self.every
        own = {inner for code in offered for inner in (code, *self._under(code))}
        met = set(own)
        for code in own:
            for twin, same in self.twins.get(code, ()):
                met.add(twin)
                if same:
                    met.update(self._under(twin))
        return tuple(sorted(met))

    def _under(self, code: str) -> Iterable[str]:
        for child in self.below.get(code, ()):
            yield child
            yield from self._under(child)


def ground() -> Ground:
    """The regions of both schemes as they stand (two queries)."""
    below: dict[str, list[str]] = defaultdict(list)
    every = []
    for code, parent in Region.objects.order_by("code").values_list("code", "parent__code"):
        every.append(code)
        if parent:
            below[parent].append(code)
    twins: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for nuts, itl, same in RegionTwin.objects.values_list("nuts__code", "itl__code", "same"):
        twins[nuts].append((itl, same))
        twins[itl].append((nuts, same))
    return Ground(
        {code: tuple(inner) for code, inner in below.items()},
        {code: tuple(sorted(others)) for code, others in twins.items()},
        tuple(every),
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Frameworks, lots, specialisms and grades by primary key, with the words a document shows."""

    frameworks: dict[int, Framework]
    lots: dict[int, DocumentLot]
    lot_framework: dict[int, int]
    lot_order: dict[int, int]
    specialisms: dict[int, DocumentSpecialism]
    specialism_order: dict[int, tuple[int, int]]
    grades: dict[int, tuple[str, str, int]]
    ground: Ground


def places() -> Places:
    """Everything of the kind, read now (six queries)."""
    lots = list(Lot.objects.values_list("pk", "framework_id", "position", "reference", "number", "name"))
    order = {pk: position for pk, _, position, *_ in lots}
    specialisms = list(
        Specialism.objects.values_list("pk", "lot_id", "position", "reference", "number", "name")
    )
    return Places(
        frameworks={framework.pk: framework for framework in Framework.objects.all()},
        lots={pk: {"reference": ref, "number": number, "name": name} for pk, _, _, ref, number, name in lots},
        lot_framework={pk: framework for pk, framework, *_ in lots},
        lot_order=order,
        specialisms={
            pk: {"reference": ref, "number": number, "name": name}
            for pk, _, _, ref, number, name in specialisms
        },
        specialism_order={pk: (order[lot], position) for pk, lot, position, *_ in specialisms},
        grades={
            pk: (code, name, rank)
            for pk, code, name, rank in Grade.objects.values_list("pk", "code", "name", "rank")
        },
        ground=ground(),
    )
