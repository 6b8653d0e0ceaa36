"""A tender until the deadline: read, written by the members whom the lead lets, declined, submitted, taken back.

Journey: PATCH /api/v1/tenders/{reference}/ -> here -> POST .../submit/ -> a receipt with a digest ->
actions/closing.py. What is written stands in the tender's own tables alone: events say that something happened, never
what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import reason_of
from procurement.actions.competitions import require_open
from procurement.actions.events import Happening, record
from procurement.actions.steps import allowed
from procurement.canonical import canonical, digest_of_text
from procurement.competition_checks import rules_of
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.models import CallOff, Partner, SupplierMember, Tender, TenderRevision
from procurement.models.base import opaque
from procurement.parts import tender_parts
from procurement.permissions import Actor
from procurement.querysets_competitions import TenderQuerySet
from procurement.revisions import changed_since
from procurement.states import TENDERS, Part, Transition
from procurement.tender_document import submitted, tender_document, tender_faults
from procurement.tenders import TenderContent

Status = Tender.Status


def view_tender(actor: Actor, reference: str) -> Tender:
    """Notes that the lead has read the invitation; a second time, or by anybody else who sees it, changes nothing.

    Raises NotFound.
    """
    with transaction.atomic():
        tender = locked_tender(actor, reference, None)
        if tender.status == Status.INVITED and Part.LEAD in tender_parts(actor, tender):
            tender.viewed_at = timezone.now()
            take(actor, tender, "view", {}, "viewed_at")
    return tender


def write_tender(actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]) -> Tender:
    """Writes some of the draft: a field of `changes` (as TenderContent.from_json reads them) replaces, one that is
    absent stays. What was submitted before stands until it is submitted anew.

    Raises NotFound, NotPermitted, Stale; Conflict once the deadline has passed; Invalid with what is malformed: what is
    missing is asked for when it is submitted.
    """
    with transaction.atomic():
        tender = _in_time(actor, reference, revision, "draft")
        before = TenderContent.from_json(tender.draft).to_json()
        after = TenderContent.from_json({**before, **changes}).to_json()
        if after != before or tender.status != Status.DRAFT:
            tender.draft = after
            take(actor, tender, "draft", {}, "draft")
    return tender


def let_write(actor: Actor, reference: str, revision: int, partners: Iterable[str]) -> Tender:
    """The lead says which of its members may write (references of partners; none: the lead alone). Raises NotFound,
    NotPermitted, Stale, Conflict, Invalid at /partners for who is no member.
    """
    wanted = list(dict.fromkeys(partners))
    with transaction.atomic():
        tender = _in_time(actor, reference, revision, "let")
        members = SupplierMember.objects.filter(
            supplier=tender.invitation.asked.appointment.supplier_id, left_on=None
        ).values("partner")
        found = {one.reference: one for one in Partner.objects.filter(reference__in=wanted, pk__in=members)}
        if faults := [
            Fault(f"/partners/{at}", "unknown", f"{one} is no member of your supplier.")
            for at, one in enumerate(wanted)
            if one not in found
        ]:
            raise Invalid("Nobody was let.", tuple(faults))
        before = set(tender.drafters.values_list("reference", flat=True))
        tender.drafters.set(found.values())
        what = moved(tender, step_of(actor, tender, "let"), {"drafters": sorted(found)})
        # Whoever could write before is not told again.
        record(actor, replace(what, references=what.references | {"partner": sorted(found.keys() - before)}))
    return tender


def decline_tender(actor: Actor, reference: str, revision: int, reason: object) -> Tender:
    """The lead will not tender, for a reason that the buyer reads after the deadline. Raises NotFound, NotPermitted,
    Stale, Conflict, Invalid at /reason.
    """
    return _leave(actor, reference, revision, "decline", reason, "The invitation was not declined.")


def withdraw_tender(actor: Actor, reference: str, revision: int, reason: object) -> Tender:
    """The lead takes it back before the deadline, for a reason. Raises NotFound, NotPermitted, Stale, Conflict, Invalid
    at /reason.
    """
    return _leave(actor, reference, revision, "withdraw", reason, "The tender was not withdrawn.")


def submit_tender(actor: Actor, reference: str, revision: int) -> TenderRevision:
    """The lead submits what is written: complete, within its card's rates and the terms. The revision is the receipt:
    its reference, digest and time; the last one before the deadline counts.

    Raises NotFound, NotPermitted, Stale; Conflict once the deadline has passed; Invalid with everything that is missing
    or wrong.
    """
    with transaction.atomic():
        # Received before the clock is asked whether it is in time: no receipt bears a time after the deadline.
        now = timezone.now()
        tender = _in_time(actor, reference, revision, "submit")
        content = TenderContent.from_json(tender.draft)
        price = tender_faults(tender, content)
        if isinstance(price, list):
            raise Invalid("The tender cannot be submitted as it is.", tuple(price))
        number = tender.revisions.count() + 1
        text = canonical(tender_document(tender, content, price, number, now))
        made = TenderRevision.objects.create(
            reference=opaque("rcp"),
            tender=tender,
            number=number,
            document=text,
            digest=digest_of_text(text),
            work_minor=price.work,
            expenses_minor=price.expenses,
            compared_minor=price.on_basis(rules_of(tender.competition).price_basis),
            actor=actor.reference,
            submitted_at=now,
        )
        tender.current, tender.confirmed, tender.reason = made, tender.competition.material, ""
        told = {"receipt": made.reference, "number": number, "digest": made.digest, "at": now.isoformat()}
        take(actor, tender, "submit", told, "current", "confirmed", "reason")
    return made


def confirm_tender(actor: Actor, reference: str, revision: int) -> Tender:
    """What was submitted stands after the last material amendment. Raises NotFound, NotPermitted, Stale; Conflict where
    nothing is to be confirmed or the deadline has passed; Invalid where it no longer answers what is asked: submit
    anew.
    """
    with transaction.atomic():
        tender = _in_time(actor, reference, revision, "confirm")
        if tender.confirmed >= tender.competition.material or tender.current is None:
            raise Conflict("There is nothing to confirm.")
        content = TenderContent.from_json(submitted(tender.current)["content"])
        price = tender_faults(tender, content)
        if isinstance(price, list):
            raise Invalid("It no longer answers what is asked: submit it anew.", tuple(price))
        tender.confirmed = tender.competition.material
        take(actor, tender, "confirm", {"amendment": tender.confirmed}, "confirmed")
    return tender


def locked_tender(actor: Actor, reference: str, revision: int | None) -> Tender:
    """The tender and its call-off, their rows locked until the transaction ends, the call-off's first as everywhere: a
    submission and the close of its competition have one outcome.

    Raises NotFound, Stale.
    """
    seen = (
        TenderQuerySet(Tender)
        .seen_by(actor)
        .filter(reference=reference)
        .values("pk", "competition__call_off")
        .first()
    )
    if seen is None:
        raise NotFound(f"There is no tender {reference}.")
    call_off = (
        CallOff.objects.select_for_update(of=("self",))
        .select_related("organisation", "lot__framework", "requirement__requirement")
        .get(pk=seen["competition__call_off"])
    )
    tender = (
        Tender.objects.select_for_update(of=("self",))
        .select_related(
            "competition",
            "current",
            "invitation__card_version__card",
            "invitation__asked__appointment__supplier",
        )
        .get(pk=seen["pk"])
    )
    tender.competition.call_off = call_off
    if changed_since(tender.revision, revision):
        raise Stale("The tender has changed since you read it.")
    return tender


def step_of(actor: Actor, tender: Tender, name: str) -> Transition:
    """The step of that name for this actor. Raises NotPermitted, Conflict."""
    told = f"The tender is {Status(tender.status).label.lower()}: {name.replace('_', ' ')} is not possible."
    return allowed(TENDERS, name, tender.status, tender_parts(actor, tender), told)


def take(actor: Actor, tender: Tender, name: str, changes: dict[str, Any], *fields: str) -> None:
    """Takes a step with a tender whose row is locked: saves the status, these `fields` and the next revision, records
    the event. Raises NotPermitted, Conflict.
    """
    record(actor, moved(tender, step_of(actor, tender, name), changes, *fields))


def moved(tender: Tender, step: Transition, changes: dict[str, Any], *fields: str) -> Happening:
    """Saves a tender as a step leaves it; what happened, not yet recorded."""
    tender.status = step.target or tender.status
    tender.revision += 1
    tender.save(update_fields=["status", "revision", *fields])
    return happening(tender, step.event, changes)


def happening(tender: Tender, kind: str, changes: dict[str, Any]) -> Happening:
    """What happened to a tender, not yet recorded. Until the deadline it names no buyer, who must not hear of it."""
    call_off, asked = tender.competition.call_off, tender.invitation.asked
    references: dict[str, Any] = {
        "call_off": call_off.reference,
        "supplier": asked.appointment.supplier.reference,
        "partner": sorted(one.reference for one in tender.drafters.all()),
    }
    if tender.competition.closed_at is not None:
        references["organisation"] = call_off.organisation.reference
    return Happening(kind, "tender", tender.reference, references, changes)


def _in_time(actor: Actor, reference: str, revision: int, name: str) -> Tender:
    """The tender, locked, for a step before the deadline. The clock is read under the lock of the call-off."""
    tender = locked_tender(actor, reference, revision)
    step_of(actor, tender, name)
    require_open(tender.competition)
    return tender


def _leave(actor: Actor, reference: str, revision: int, name: str, reason: object, told: str) -> Tender:
    with transaction.atomic():
        tender = _in_time(actor, reference, revision, name)
        tender.reason = reason_of(reason, told)
        take(actor, tender, name, {}, "reason")
    return tender
