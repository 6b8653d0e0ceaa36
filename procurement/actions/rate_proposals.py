"""A supplier's lead proposes a version of its rate card; the framework's owner approves it, or refuses it for a reason.

Journey: POST /api/v1/rate-proposals/ or /rate-proposals/new -> here -> event -> the owner's queue -> approval ->
rates.py publishes the version as an import does -> the index, prices and the explorer follow from its first day.
Until then it is no version of a card, and nothing that reads cards finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import reason_of
from procurement.actions.events import Happening, record
from procurement.actions.rate_comparison import RULES, Comparison, compare_cards_lines
from procurement.actions.rate_lines import CardDraft, Days, LineDraft, undated
from procurement.actions.rate_proposal_lines import MOST_LINES, LineReader, kept, lines_of
from procurement.actions.rates import lines_of_version, publish_cards, spells_of
from procurement.actions.steps import allowed
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.models import (
    Appointment,
    Event,
    Framework,
    Partner,
    RateCard,
    RateCardVersion,
    RateProposal,
    Supplier,
    SupplierMember,
)
from procurement.models.rate_proposals import OPEN
from procurement.permissions import Action, Actor, can, require
from procurement.pricing import CURRENCIES, UNITS
from procurement.profiles import Reader
from procurement.querysets_rate_proposals import RateProposalQuerySet, lead_organisation, version_in_force
from procurement.references import numbered
from procurement.revisions import changed_since
from procurement.states import RATE_PROPOSALS, Part, Transition

REFUSED: Final = "The rate card cannot be proposed as it is."
NOTE: Final = 5_000
LONGEST_DAY: Final = 20
_WRITING: Final = ("rate_proposal.drafted", "rate_proposal.edited", "rate_proposal.submitted")

Status = RateProposal.Status


@dataclass(frozen=True, slots=True)
class RateProposalDraft:
    """A proposal to begin: `supplier` and `framework` are references, `unit` "" is the framework's. `valid_from` a day
    as ISO 8601; `lines` as rate_proposal_lines.py takes them, None: those in force.
    """

    supplier: str
    framework: str
    currency: str = "GBP"
    unit: str = ""
    valid_from: object = None
    note: object = ""
    lines: object = None


def draft_rate_proposal(actor: Actor, draft: RateProposalDraft) -> RateProposal:
    """Begins a proposal for a supplier that the actor's firm leads. Raises NotFound for one that it does not lead,
    NotPermitted, Invalid; Conflict where one is open for the same card, or the framework has ended.
    """
    with transaction.atomic():
        supplier = Supplier.objects.select_for_update().filter(reference=draft.supplier).first()
        lead = lead_organisation(supplier.pk) if supplier else None
        if supplier is None or not can(actor, Action.SEE_RATE_PROPOSALS, lead):
            raise NotFound(f"You lead no supplier {draft.supplier}.")
        require(actor, Action.PROPOSE_RATES, lead)
        faults: list[Fault] = []
        framework = _framework(draft.framework, supplier, faults)
        unit = draft.unit or (framework.rate_unit if framework else RateCard.Unit.DAY)
        for name, value, known in (("currency", draft.currency, CURRENCIES), ("unit", unit, UNITS)):
            if value not in known:
                faults.append(Fault(f"/{name}", "unknown", f"This is none of {', '.join(known)}."))
        note = Reader("/note", faults).text(draft.note, NOTE, lines=True)
        first = _day(draft.valid_from, faults)
        _refuse(faults)
        assert framework is not None
        proposal = RateProposal(
            supplier=supplier,
            framework=framework,
            currency=draft.currency,
            unit=unit,
            note=note,
            valid_from=first,
            actor=actor.reference,
        )
        _free(proposal)
        before = version_in_force(proposal)
        standing = lines_of_version(before.pk) if before else []
        if before is not None:
            proposal.basis = before.basis
        if draft.lines is None:
            if len(standing) > MOST_LINES:
                raise Conflict(f"The card has more than {MOST_LINES:,} lines: such a card comes by import.")
            lines = standing
        else:
            lines = _reader(proposal, standing).from_objects(draft.lines)
        proposal.lines = [kept(one) for one in lines]
        proposal.reference = numbered("RP", timezone.localdate())
        proposal.save()
        _record(actor, proposal, "rate_proposal.drafted", {})
    return proposal


def edit_rate_proposal(
    actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]
) -> RateProposal:
    """Says a draft's `valid_from`, `note` or `lines` anew. Raises NotFound, NotPermitted, Stale, Conflict, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        proposal = _locked(actor, reference, revision)
        _permitted(actor, proposal, "edit")
        before = (proposal.valid_from, proposal.note, proposal.lines)
        if "valid_from" in changes:
            proposal.valid_from = _day(changes["valid_from"], faults)
        if "note" in changes:
            proposal.note = Reader("/note", faults).text(changes["note"], NOTE, lines=True)
        _refuse(faults)
        if "lines" in changes:
            _say(proposal, _reader(proposal, base_lines(proposal)).from_objects(changes["lines"]))
        if before != (proposal.valid_from, proposal.note, proposal.lines):
            _save(proposal, "valid_from", "note", "lines")
            _record(actor, proposal, "rate_proposal.edited", {"fields": sorted(changes)})
    return proposal


def read_rates_file(
    actor: Actor, reference: str, revision: int, name: str, chunks: Iterable[bytes]
) -> RateProposal:
    """Says all lines of a draft anew by a CSV or XLSX file. Raises NotFound, NotPermitted, Stale, Conflict; Invalid at
    /file or at each cell of it.
    """
    seen = _seen(actor, reference)
    _permitted(actor, seen, "edit")
    # Read before the transaction: nobody's write waits for a workbook.
    version = version_in_force(seen)
    standing = lines_of_version(version.pk) if version else []
    days = [(one.version.valid_from, one.last) for one in spells_of(version.card_id)] if version else []
    lines = [kept(_of_card(one, days)) for one in _reader(seen, standing).from_file(name, chunks)]
    with transaction.atomic():
        proposal = _locked(actor, reference, revision)
        _permitted(actor, proposal, "edit")
        proposal.lines, proposal.source = lines, name[:200]
        _save(proposal, "lines", "source")
        _record(actor, proposal, "rate_proposal.edited", {"fields": ["lines", "source"]})
    return proposal


def submit_rate_proposal(actor: Actor, reference: str, revision: int) -> RateProposal:
    """The lead proposes it. Raises NotFound, NotPermitted, Stale, Conflict; Invalid without a day that is still to come
    while the framework lasts, where it changes no line, and for each line raised by more than the framework allows.
    """
    with transaction.atomic():
        proposal = _locked(actor, reference, revision)
        step = _permitted(actor, proposal, "submit")
        comparison = compared(proposal)
        faults = [*_day_faults(proposal), *_line_faults(proposal, comparison)]
        _refuse(faults)
        assert proposal.valid_from is not None
        proposal.submitted_at = timezone.now()
        told = {"valid_from": proposal.valid_from.isoformat(), **comparison.diff.counts()}
        _move(actor, proposal, step, told, "submitted_at")
    return proposal


def approve_rate_proposal(
    actor: Actor, reference: str, revision: int, read: int | None = None
) -> RateProposal:
    """It becomes the card's next version: in force from its day, or from today where that has passed; the version
    before it until the day before. `read` is the number of the version that it was compared with (0: there was none),
    None: whichever stands.

    Raises NotFound, NotPermitted, Stale (another version was published since), Invalid; Conflict, also where the
    supplier's lead is suspended or excluded, or none of its places is active.
    """
    with transaction.atomic():
        proposal = _locked(actor, reference, revision)
        step = _permitted(actor, proposal, "approve")
        before = version_in_force(proposal)
        if read is not None and read != (before.number if before else 0):
            raise Stale("Another version of the card was published since you read the comparison.")
        _refuse(_line_faults(proposal, compared(proposal)))
        framework, today = proposal.framework, timezone.localdate()
        assert proposal.valid_from is not None
        first = max(proposal.valid_from, today)
        if first > framework.ends_on:
            raise Conflict(
                f"{framework.number} ends on {framework.ends_on}, before the card would be in force."
            )
        _check_standing(proposal.supplier, framework, today)
        version = _publish(actor, proposal, first)
        proposal.compared, proposal.version = before, version
        proposal.ended_at = timezone.now()
        told = {"version": version.number, "valid_from": first.isoformat()}
        _move(actor, proposal, step, told, "compared", "version", "ended_at")
    return proposal


def refuse_rate_proposal(actor: Actor, reference: str, revision: int, reason: object) -> RateProposal:
    """It is not taken, for a reason. Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /reason."""
    return _ended(actor, reference, revision, "refuse", reason)


def withdraw_rate_proposal(actor: Actor, reference: str, revision: int) -> RateProposal:
    """The lead proposes it no longer. Raises NotFound, NotPermitted, Stale, Conflict."""
    return _ended(actor, reference, revision, "withdraw")


def proposal_parts(actor: Actor, proposal: RateProposal) -> frozenset[Part]:
    """The actor's parts: of the supplier's lead, of the framework's owner (at most two queries). Nobody decides on
    what they wrote.
    """
    parts = set()
    if can(actor, Action.PROPOSE_RATES, lead_organisation(proposal.supplier_id)):
        parts.add(Part.LEAD)
    if can(actor, Action.PUBLISH_RATES, proposal.framework.owner_id) and not _wrote(actor, proposal):
        parts.add(Part.FRAMEWORK_OWNER)
    return frozenset(parts)


def base_lines(proposal: RateProposal) -> list[LineDraft]:
    """The lines that a proposal is compared with: of the version in force, and once it has ended of the one that was
    then (at most two queries).
    """
    version = version_in_force(proposal) if proposal.status in OPEN else proposal.compared
    return lines_of_version(version.pk) if version else []


def compared(proposal: RateProposal) -> Comparison:
    """The proposal beside the card (at most two queries)."""
    ceiling = proposal.framework.rate_rise_ceiling
    before, after = base_lines(proposal), lines_of(proposal)
    return compare_cards_lines(before, after, proposal.currency, proposal.unit, ceiling)


def _publish(actor: Actor, proposal: RateProposal, first: date) -> RateCardVersion:
    draft = CardDraft(
        supplier=proposal.supplier.reference,
        framework=proposal.framework.reference,
        lines=tuple(lines_of(proposal)),
        currency=proposal.currency,
        unit=proposal.unit,
        basis=proposal.basis,
        valid_from=first,
        source=f"proposal {proposal.reference}",
    )
    try:
        (change,) = publish_cards(actor, [draft])
    except Invalid as refused:
        faults = (Fault(one.pointer.removeprefix("/0"), one.code, one.message) for one in refused.faults)
        raise Invalid("The card cannot be published as it was proposed.", tuple(faults)) from refused
    version = version_in_force(proposal)
    if change.same or version is None:
        raise Conflict("The card in force says the same already.")
    return version


def _ended(actor: Actor, reference: str, revision: int, name: str, reason: object = None) -> RateProposal:
    with transaction.atomic():
        proposal = _locked(actor, reference, revision)
        step = _permitted(actor, proposal, name)
        why = reason_of(reason, "The proposal was not refused.") if name == "refuse" else ""
        proposal.compared = version_in_force(proposal)
        proposal.ended_at, proposal.reason = timezone.now(), why
        told = {"reason": why} if why else {}
        _move(actor, proposal, step, told, "compared", "ended_at", "reason")
    return proposal


def _seen(actor: Actor, reference: str) -> RateProposal:
    seen = RateProposalQuerySet(RateProposal).seen_by(actor).told().filter(reference=reference).first()
    if seen is None:
        raise NotFound(f"There is no proposal {reference}.")
    return seen


def _locked(actor: Actor, reference: str, revision: int) -> RateProposal:
    seen = _seen(actor, reference)
    rows = RateProposal.objects.select_for_update(of=("self",))
    proposal = rows.select_related("supplier", "framework").get(pk=seen.pk)
    if changed_since(proposal.revision, revision):
        raise Stale("The proposal has changed since you read it.")
    return proposal


def _permitted(actor: Actor, proposal: RateProposal, name: str) -> Transition:
    told = f"The proposal is {Status(proposal.status).label.lower()}."
    return allowed(RATE_PROPOSALS, name, proposal.status, proposal_parts(actor, proposal), told)


def _wrote(actor: Actor, proposal: RateProposal) -> bool:
    rows = Event.objects.filter(subject_type="rate_proposal", subject=proposal.reference, type__in=_WRITING)
    return rows.filter(actor=actor.reference).exists()


def _move(
    actor: Actor, proposal: RateProposal, step: Transition, changes: dict[str, Any], *fields: str
) -> None:
    proposal.status = step.target
    _save(proposal, "status", *fields)
    _record(actor, proposal, step.event, changes)


def _save(proposal: RateProposal, *fields: str) -> None:
    proposal.revision += 1
    proposal.save(update_fields=["revision", *fields])


def _record(actor: Actor, proposal: RateProposal, kind: str, changes: dict[str, Any]) -> None:
    references = {"supplier": proposal.supplier.reference}
    # The owner, who is told of what is withdrawn, never knew of a draft.
    if kind != "rate_proposal.withdrawn" or proposal.submitted_at is not None:
        references["framework"] = proposal.framework.reference
    record(actor, Happening(kind, "rate_proposal", proposal.reference, references, changes))


def _framework(reference: str, supplier: Supplier, faults: list[Fault]) -> Framework | None:
    framework = Framework.objects.filter(reference=reference).first()
    if framework is None:
        faults.append(Fault("/framework", "unknown", "There is no such framework."))
    elif not _places(supplier, framework).exists():
        faults.append(
            Fault("/framework", "not_appointed", f"The supplier holds no place on {framework.number}.")
        )
    elif timezone.localdate() > framework.ends_on:
        raise Conflict(f"{framework.number} ended on {framework.ends_on}.")
    return framework


def _places(supplier: Supplier, framework: Framework) -> Any:
    held = Appointment.objects.filter(supplier=supplier, lot__framework=framework)
    return held.exclude(status=Appointment.Status.WITHDRAWN)


def _check_standing(supplier: Supplier, framework: Framework, on: date) -> None:
    """Raises Conflict, by name, where no rates of the supplier come into force: it has no place that is active, or its
    lead is suspended or excluded (at most two queries).
    """
    held = set(_places(supplier, framework).values_list("status", flat=True))
    if not held:
        raise Conflict("The supplier holds no place on the framework any more.")
    if Appointment.Status.ACTIVE not in held:
        raise Conflict(f"{supplier.name} is suspended on {framework.number}: none of its places is active.")
    leads = Partner.objects.filter(
        supplier_memberships__supplier=supplier,
        supplier_memberships__role=SupplierMember.Role.LEAD,
        supplier_memberships__left_on=None,
    )
    for lead in leads.select_related("organisation"):
        if lead.suspended:
            raise Conflict(f"{lead.organisation.name} is suspended: it leads {supplier.name}.")
        since = lead.organisation.excluded_since
        if since is not None and since <= on:
            raise Conflict(
                f"{lead.organisation.name} has been excluded since {since}: it leads {supplier.name}."
            )


def _free(proposal: RateProposal) -> None:
    same = RateProposal.objects.filter(
        supplier=proposal.supplier,
        framework=proposal.framework,
        currency=proposal.currency,
        unit=proposal.unit,
        status__in=OPEN,
    )
    if (known := same.first()) is not None:
        raise Conflict(f"{known.reference} is open for the same card already.")


def _day(value: object, faults: list[Fault]) -> date | None:
    reader = Reader("/valid_from", faults)
    return None if value is None else reader.day(reader.text(value, LONGEST_DAY))


def _day_faults(proposal: RateProposal) -> list[Fault]:
    first, ends = proposal.valid_from, proposal.framework.ends_on
    if first is None:
        return [Fault("/valid_from", "required", "Say from which day the rates are to be in force.")]
    if first < timezone.localdate():
        return [Fault("/valid_from", "past", "This day has passed; rates are never put in force backwards.")]
    if first > ends:
        return [Fault("/valid_from", "late", f"The framework ends on {ends}.")]
    return []


def _line_faults(proposal: RateProposal, comparison: Comparison) -> list[Fault]:
    if not proposal.lines:
        return [Fault("/lines", "required", "Name at least one rate.")]
    if not comparison.lines:
        return [Fault("/lines", "unchanged", "It changes no line of the card in force.")]
    most, first = proposal.framework.rate_rise_ceiling, proposal.valid_from
    never = [
        line.place
        for line in comparison.lines
        if first and line.change.after and line.change.after.valid_to and line.change.after.valid_to < first
    ]
    over = "This rate ends before the card begins: it would never be in force."
    return [Fault(f"/lines/{place}/valid_to", "over", over) for place in never] + [
        Fault(f"/lines/{line.place}/amount", rule, f"{RULES[rule]} The most is {most} per cent.")
        for line, rule in comparison.stopped
    ]


def _of_card(line: LineDraft, days: Iterable[Days]) -> LineDraft:
    """A line without days that are those of a version of its card: one that was exported names them in each line,
    those of the version that is proposed are its own.
    """
    for each in days:
        line = undated(line, each)
    return line


def _say(proposal: RateProposal, lines: Sequence[LineDraft]) -> None:
    proposal.lines = [kept(one) for one in lines]


def _reader(proposal: RateProposal, before: Sequence[LineDraft]) -> LineReader:
    return LineReader(proposal.supplier, proposal.framework, proposal.currency, proposal.unit, before)


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(REFUSED, tuple(faults))
