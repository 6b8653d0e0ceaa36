"""What stands behind listings, read from the database by their references: for shortlists, which are added to while
the market changes, and for snapshots, which keep it as it was.

The index advises which listings there are; here the database says it (design, sentence 4). At most nine queries
however many listings there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from procurement.card_versions import spells_by_card, version_on
from procurement.models import (
    Framework,
    Offering,
    Partner,
    RateCardVersion,
    RateLine,
    Supplier,
    SupplierMember,
)
from procurement.on_day import appointed, belongs, day_within
from procurement.querysets import RateCardVersionQuerySet

NAMES: Final = 3
"""A listing is named by its framework, supplier and partner."""


class Named(NamedTuple):
    """A listing's reference taken apart."""

    framework: str
    supplier: str
    partner: str


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """One listing as the database has it on a day.

    `shown` says whether buyers find it: a published profile, not suspended, a member, appointed and offering
    something. Where it is not, what is still known stands here all the same.
    """

    framework: Framework | None = None
    supplier: Supplier | None = None
    partner: Partner | None = None
    shown: bool = False
    offerings: tuple[Offering, ...] = ()
    """On lots where the supplier is appointed, each with its appointment's lot and its specialism."""
    cards: tuple[RateCardVersion, ...] = ()
    """The version in force of each of the supplier's cards under the framework."""


@dataclass(slots=True)
class _Rows:
    frameworks: dict[str, Framework] = field(default_factory=dict)
    suppliers: dict[str, Supplier] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    members: dict[tuple[int, int], list[SupplierMember]] = field(default_factory=lambda: defaultdict(list))
    offerings: dict[tuple[int, int], list[Offering]] = field(default_factory=lambda: defaultdict(list))
    cards: dict[tuple[int, int], list[RateCardVersion]] = field(default_factory=lambda: defaultdict(list))


def named(listing: str) -> Named | None:
    """The three references that a listing's is made of, None where it is none."""
    parts = listing.split("~")
    return Named(*parts) if len(parts) == NAMES and all(parts) else None


def shown(listings: Iterable[str], on: date) -> set[str]:
    """Those of the references that buyers find on that day."""
    return {reference for reference, facts in facts_of(listings, on, cards=False).items() if facts.shown}


def facts_of(listings: Iterable[str], on: date, *, cards: bool = True) -> dict[str, ListingFacts]:
    """The facts of each listing on that day, by reference; without the rate cards unless asked for."""
    wanted = {reference: named(reference) for reference in listings}
    rows = _read([one for one in wanted.values() if one], on, cards)
    return {reference: _facts(one, rows, on) if one else ListingFacts() for reference, one in wanted.items()}


def lines_of(versions: Iterable[int]) -> dict[int, list[RateLine]]:
    """The lines of card versions (primary keys), in their order; one query."""
    found: dict[int, list[RateLine]] = defaultdict(list)
    lines = RateLine.objects.filter(version__in=list(versions)).select_related("lot", "grade")
    for line in lines.order_by("version_id", "ordinal"):
        found[line.version_id].append(line)
    return found


def _facts(one: Named, rows: _Rows, on: date) -> ListingFacts:
    framework, supplier = rows.frameworks.get(one.framework), rows.suppliers.get(one.supplier)
    partner = rows.partners.get(one.partner)
    if framework is None or supplier is None or partner is None:
        return ListingFacts(framework, supplier, partner)
    offerings = tuple(
        offering
        for offering in rows.offerings.get((partner.pk, supplier.pk), ())
        if offering.appointment.lot.framework_id == framework.pk
        and appointed(offering.appointment, framework, on)
    )
    member = any(belongs(each, framework, on) for each in rows.members.get((supplier.pk, partner.pk), ()))
    found = bool(offerings) and member and partner.published is not None and not partner.suspended
    cards = tuple(rows.cards.get((supplier.pk, framework.pk), ()))
    return ListingFacts(framework, supplier, partner, found, offerings, cards)


def _read(wanted: list[Named], on: date, cards: bool) -> _Rows:
    rows = _Rows()
    if not wanted:
        return rows
    frameworks = Framework.objects.filter(reference__in={one.framework for one in wanted})
    rows.frameworks = {one.reference: one for one in frameworks}
    suppliers = Supplier.objects.filter(reference__in={one.supplier for one in wanted})
    rows.suppliers = {one.reference: one for one in suppliers}
    partners = Partner.objects.filter(reference__in={one.partner for one in wanted})
    rows.partners = {one.reference: one for one in partners.select_related("published", "organisation")}
    of_suppliers = [one.pk for one in rows.suppliers.values()]
    of_partners = [one.pk for one in rows.partners.values()]
    for member in SupplierMember.objects.filter(supplier__in=of_suppliers, partner__in=of_partners):
        rows.members[member.supplier_id, member.partner_id].append(member)
    offerings = Offering.objects.filter(
        partner__in=of_partners,
        appointment__supplier__in=of_suppliers,
        appointment__lot__framework__in=[one.pk for one in rows.frameworks.values()],
    ).select_related("appointment__lot", "specialism")
    for offering in offerings.order_by("appointment__lot__position", "specialism__position", "pk"):
        rows.offerings[offering.partner_id, offering.appointment.supplier_id].append(offering)
    if cards:
        _read_cards(rows, of_suppliers, on)
    return rows


def _read_cards(rows: _Rows, suppliers: list[int], on: date) -> None:
    """The version of each card that is in force."""
    frameworks = {one.pk: one for one in rows.frameworks.values()}
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public()
    ours = versions.filter(card__supplier__in=suppliers, card__framework__in=frameworks)
    newest_first = ours.select_related("card").order_by("card__reference", "-number")
    for _, found in spells_by_card(newest_first):
        card = found[0].version.card
        version = version_on(found, day_within(frameworks[card.framework_id], on))
        if version is not None:
            rows.cards[card.supplier_id, card.framework_id].append(version)
