"""A contract from award to its end: signed by both parties, named by others, extended, complete (and not after all)
or terminated.

Journey: POST /api/v1/contracts/{reference}/sign/ by either side -> here -> with the second signature the call-off is
contracted. That the lot is open, the buyer eligible, the supplier appointed and not excluded is asked again at
signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening as of_call_off
from procurement.actions.call_offs import reason_of
from procurement.actions.ended_plans import ended_plan, resumed_plan
from procurement.actions.events import Happening, record_many
from procurement.actions.leaving import told_of_reopened
from procurement.actions.steps import allowed
from procurement.call_off_checks import signing_faults
from procurement.contract_reminders import next_reminder
from procurement.deadlines import months_after
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.indicators import lacking
from procurement.models import CallOff, Contract, IndicatorRating, PublicNotice
from procurement.notice_facts import contract_facts, contract_notices, next_look
from procurement.order_form import content_of
from procurement.parts import buyer_parts, supplier_parts
from procurement.permissions import Actor
from procurement.profiles import Reader
from procurement.public_notices import (
    DueNotice,
    Moment,
    former_key,
    of_end,
    told_before,
    told_first,
    told_of_end,
    told_terminated,
)
from procurement.querysets_call_offs import ContractQuerySet
from procurement.revisions import changed_since
from procurement.states import CALL_OFFS, CONTRACTS, Part, Transition

IDENTIFIERS: Final[dict[str, str]] = {
    "notice": "Notice",
    "purchase_order": "Purchase order",
    "buyer_reference": "Buyer's own reference",
}
IDENTIFIER_LENGTH: Final = 120

Status = Contract.Status


def sign_contract(actor: Actor, reference: str, revision: int) -> Contract:
    """Signs for the side that the actor stands on; with the second signature it stands and the call-off is contracted.
    Where its first day has passed by then it begins with that day, and ends as agreed.

    Raises NotFound, NotPermitted, Stale; Conflict where that side has signed, it is not to be signed any more, or the
    law asks for a notice (public_notices.py) or indicators (indicators.py) before it is entered into and there are
    none: until then the buyer does not sign, nor is a second signature taken. Invalid where the lot has closed since,
    or either side may no longer contract.
    """
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "sign")
        side = _side(actor, contract)
        if getattr(contract, f"{side}_signed_at") is not None:
            raise Conflict(f"The {side} has signed already.")
        _told_first(contract, side)
        _check(contract)
        setattr(contract, f"{side}_signed_at", timezone.now())
        setattr(contract, f"{side}_signed_by", actor.reference)
        both = None not in (contract.supplier_signed_at, contract.buyer_signed_at)
        told = [contract_happening(contract, step.event, {"side": side, "both": both})]
        if both:
            told.extend(_concluded(contract))
        _save(
            contract,
            "status",
            "starts_on",
            "supplier_signed_at",
            "supplier_signed_by",
            "buyer_signed_at",
            "buyer_signed_by",
        )
        record_many(actor, told)
    return contract


def identify_contract(actor: Actor, reference: str, revision: int, names: Mapping[str, Any]) -> Contract:
    """What others call it, by the kinds of IDENTIFIERS; null removes one. Raises NotFound, NotPermitted, Stale,
    Conflict, Invalid.
    """
    faults: list[Fault] = []
    reader = Reader("/identifiers", faults)
    read = {
        kind: "" if one is None else reader.at(kind).text(one, IDENTIFIER_LENGTH)
        for kind, one in reader.members(names, tuple(IDENTIFIERS)).items()
    }
    if faults:
        raise Invalid("The identifiers cannot be taken as they are.", tuple(faults))
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "identify")
        kept = {kind: one for kind, one in {**contract.identifiers, **read}.items() if one}
        if kept != contract.identifiers:
            contract.identifiers = kept
            _save(contract, "identifiers")
            record_many(actor, [contract_happening(contract, step.event, {"identifiers": kept})])
    return contract


def extend_contract(actor: Actor, reference: str, revision: int) -> Contract:
    """Takes the next priced option, before the contract's last day has passed. Raises NotFound, NotPermitted, Stale,
    Conflict where no option is left, the last day has passed, it was published that the contract is over, or the law
    asks for a notice of the change before it is made (public_notices.py) and none was published.
    """
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "extend")
        if contract.taken >= len(contract.options):
            raise Conflict("No priced option is left.")
        if timezone.localdate() > contract.ends_on:
            raise Conflict(f"The contract ended on {contract.ends_on}: it can no longer be extended.")
        notices = contract_notices(contract, timezone.localdate())
        if (last := told_terminated(notices)) is not None:
            raise Conflict(
                f"The {last.rule.name} says publicly that it has ended: it can no longer be extended."
            )
        first = told_before(notices, contract.taken + 1)
        if first is not None:
            raise Conflict(
                f"The {first.rule.name} is published before this option is taken: say under {first.key} where it was."
            )
        _forget_end(contract, notices)
        option = contract.options[contract.taken]
        contract.taken += 1
        # By the day a change is told of (public_notices.py).
        option["taken_on"] = timezone.localdate().isoformat()
        contract.value_minor += option["minor"]
        months = sum(one["months"] for one in contract.options[: contract.taken])
        agreed = content_of(contract.call_off)
        assert agreed.starts_on is not None
        assert agreed.months is not None
        # By what was agreed, whether it began on that day or was signed later.
        contract.ends_on = months_after(agreed.starts_on, agreed.months + months)
        contract.status = step.target
        _save(contract, "taken", "options", "value_minor", "ends_on", "status")
        told = {
            "ends_on": contract.ends_on.isoformat(),
            "value": contract.value_minor,
            "taken": contract.taken,
        }
        record_many(actor, [contract_happening(contract, step.event, told)])
    return contract


def complete_contract(actor: Actor, reference: str, revision: int | None) -> Contract:
    """The work is done. Raises NotFound, NotPermitted, Stale, Conflict, also before the first day of the work."""
    return _end(actor, reference, revision, "complete")


def terminate_contract(actor: Actor, reference: str, revision: int, reason: object) -> Contract:
    """It ends before its time, for a reason. Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /reason."""
    return _end(actor, reference, revision, "terminate", reason)


def reopen_contract(actor: Actor, reference: str, revision: int, reason: object) -> Contract:
    """It was said by mistake that the work is done: the contract goes on as it stood, for a reason that the supplier
    and whoever pays for its outcomes are told.

    Raises NotFound, NotPermitted, Stale; Conflict where it is not complete, its last day has passed, or a public notice
    of its end was published; Invalid at /reason.
    """
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "reopen")
        today = timezone.localdate()
        if today > contract.ends_on:
            raise Conflict(f"The contract ended on {contract.ends_on}: it can no longer go on.")
        notices = contract_notices(contract, today)
        if (last := told_of_end(notices)) is not None:
            raise Conflict(f"The {last.rule.name} says publicly that it has ended: it can no longer go on.")
        why = reason_of(reason, "The contract was not reopened.")
        if contract.taken:
            extended = CONTRACTS.step("reopen_extended", contract.status)
            assert extended is not None
            step = extended
        _forget_end(contract, notices)
        contract.status, contract.ended_on, contract.ended_reason = step.target, None, ""
        _save(contract, "status", "ended_on", "ended_reason")
        told_of = contract_happening(contract, step.event, {"reason": why})
        meanwhile = told_of_reopened(contract)
        record_many(actor, [told_of, *resumed_plan(contract.call_off, why), *meanwhile])
    return contract


def locked_contract(actor: Actor, reference: str, revision: int | None) -> Contract:
    """The contract and its call-off, their rows locked until the transaction ends, the call-off's first as everywhere.

    Raises NotFound, Stale.
    """
    seen = ContractQuerySet(Contract).seen_by(actor).filter(reference=reference).first()
    if seen is None:
        raise NotFound(f"There is no contract {reference}.")
    call_off = (
        CallOff.objects.select_for_update(of=("self",))
        .select_related("organisation", "lot__framework", "requirement__requirement")
        .get(pk=seen.call_off_id)
    )
    contract = (
        Contract.objects.select_for_update(of=("self",))
        .select_related("appointment__supplier", "appointment__lot")
        .get(pk=seen.pk)
    )
    contract.call_off = call_off
    if changed_since(contract.revision, revision):
        raise Stale("The contract has changed since you read it.")
    return contract


def contract_parts(actor: Actor, contract: Contract) -> frozenset[Part]:
    """The actor's parts on both sides of a contract."""
    return buyer_parts(actor, contract.call_off) | supplier_parts(actor, contract.appointment)


def contract_step(actor: Actor, contract: Contract, name: str) -> Transition:
    """The step of that name for this actor. Raises NotPermitted, Conflict."""
    told = (
        f"The contract is {Status(contract.status).label.lower()}: {name.replace('_', ' ')} is not possible."
    )
    return allowed(CONTRACTS, name, contract.status, contract_parts(actor, contract), told)


def _side(actor: Actor, contract: Contract) -> str:
    """`buyer` or `supplier`; a body that is both signs as buyer first."""
    if Part.OWNER in buyer_parts(actor, contract.call_off) and contract.buyer_signed_at is None:
        return "buyer"
    if Part.LEAD in supplier_parts(actor, contract.appointment):
        return "supplier"
    return "buyer"


def _told_first(contract: Contract, side: str) -> None:
    """Raises Conflict where indicators must be set, or a notice be published, before the signature of that side."""
    if side == "supplier" and contract.buyer_signed_at is None:
        return
    if message := lacking(contract):
        raise Conflict(message)
    first = told_first(contract_notices(contract, timezone.localdate()))
    if first is not None:
        raise Conflict(
            f"The {first.rule.name} is published before the contract is entered into: the buyer says under {first.key} "
            "where it was."
        )


def _check(contract: Contract) -> None:
    asked = contract.call_off.suppliers.select_related("appointment__supplier").get(
        appointment=contract.appointment_id
    )
    faults = signing_faults(contract.call_off, asked, contract.value_minor, timezone.localdate())
    if faults:
        raise Invalid("The contract cannot be signed.", tuple(faults))


def _concluded(contract: Contract) -> list[Happening]:
    """Both have signed: the contract begins, no earlier than on this day, and the call-off is contracted; what
    happened, not yet recorded.
    """
    begin = CONTRACTS.step("begin", contract.status)
    call_off = contract.call_off
    done = CALL_OFFS.step("contract", call_off.status, call_off.route)
    if begin is None or done is None:
        raise Conflict("The call-off is not awarded any more.")
    contract.status = begin.target
    contract.starts_on = max(contract.starts_on, timezone.localdate())
    call_off.status = done.target
    call_off.revision += 1
    call_off.save(update_fields=["status", "revision"])
    value = {"value": contract.value_minor, "maximum": contract.maximum_minor}
    named = {
        "supplier": contract.appointment.supplier.reference,
        "contract": contract.reference,
        "framework": call_off.lot.framework.reference,
        "lot": call_off.lot.reference,
    }
    return [
        contract_happening(contract, begin.event, value),
        of_call_off(call_off, done.event, value, **named),
    ]


def _end(actor: Actor, reference: str, revision: int | None, name: str, reason: object = None) -> Contract:
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, name)
        if name == "complete" and timezone.localdate() < contract.starts_on:
            raise Conflict(f"The work starts on {contract.starts_on}: it is not done before.")
        why = reason_of(reason, "The contract was not terminated.") if name == "terminate" else ""
        contract.status, contract.ended_on, contract.ended_reason = step.target, timezone.localdate(), why
        _save(contract, "status", "ended_on", "ended_reason")
        told = [contract_happening(contract, step.event, {"reason": why} if why else {})]
        record_many(actor, [*told, *ended_plan(contract.call_off, contract.status, why)])
    return contract


def _forget_end(contract: Contract, notices: Iterable[DueNotice]) -> None:
    """The end that its notices were reminded of is not the contract's any more: those of the next are asked for anew.
    What was published of its performance to that end stays, with what was assessed for it, under another key.
    """
    rows = PublicNotice.objects.filter(contract=contract)
    entered_on = contract_facts(contract).entered_on
    for one in filter(of_end, notices):
        rows.filter(key=one.key, published_on=None).delete()
        if one.published_on and one.rule.moment == Moment.YEAR and entered_on and one.due_on:
            key = former_key(one.rule.kind, entered_on, one.due_on)
            rows.filter(key=one.key).update(key=key)
            ratings = IndicatorRating.objects.filter(indicator__contract=contract, key=one.key)
            ratings.filter(last_day=one.due_on).update(key=key)


def _save(contract: Contract, *fields: str) -> None:
    contract.revision += 1
    today = timezone.localdate()
    contract.notice_on, contract.remind_on = next_look(contract, today), next_reminder(contract, today)
    contract.save(update_fields=["revision", "notice_on", "remind_on", *fields])


def contract_happening(contract: Contract, kind: str, changes: dict[str, Any]) -> Happening:
    """What happened to a contract, not yet recorded."""
    references = {
        "call_off": contract.call_off.reference,
        "organisation": contract.call_off.organisation.reference,
        "supplier": contract.appointment.supplier.reference,
    }
    return Happening(kind, "contract", contract.reference, references, changes)
