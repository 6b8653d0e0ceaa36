"""A firm applies to join a consortium on a lot, or a lot by itself: drafted, submitted, agreed by the lead, checked by
the framework owner, admitted; or refused for a reason. How it leaves is in leaving.py.

Journey: POST /api/v1/joinings/ -> here -> event -> the lead's word -> the framework owner's -> membership, appointment
and offerings by the same actions as anybody's (suppliers.py, appointments.py, offerings.py) -> the index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.call_offs import reason_of
from procurement.actions.events import Happening, record
from procurement.actions.offerings import NATIONAL, OfferingDraft, Placement, save_offerings
from procurement.actions.steps import allowed
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.models import (
    Appointment,
    Framework,
    Joining,
    Lot,
    Offering,
    Partner,
    Region,
    Specialism,
    Supplier,
    SupplierMember,
)
from procurement.models.joining import OPEN
from procurement.on_day import standing
from procurement.permissions import SYSTEM, Action, Actor, can, require
from procurement.profiles import Reader
from procurement.querysets import own_places
from procurement.querysets_joining import JoiningQuerySet
from procurement.references import numbered, slug, taken_references
from procurement.revisions import changed_since
from procurement.states import JOININGS, Part, Transition

REFUSED: Final = "The application cannot be taken as it is."
MOST_OFFERS: Final = 100
STATEMENT: Final = 5_000

Status = Joining.Status


@dataclass(frozen=True, slots=True)
class JoiningDraft:
    """An application to begin: `partner`, `lot` and `supplier` (None: the firm by itself) are references; `offers` are
    `{specialism, regions}`, a specialism of the lot and codes of regions (none: the whole United Kingdom).
    """

    partner: str
    lot: str
    supplier: str | None = None
    statement: object = ""
    offers: object = ()


def draft_joining(actor: Actor, draft: JoiningDraft) -> Joining:
    """Begins an application of the actor's firm. Raises NotFound for a firm that is not the actor's, NotPermitted;
    Invalid, also for a lot that takes no firms or none by itself; Conflict where one is open already, or where the firm
    offers something there already and this names nothing new.
    """
    with transaction.atomic():
        partner = Partner.objects.select_related("organisation").filter(reference=draft.partner).first()
        if partner is None or not can(actor, Action.SEE_JOININGS, partner.organisation_id):
            raise NotFound(f"You act for no firm {draft.partner}.")
        require(actor, Action.APPLY_TO_JOIN, partner.organisation_id)
        faults: list[Fault] = []
        lot = Lot.objects.select_related("framework").filter(reference=draft.lot).first()
        if lot is None:
            faults.append(Fault("/lot", "unknown", "There is no such lot."))
        elif closed := _over(lot) or _closed(lot):
            faults.append(Fault("/lot", "closed", closed))
        supplier = _supplier(draft.supplier, lot, faults)
        if lot is not None and draft.supplier is None and (closed := _closed_to_one(partner, lot)):
            faults.append(Fault("/supplier", "closed", closed))
        statement = Reader("/statement", faults).text(draft.statement, STATEMENT, lines=True)
        offers = _offers(draft.offers, lot, faults)
        _refuse(faults)
        assert lot is not None
        _free(partner, supplier, lot)
        if told := brings_nothing(offered_there(partner, supplier, lot), offers):
            raise Conflict(told)
        joining = Joining.objects.create(
            reference=numbered("JA", timezone.localdate()),
            partner=partner,
            supplier=supplier,
            lot=lot,
            statement=statement,
            offers=offers,
            actor=actor.reference,
        )
        _record(actor, joining, "joining.drafted", {})
    return joining


def edit_joining(actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]) -> Joining:
    """Says a draft's `statement` or `offers` anew. Raises NotFound, NotPermitted, Stale, Conflict, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        joining = _locked(actor, reference, revision)
        _permitted(actor, joining, "edit")
        before = (joining.statement, joining.offers)
        if "statement" in changes:
            reader = Reader("/statement", faults)
            joining.statement = reader.text(changes["statement"], STATEMENT, lines=True)
        if "offers" in changes:
            joining.offers = _offers(changes["offers"], joining.lot, faults)
            held = offered_there(joining.partner, joining.supplier, joining.lot)
            if joining.offers and (told := brings_nothing(held, joining.offers)):
                faults.append(Fault("/offers", "offered", told))
        _refuse(faults)
        if before != (joining.statement, joining.offers):
            _save(joining, "statement", "offers")
            _record(actor, joining, "joining.edited", {"fields": sorted(changes)})
    return joining


def submit_joining(actor: Actor, reference: str, revision: int) -> Joining:
    """The firm applies. Raises NotFound, NotPermitted, Stale; Conflict, also where the lot takes no firms any more, or
    none by itself, where the consortium's place on it does not stand any more, or the firm offers all of it already;
    Invalid while it offers nothing or says nothing of itself.
    """
    with transaction.atomic():
        joining = _locked(actor, reference, revision)
        step = _permitted(actor, joining, "submit")
        _open_to(joining)
        faults = []
        if not joining.statement:
            faults.append(Fault("/statement", "required", "Say what the firm would bring."))
        if not joining.offers:
            faults.append(Fault("/offers", "required", "Name at least one specialism that the firm offers."))
        _refuse(faults)
        held = offered_there(joining.partner, joining.supplier, joining.lot)
        if told := _closed(joining.lot) or brings_nothing(held, joining.offers):
            raise Conflict(told)
        joining.submitted_at = timezone.now()
        _move(actor, joining, step, {}, "submitted_at")
    return joining


def agree_joining(actor: Actor, reference: str, revision: int) -> Joining:
    """The lead of the consortium would have it. Raises NotFound, NotPermitted, Stale, Conflict."""
    with transaction.atomic():
        joining = _locked(actor, reference, revision)
        step = _permitted(actor, joining, "agree")
        joining.agreed_at = timezone.now()
        _move(actor, joining, step, {}, "agreed_at")
    return joining


def check_joining(actor: Actor, reference: str, revision: int) -> Joining:
    """The framework owner has checked it. Raises NotFound, NotPermitted, Stale; Conflict before the lead has agreed,
    where the firm is excluded, and where the lot is over or the consortium's place on it does not stand any more.
    """
    with transaction.atomic():
        joining = _locked(actor, reference, revision)
        step = _permitted(actor, joining, "check")
        if joining.supplier_id is not None and joining.status != Status.AGREED:
            raise Conflict("The lead of the consortium has not agreed yet.")
        _eligible(joining)
        joining.checked_at = timezone.now()
        _move(actor, joining, step, {}, "checked_at")
    return joining


def admit_joining(actor: Actor, reference: str, revision: int) -> Joining:
    """The firm belongs from today on, with what it offers; its own place that was withdrawn or has ended is given anew,
    with what it applied with alone. Raises NotFound, NotPermitted, Stale; Conflict as check_joining does; Invalid where
    the lot or the consortium has changed so that it cannot.
    """
    with transaction.atomic():
        joining = _locked(actor, reference, revision)
        step = _permitted(actor, joining, "admit")
        _eligible(joining)
        stood = offered_there(joining.partner, joining.supplier, joining.lot)
        supplier = _belonging(joining)
        lots = [
            OfferingDraft(joining.lot.reference, one["specialism"], tuple(one["regions"]))
            for one in joining.offers
        ]
        held = _held(joining, supplier, stood)
        framework = joining.lot.framework.reference
        save_offerings(SYSTEM, [Placement(framework, supplier, joining.partner.reference, (*held, *lots))])
        joining.ended_at = timezone.now()
        _move(actor, joining, step, {"supplier": supplier}, "ended_at")
    return joining


def refuse_joining(actor: Actor, reference: str, revision: int, reason: object) -> Joining:
    """It is not taken, for a reason. Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /reason."""
    return _ended(actor, reference, revision, "refuse", reason)


def withdraw_joining(actor: Actor, reference: str, revision: int) -> Joining:
    """The firm applies no longer. Raises NotFound, NotPermitted, Stale, Conflict."""
    return _ended(actor, reference, revision, "withdraw")


def joining_parts(actor: Actor, joining: Joining) -> frozenset[Part]:
    """The actor's parts: of the firm itself, of the consortium's lead (one query), of the framework's owner."""
    parts = set()
    if can(actor, Action.APPLY_TO_JOIN, joining.partner.organisation_id):
        parts.add(Part.MEMBER)
    if joining.supplier_id is not None:
        leads = SupplierMember.objects.filter(
            supplier=joining.supplier_id, role=SupplierMember.Role.LEAD, left_on=None
        )
        led = leads.values_list("partner__organisation", flat=True).first()
        if led is not None and can(actor, Action.AGREE_JOINING, led):
            parts.add(Part.LEAD)
    if can(actor, Action.CHECK_JOINING, joining.lot.framework.owner_id):
        parts.add(Part.FRAMEWORK_OWNER)
    return frozenset(parts)


def _ended(actor: Actor, reference: str, revision: int, name: str, reason: object = None) -> Joining:
    with transaction.atomic():
        joining = _locked(actor, reference, revision)
        step = _permitted(actor, joining, name)
        why = reason_of(reason, "The application was not refused.") if name == "refuse" else ""
        joining.ended_at, joining.reason = timezone.now(), why
        _move(actor, joining, step, {"reason": why} if why else {}, "ended_at", "reason")
    return joining


def _locked(actor: Actor, reference: str, revision: int) -> Joining:
    seen = JoiningQuerySet(Joining).seen_by(actor).filter(reference=reference).first()
    if seen is None:
        raise NotFound(f"There is no application {reference}.")
    joining = (
        Joining.objects.select_for_update(of=("self",))
        .select_related("partner__organisation", "supplier", "lot__framework")
        .get(pk=seen.pk)
    )
    if changed_since(joining.revision, revision):
        raise Stale("The application has changed since you read it.")
    return joining


def _permitted(actor: Actor, joining: Joining, name: str) -> Transition:
    told = f"The application is {Status(joining.status).label.lower()}."
    return allowed(JOININGS, name, joining.status, joining_parts(actor, joining), told)


def _move(actor: Actor, joining: Joining, step: Transition, changes: dict[str, Any], *fields: str) -> None:
    joining.status = step.target
    _save(joining, "status", *fields)
    _record(actor, joining, step.event, changes)


def _save(joining: Joining, *fields: str) -> None:
    joining.revision += 1
    joining.save(update_fields=["revision", *fields])


def _record(actor: Actor, joining: Joining, kind: str, changes: dict[str, Any]) -> None:
    references = {"partner": joining.partner.reference}
    # Lead and owner, who are told of what is withdrawn, never knew of a draft.
    known = kind != "joining.withdrawn" or joining.submitted_at is not None
    if known:
        references["lot"] = joining.lot.reference
        references["framework"] = joining.lot.framework.reference
    if known and joining.supplier is not None:
        references["supplier"] = joining.supplier.reference
    record(actor, Happening(kind, "joining", joining.reference, references, changes))


def _supplier(reference: str | None, lot: Lot | None, faults: list[Fault]) -> Supplier | None:
    """The consortium that is to be joined, which holds a place on the lot."""
    if reference is None:
        return None
    supplier = Supplier.objects.filter(reference=reference).first()
    if supplier is None:
        faults.append(Fault("/supplier", "unknown", "There is no such supplier."))
    elif supplier.form == Supplier.Form.ALONE:
        faults.append(Fault("/supplier", "alone", "This supplier is a firm alone, not a consortium."))
    elif lot is not None and (told := _without_place(supplier, lot)):
        faults.append(Fault("/supplier", "not_appointed", told))
    return supplier


def _without_place(supplier: Supplier, lot: Lot) -> str:
    """Why no firm joins this consortium on the lot: searches would find none of it; "" where its place stands."""
    if Appointment.objects.filter(standing(timezone.localdate()), supplier=supplier, lot=lot).exists():
        return ""
    return f"{supplier.name} holds no place in force on lot {lot.number}."


def offered_there(partner: Partner, supplier: Supplier | None, lot: Lot) -> set[str | None]:
    """Which specialisms of the lot (None: one that is not stated) the firm offers now within the supplier, or by itself
    where that is None. What it offered in a supplier that it has left, or on a place that does not stand any more, is
    not among them. One query.
    """
    places = Appointment.objects.filter(standing(timezone.localdate()), lot=lot)
    member = SupplierMember.objects.filter(
        supplier=OuterRef("appointment__supplier"), partner=partner, left_on=None
    )
    rows = Offering.objects.filter(Exists(member), partner=partner, appointment__in=places)
    if supplier is not None:
        rows = rows.filter(appointment__supplier=supplier)
    else:
        rows = rows.filter(appointment__supplier__form=Supplier.Form.ALONE)
    return set(rows.values_list("specialism__reference", flat=True))


def brings_nothing(held: Collection[str | None], offers: Sequence[Mapping[str, Any]]) -> str:
    """Why an application with these offers is for nothing that the firm, which offers `held` there, does not offer
    already; "" where it brings something.
    """
    if not held or any(one["specialism"] not in held for one in offers):
        return ""
    if offers:
        return "The firm offers all of this there already: name a specialism that it does not offer yet."
    return "The firm offers something there already: name the specialisms that it would add."


def _free(partner: Partner, supplier: Supplier | None, lot: Lot) -> None:
    """Raises Conflict where the firm applies for the same already."""
    same = Joining.objects.filter(partner=partner, supplier=supplier, lot=lot, status__in=OPEN)
    if (known := same.first()) is not None:
        raise Conflict(f"{known.reference} is open for the same already.")


def _over(lot: Lot) -> str:
    """Why nothing can be bought on the lot any more, so that nobody joins it at any stage; "" where it can."""
    today, framework = timezone.localdate(), lot.framework
    if framework.ends_on < today:
        return f"{framework.number} ended on {framework.ends_on}: no firm joins it."
    if framework.status == Framework.Status.EXPIRED:
        return f"{framework.number} is expired: no firm joins it."
    if lot.closes_on is not None and lot.closes_on < today:
        return f"The lot closed on {lot.closes_on}: no firm joins it."
    return ""


def _closed(lot: Lot) -> str:
    """Why the lot takes no applications today, "" where it does. What was submitted before is checked and admitted
    while the award is pending, too: that is when an owner does it.
    """
    framework = lot.framework
    if framework.status not in (Framework.Status.OPEN, Framework.Status.LIVE):
        label = Framework.Status(framework.status).label.lower()
        return f"{framework.number} is {label}: firms join it while it is open to applications or live."
    return ""


def _closed_to_one(partner: Partner, lot: Lot) -> str:
    """Why the lot does not take this firm by itself: its own place there is suspended, or the framework takes none and
    it has no place, of which it may offer more. "" where it does.
    """
    today = timezone.localdate()
    place = own_places([partner.reference]).filter(lot=lot).first()
    stands = place is not None and not place.over(today)
    if place is not None and stands and place.status == Appointment.Status.SUSPENDED:
        return (
            f"The firm's own place on lot {lot.number} is suspended: it offers more once that is reinstated."
        )
    if stands or not lot.framework.closed_to_firms:
        return ""
    return (
        f"{lot.framework.number} is under the Public Contracts Regulations 2015: after its award it takes no firm by "
        "itself, only members of a consortium that holds a place on the lot."
    )


def _offers(value: object, lot: Lot | None, faults: list[Fault]) -> list[dict[str, Any]]:
    reader = Reader("/offers", faults)
    known: set[str] = set()
    codes = {NATIONAL}
    if lot is not None:
        known.update(Specialism.objects.filter(lot=lot).values_list("reference", flat=True))
        scheme = Region.objects.filter(scheme=lot.framework.region_scheme)
        codes.update(scheme.values_list("code", flat=True))
    found: list[dict[str, Any]] = []
    for step, one in enumerate(reader.items(list(value) if isinstance(value, tuple) else value, MOST_OFFERS)):
        inner = reader.at(step)
        held = inner.members(one, ("specialism", "regions"))
        if not isinstance(one, dict):
            continue
        specialism = inner.at("specialism").text(held.get("specialism", ""), 120, required=True)
        if specialism and lot and specialism not in known:
            inner.at("specialism").wrong("unknown", f"{specialism} is no specialism of {lot.reference}.")
        if specialism in [each["specialism"] for each in found]:
            inner.at("specialism").wrong("duplicate", f"{specialism} stands here twice.")
        regions = inner.at("regions").choices(held.get("regions", []), codes)
        found.append({"specialism": specialism, "regions": regions or [NATIONAL]})
    return found


def _eligible(joining: Joining) -> None:
    """Raises Conflict where the firm is excluded or suspended, or the lot no longer takes it."""
    _open_to(joining)
    since, today = joining.partner.organisation.excluded_since, timezone.localdate()
    if since is not None and since <= today:
        raise Conflict(f"The firm has been excluded since {since}.")
    if joining.partner.suspended:
        raise Conflict("The firm is suspended.")


def _open_to(joining: Joining) -> None:
    """Raises Conflict where the lot is over, takes this firm not by itself, or the consortium has no place there."""
    if over := _over(joining.lot):
        raise Conflict(over)
    if joining.supplier is not None:
        closed = _without_place(joining.supplier, joining.lot)
    else:
        closed = _closed_to_one(joining.partner, joining.lot)
    if closed:
        raise Conflict(closed)


def _belonging(joining: Joining) -> str:
    """Makes the firm a member of the consortium, or a supplier by itself with a place on the lot; its reference."""
    today, partner = timezone.localdate(), joining.partner.reference
    if joining.supplier is not None:
        consortium = joining.supplier
        if not consortium.members.filter(partner=joining.partner, left_on=None).exists():
            member = MemberDraft(partner, SupplierMember.Role.MEMBER, today)
            save_suppliers(
                SYSTEM, [SupplierDraft(consortium.reference, consortium.name, consortium.form, (member,))]
            )
        return consortium.reference
    alone = Supplier.objects.filter(
        form=Supplier.Form.ALONE, members__partner=joining.partner, members__left_on=None
    ).first()
    if alone is None:
        reference = slug(partner, taken_references(Supplier))
        name = joining.partner.published.name if joining.partner.published else partner
        lead = MemberDraft(partner, SupplierMember.Role.LEAD, today)
        save_suppliers(SYSTEM, [SupplierDraft(reference, name, Supplier.Form.ALONE, (lead,))])
    else:
        reference = alone.reference
    place = Appointment.objects.filter(supplier__reference=reference, lot=joining.lot).first()
    if place is None or place.over(today):
        # One that was withdrawn or has ended is given anew: nothing else would lead out of that.
        begins = max(today, joining.lot.framework.starts_on)
        marks = tuple(place.quality_marks) if place else ()
        anew = AppointmentDraft(reference, joining.lot.reference, begins, quality_marks=marks)
        save_appointments(SYSTEM, [anew])
    return reference


def _held(joining: Joining, supplier: str, stood: Collection[str | None]) -> list[OfferingDraft]:
    """What the firm offers within the supplier already, on this lot (`stood`, before it was admitted) and on others of
    the framework, which stays beside what it applied with; which specialism it was that was not stated, is stated now.
    """
    rows = Offering.objects.filter(
        partner=joining.partner,
        appointment__supplier__reference=supplier,
        appointment__lot__framework=joining.lot.framework_id,
    ).exclude(appointment__lot=joining.lot)
    applied = {one["specialism"] for one in joining.offers}
    here = sorted(one for one in stood if one is not None and one not in applied)
    return [
        *(OfferingDraft(joining.lot.reference, one) for one in here),
        *(
            OfferingDraft(lot, specialism)
            for lot, specialism in rows.values_list("appointment__lot__reference", "specialism__reference")
        ),
    ]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(REFUSED, tuple(faults))
