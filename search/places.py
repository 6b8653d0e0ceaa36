"""Reference data that every document needs: frameworks, lots, specialisms, grades and which regions a region
satisfies.

Read once for each run of the index (five queries, a few hundred rows), never kept between runs: a run's
version promises that everything in its documents was read after the version was given.
"""

from __future__ import annotations

from dataclasses import dataclass

from procurement.ground import Ground, ground
from procurement.models import Framework, Grade, Lot, Specialism
from search.engines.base import DocumentLot, DocumentSpecialism


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
