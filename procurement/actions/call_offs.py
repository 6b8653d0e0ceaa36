"""A call-off until it goes out, and its end without a contract: drafted, edited, approved or sent back, cancelled,
unsuccessful.

Journey: POST /api/v1/call-offs/ or the pages -> here -> event; actions/offers.py (direct award) or the competition's
actions take it from there, actions/awards.py to its award, actions/contracts.py to a signed contract. Every change
walks through `move`: the table of states.py says whether the actor may take the step out of the status it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import buyer_of, owner_references
from procurement.actions.call_off_suppliers import locked_snapshot, place_suppliers
from procurement.actions.ended_plans import ended_plan
from procurement.actions.events import Happening, record_many
from procurement.actions.steps import allowed
from procurement.call_off_checks import (
    DECIDING,
    approval_asked,
    approval_missing,
    asked_of,
    award_faults,
    greatest_total,
    limit_of,
    prices_of,
    standing_faults,
    unreached_faults,
)
from procurement.competition_checks import (
    require_deciding,
    require_low_prices_settled,
    require_scores_counted,
)
from procurement.errors import Conflict, Fault, Invalid, NotFound, NotPermitted, Stale
from procurement.models import CallOff, Lot, Organisation, Requirement, RequirementRevision, Snapshot
from procurement.models.call_offs import LIVE_OFFER
from procurement.next_supplier import faults_beside, next_of
from procurement.parts import buyer_parts, wrote
from procurement.permissions import Action, Actor, can
from procurement.profiles import NAME_LENGTH, NOTE_LENGTH, Reader
from procurement.ranked_first import ranked_first
from procurement.references import numbered
from procurement.revisions import changed_since
from procurement.states import CALL_OFFS, Transition
from procurement.terms import Terms

REFUSED: Final = "The call-off cannot be taken as it is."
NOT_ASKED: Final = "The organisation's limit asks for no approval of this."
NOT_READY: Final = "The call-off is not ready to go out."
SENT_BACK: Final = ("sent_back_reason", "sent_back_by", "sent_back_at")
FIELDS: Final = ("title", "route", "requirement", "shortlist", "terms")

Status = CallOff.Status
_WITHOUT: Final = frozenset({Status.CANCELLED, Status.UNSUCCESSFUL})


@dataclass(frozen=True, slots=True)
class CallOffDraft:
    """A call-off to begin. `requirement` names what is bought, on a lot; `shortlist` the locked one whose suppliers it
    may go to, in their order; `terms` are as Terms.from_json reads them. What is missing is asked for when it goes out.
    """

    title: object
    route: object
    requirement: str | None
    shortlist: str | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    organisation: str | None = None


def create_call_off(actor: Actor, draft: CallOffDraft) -> CallOff:
    """Begins a draft of the actor's buyer organisation, with its reference and OCID for ever.

    Raises NotPermitted; Invalid with a fault for everything wrong, at /requirement for what is not the organisation's
    or names no lot, at /shortlist for what is not locked or holds no supplier of the lot.
    """
    faults: list[Fault] = []
    title, route = _title(draft.title, faults), _route(draft.route, faults)
    terms = _terms(draft.terms, faults)
    with transaction.atomic():
        buyer = buyer_of(actor, Action.WRITE_CALL_OFF, draft.organisation)
        requirement = _requirement(actor, buyer, draft.requirement, faults)
        _refuse(faults)
        assert requirement is not None
        lot = _lot(requirement)
        snapshot = locked_snapshot(actor, buyer, draft.shortlist)
        reference = numbered("CO", timezone.localdate())
        call_off = CallOff.objects.create(
            reference=reference,
            organisation=buyer,
            title=title,
            route=route,
            lot=lot,
            requirement=requirement,
            snapshot=snapshot,
            terms=terms.to_json(),
            ocid=f"{settings.OCID_PREFIX}-{reference.lower()}",
            actor=actor.reference,
        )
        place_suppliers(call_off)
        told = {"title": title, "route": route, "ocid": call_off.ocid}
        tell(actor, call_off, "call_off.drafted", told, **_named(call_off))
    return call_off


def edit_call_off(actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]) -> CallOff:
    """Says a draft anew: a field of `changes` replaces, one that is absent stays; `terms` are replaced whole. An
    approval falls: it was given to something else.

    Raises NotFound, NotPermitted, Stale, Conflict once it has gone out, Invalid.
    """
    faults: list[Fault] = []
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        step = permitted(actor, call_off, "edit")
        before = _said(call_off)
        if "title" in changes:
            call_off.title = _title(changes["title"], faults)
        if "route" in changes:
            call_off.route = _route(changes["route"], faults)
        if "terms" in changes:
            call_off.terms = _terms(changes["terms"], faults).to_json()
        if "requirement" in changes:
            requirement = _requirement(actor, call_off.organisation, changes["requirement"], faults)
            _refuse(faults)
            assert requirement is not None
            call_off.requirement, call_off.lot = requirement, _lot(requirement)
        _refuse(faults)
        if "shortlist" in changes:
            call_off.snapshot = locked_snapshot(actor, call_off.organisation, changes["shortlist"])
        after = _said(call_off)
        differing = sorted(name for name in after if after[name] != before[name])
        if not differing:
            return call_off
        if {"requirement", "shortlist"} & set(differing):
            place_suppliers(call_off)
        call_off.status = step.target
        fields, fell = unapproved(call_off)
        _save(call_off, "title", "route", "terms", "requirement", "lot", "snapshot", "status", *fields)
        edited = happening(call_off, step.event, {"fields": differing}, **_named(call_off))
        record_many(actor, [*fell, edited])
    return call_off


def unapproved(call_off: CallOff, **why: Any) -> tuple[tuple[str, ...], list[Happening]]:
    """Lets an approval fall: it was given to something else, or `why`. The fields that are to be saved, and what is to
    be recorded, so that whoever gave it is told; nothing where there was none.
    """
    gave = call_off.approved_by
    call_off.approved_minor, call_off.approved_by, call_off.approved_at = None, "", None
    fell = [happening(call_off, "call_off.approval_lapsed", why, user=[gave])] if gave else []
    return ("approved_minor", "approved_by", "approved_at", *taken_up(call_off)), fell


def taken_up(call_off: CallOff) -> tuple[str, ...]:
    """Whatever is done with a call-off that was sent back answers that. The fields that are to be saved."""
    if call_off.sent_back_at is None:
        return ()
    call_off.sent_back_reason, call_off.sent_back_by, call_off.sent_back_at = None, None, None
    return SENT_BACK


def ask_approval(actor: Actor, reference: str, revision: int) -> CallOff:
    """Tells the buyer's approvers that an approval waits for them; nothing else changes, and asked again they are told
    again.

    Raises NotFound, NotPermitted, Stale; Conflict where no approval is asked for, and as approve_call_off; Invalid with
    everything that still keeps it from going out, or from being awarded.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "ask_approval")
        move(actor, call_off, "ask_approval", {"greatest_total": _to_approve(call_off)})
    return call_off


def approve_call_off(actor: Actor, reference: str, revision: int) -> CallOff:
    """The buyer's approver lets it go out, up to the greatest total that it may come to with any of its suppliers; once
    a direct award is out, its next order form, up to the greatest total with any supplier that was not asked yet; of a
    competition that is ranked, its award, up to what the tender that ranks first comes to.

    Raises NotFound; NotPermitted, also for a person who wrote any of it, or declared a conflict of interest; Stale;
    Conflict where no approval is asked for, and where scores count no longer or a low price is not settled; Invalid
    with everything that still keeps it from going out, or from being awarded: nobody approves what the next step
    refuses.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        step = permitted(actor, call_off, "approve")
        if wrote(actor, call_off):
            raise NotPermitted("Whoever wrote a call-off, or any of it, does not approve it.")
        require_deciding(call_off, actor)
        greatest = _to_approve(call_off)
        call_off.approved_minor = greatest
        call_off.approved_by, call_off.approved_at = actor.reference, timezone.now()
        call_off.status = step.target or call_off.status
        _save(call_off, "status", "approved_minor", "approved_by", "approved_at", *taken_up(call_off))
        tell(actor, call_off, step.event, {"greatest_total": call_off.approved_minor})
    return call_off


def send_back(actor: Actor, reference: str, revision: int, reason: object) -> CallOff:
    """The buyer's approver does not approve it as it stands, for a reason (1 to 1,000 characters) that the owner is
    told, whether it is ready or not; before it goes out also where it is approved already, which falls.

    Raises NotFound; NotPermitted, also for a person who wrote any of it; Stale; Conflict where no approval is asked
    for, and where scores count no longer or a low price is not settled; Invalid at /reason.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        step = permitted(actor, call_off, "send_back")
        if wrote(actor, call_off):
            raise NotPermitted("Whoever wrote a call-off, or any of it, does not send it back.")
        require_deciding(call_off, actor)
        _to_approve(call_off, ready=False)
        why = reason_of(reason, "The call-off was not sent back.")
        fields, fell = unapproved(call_off, sent_back=True) if step.target else ((), [])
        # Nobody is told of what they take back themselves.
        others = [one for one in fell if one.references["user"] != [actor.reference]]
        call_off.status = step.target or call_off.status
        call_off.sent_back_reason, call_off.sent_back_by = why, actor.reference
        call_off.sent_back_at = timezone.now()
        _save(call_off, "status", *{*fields, *SENT_BACK})
        record_many(actor, [*others, happening(call_off, step.event, {"reason": why})])
    return call_off


def move(
    actor: Actor,
    call_off: CallOff,
    name: str,
    changes: dict[str, Any],
    *fields: str,
    also: Sequence[Happening] = (),
    **named: Any,
) -> None:
    """Takes a step of the table with a call-off whose row is locked: saves the status, these `fields` and the next
    revision, and records the step's event after those of what went along (`also`); where it ends without a contract,
    those who would have paid for its outcomes are told after that. Raises NotPermitted, Conflict.
    """
    step = permitted(actor, call_off, name)
    call_off.status = step.target or call_off.status
    _save(call_off, "status", *fields, *taken_up(call_off))
    told = [*also, happening(call_off, step.event, changes, **named)]
    if call_off.status in _WITHOUT:
        told += ended_plan(call_off, call_off.status, call_off.ended_reason)
    record_many(actor, told)


def permitted(actor: Actor, call_off: CallOff, name: str) -> Transition:
    """The step of that name out of the status that the call-off has. Raises Conflict where there is none, NotPermitted
    where somebody else takes it.
    """
    label = Status(call_off.status).label.lower()
    told = f"The call-off is {label}: {name.replace('_', ' ')} is not possible."
    if {one.route for one in CALL_OFFS.transitions if one.name == name}.isdisjoint({None, call_off.route}):
        route = CallOff.Route(call_off.route).label.lower()
        told = f"The call-off is a {route}, which has no such step: {name.replace('_', ' ')}."
    return allowed(CALL_OFFS, name, call_off.status, buyer_parts(actor, call_off), told, call_off.route)


def locked_call_off(actor: Actor, reference: str, revision: int | None) -> CallOff:
    """The call-off, its row locked until the transaction ends: visible, and as it was read (None: whatever it is).

    Raises NotFound, Stale.
    """
    call_off = (
        CallOff.objects.select_for_update(of=("self",))
        .select_related("organisation", "lot__framework", "requirement__requirement", "snapshot__shortlist")
        .filter(reference=reference)
        .first()
    )
    if call_off is None or not can(actor, Action.SEE_CALL_OFFS, call_off.organisation_id):
        raise NotFound(f"There is no call-off {reference}.")
    if changed_since(call_off.revision, revision):
        raise Stale("The call-off has changed since you read it.")
    return call_off


def happening(call_off: CallOff, kind: str, changes: dict[str, Any], **named: Any) -> Happening:
    """What happened to a call-off, not yet recorded."""
    references = owner_references(call_off.organisation, **named)
    return Happening(kind, "call_off", call_off.reference, references, changes)


def tell(actor: Actor, call_off: CallOff, kind: str, changes: dict[str, Any], **named: Any) -> None:
    """Records the one event of a change."""
    record_many(actor, [happening(call_off, kind, changes, **named)])


def reason_of(value: object, told: str) -> str:
    """A reason (1 to 1,000 characters). Raises Invalid at /reason with what was `told` of it."""
    faults: list[Fault] = []
    why = Reader("/reason", faults).text(value, NOTE_LENGTH, required=True, lines=True)
    _refuse(faults, told)
    return why


def require_approval(call_off: CallOff, total: int | None, greatest: int | None) -> None:
    """Raises Conflict where what goes out, which comes to `total` and at most to `greatest` (pence, options included),
    lacks its approval.
    """
    if missing := approval_missing(call_off, limit_of(call_off.organisation_id), total, greatest):
        raise Conflict(missing)


def _to_approve(call_off: CallOff, *, ready: bool = True) -> int | None:
    """What an approval is asked for now, in pence, options included. Raises Conflict; Invalid where it is to be `ready`
    for what comes next and is not.
    """
    if call_off.status in DECIDING:
        return _outcome(call_off, ready)
    return _next_order(call_off, ready) if call_off.status == Status.OUT else _whole(call_off, ready)


def _whole(call_off: CallOff, ready: bool) -> int | None:
    """The greatest total (pence, options included) of what may go out once it is approved. Raises Conflict, Invalid."""
    today = timezone.localdate()
    suppliers = asked_of(call_off)
    prices = prices_of(call_off, suppliers, today)
    greatest = greatest_total(call_off, prices)
    if not approval_asked(limit_of(call_off.organisation_id), greatest):
        raise Conflict(NOT_ASKED)
    if not ready:
        return greatest
    faults = standing_faults(call_off, prices, today)
    if call_off.route == CallOff.Route.DIRECT_AWARD:
        faults += faults_beside(faults, next_of(call_off, suppliers, (), prices, today), suppliers)
    elif not faults:
        faults += unreached_faults(call_off, today)
    _refuse(faults, NOT_READY)
    return greatest


def _next_order(call_off: CallOff, ready: bool) -> int:
    """The greatest total (pence, options included) of the order forms that a direct award may still send, where no
    approval covers the next and none of what keeps it from being sent. Raises Conflict, Invalid.
    """
    if call_off.offers.filter(status__in=LIVE_OFFER).exists():
        raise Conflict("An offer is open: nothing else goes out before it is answered.")
    today = timezone.localdate()
    suppliers = asked_of(call_off)
    prices = prices_of(call_off, suppliers, today)
    sent = set(call_off.offers.values_list("asked_id", flat=True))
    found = next_of(call_off, suppliers, sent, prices, today)
    total = greatest_total(call_off, {found.asked.pk: prices[found.asked.pk]}) if found.asked else None
    if total is None or not approval_missing(call_off, limit_of(call_off.organisation_id), total, total):
        raise Conflict(NOT_ASKED)
    if ready:
        faults = standing_faults(call_off, prices, today)
        _refuse([*faults, *faults_beside(faults, found, suppliers)], NOT_READY)
    left = {key: price for key, price in prices.items() if key not in sent}
    return max(total, greatest_total(call_off, left) or 0)


def _outcome(call_off: CallOff, ready: bool) -> int:
    """What the tender that ranks first comes to (pence, options included), where no approval covers it yet and it could
    be awarded. Raises Conflict, Invalid.
    """
    first = ranked_first(call_off)
    if first is None or not approval_missing(
        call_off, limit_of(call_off.organisation_id), first.total, first.total
    ):
        raise Conflict(NOT_ASKED)
    require_scores_counted(call_off.competition)
    require_low_prices_settled(call_off.competition)
    if ready:
        faults = award_faults(call_off, first.asked, first.work, timezone.localdate(), first.terms)
        _refuse(faults, "The call-off cannot be awarded.")
    return first.total


def _save(call_off: CallOff, *fields: str) -> None:
    call_off.revision += 1
    call_off.save(update_fields=["revision", *fields])


def _said(call_off: CallOff) -> dict[str, Any]:
    return {
        "title": call_off.title,
        "route": call_off.route,
        "requirement": call_off.requirement_id,
        "shortlist": call_off.snapshot_id,
        "terms": call_off.terms,
    }


def _named(call_off: CallOff) -> dict[str, Any]:
    snapshot: Snapshot | None = call_off.snapshot
    return {
        "framework": call_off.lot.framework.reference,
        "lot": call_off.lot.reference,
        "requirement": call_off.requirement.requirement.reference,
        "shortlist": snapshot.shortlist.reference if snapshot else None,
    }


def _title(value: object, faults: list[Fault]) -> str:
    return Reader("/title", faults).text(value, NAME_LENGTH, required=True)


def _route(value: object, faults: list[Fault]) -> str:
    return Reader("/route", faults).choice(value, CallOff.Route.values)


def _terms(value: object, faults: list[Fault]) -> Terms:
    try:
        return Terms.from_json(value)
    except Invalid as refusal:
        faults.extend(refusal.faults)
        return Terms()


def _requirement(
    actor: Actor, buyer: Organisation, reference: object, faults: list[Fault]
) -> RequirementRevision | None:
    """The current revision of an open requirement of the buyer, which names a lot."""
    if not isinstance(reference, str) or not reference:
        faults.append(Fault("/requirement", "required", "Name the requirement that is bought."))
        return None
    known = Requirement.objects.filter(organisation=buyer, reference=reference).select_related("current")
    found = known.first() if can(actor, Action.SEE_REQUIREMENTS, buyer) else None
    if found is None or found.current is None:
        faults.append(Fault("/requirement", "unknown", "Your organisation has no such requirement."))
    elif found.status != Requirement.Status.OPEN:
        faults.append(Fault("/requirement", "withdrawn", "The requirement is withdrawn."))
    elif not found.current.content.get("lot"):
        faults.append(Fault("/requirement", "lot_missing", "The requirement names no lot: say on which."))
    else:
        return found.current
    return None


def _lot(requirement: RequirementRevision) -> Lot:
    return Lot.objects.select_related("framework").get(reference=requirement.content["lot"])


def _refuse(faults: Sequence[Fault], told: str = REFUSED) -> None:
    if faults:
        raise Invalid(told, tuple(faults))
