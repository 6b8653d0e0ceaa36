"""What the page of one listing shows, read from the database: the index advises, the database decides.

What is visible, and which rates are in force, is decided by search/documents.py and procurement/on_day.py, so a
listing that search would show is shown here and no other. The page works while the index is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from procurement.models import Framework, Offering, Partner, ProfileVersion, Region, Supplier, SupplierMember
from procurement.on_day import belongs
from procurement.references import listing_reference
from procurement.vocabulary import WORK_TYPES
from search.documents import listings_of
from search.engines.base import ListingDocument
from search.places import Places, places
from web.results import no_rates, shortened
from web.saying import said

STUDIES_LENGTH: Final = 30_000
"""Characters of case studies that a listing's page shows whole: with them it stays under 100 kB."""
BEGINNING_LENGTH: Final = 600


@dataclass(frozen=True, slots=True)
class Offer:
    """A specialism offered on a lot ("" where it is not stated), where, and the case studies it rests on."""

    specialism: str
    regions: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]
    """(key, title) of each case study"""


@dataclass(frozen=True, slots=True)
class LotOffers:
    """A lot of the listing with what is offered on it."""

    reference: str
    number: str
    name: str
    quality_marks: tuple[str, ...]
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A partner of the same supplier; `listing` is "" where it has none on this framework."""

    name: str
    lead: bool
    listing: str


@dataclass(frozen=True, slots=True)
class RateTable:
    """The shared card as a table: a row for each grade, a column for each lot and work type that prices
    differ by.

    Cells are minor units, None where the card has no such line. `columns` is one blank heading where all
    lots and kinds of
    work cost the same.
    """

    card: str
    currency: str
    unit: str
    illustrative: bool
    valid_from: str | None
    valid_to: str | None
    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[int | None, ...]], ...]
    """(grade's code, its name, prices)"""


@dataclass(frozen=True, slots=True)
class ListingPage:
    """Everything that the template lays out. `status` is the framework's status on the day."""

    reference: str
    framework: Framework
    status: str
    partner: Partner
    profile: ProfileVersion
    supplier: Supplier
    lead: str
    lots: tuple[LotOffers, ...]
    members: tuple[Member, ...]
    rates: RateTable | None
    no_rates: str
    """when the card that is not in force was and will be, "" where there is none or it is in force"""


@dataclass(frozen=True, slots=True)
class Study:
    """A case study of the profile with what the page shows of its text: all of it, or where `cut` how it begins."""

    content: Mapping[str, Any]
    text: str
    cut: bool


def studies_of(profile: ProfileVersion) -> list[Study]:
    """The case studies, whole while together they are no longer than STUDIES_LENGTH; else each long one is begun, and
    read to its end on a page of its own.
    """
    whole = sum(len(one["text"]) for one in profile.case_studies) <= STUDIES_LENGTH
    shown = []
    for one in profile.case_studies:
        text = one["text"] if whole else shortened(one["text"], BEGINNING_LENGTH)
        shown.append(Study(one, text, text != one["text"]))
    return shown


def listing_page(reference: str, on: date) -> ListingPage | None:
    """The page of the listing on that day, None if there is none to show. A bounded number of queries
    whatever its size.
    """
    parts = reference.split("~")
    if len(parts) != 3:
        return None
    known = places()
    framework = next((one for one in known.frameworks.values() if one.reference == parts[0]), None)
    members = [
        member
        for member in SupplierMember.objects.filter(supplier__reference=parts[1]).select_related(
            "supplier", "partner__organisation", "partner__published"
        )
        if framework is not None and belongs(member, framework, on)
    ]
    own = next((member for member in members if member.partner.reference == parts[2]), None)
    if framework is None or own is None:
        return None
    listings = {
        document["key"]: document
        for document in listings_of([member.partner_id for member in members], 0, known, on).puts
    }
    document = listings.get(reference)
    profile = own.partner.published
    if document is None or profile is None:
        return None
    return ListingPage(
        reference=reference,
        framework=framework,
        status=framework.status_on(on),
        partner=own.partner,
        profile=profile,
        supplier=own.supplier,
        lead=document["lead_name"],
        lots=_lots(document, own, profile, known),
        members=_members(members, framework, listings),
        rates=_rates(document),
        no_rates=no_rates(document["stored"]["rates_not_in_force"]),
    )


def _lots(
    document: ListingDocument, own: SupplierMember, profile: ProfileVersion, known: Places
) -> tuple[LotOffers, ...]:
    offerings: dict[str, list[Offering]] = {}
    rows = Offering.objects.filter(
        partner=own.partner_id, appointment__supplier=own.supplier_id
    ).select_related("appointment", "specialism")
    for offering in rows:
        offerings.setdefault(known.lots[offering.appointment.lot_id]["reference"], []).append(offering)
    names = dict(
        Region.objects.filter(code__in={code for row in rows for code in row.regions}).values_list(
            "code", "name"
        )
    )
    titles = {study["key"]: study["title"] for study in profile.case_studies}
    return tuple(
        LotOffers(
            lot["reference"],
            lot["number"],
            lot["name"],
            tuple(lot["quality_marks"]),
            tuple(
                Offer(
                    offering.specialism.name if offering.specialism else "",
                    tuple(names.get(code, code) for code in offering.regions),
                    tuple((key, titles[key]) for key in offering.evidence if key in titles),
                )
                for offering in sorted(offerings[lot["reference"]], key=_place)
            ),
        )
        for lot in document["stored"]["lots"]
    )


def _place(offering: Offering) -> int:
    return offering.specialism.position if offering.specialism else 0


def _members(
    members: Iterable[SupplierMember], framework: Framework, listings: dict[str, ListingDocument]
) -> tuple[Member, ...]:
    """The lead first, then by name."""
    found = []
    for member in members:
        profile = member.partner.shown
        if profile is None:
            continue
        key = listing_reference(framework.reference, member.supplier.reference, member.partner.reference)
        found.append(
            Member(profile.name, member.role == SupplierMember.Role.LEAD, key if key in listings else "")
        )
    return tuple(sorted(found, key=lambda one: (not one.lead, one.name.casefold())))


def _rates(document: ListingDocument) -> RateTable | None:
    card: dict[str, Any] | None = document["stored"]["rates"]
    if card is None or not document["rates"]:
        return None
    numbers = {lot["reference"]: lot["number"] for lot in document["lots"]}
    names = {line["rank"]: (line["grade"], line["name"]) for line in card["lines"]}
    prices: dict[tuple[str, str], dict[int, int]] = {}
    for rate in document["rates"]:
        column = prices.setdefault((rate["lot"] or "", rate["work_type"]), {})
        column[rate["rank"]] = rate["price_minor"]
    columns = _merged(prices, numbers)
    return RateTable(
        card=card["card"],
        currency=card["currency"],
        unit=card["unit"],
        illustrative=card["basis"] == "illustrative",
        valid_from=card["valid_from"],
        valid_to=card["valid_to"],
        columns=tuple(heading for heading, _ in columns),
        rows=tuple(
            (*names[rank], tuple(column.get(rank) for _, column in columns)) for rank in sorted(names)
        ),
    )


def _merged(
    prices: dict[tuple[str, str], dict[int, int]], numbers: dict[str, str]
) -> list[tuple[str, dict[int, int]]]:
    """Columns with headings; lots that cost the same for one kind of work stand in one column."""
    groups: dict[tuple[str, tuple[tuple[int, int], ...]], list[str]] = {}
    for (lot, work_type), column in prices.items():
        groups.setdefault((work_type, tuple(sorted(column.items()))), []).append(lot)
    kinds = [work_type for work_type, _ in groups]
    headed = []
    for (work_type, cells), lots in groups.items():
        every = kinds.count(work_type) == 1
        named = [_("lot %(number)s") % {"number": numbers[lot]} for lot in lots if lot]
        words = [said(WORK_TYPES.get(work_type, work_type))] if work_type else []
        words += [] if every or not named else [", ".join(named)]
        headed.append((", ".join(words), dict(cells)))
    return headed
