"""What partners offer within a supplier on a framework: specialisms, regions and the evidence they rest on.

Journey: a placement names everything one partner offers within one supplier on one framework; what it
leaves out goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction

from procurement.actions.events import Happening, record_many
from procurement.actions.outcome import Outcome
from procurement.actions.regions import sharing_ground
from procurement.bulk import insert
from procurement.errors import Fault, Invalid, NotFound, Stale
from procurement.models import Appointment, Framework, Offering, Partner, Region, Specialism, SupplierMember
from procurement.permissions import Action, Actor, require
from procurement.references import listing_reference
from procurement.revisions import changed_since

Pointer = Callable[[int], str]
NATIONAL: Final = "UK"


@dataclass(frozen=True, slots=True)
class OfferingDraft:
    """One specialism (None: which one is not stated) on one lot, both by reference, in regions, on
    evidence by key.

    Regions or evidence of None keep what the offering has; a new one is national, or has no evidence.
    """

    lot: str
    specialism: str | None
    regions: tuple[str, ...] | None = None
    evidence: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Everything that a partner offers within a supplier on a framework, by reference."""

    framework: str
    supplier: str
    partner: str
    offerings: tuple[OfferingDraft, ...]

    @property
    def listing(self) -> str:
        return listing_reference(self.framework, self.supplier, self.partner)


@dataclass(slots=True)
class _Known:
    """What the placements refer to, read set-wise: keys by reference."""

    owners: dict[str, int] = field(default_factory=dict)
    schemes: dict[str, str] = field(default_factory=dict)
    partners: dict[str, int] = field(default_factory=dict)
    evidence: dict[str, set[str]] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)
    specialisms: dict[str, tuple[int, str]] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)


Content = tuple[tuple[str, ...], tuple[str, ...]]


def save_offerings(actor: Actor, placements: Sequence[Placement], pointer: Pointer = "/{}".format) -> Outcome:
    """Replace what each partner offers within its supplier on a framework, all or none; references are
    listings'.

    Raises NotPermitted, Invalid with a fault for everything wrong (`/3/offerings/0/specialism`).
    """
    with transaction.atomic():
        known = _read(placements)
        owners: set[int | None] = {*known.owners.values()} or {None}
        for owner in owners:
            require(actor, Action.MANAGE_SUPPLIERS, owner)
        return _replace(actor, placements, known, pointer)


def update_offerings(actor: Actor, reference: str, revision: int, placement: Placement) -> Outcome:
    """A firm says anew where and on which evidence it does what it offers already within a supplier on a framework, and
    takes out what it offers no more. Another specialism takes the owner's word: an application to join.

    Raises NotFound, NotPermitted, Stale, Invalid at `/offerings/0/...`.
    """
    with transaction.atomic():
        partner = Partner.objects.select_for_update().filter(reference=reference).first()
        if partner is None or placement.partner != reference:
            raise NotFound(f"There is no partner {reference}.")
        require(actor, Action.UPDATE_PROFILE, partner.organisation_id)
        if changed_since(partner.revision, revision):
            raise Stale("The firm has changed since you read it.")
        known = _read([placement])
        offered = {
            (row.appointment.lot.reference, row.specialism.reference if row.specialism else None)
            for row in Offering.objects.filter(
                partner=partner, appointment__supplier__reference=placement.supplier
            ).select_related("appointment__lot", "specialism")
        }
        new = [
            Fault(
                f"/offerings/{number}/specialism",
                "not_offered",
                f"{one.specialism or 'This'} on {one.lot} is not offered yet: apply to join the lot with it.",
            )
            for number, one in enumerate(placement.offerings)
            if (one.lot, one.specialism) not in offered
        ]
        if new:
            raise Invalid("No offering was changed.", tuple(new))
        outcome = _replace(actor, [placement], known, "".format)
        if outcome.changed:
            partner.revision += 1
            partner.save(update_fields=["revision"])
    return outcome


def ended_offerings(supplier: str, partners: Collection[str]) -> list[Happening]:
    """Takes away what these firms offered within a supplier that they had left, as they join it again: what they offer
    from now on takes its own word. What happened, not yet recorded; within the caller's transaction.
    """
    if not partners:
        return []
    rows = Offering.objects.select_for_update(of=("self",)).filter(
        appointment__supplier__reference=supplier, partner__reference__in=partners
    )
    found = list(
        rows.values_list("pk", "partner__reference", "appointment__lot__framework__reference").order_by("pk")
    )
    Offering.objects.filter(pk__in=[key for key, _, _ in found]).delete()
    return [
        Happening(
            "offering.published",
            "partner",
            partner,
            {"supplier": supplier, "framework": framework},
            {"offerings": []},
        )
        for partner, framework in dict.fromkeys((partner, framework) for _, partner, framework in found)
    ]


def _replace(actor: Actor, placements: Sequence[Placement], known: _Known, pointer: Pointer) -> Outcome:
    """Writes what the placements say, within the caller's transaction. Raises Invalid."""
    faults = list(_faults(placements, known, pointer))
    if faults:
        raise Invalid("No offering was changed.", tuple(faults))
    before = _existing(placements, known)
    content = {one.listing: _content(before.get(one.listing, ())) for one in placements}
    wanted = {one.listing: _wanted(one, known, content[one.listing]) for one in placements}
    changed = [one for one in placements if wanted[one.listing] != content[one.listing]]
    Offering.objects.filter(
        pk__in=[row.pk for one in changed for row in before.get(one.listing, ())]
    ).delete()
    insert(
        [
            Offering(
                appointment_id=place,
                partner_id=known.partners[one.partner],
                specialism_id=specialism,
                regions=list(regions),
                evidence=list(evidence),
            )
            for one in changed
            for (place, specialism), (regions, evidence) in wanted[one.listing].items()
        ]
    )
    lots = {key: lot for (_, lot), key in known.places.items()}
    specialisms = {key: reference for reference, (key, _) in known.specialisms.items()}
    record_many(actor, [_happening(one, wanted[one.listing], lots, specialisms) for one in changed])
    created = [one.listing for one in changed if one.listing not in before]
    return Outcome(
        created, [one.listing for one in changed if one.listing in before], len(placements) - len(changed)
    )


def _wanted(
    placement: Placement, known: _Known, before: dict[tuple[int, int | None], Content]
) -> dict[tuple[int, int | None], Content]:
    wanted = {}
    for one in placement.offerings:
        specialism = None if one.specialism is None else known.specialisms[one.specialism][0]
        key = (known.places[placement.supplier, one.lot], specialism)
        regions, evidence = before.get(key, ((NATIONAL,), ()))
        wanted[key] = (
            regions if one.regions is None else one.regions,
            evidence if one.evidence is None else one.evidence,
        )
    return wanted


def _content(rows: Sequence[Offering]) -> dict[tuple[int, int | None], Content]:
    return {
        (row.appointment_id, row.specialism_id): (tuple(row.regions), tuple(row.evidence)) for row in rows
    }


def _existing(placements: Sequence[Placement], known: _Known) -> dict[str, list[Offering]]:
    wanted = {one.listing for one in placements}
    rows: dict[str, list[Offering]] = {}
    for row in (
        Offering.objects.select_for_update(of=("self",))
        .filter(appointment__in=known.places.values(), partner__in=known.partners.values())
        .select_related("appointment__lot__framework", "appointment__supplier", "partner")
    ):
        listing = listing_reference(
            row.appointment.lot.framework.reference, row.appointment.supplier.reference, row.partner.reference
        )
        if listing in wanted:
            rows.setdefault(listing, []).append(row)
    return rows


def _happening(
    placement: Placement,
    wanted: dict[tuple[int, int | None], Content],
    lots: dict[int, str],
    specialisms: dict[int, str],
) -> Happening:
    return Happening(
        "offering.published",
        "partner",
        placement.partner,
        {"supplier": placement.supplier, "framework": placement.framework},
        {
            "offerings": [
                {
                    "lot": lots[place],
                    "specialism": None if specialism is None else specialisms[specialism],
                    "regions": list(regions),
                }
                for (place, specialism), (regions, _) in wanted.items()
            ]
        },
    )


def _read(placements: Sequence[Placement]) -> _Known:
    frameworks = {one.framework for one in placements}
    suppliers = {one.supplier for one in placements}
    partners = {one.partner for one in placements}
    known = _Known()
    for reference, owner, scheme in Framework.objects.filter(reference__in=frameworks).values_list(
        "reference", "owner_id", "region_scheme"
    ):
        known.owners[reference], known.schemes[reference] = owner, scheme
    for partner in Partner.objects.filter(reference__in=partners).select_related("published"):
        known.partners[partner.reference] = partner.pk
        studies = partner.published.case_studies if partner.published else []
        known.evidence[partner.reference] = {study["key"] for study in studies}
    known.members = set(
        SupplierMember.objects.filter(
            supplier__reference__in=suppliers, partner__reference__in=partners, left_on=None
        ).values_list("supplier__reference", "partner__reference")
    )
    for key, supplier, lot, framework in Appointment.objects.filter(
        supplier__reference__in=suppliers, lot__framework__reference__in=frameworks
    ).values_list("pk", "supplier__reference", "lot__reference", "lot__framework__reference"):
        known.places[supplier, lot] = key
        known.lots[lot] = framework
    known.specialisms = {
        reference: (key, lot)
        for reference, key, lot in Specialism.objects.filter(
            lot__framework__reference__in=frameworks
        ).values_list("reference", "pk", "lot__reference")
    }
    known.regions = dict(Region.objects.values_list("code", "scheme"))
    return known


def _faults(placements: Sequence[Placement], known: _Known, pointer: Pointer) -> Iterator[Fault]:
    listings = Counter(one.listing for one in placements)
    for number, one in enumerate(placements):
        at = pointer(number)
        if one.framework not in known.schemes:
            yield Fault(f"{at}/framework", "unknown", f"There is no framework {one.framework}.")
        if one.partner not in known.partners:
            yield Fault(f"{at}/partner", "unknown", f"There is no partner {one.partner}.")
        elif (one.supplier, one.partner) not in known.members:
            yield Fault(
                f"{at}/supplier", "member", f"{one.partner} does not belong to the supplier {one.supplier}."
            )
        if listings[one.listing] > 1:
            yield Fault(at, "duplicate", f"{one.listing} comes more than once.")
        stated = Counter((offering.lot, offering.specialism) for offering in one.offerings)
        for place, offering in enumerate(one.offerings):
            yield from _offering_faults(one, offering, stated, known, f"{at}/offerings/{place}")


def _offering_faults(
    placement: Placement,
    offering: OfferingDraft,
    stated: Counter[tuple[str, str | None]],
    known: _Known,
    at: str,
) -> Iterator[Fault]:
    lot, specialism = offering.lot, offering.specialism
    if (placement.supplier, lot) not in known.places or known.lots.get(lot) != placement.framework:
        yield Fault(f"{at}/lot", "appointment", f"{placement.supplier} is not appointed to {lot}.")
    if stated[lot, specialism] > 1:
        yield Fault(
            f"{at}/specialism", "duplicate", f"{specialism or 'Not stated'} comes more than once on {lot}."
        )
    if specialism is None:
        if any(other == lot and named is not None for other, named in stated):
            yield Fault(
                f"{at}/specialism", "not_stated", f"Some specialisms are stated on {lot}: state this one."
            )
    elif known.specialisms.get(specialism, (0, ""))[1] != lot:
        yield Fault(f"{at}/specialism", "unknown", f"{lot} has no specialism {specialism}.")
    if offering.regions is not None and not offering.regions:
        yield Fault(f"{at}/regions", "required", "An offering names its regions, or UK for all of them.")
    scheme = known.schemes.get(placement.framework, "")
    foreign = [
        region
        for region in offering.regions or ()
        if region != NATIONAL and known.regions.get(region) != scheme
    ]
    twins = sharing_ground() if foreign else {}
    for region in foreign:
        shares = f"; {' or '.join(twins[region])} shares its ground" if region in twins else ""
        yield Fault(f"{at}/regions", "unknown", f"{region} is no {scheme} code{shares}.")
    for key in offering.evidence or ():
        if key not in known.evidence.get(placement.partner, set()):
            yield Fault(f"{at}/evidence", "unknown", f"{placement.partner} has no case study {key}.")
