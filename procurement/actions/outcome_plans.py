"""What a call-off pays for outcomes: measures of the library, the plan with its check of suitability, its payers' word.

Journey: PUT /api/v1/call-offs/{reference}/outcomes/ -> here -> proposed -> each paying body approves its share ->
agreed: only then does the call-off go out (call_off_checks.py). Claims against it are in claims.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import buyer_of
from procurement.actions.call_offs import locked_call_off, unapproved
from procurement.actions.ended_plans import plan_happening
from procurement.actions.events import Happening, record, record_many
from procurement.actions.steps import allowed, not_theirs
from procurement.available import NOT_OUT
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.models import CallOff, Event, Measure, Organisation, OutcomeMeasure, OutcomePlan, Payer
from procurement.models.outcomes import plan_reference
from procurement.outcome_asked import LAPSED, Asked, asked_of_plan
from procurement.outcome_checks import plan_faults
from procurement.outcome_terms import OutcomeTerms
from procurement.parts import buyer_parts
from procurement.permissions import Action, Actor, can
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.querysets_outcomes import OutcomePlanQuerySet
from procurement.references import slug, taken_references
from procurement.revisions import changed_since
from procurement.states import PLANS, Part, Transition

REFUSED: Final = "The plan of outcomes cannot be taken as it is."
TEXT: Final = 5_000


@dataclass(frozen=True, slots=True)
class MeasureDraft:
    """An outcome for the library."""

    name: object
    definition: object
    data_source: object
    unit: object
    organisation: str | None = None


def add_measure(actor: Actor, draft: MeasureDraft) -> Measure:
    """Adds an outcome to the library, for every buyer to use; it is never edited. Raises NotPermitted, Invalid."""
    faults: list[Fault] = []
    read = {
        "name": Reader("/name", faults).text(draft.name, 200, required=True),
        "definition": Reader("/definition", faults).text(draft.definition, TEXT, required=True, lines=True),
        "data_source": Reader("/data_source", faults).text(
            draft.data_source, TEXT, required=True, lines=True
        ),
        "unit": Reader("/unit", faults).text(draft.unit, 80, required=True),
    }
    _refuse(faults)
    with transaction.atomic():
        buyer = buyer_of(actor, Action.WRITE_CALL_OFF, draft.organisation)
        reference = slug(read["name"], taken_references(Measure), "measure")
        measure = Measure.objects.create(
            reference=reference, organisation=buyer, actor=actor.reference, **read
        )
        references = {"organisation": buyer.reference}
        record(actor, Happening("measure.added", "measure", reference, references, {"name": read["name"]}))
    return measure


def save_plan(actor: Actor, call_off: str, revision: int, body: object) -> OutcomePlan:
    """Says the whole plan of a draft call-off, by the call-off's reference and revision; what payers approved falls,
    and whoever had been asked is told so.

    Raises NotFound, NotPermitted, Stale, Conflict once it has gone out, Invalid.
    """
    terms = OutcomeTerms.from_json(body)
    with transaction.atomic():
        row = locked_call_off(actor, call_off, revision)
        if Part.OWNER not in buyer_parts(actor, row):
            raise not_theirs("say what is paid for outcomes", {Part.OWNER})
        if row.status not in NOT_OUT:
            raise Conflict("The call-off has gone out: what it pays for stands.")
        measures, bodies = _known(terms)
        plan, _ = OutcomePlan.objects.get_or_create(
            call_off=row,
            defaults={
                "reference": plan_reference(row.reference),
                "actor": actor.reference,
                "revision": _last_revision(row),
            },
        )
        before, asked = plan.status, asked_of_plan(plan)
        plan.suitability, plan.long_stop_on, plan.cap_minor = terms.suitability, terms.long_stop_on, terms.cap
        plan.investor = bodies[terms.investor] if terms.investor else _registered(terms.investor_named)
        plan.investor_named = None if plan.investor else terms.investor_named
        plan.investor_approval = None
        step = PLANS.step("edit", plan.status)
        if step is None:
            raise Conflict(f"The plan is {OutcomePlan.Status(plan.status).label.lower()}.")
        plan.status = step.target
        _write(plan, terms, measures, bodies)
        said = ("suitability", "long_stop_on", "cap_minor", "status")
        _save(plan, *said, "investor", "investor_named", "investor_approval")
        lapsed = [*_pays(row, terms.cap), *_lapsed(plan, before, asked)]
        record_many(actor, [*lapsed, plan_happening(plan, step.event, {"cap": plan.cap_minor})])
    return plan


def propose_plan(actor: Actor, reference: str, revision: int) -> OutcomePlan:
    """Found suitable and complete, it goes to the bodies that pay. Raises NotFound, NotPermitted, Stale, Conflict,
    Invalid with everything that is missing.
    """
    with transaction.atomic():
        plan = _locked(actor, reference, revision)
        _permitted(actor, plan, "propose")
        _refuse(plan_faults(plan))
        plan.status = OutcomePlan.Status.PROPOSED
        _save(plan, "status")
        record(actor, plan_happening(plan, "outcome_plan.proposed", {"cap": plan.cap_minor}))
    return plan


def remove_plan(actor: Actor, reference: str, revision: int) -> None:
    """Takes a plan away that is not agreed: the call-off pays for no outcomes, and its approval falls. Raises NotFound,
    NotPermitted, Stale, Conflict.
    """
    with transaction.atomic():
        plan = _locked(actor, reference, revision)
        step = _permitted(actor, plan, "remove")
        told = plan_happening(plan, step.event, {"revision": plan.revision})
        # Of a draft those alone know who had it before them and wait to be asked again.
        asked = asked_of_plan(plan)
        known = told.references | {"payer": sorted(asked.payers), "investor": asked.investor}
        told = replace(told, references={name: one for name, one in known.items() if one})
        plan.delete()
        record_many(actor, [*_pays(plan.call_off, 0), told])


def _lapsed(plan: OutcomePlan, before: str, asked: Asked) -> list[Happening]:
    """That a plan which had been proposed is said anew, for those that were asked: they are asked again, or named no
    longer. Not yet recorded; nothing where nobody had been asked, or where they know and none of them is dropped.
    """
    named = plan_happening(plan, LAPSED, {"before": before})
    everybody = asked.payers | ({asked.investor} - {""})
    again = everybody & set(named.references["payer"])
    invests = everybody & {named.references.pop("investor", "")}
    dropped = everybody - again - invests
    if not everybody or (before == OutcomePlan.Status.DRAFT and not dropped):
        return []
    named.references.update({"payer": sorted(again), "dropped": sorted(dropped)})
    if invests:
        (named.references["investor"],) = invests
    return [named]


def approve_share(actor: Actor, reference: str, revision: int) -> OutcomePlan:
    """Every paying body that the actor may approve for agrees to its share; with the last the plan is agreed.

    Raises NotFound, NotPermitted, Stale, Conflict where it has approved already.
    """
    with transaction.atomic():
        plan = _locked(actor, reference, revision)
        _permitted(actor, plan, "approve_share")
        payers = list(plan.payers.select_related("organisation"))
        mine = [one for one in payers if can(actor, Action.APPROVE_PART, one.organisation_id)]
        waiting = [one for one in mine if one.approved_at is None]
        if not waiting:
            raise Conflict("Your organisation has approved its share already.")
        now = timezone.now()
        told = []
        for one in waiting:
            one.approved_at, one.approved_by = now, actor.reference
            one.save(update_fields=["approved_at", "approved_by"])
            changes = {"payer": one.organisation.reference, "share": one.share}
            told.append(plan_happening(plan, "outcome_plan.share_approved", changes))
        told.extend(_agreed(plan))
        _save(plan, "status")
        record_many(actor, told)
    return plan


def approve_investor(actor: Actor, reference: str, revision: int, note: object) -> OutcomePlan:
    """The social investor's approver agrees to its part, or the buyer's approver records that it has, with where that
    is written (`note`, 1 to 1,000 characters, which the investor itself may leave out).

    Raises NotFound, NotPermitted, Stale; Conflict where there is none, or it has approved already; Invalid at /note.
    """
    with transaction.atomic():
        plan = _locked(actor, reference, revision)
        _permitted(actor, plan, "approve_investor")
        if not plan.waits_for_investor:
            raise Conflict("No social investor is waited for.")
        faults: list[Fault] = []
        itself = Part.INVESTOR in plan_parts(actor, plan)
        where = Reader("/note", faults).text(note, NOTE_LENGTH, required=not itself, lines=True)
        _refuse(faults)
        plan.investor_approval = {
            "at": timezone.now().isoformat(timespec="seconds"), "by": actor.reference, "note": where,
        }  # fmt: skip
        told = [plan_happening(plan, "outcome_plan.investor_approved", {"itself": itself}), *_agreed(plan)]
        _save(plan, "status", "investor_approval")
        record_many(actor, told)
    return plan


def _agreed(plan: OutcomePlan) -> list[Happening]:
    """Agreed with the last word that was missing; what happened, not yet recorded or saved."""
    if plan.waits_for_investor or plan.payers.filter(approved_at=None).exists():
        return []
    plan.status = OutcomePlan.Status.AGREED
    return [plan_happening(plan, "outcome_plan.agreed", {"cap": plan.cap_minor})]


def plan_parts(actor: Actor, plan: OutcomePlan) -> frozenset[Part]:
    """The actor's parts: on the buyer's side, as approver of a body that pays, and of the social investor."""
    parts = set(buyer_parts(actor, plan.call_off))
    keys = plan.payers.values_list("organisation", flat=True)
    if any(can(actor, Action.APPROVE_PART, key) for key in keys):
        parts.add(Part.PAYER)
    if plan.investor_id is not None and can(actor, Action.APPROVE_PART, plan.investor_id):
        parts.add(Part.INVESTOR)
    return frozenset(parts)


def _known(terms: OutcomeTerms) -> tuple[dict[str, Measure], dict[str, Organisation]]:
    wanted = {one.measure for one in terms.measures}
    measures = {one.reference: one for one in Measure.objects.filter(reference__in=wanted)}
    named = {one.organisation for one in terms.payers} | ({terms.investor} if terms.investor else set())
    bodies = {one.reference: one for one in Organisation.objects.filter(reference__in=named)}
    faults = [
        Fault(f"/measures/{step}/measure", "unknown", f"The library has no {one.measure}.")
        for step, one in enumerate(terms.measures)
        if one.measure not in measures
    ]
    faults += [
        Fault(f"/payers/{step}/organisation", "unknown", f"There is no organisation {one.organisation}.")
        for step, one in enumerate(terms.payers)
        if one.organisation not in bodies
    ]
    if terms.investor and terms.investor not in bodies:
        faults.append(Fault("/investor", "unknown", f"There is no organisation {terms.investor}."))
    _refuse(faults)
    return measures, bodies


def _registered(named: dict[str, str] | None) -> Organisation | None:
    """The organisation that is known here by the identifier of an investor who is named: it gives its word itself."""
    if named is None:
        return None
    found = Organisation.objects.filter(scheme=named["scheme"], identifier=named["identifier"])
    return found.first()


def _write(
    plan: OutcomePlan, terms: OutcomeTerms, measures: dict[str, Measure], bodies: dict[str, Organisation]
) -> None:
    plan.measures.all().delete()
    plan.payers.all().delete()
    OutcomeMeasure.objects.bulk_create(
        OutcomeMeasure(
            plan=plan,
            measure=measures[one.measure],
            position=position,
            baseline=one.baseline,
            target=one.target,
            price_minor=one.price,
            most=one.most,
        )
        for position, one in enumerate(terms.measures, start=1)
    )
    Payer.objects.bulk_create(
        Payer(
            plan=plan,
            organisation=bodies[one.organisation],
            share=one.share,
            fund=one.fund,
            pot_minor=one.pot,
            opens_on=one.opens_on,
            closes_on=one.closes_on,
        )
        for one in terms.payers
    )


def _locked(actor: Actor, reference: str, revision: int) -> OutcomePlan:
    """The plan, with the row of its call-off locked first, as everywhere. Raises NotFound, Stale."""
    found = OutcomePlan.objects.filter(reference=reference).first()
    if found is None:
        raise NotFound(f"There is no plan {reference}.")
    call_off = (
        CallOff.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=found.call_off_id)
    )
    plan = OutcomePlan.objects.select_for_update(of=("self",)).get(pk=found.pk)
    plan.call_off = call_off
    if not OutcomePlanQuerySet(OutcomePlan).seen_by(actor).filter(pk=plan.pk).exists():
        raise NotFound(f"There is no plan {reference}.")
    if changed_since(plan.revision, revision):
        raise Stale("The plan has changed since you read it.")
    return plan


def _permitted(actor: Actor, plan: OutcomePlan, name: str) -> Transition:
    told = f"The plan is {OutcomePlan.Status(plan.status).label.lower()}."
    step = allowed(PLANS, name, plan.status, plan_parts(actor, plan), told)
    if plan.call_off.status not in NOT_OUT:
        raise Conflict("The call-off is no longer a draft: what it pays for stands.")
    return step


def _pays(call_off: CallOff, cap: int) -> list[Happening]:
    """The call-off pays at most so much for outcomes, in pence: a draft again, whose approval falls. That it fell, not
    yet recorded.
    """
    call_off.outcomes_minor, call_off.status = cap, CallOff.Status.DRAFT
    call_off.revision += 1
    fields, fell = unapproved(call_off)
    call_off.save(update_fields=["outcomes_minor", "status", *fields, "revision"])
    return fell


def _last_revision(call_off: CallOff) -> int:
    """Where the revisions of a plan go on that follows a removed one under its reference, so that nobody approves the
    new one by what they read of the old; 0 for a first.
    """
    removed = Event.objects.filter(type="outcome_plan.removed", subject=plan_reference(call_off.reference))
    last = removed.order_by("-position").first()
    return int(last.changes["revision"]) if last else 0


def _save(plan: OutcomePlan, *fields: str) -> None:
    plan.revision += 1
    plan.save(update_fields=["revision", *fields])


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(REFUSED, tuple(faults))
