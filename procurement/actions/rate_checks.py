"""What no rate card may hold: every fault of the drafts named before anything is written.

Between rate_imports.py and the others that make drafts, and rates.py, which publishes them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from procurement.actions.rate_lines import CardDraft, LineDraft
from procurement.errors import Fault, Invalid
from procurement.models import Framework, Grade, Lot, Supplier
from procurement.pricing import CURRENCIES, MOST_OF_A_RATE, UNITS, beyond_any_rate, money
from procurement.team_lines import MOST_YEARS
from procurement.vocabulary import QUALIFICATIONS, RATE_SIZES, SITES, WORK_TYPES

LOOKED_UP: Final = 500
"""Keys in one IN (…), well under SQLite's limit on parameters."""

KEY_LENGTH: Final = 120
CLOSED: Final = {"work_type": WORK_TYPES, "qualification": QUALIFICATIONS, "site": SITES, "size": RATE_SIZES}
"""Fields of a line whose values are of a closed list, or "" for unknown."""


def check_cards(drafts: Sequence[CardDraft], coming: Collection[str]) -> None:
    """Raises Invalid naming everything in the drafts that no card may hold."""
    faults: list[Fault] = []
    seen: set[str] = set()
    known = CardKeys.of(drafts)
    for i, draft in enumerate(drafts):
        at = f"/{i}"
        if draft.reference in seen:
            faults.append(Fault(at, "duplicate", f"The card {draft.reference} comes twice."))
        seen.add(draft.reference)
        if draft.supplier not in known.suppliers and draft.supplier not in coming:
            faults.append(Fault(f"{at}/supplier", "unknown", f"There is no supplier {draft.supplier}."))
        if draft.framework not in known.frameworks:
            faults.append(Fault(f"{at}/framework", "unknown", f"There is no framework {draft.framework}."))
        if draft.currency not in CURRENCIES:
            faults.append(
                Fault(f"{at}/currency", "unknown", f"{draft.currency} is none of {', '.join(CURRENCIES)}.")
            )
        if draft.unit not in UNITS:
            faults.append(Fault(f"{at}/unit", "unknown", f"{draft.unit} is none of {', '.join(UNITS)}."))
        if draft.valid_from and draft.valid_to and draft.valid_to < draft.valid_from:
            faults.append(Fault(f"{at}/valid_to", "order", "The card ends before it starts."))
        faults.extend(_line_faults(draft, at, known))
    if faults:
        raise Invalid("The rate cards cannot be published as they are.", tuple(faults))


def _line_faults(draft: CardDraft, at: str, known: CardKeys) -> Iterator[Fault]:
    keys: set[str] = set()
    for j, line in enumerate(draft.lines):
        where = f"{at}/lines/{j}"
        if not line.key.strip() or line.key in keys:
            yield Fault(
                f"{where}/key", "duplicate", f"The key {line.key!r} does not name one line of its card."
            )
        keys.add(line.key)
        if len(line.key) > KEY_LENGTH:
            yield Fault(f"{where}/key", "length", f"A key has at most {KEY_LENGTH} characters.")
        for name, table in CLOSED.items():
            value = getattr(line, name)
            if value and value not in table:
                yield Fault(f"{where}/{name}", "choice", f"{value} is none of {', '.join(table)}.")
        if line.price_minor <= 0:
            yield Fault(f"{where}/price_minor", "price", "A rate is more than zero.")
        if line.price_minor > MOST_OF_A_RATE:
            yield Fault(f"{where}/price_minor", "price", f"{money(line.price_minor)} {beyond_any_rate()}.")
        if not line.role_title and line.grade is None:
            yield Fault(f"{where}/role_title", "required", "A line names a role or a grade.")
        if line.lot is not None and known.frameworks_of_lots.get(line.lot) != draft.framework:
            yield Fault(f"{where}/lot", "unknown", f"{draft.framework} has no lot {line.lot}.")
        if line.grade is not None:
            graded = known.lots_of_grades.get(line.grade, "")
            if known.frameworks_of_lots.get(graded) != draft.framework or line.lot not in (None, graded):
                place = line.lot or draft.framework
                yield Fault(f"{where}/grade", "unknown", f"{place} has no grade {line.grade}.")
        if line.valid_from and line.valid_to and line.valid_to < line.valid_from:
            yield Fault(f"{where}/valid_to", "order", "The line ends before it starts.")
        yield from _experience_faults(line, where)


def _experience_faults(line: LineDraft, where: str) -> Iterator[Fault]:
    least, most = line.min_experience, line.max_experience
    for name, years in (("min_experience", least), ("max_experience", most)):
        if years is not None and not 0 <= years <= MOST_YEARS:
            yield Fault(f"{where}/{name}", "range", f"From 0 to {MOST_YEARS} years.")
    if least is not None and most is not None and most < least:
        yield Fault(f"{where}/max_experience", "order", "The most experience is below the least.")


@dataclass(frozen=True, slots=True)
class CardKeys:
    """Primary keys by reference, of what the drafts name, and what belongs to what."""

    suppliers: dict[str, int]
    frameworks: dict[str, int]
    lots: dict[str, int]
    grades: dict[str, int]
    frameworks_of_lots: dict[str, str]
    lots_of_grades: dict[str, str]
    """by reference, the references of what they belong to"""

    @classmethod
    def of(cls, drafts: Sequence[CardDraft]) -> CardKeys:
        frameworks = {draft.framework for draft in drafts}
        suppliers = {
            reference: key
            for references in slices(sorted({draft.supplier for draft in drafts}))
            for reference, key in Supplier.objects.filter(reference__in=references).values_list(
                "reference", "pk"
            )
        }
        lots = list(
            Lot.objects.filter(framework__reference__in=frameworks).values_list(
                "reference", "pk", "framework__reference"
            )
        )
        grades = list(
            Grade.objects.filter(lot__framework__reference__in=frameworks).values_list(
                "reference", "pk", "lot__reference"
            )
        )
        return cls(
            suppliers,
            dict(Framework.objects.filter(reference__in=frameworks).values_list("reference", "pk")),
            {reference: key for reference, key, _ in lots},
            {reference: key for reference, key, _ in grades},
            {reference: framework for reference, _, framework in lots},
            {reference: lot for reference, _, lot in grades},
        )


def slices(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """The same in order, so many at a time as one query looks up."""
    for start in range(0, len(items), LOOKED_UP):
        yield items[start : start + LOOKED_UP]
