"""References in a question become objects, or faults that say which and where.

Second step of a quote and of a team (api/v1, here, procurement/quotes.py or search/teams.py): one query for each kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from procurement.dated import last_day
from procurement.errors import Fault, Invalid
from procurement.models import Framework, Lot, Partner, Supplier, SupplierMember
from procurement.on_day import belongs
from procurement.querysets import SupplierQuerySet
from procurement.quotes import Proposed, QuoteQuestion
from procurement.references import as_they_stand, listing_reference, rows_named
from procurement.team_lines import MOST_HOURS, TeamLine, folded, measure_fault, team_faults

YEARS: Final = (1990, 2199)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a price depends on beside the supplier, as asked: see QuoteQuestion. `months` or `ends_on`, not both.

    `proposed` holds amounts in minor units by supplier and grade or role as they were sent.
    """

    team: tuple[TeamLine, ...]
    starts_on: date
    ends_on: date | None = None
    months: int | None = None
    work_type: str | None = None
    hours_per_day: Decimal | None = None
    vat: bool = True
    proposed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def framework_named(reference: str) -> Framework:
    """The framework of that reference or number; raises Invalid (`/framework`) for none."""
    found = rows_named(Framework.objects.all(), [reference]).get(reference)
    if found is None:
        raise _unknown("/framework", f"There is no framework {reference}.")
    return found


def lot_named(framework: Framework, name: str) -> Lot:
    """The lot of that reference, or of that number under the framework; raises Invalid (`/lot`) for none."""
    reference = name.lower() if "~" in name else f"{framework.reference}~{name.lower()}"
    found = Lot.objects.filter(framework=framework, reference=reference).first()
    if found is None:
        raise _unknown("/lot", f"{framework.number} has no lot {name}.")
    return found


def suppliers_named(references: Sequence[str], pointer: str = "/suppliers") -> list[Supplier]:
    """These suppliers in this order; raises Invalid naming each that there is not, or that stands there twice. A firm
    alone that is suspended is not there.
    """
    found = rows_named(SupplierQuerySet(Supplier).shown(), references)
    known = {given: one.reference for given, one in found.items()}
    _refuse_unknown(references, known, pointer, "supplier")
    return [found[reference] for reference in references]


def suppliers_of_listings(
    framework: Framework, references: Sequence[str], on: date, pointer: str = "/listings"
) -> list[Supplier]:
    """The supplier of each listing in this order; raises Invalid naming each that is none of the framework's.

    Whose partner is not to be shown on that day has no listing.
    """
    parts = {reference: reference.split("~") for reference in references}
    whole = {given: each for given, each in parts.items() if len(each) == 3}
    suppliers = as_they_stand(Supplier, {each[1] for each in whole.values()})
    partners = as_they_stand(Partner, {each[2] for each in whole.values()})
    known = {
        given: listing_reference(framework.reference, suppliers[supplier], partners[partner])
        for given, (place, supplier, partner) in whole.items()
        if place.lower() == framework.reference.lower() and supplier in suppliers and partner in partners
    }
    members = SupplierMember.objects.filter(
        supplier__reference__in=suppliers.values(),
        partner__reference__in=partners.values(),
        partner__published__isnull=False,
        partner__suspended=False,
    ).select_related("supplier", "partner")
    found = {
        listing_reference(
            framework.reference, member.supplier.reference, member.partner.reference
        ): member.supplier
        for member in members
        if belongs(member, framework, on)
    }
    known = {given: reference for given, reference in known.items() if reference in found}
    _refuse_unknown(references, known, pointer, f"listing under {framework.number},")
    return [found[known[reference]] for reference in references]


def day_faults(pointer: str, day: date | None) -> list[Fault]:
    """A fault where a day is beyond any framework."""
    if day is None or YEARS[0] <= day.year <= YEARS[1]:
        return []
    return [Fault(pointer, "range", f"Its year must be from {YEARS[0]} to {YEARS[1]}.")]


def question_of(framework: Framework, lot: Lot | None, terms: Terms, asked: Sequence[str]) -> QuoteQuestion:
    """The question about these suppliers (references); raises Invalid naming everything that breaks a rule."""
    faults = [
        *team_faults(terms.team),
        *day_faults("/starts_on", terms.starts_on),
        *day_faults("/ends_on", terms.ends_on),
    ]
    if terms.months is not None and terms.ends_on is not None:
        faults.append(Fault("/months", "conflict", "Give months or ends_on, not both."))
    elif terms.ends_on is not None and terms.ends_on < terms.starts_on:
        faults.append(Fault("/ends_on", "range", "It is before starts_on."))
    if terms.hours_per_day is not None and (wrong := measure_fault(terms.hours_per_day, MOST_HOURS)):
        faults.append(Fault("/hours_per_day", *wrong))
    proposed = _proposed(terms, asked, faults)
    if faults:
        raise Invalid("The question breaks a rule; `errors` names each.", tuple(faults))
    ends_on = terms.ends_on if terms.months is None else last_day(terms.starts_on, terms.months)
    return QuoteQuestion(
        framework, lot, terms.team, terms.starts_on, ends_on, terms.work_type, terms.hours_per_day, terms.vat,
        proposed,
    )  # fmt: skip


def _proposed(terms: Terms, asked: Sequence[str], faults: list[Fault]) -> dict[str, dict[str, Proposed]]:
    called = {line.called for line in terms.team}
    read: dict[str, dict[str, Proposed]] = {}
    spelt = {**{one.lower(): one for one in asked}, **{one: one for one in asked}}
    for given, rates in terms.proposed.items():
        place = f"/proposed/{_escaped(given)}"
        supplier = spelt.get(given) or spelt.get(given.lower(), given)
        if supplier not in asked:
            faults.append(Fault(place, "unknown", f"{given} is not among those asked about."))
        for name, minor in rates.items():
            pointer = f"{place}/{_escaped(name)}"
            line = name.upper() if name.upper() in called else folded(name)
            if line not in called:
                faults.append(Fault(pointer, "unknown", f"{name} is not in the team."))
            if line in read.setdefault(supplier, {}):
                faults.append(Fault(pointer, "twice", f"{name} is proposed already."))
            if minor <= 0:
                faults.append(Fault(pointer, "range", "A rate is above 0."))
            read[supplier][line] = Proposed(minor, pointer)
    return read


def _refuse_unknown(references: Sequence[str], known: Mapping[str, str], pointer: str, kind: str) -> None:
    faults = []
    spelt = [known.get(reference, reference) for reference in references]
    for place, reference in enumerate(references):
        if reference not in known:
            faults.append(Fault(f"{pointer}/{place}", "unknown", f"There is no {kind} {reference}."))
        elif spelt.index(spelt[place]) < place:
            faults.append(Fault(f"{pointer}/{place}", "twice", f"{reference} stands there already."))
    if faults:
        raise Invalid("Some of those asked about cannot be priced; `errors` names each.", tuple(faults))


def _unknown(pointer: str, message: str) -> Invalid:
    return Invalid(message, (Fault(pointer, "unknown", message),))


def _escaped(name: str) -> str:
    """A name as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
