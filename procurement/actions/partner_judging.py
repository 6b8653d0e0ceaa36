"""What each row of a partner file comes to, against what stands: the diff of a dry run and the plan of a real
one.

Read set-wise for a batch of rows, in thirteen queries however many there are; nothing is written here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from procurement.actions.offerings import OfferingDraft, Placement
from procurement.actions.organisations import OrganisationDraft
from procurement.actions.partner_rows import Catalogue, OfferedLot, PartnerRow
from procurement.actions.profiles import content_of, region_codes
from procurement.actions.suppliers import MemberDraft, SupplierDraft
from procurement.errors import Fault
from procurement.models import (
    Appointment,
    Capability,
    Offering,
    Organisation,
    Partner,
    Supplier,
    SupplierMember,
)
from procurement.profiles import FIELDS, ProfileContent, edited
from procurement.references import capitals_in, differing_in_capitals

Role = SupplierMember.Role
Status = Appointment.Status
SHORT: Final = 200
"""A value whose JSON is no longer is told as it was and as it will be; of longer ones only the field's name.
"""
Offered = dict[tuple[str, str | None], tuple[tuple[str, ...], tuple[str, ...]]]
"""(lot, specialism) -> (regions, evidence), of one partner within one supplier"""


@dataclass(slots=True)
class Judged:
    """One row judged: what it would change, how, and what is wrong with it.

    `supplier` is the one that its offerings belong to; `joins` the supplier as it must become for the partner
    to belong to it, None where it does already; `appointments` are (supplier, lot, first day) that are
    missing; `identifies` the organisation with the number that it lacks; `values` what was and will be in
    those of the fields that are short and nobody's contacts; `notes` what whoever imports should know, each a code
    and a sentence: nothing is refused for it.
    """

    row: PartnerRow
    new: bool = False
    name: str = ""
    fields: tuple[str, ...] = ()
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    identifies: OrganisationDraft | None = None
    notes: dict[str, str] = field(default_factory=dict)
    supplier: str = ""
    supplier_known: bool = False
    joins: SupplierDraft | None = None
    appointments: list[tuple[str, str, date]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def differs(self, name: str, before: Any, after: Any) -> None:
        """Notes a field that changes; a new firm's fields are not told one by one."""
        if self.new:
            return
        self.fields = (*self.fields, name)
        if (
            name != "contacts"
            and before != after
            and all(len(json.dumps(one)) <= SHORT for one in (before, after))
        ):
            self.values[name] = (before, after)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What stands in the database about the firms and suppliers of one batch."""

    partners: Mapping[str, Partner]
    bodies: Mapping[str, Organisation]
    alike: Mapping[str, str]
    """what to say of a reference that differs in capitals alone from one that stands"""
    others: Mapping[str, list[str]]
    """what an organisation of that reference is that has no partner, beside a partner: a buyer, the operator"""
    holders: Mapping[tuple[str, str], str]
    namesakes: Mapping[str, list[str]]
    """by a name that a row gives, the references of the firms that bear it, by their profile or organisation"""
    memberships: Mapping[str, list[str]]
    suppliers: Mapping[str, Supplier]
    leads: Mapping[str, str]
    led: Mapping[str, date]
    """by supplier, the day from which it has had a lead"""
    made_from: Mapping[str, date]
    """by supplier that a row of the file makes, the first day that the file needs it on"""
    left: Mapping[tuple[str, str], date]
    """(supplier, partner) -> the day on which it last left"""
    places: Mapping[tuple[str, str], str]
    """(supplier, lot) -> how its place there stands"""
    offered: Mapping[tuple[str, str], Offered]
    regions: frozenset[str]


def judge(
    rows: Sequence[PartnerRow], known: Catalogue, made_from: Mapping[str, date] | None = None
) -> list[Judged]:
    """Each row's verdict, in order. `made_from` is, by supplier that a row makes, the first day on which another row
    of the file needs it: its lead leads from then, whatever the lead's own row offers.
    """
    standing = _read(rows, made_from or {})
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


def _read(rows: Sequence[PartnerRow], made_from: Mapping[str, date]) -> _Standing:
    references = {row.reference for row in rows}
    partners = {
        partner.reference: partner
        for partner in Partner.objects.filter(reference__in=references).select_related(
            "published", "organisation"
        )
    }
    bodies = {one.reference: one for one in Organisation.objects.filter(reference__in=references)}
    others: dict[str, list[str]] = {}
    for reference, kind in (
        Capability.objects.filter(organisation__reference__in=references - partners.keys())
        .exclude(kind=Capability.Kind.PARTNER)
        .order_by("kind")
        .values_list("organisation__reference", "kind")
    ):
        others.setdefault(reference, []).append(Capability.Kind(kind).label.lower())
    numbers = {row.identifier[1] for row in rows if row.identifier[1]}
    holders = {
        (scheme, number): reference
        for scheme, number, reference in Organisation.objects.filter(identifier__in=numbers).values_list(
            "scheme", "identifier", "reference"
        )
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
    leads: dict[str, str] = {}
    led: dict[str, date] = {}
    for name, partner, joined, gone in (
        SupplierMember.objects.filter(supplier__reference__in=wanted, role=Role.LEAD)
        .order_by("joined_on")
        .values_list("supplier__reference", "partner__reference", "joined_on", "left_on")
    ):
        led.setdefault(name, joined)
        if gone is None:
            leads[name] = partner
    left = {
        (supplier, partner): day
        for supplier, partner, day in SupplierMember.objects.filter(
            partner__reference__in=references, left_on__isnull=False
        )
        .order_by("left_on")
        .values_list("supplier__reference", "partner__reference", "left_on")
        if day is not None
    }
    places = {
        (supplier, lot): status
        for supplier, lot, status in Appointment.objects.filter(supplier__reference__in=wanted).values_list(
            "supplier__reference", "lot__reference", "status"
        )
    }
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
    return _Standing(
        partners,
        bodies,
        differing_in_capitals(Organisation, references - bodies.keys())
        | differing_in_capitals(Supplier, references - suppliers.keys()),
        others,
        holders,
        _namesakes([row for row in rows if row.reference not in partners]),
        memberships,
        suppliers,
        leads,
        led,
        made_from,
        left,
        places,
        offered,
        region_codes(),
    )


def _namesakes(rows: Sequence[PartnerRow]) -> Mapping[str, list[str]]:
    """The firms that bear a name which a row gives to a new one, by the name (one query, none without new ones)."""
    given = {name for row in rows if isinstance(name := row.changes.get("name"), str)}
    if not given:
        return {}
    bearing = Partner.objects.filter(Q(published__name__in=given) | Q(organisation__name__in=given))
    found: dict[str, list[str]] = defaultdict(list)
    firms = bearing.order_by("reference").values_list("reference", "published__name", "organisation__name")
    for reference, *names in firms:
        for name in set(filter(None, names)):
            found[name].append(reference)
    return found


def _judge(row: PartnerRow, standing: _Standing, known: Catalogue) -> Judged:
    verdict = Judged(row)
    partner = standing.partners.get(row.reference)
    current = content_of(partner.published) if partner and partner.published else None
    content, faults = edited(current, row.changes, standing.regions)
    verdict.faults += faults
    verdict.new, verdict.name = current is None, content.name
    if not faults:
        _compare(verdict, current, content)
    if partner is not None and "name" in verdict.fields and partner.organisation.name != content.name:
        verdict.notes["registered_name"] = (
            f"Its profile gets another name; its organisation stays {partner.organisation.name}, by which call-offs "
            "and tenders call it."
        )
    if partner is None and (namesakes := standing.namesakes.get(content.name)):
        verdict.notes["same_name"] = (
            f"{', '.join(namesakes)} is called {content.name}, too: this row makes another firm of that name."
        )
    if partner is None and (capitals := capitals_in(row.reference)):
        verdict.faults.append(Fault("/reference", "shape", capitals))
    elif row.reference in standing.alike:
        verdict.faults.append(Fault("/reference", "taken", standing.alike[row.reference]))
    if partner is None and row.reference in standing.bodies:
        _take_for_partner(verdict, standing.bodies[row.reference], standing.others.get(row.reference, ()))
    _identify(verdict, standing)
    _supplier(verdict, standing, known)
    if row.offerings is not None and not verdict.faults:
        _place(verdict, row.offerings, content, standing, known)
    return verdict


def _compare(verdict: Judged, current: ProfileContent | None, content: ProfileContent) -> None:
    if current is None:
        verdict.fields = FIELDS
        return
    before, after = current.columns(), content.columns()
    for name in FIELDS:
        if before[name] != after[name]:
            verdict.differs(name, before[name], after[name])


def _take_for_partner(verdict: Judged, body: Organisation, others: Sequence[str]) -> None:
    """Whether a row may make a partner of an organisation that stands: a reference alone is easily another's."""
    if others:
        what = " and ".join(others)
        what = f"{'an' if what.startswith('o') else 'a'} {what}"
        message = f"{body.reference} is {body.name}, {what}: no import makes it a partner."
        verdict.faults.append(Fault("/reference", "taken", message))
    elif verdict.name and verdict.name.casefold() != body.name.casefold():
        message = (
            f"{body.reference} is {body.name}, and no partner yet: give that name, or another reference."
        )
        verdict.faults.append(Fault("/name", "differs", message))


def _identify(verdict: Judged, standing: _Standing) -> None:
    """Whether the number that a row gives may be its organisation's. One that has a number keeps it: another
    number is another legal body, under whatever name.
    """
    row = verdict.row
    scheme, number = row.identifier
    if not number:
        return
    partner = standing.partners.get(row.reference)
    body = partner.organisation if partner else standing.bodies.get(row.reference)
    own = body.reference if body else row.reference
    holder = standing.holders.get(row.identifier, own)
    if holder != own:
        message = f"{scheme} {number} belongs to {holder}."
        verdict.faults.append(Fault("/identifier", "taken", message))
    elif body is not None and not body.identifier:
        verdict.identifies = OrganisationDraft(
            own, body.name, scheme, number, buyer_class=body.buyer_class, nation=body.nation
        )
        verdict.differs("identifier", "", f"{scheme} {number}")
    elif body is not None and (body.scheme, body.identifier) != row.identifier:
        message = f"{own} is {body.scheme} {body.identifier}; another number is another legal body."
        verdict.faults.append(Fault("/identifier", "differs", message))


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
    joined = min(joined, standing.made_from.get(reference, joined)) if supplier is None else joined
    # Nobody belongs to a supplier before somebody leads it.
    joined = max(joined, standing.led.get(reference, joined))
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
    verdict.differs("supplier", sorted(belongs), sorted({*belongs, reference}))


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
    if verdict.joins is not None and (verdict.supplier, row.reference) in standing.left:
        # What it offered before it left does not come back with it, see save_suppliers: it says anew what it offers.
        before = {}
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
            first = known.starts[lot.framework]
            first = max(first, standing.led.get(verdict.supplier, first))
            if first > known.ends[lot.framework]:
                message = (
                    f"{verdict.supplier} has a lead since {first} alone, after {lot.framework} ended on "
                    f"{known.ends[lot.framework]}: it had no place there."
                )
                verdict.faults.append(Fault(f"/offerings/{step}/framework", "lead", message))
            verdict.appointments.append((verdict.supplier, lot.lot, first))
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
    idle = [
        f"{lot.lot} ({status})"
        for lot in offerings
        if (status := standing.places.get((verdict.supplier, lot.lot), Status.ACTIVE)) != Status.ACTIVE
    ]
    if before and not offerings:
        verdict.notes["offerings_kept"] = (
            "No offering names a framework, so that all that the firm offers stays as it is; what it no longer does is "
            "taken off on its page, or by PUT of its offerings."
        )
    if idle:
        verdict.notes["place_not_active"] = (
            f"{verdict.supplier} has no active place on {', '.join(idle)}: what is offered there is kept, and nobody "
            "finds it until the place is active again."
        )
    if held != after:
        verdict.differs("offerings", _offers(held), _offers(after))


def _offers(
    offered: Mapping[tuple[str, str | None], tuple[tuple[str, ...] | None, tuple[str, ...] | None]],
) -> list[str]:
    """What is offered where, each in one line."""
    return sorted(
        f"{specialism or lot} in {', '.join(regions or ())}"
        for (lot, specialism), (regions, _) in offered.items()
    )
