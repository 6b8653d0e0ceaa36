"""What each row of a partner file comes to, against what stands: the diff of a dry run and the plan of a real
one.

Read set-wise for a batch of rows, in ten queries however many there are; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone

from procurement.actions.offerings import OfferingDraft, Placement
from procurement.actions.partner_rows import Catalogue, OfferedLot, PartnerRow
from procurement.actions.profiles import content_of, region_codes
from procurement.actions.suppliers import MemberDraft, SupplierDraft
from procurement.errors import Fault
from procurement.models import Appointment, Offering, Partner, Supplier, SupplierMember
from procurement.profiles import FIELDS, ProfileContent, edited

Role = SupplierMember.Role
Offered = dict[tuple[str, str | None], tuple[tuple[str, ...], tuple[str, ...]]]
"""(lot, specialism) -> (regions, evidence), of one partner within one supplier"""


@dataclass(slots=True)
class Judged:
    """One row judged: what it would change, how, and what is wrong with it.

    `supplier` is the one that its offerings belong to; `joins` the supplier as it must become for the partner
    to belong to it, None where it does already; `appointments` are (supplier, lot, first day) that are
    missing.
    """

    row: PartnerRow
    new: bool = False
    name: str = ""
    fields: tuple[str, ...] = ()
    supplier: str = ""
    supplier_known: bool = False
    joins: SupplierDraft | None = None
    appointments: list[tuple[str, str, date]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What stands in the database about the firms and suppliers of one batch."""

    partners: Mapping[str, Partner]
    memberships: Mapping[str, list[str]]
    suppliers: Mapping[str, Supplier]
    leads: Mapping[str, str]
    left: Mapping[tuple[str, str], date]
    """(supplier, partner) -> the day on which it last left"""
    places: frozenset[tuple[str, str]]
    offered: Mapping[tuple[str, str], Offered]
    regions: frozenset[str]


def judge(rows: Sequence[PartnerRow], known: Catalogue) -> list[Judged]:
    """Each row's verdict, in order."""
    standing = _read(rows)
    return [_judge(row, standing, known) for row in rows]


def merged(verdicts: Iterable[Judged]) -> list[SupplierDraft]:
    """The suppliers that must be made or joined, each once with all who join it."""
    drafts: dict[str, SupplierDraft] = {}
    for verdict in verdicts:
        draft = verdict.joins
        if draft is not None:
            held = drafts.get(draft.reference)
            members = (*held.members, *draft.members) if held else draft.members
            drafts[draft.reference] = SupplierDraft(draft.reference, draft.name, draft.form, members)
    return list(drafts.values())


def _read(rows: Sequence[PartnerRow]) -> _Standing:
    references = {row.reference for row in rows}
    partners = {
        partner.reference: partner
        for partner in Partner.objects.filter(reference__in=references).select_related("published")
    }
    memberships: dict[str, list[str]] = {}
    current = SupplierMember.objects.filter(left_on=None)
    for partner, supplier in current.filter(partner__reference__in=references).values_list(
        "partner__reference", "supplier__reference"
    ):
        memberships.setdefault(partner, []).append(supplier)
    wanted = references | {row.supplier for row in rows if row.supplier}
    wanted.update(supplier for held in memberships.values() for supplier in held)
    suppliers = {one.reference: one for one in Supplier.objects.filter(reference__in=wanted)}
    leads = dict(
        current.filter(supplier__reference__in=wanted, role=Role.LEAD).values_list(
            "supplier__reference", "partner__reference"
        )
    )
    left = {
        (supplier, partner): day
        for supplier, partner, day in SupplierMember.objects.filter(
            partner__reference__in=references, left_on__isnull=False
        )
        .order_by("left_on")
        .values_list("supplier__reference", "partner__reference", "left_on")
        if day is not None
    }
    places = frozenset(
        Appointment.objects.filter(supplier__reference__in=wanted).values_list(
            "supplier__reference", "lot__reference"
        )
    )
    offered: dict[tuple[str, str], Offered] = {}
    for supplier, partner, lot, specialism, regions, evidence in Offering.objects.filter(
        partner__reference__in=references
    ).values_list(
        "appointment__supplier__reference",
        "partner__reference",
        "appointment__lot__reference",
        "specialism__reference",
        "regions",
        "evidence",
    ):
        offered.setdefault((supplier, partner), {})[lot, specialism] = (tuple(regions), tuple(evidence))
    return _Standing(partners, memberships, suppliers, leads, left, places, offered, region_codes())


def _judge(row: PartnerRow, standing: _Standing, known: Catalogue) -> Judged:
    verdict = Judged(row)
    partner = standing.partners.get(row.reference)
    current = content_of(partner.published) if partner and partner.published else None
    content, faults = edited(current, row.changes, standing.regions)
    verdict.faults += faults
    verdict.new, verdict.name = current is None, content.name
    if not faults:
        verdict.fields = _differing(current, content)
    _supplier(verdict, standing, known)
    if row.offerings is not None and not verdict.faults:
        _place(verdict, row.offerings, content, standing, known)
    return verdict


def _differing(current: ProfileContent | None, content: ProfileContent) -> tuple[str, ...]:
    if current is None:
        return FIELDS
    before, after = current.columns(), content.columns()
    return tuple(name for name in FIELDS if before[name] != after[name])


def _supplier(verdict: Judged, standing: _Standing, known: Catalogue) -> None:
    """Which supplier the row is about, and whether the partner must join it or it must be made."""
    row = verdict.row
    belongs = standing.memberships.get(row.reference, [])
    if row.supplier:
        reference = row.supplier
    elif len(belongs) > 1:
        if row.offerings is not None:
            names = ", ".join(sorted(belongs))
            verdict.faults.append(
                Fault(
                    "/supplier",
                    "ambiguous",
                    f"{row.reference} belongs to {names}: say which one offers this.",
                )
            )
        return
    else:
        reference = belongs[0] if belongs else row.reference
    supplier = standing.suppliers.get(reference)
    verdict.supplier, verdict.supplier_known = reference, supplier is not None
    if reference in belongs:
        return
    joined = min((known.starts[one.framework] for one in row.offerings or ()), default=timezone.localdate())
    joined = max(joined, standing.left.get((reference, row.reference), joined))
    if supplier is None:
        # A supplier that another row of the file leads stands by the time that this one is published.
        if reference == row.reference:
            member = MemberDraft(row.reference, Role.LEAD, joined)
            verdict.joins = SupplierDraft(reference, verdict.name, Supplier.Form.ALONE, (member,))
    elif not row.supplier:
        message = f"A supplier {reference} exists already and {row.reference} does not belong to it."
        verdict.faults.append(Fault("/supplier", "taken", message))
    else:
        role = Role.MEMBER if reference in standing.leads else Role.LEAD
        form = Supplier.Form.NOT_STATED if supplier.form == Supplier.Form.ALONE else supplier.form
        verdict.joins = SupplierDraft(
            reference, supplier.name, form, (MemberDraft(row.reference, role, joined),)
        )
    if not verdict.new:
        verdict.fields = (*verdict.fields, "supplier")


def _place(
    verdict: Judged,
    offerings: Sequence[OfferedLot],
    content: ProfileContent,
    standing: _Standing,
    known: Catalogue,
) -> None:
    """What the partner is to offer on each framework that the row names, and the appointments that this
    needs.
    """
    row = verdict.row
    before = standing.offered.get((verdict.supplier, row.reference), {})
    studies = {study["key"] for study in content.case_studies}
    wanted: dict[str, list[OfferingDraft]] = {}
    for step, lot in enumerate(offerings):
        drafts = wanted.setdefault(lot.framework, [])
        stated = lot.specialisms
        if stated is None:
            stated = tuple(name for place, name in before if place == lot.lot and name is not None)
        for specialism in stated or (None,):
            regions, evidence = before.get((lot.lot, specialism), ((), ()))
            regions = lot.regions if lot.regions is not None else regions
            if not regions:
                message = "An offering names its regions, or UK for all of them."
                verdict.faults.append(Fault(f"/offerings/{step}/regions", "required", message))
                break
            kept = tuple(key for key in evidence if key in studies)
            drafts.append(OfferingDraft(lot.lot, specialism, regions, kept))
        if (verdict.supplier, lot.lot) not in standing.places:
            verdict.appointments.append((verdict.supplier, lot.lot, known.starts[lot.framework]))
    verdict.placements = [
        Placement(framework, verdict.supplier, row.reference, tuple(drafts))
        for framework, drafts in wanted.items()
    ]
    frameworks = {lot: framework for framework, lots in known.lots.items() for lot in lots.values()}
    after = {
        (draft.lot, draft.specialism): (draft.regions, draft.evidence)
        for drafts in wanted.values()
        for draft in drafts
    }
    held = {place: offered for place, offered in before.items() if frameworks[place[0]] in wanted}
    if held != after and not verdict.new:
        verdict.fields = (*verdict.fields, "offerings")
