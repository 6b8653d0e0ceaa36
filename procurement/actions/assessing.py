"""Tenders are scored: interests declared, each assessor blind to the others, then one agreed score with its reason.

Journey: POST /api/v1/tenders/{reference}/assessments/ -> here -> POST .../consensus/ by a moderator ->
actions/ranking.py once every score is agreed. Until then nobody on the buyer's side reads a price
(procurement/sealing.py).
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening as of_call_off
from procurement.actions.call_offs import locked_call_off, unapproved
from procurement.actions.closing import planned_of
from procurement.actions.events import record, record_many
from procurement.actions.steps import not_theirs
from procurement.actions.tenders import locked_tender, step_of, take
from procurement.call_off_checks import DECIDING
from procurement.competition_checks import (
    agreed_scores,
    conflicted,
    has_moderated,
    missing_scores,
    require_unconflicted,
    rules_of,
)
from procurement.errors import Conflict, Fault, Invalid
from procurement.evaluation_rules import Criterion, EvaluationRules
from procurement.models import (
    Assessment,
    CallOff,
    Competition,
    Consensus,
    Declaration,
    Event,
    Tender,
    User,
)
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.states import Part

DECLARING: Final = frozenset({Part.OWNER, Part.APPROVER, Part.ASSESSOR, Part.MODERATOR})
"""Who may declare their interests in a competition: whoever influences its award."""


def declare_interests(actor: Actor, reference: str, conflict: object, note: object = "") -> Declaration:
    """Whoever has a part in the award says, the tenderers known, whether they have a conflict of interest (true or
    false), and what (0 to 1,000 characters; required with one): assessors and moderators before they score, an owner or
    approver who has one, and then decides nothing. The last declaration counts; where by it scores that the tenders
    were ranked by count no longer, the buyer is told that. An approval of the award by who then has a conflict falls.

    Raises NotFound; NotPermitted for who has no part, and for a program; Conflict before the tenders are opened;
    Invalid.
    """
    faults: list[Fault] = []
    if not isinstance(conflict, bool):
        faults.append(Fault("/conflict", "type", "This must be true or false."))
    said = Reader("/note", faults).text(note, NOTE_LENGTH, required=conflict is True, lines=True)
    if faults:
        raise Invalid("Nothing was declared.", tuple(faults))
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, None)
        user = User.objects.filter(reference=actor.reference).first()
        if user is None or DECLARING.isdisjoint(buyer_parts(actor, call_off)):
            # A program that owns a call-off has no interests.
            raise not_theirs("declare interests", DECLARING)
        competition = planned_of(call_off)
        if competition.opened_at is None:
            raise Conflict("The tenders are not opened: who tenders is not known yet.")
        counted = _ranked_and_counted(call_off, competition)
        made = Declaration.objects.create(
            competition=competition,
            user=user,
            conflict=bool(conflict),
            note=said,
            at=timezone.now(),
        )
        record(actor, of_call_off(call_off, "call_off.interest_declared", {}))
        if conflict:
            _withdraw_approval(actor, call_off, competition)
        if counted and not _ranked_and_counted(call_off, competition):
            record(actor, of_call_off(call_off, "call_off.scores_lapsed", {}))
    return made


def _withdraw_approval(actor: Actor, call_off: CallOff, competition: Competition) -> None:
    """One that the actor gave when the tenderers were known; an earlier one was of none of them."""
    opened, approved = competition.opened_at, call_off.approved_at
    if call_off.approved_by != actor.reference or None in (opened, approved) or approved < opened:  # type: ignore[operator]
        return
    fields, fell = unapproved(call_off)
    call_off.revision += 1
    call_off.save(update_fields=["revision", *fields])
    record_many(actor, fell)


def assess(actor: Actor, reference: str, criterion: str, score: object, note: object) -> Assessment:
    """An assessor scores one criterion of a tender (0 to its scale, with a note of 1 to 1,000 characters); until it is
    agreed the last score counts. Who moderates too, or did, reads what others gave: theirs stands once somebody else
    has given one. `reference` is the tender's.

    Raises NotFound; NotPermitted without the part, a declaration, or with a conflict declared; Conflict unless it is
    being evaluated, once the score is agreed, and for another score where theirs stands; Invalid at /criterion, /score,
    /note.
    """
    with transaction.atomic():
        tender = _being_scored(actor, reference, "assess")
        wanted = _criterion(rules_of(tender.competition), criterion)
        given, why = _score(wanted, score, note, "/note")
        if criterion in agreed_scores(tender.competition).get(tender.pk, {}):
            raise Conflict("The score is agreed.")
        if _seen_beside(actor, tender, criterion):
            raise Conflict("Yours stands: somebody else has scored it too, and you moderate the scores.")
        made, _ = Assessment.objects.update_or_create(
            tender=tender,
            criterion=criterion,
            assessor=User.objects.get(reference=actor.reference),
            defaults={"score": given, "note": why, "at": timezone.now()},
        )
        take(actor, tender, "assess", {"criterion": criterion})
    return made


def agree(actor: Actor, reference: str, criterion: str, score: object, reason: object) -> Consensus:
    """A moderator sets the score that counts, with the reason that the tenderer is told (1 to 1,000 characters), once
    as many have scored, without a conflict of interest, as the rules ask; until the tenders are ranked it may be set
    anew. Where they are evaluated again prices are known: only scores that count no longer are, unless a moderator had
    it reopened to correct one. `reference` is the tender's.

    Raises NotFound; NotPermitted as `assess`; Conflict with too few scores; Invalid at /criterion, /score, /reason.
    """
    with transaction.atomic():
        tender = _being_scored(actor, reference, "agree")
        rules = rules_of(tender.competition)
        given, why = _score(_criterion(rules, criterion), score, reason, "/reason")
        out = conflicted(tender.competition)
        scored = tender.assessments.filter(criterion=criterion).exclude(assessor__in=out).count()
        if scored < rules.assessors:
            raise Conflict(f"{scored} of {rules.assessors} have scored this.")
        counts = criterion in agreed_scores(tender.competition, out).get(tender.pk, {})
        if counts and _stands(tender.competition.call_off):
            raise Conflict("This score counts: only those that no longer do are agreed anew.")
        made, _ = Consensus.objects.update_or_create(
            tender=tender,
            criterion=criterion,
            defaults={"score": given, "reason": why, "actor": actor.reference, "at": timezone.now()},
        )
        take(actor, tender, "agree", {"criterion": criterion})
    return made


def _seen_beside(actor: Actor, tender: Tender, criterion: str) -> bool:
    """Whether the actor has scored it, somebody else has too, and the actor reads both, or will: whoever is to score
    blind gives no second score then.
    """
    by = tender.assessments.filter(criterion=criterion).values_list("assessor__reference", flat=True)
    given = set(by)
    both = actor.reference in given and len(given) > 1
    return both and has_moderated(tender.competition.call_off, actor.reference)


def _ranked_and_counted(call_off: CallOff, competition: Competition) -> bool:
    return call_off.status in DECIDING and not missing_scores(competition)


def _stands(call_off: CallOff) -> bool:
    """Whether a score that counts stands: the tenders were ranked once, and their prices read, and nobody reopened the
    evaluation to correct one.
    """
    of_call_off = Event.objects.filter(subject_type="call_off", subject=call_off.reference)
    last = of_call_off.filter(type="call_off.evaluation_reopened").order_by("-position").first()
    return last is not None and not last.changes.get("corrects")


def _being_scored(actor: Actor, reference: str, name: str) -> Tender:
    """The tender, locked, for somebody that has the part and no conflict."""
    tender = locked_tender(actor, reference, None)
    step_of(actor, tender, name)
    if tender.competition.call_off.status != CallOff.Status.EVALUATING:
        raise Conflict("The tenders are not being evaluated.")
    told = "You declared a conflict of interest: you score nothing here."
    require_unconflicted(tender.competition, actor, told)
    return tender


def _criterion(rules: EvaluationRules, key: str) -> Criterion:
    found = rules.criterion(key)
    if found is None:
        fault = Fault("/criterion", "unknown", "There is no such criterion.")
        raise Invalid("Nothing was scored.", (fault,))
    return found


def _score(criterion: Criterion, score: object, note: object, pointer: str) -> tuple[int, str]:
    faults: list[Fault] = []
    if isinstance(score, bool) or not isinstance(score, int):
        faults.append(Fault("/score", "type", "A score is a whole number."))
    elif not 0 <= score <= criterion.scale:
        faults.append(Fault("/score", "range", f"From 0 to {criterion.scale}."))
    why = Reader(pointer, faults).text(note, NOTE_LENGTH, required=True, lines=True)
    if faults:
        raise Invalid("Nothing was scored.", tuple(faults))
    assert isinstance(score, int)
    return score, why
