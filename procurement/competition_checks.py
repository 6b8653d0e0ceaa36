"""What keeps a competition from being published, read from its plan: shown beside the draft, asked again at approval
and publishing; what was added to one that is out and is told to nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone

from procurement.errors import Conflict, Fault, Invalid, NotPermitted
from procurement.evaluation_rules import EvaluationRules
from procurement.models import (
    Assessment,
    CallOff,
    CallOffPerson,
    Competition,
    CompetitionDocument,
    Consensus,
    Declaration,
    Event,
    LowPriceQuestion,
    Tender,
)
from procurement.order_form import content_of
from procurement.permissions import Actor
from procurement.rules import date_faults, evaluation_faults, opening_faults

TAKING_PART: Final = (Tender.Status.SUBMITTED, Tender.Status.SUCCESSFUL, Tender.Status.UNSUCCESSFUL)
"""Tenders whose scores count, whether an outcome was told or not."""
UNCOUNTED: Final = Fault(
    "/scores",
    "not_counted",
    "Agreed scores count no longer, as a conflict of interest was declared since, or are missing of a tender that "
    "takes part again: evaluate again, have somebody without a conflict score and agree them, and rank the tenders "
    "anew.",
)
"""Why nothing is told or awarded by a ranking that rests on such scores (`missing_scores` once it is ranked)."""


def rules_of(competition: Competition) -> EvaluationRules:
    """How its tenders are evaluated."""
    return EvaluationRules.from_json(competition.rules)


def missing_scores(competition: Competition, out: dict[int, str] | None = None) -> list[tuple[int, str]]:
    """The scores of tenders that take part which are not agreed, by tender (its key) and criterion (three queries, four
    where somebody is conflicted; one less where those are given as `out`).
    """
    standing = competition.tenders.filter(status__in=TAKING_PART).values_list("pk", flat=True)
    agreed, keys = agreed_scores(competition, out), [one.key for one in rules_of(competition).criteria]
    return [(tender, key) for tender in standing for key in keys if key not in agreed.get(tender, {})]


def agreed_scores(competition: Competition, out: dict[int, str] | None = None) -> dict[int, dict[str, int]]:
    """The agreed scores that count, by tender (its key) and criterion. One that a moderator with a conflict of interest
    set, or that rests on too few assessors without one, does not: it must be agreed anew, whoever has scored since.
    """
    rules = rules_of(competition)
    out = conflicted(competition) if out is None else out
    rows = Consensus.objects.filter(
        tender__competition=competition,
        tender__status__in=TAKING_PART,
        criterion__in=[one.key for one in rules.criteria],
    ).exclude(actor__in=out.values())
    scored = _scored(competition, out) if out else None
    found: dict[int, dict[str, int]] = {}
    for one in rows:
        rests_on = () if scored is None else scored.get((one.tender_id, one.criterion), ())
        if scored is None or sum(at <= one.at for at in rests_on) >= rules.assessors:
            found.setdefault(one.tender_id, {})[one.criterion] = one.score
    return found


def conflicted(competition: Competition) -> dict[int, str]:
    """Who declared a conflict of interest last: references by key (one query)."""
    return {key: reference for key, (reference, conflict) in declared(competition).items() if conflict}


def declared(competition: Competition) -> dict[int, tuple[str, bool]]:
    """What everybody declared last: by key their reference and whether they have a conflict of interest (one query)."""
    rows = competition.declarations.order_by("pk").values_list("user", "user__reference", "conflict")
    return {key: (reference, conflict) for key, reference, conflict in rows}


def conflict_declared(call_off: CallOff, actor: Actor) -> bool | None:
    """Whether the actor declared a conflict of interest last, None where they declared nothing (one query)."""
    mine = Declaration.objects.filter(competition__call_off=call_off, user__reference=actor.reference)
    return mine.order_by("-pk").values_list("conflict", flat=True).first()


def has_moderated(call_off: CallOff, user: str) -> bool:
    """Whether somebody, by their reference, moderates it or did once, so that they may have read what others scored
    (one query).
    """
    named = Event.objects.filter(type="call_off.person_added", subject=call_off.reference)
    part = CallOffPerson.Part.MODERATOR.value
    return named.filter(changes__part=part, references__user=user).exists()


def require_deciding(call_off: CallOff, actor: Actor) -> None:
    """Raises NotPermitted where the actor has declared a conflict of interest with a tenderer: nobody who has one takes
    part in the decision (Procurement Act 2023, section 82; Public Contracts Regulations 2015, regulation 24). One
    query.
    """
    if conflict_declared(call_off, actor):
        raise NotPermitted("You declared a conflict of interest: somebody else decides on the award.")


def require_unconflicted(competition: Competition, actor: Actor, told: str) -> None:
    """Raises NotPermitted where the actor has not declared their interests, or a conflict last (`told`); one query."""
    conflict = conflict_declared(competition.call_off, actor)
    if conflict is None:
        raise NotPermitted("Declare your interests first.")
    if conflict:
        raise NotPermitted(told)


def _scored(competition: Competition, out: dict[int, str]) -> dict[tuple[int, str], list[datetime]]:
    """When tenders (by key) were scored by criterion, by those without a conflict of interest."""
    rows = Assessment.objects.filter(tender__competition=competition).exclude(assessor__in=out)
    found: dict[tuple[int, str], list[datetime]] = {}
    for tender, criterion, at in rows.values_list("tender", "criterion", "at"):
        found.setdefault((tender, criterion), []).append(at)
    return found


def unsettled_prices(competition: Competition) -> list[str]:
    """Tenders, by reference, whose price looks abnormally low and whose explanation is not taken (one query where any
    looks so).
    """
    low = (competition.ranking or {}).get("low", {})
    if not low:
        return []
    questions = LowPriceQuestion.objects.filter(tender__reference__in=low, accepted=True)
    return sorted(set(low) - set(questions.values_list("tender__reference", flat=True)))


def require_scores_counted(competition: Competition) -> None:
    """Raises Conflict where scores that the tenders were ranked by count no longer."""
    if missing_scores(competition):
        raise Conflict(UNCOUNTED.message)


def require_low_prices_settled(competition: Competition) -> None:
    """Raises Conflict while a price that looks abnormally low was not asked about and its explanation taken."""
    if unsettled := unsettled_prices(competition):
        raise Conflict(f"Ask about prices that look abnormally low, and decide: {', '.join(unsettled)}.")


def competition_faults(call_off: CallOff) -> list[Fault]:
    """What is wrong with its competition's evaluation and its dates, by the clock and by the first day of the work, or
    that there is none (one query).
    """
    competition = Competition.objects.filter(call_off=call_off).first()
    if competition is None:
        return [Fault("/competition", "required", "Say how tenders are evaluated, and the dates.")]
    try:
        rules = rules_of(competition)
    except Invalid as refusal:
        return list(refusal.faults)
    moments = competition.interest_until, competition.clarify_until, competition.deadline
    return [
        *evaluation_faults(rules, call_off.organisation, call_off.lot),
        *date_faults(*moments, timezone.now()),
        *opening_faults(content_of(call_off), competition.deadline),
    ]


def untold_faults(call_off: CallOff) -> list[Fault]:
    """Documents that were put with a competition while it is out and that no supplier was told of (one query)."""
    added = CompetitionDocument.objects.filter(
        competition__call_off=call_off, told_at=None, removed_at=None, purged_at=None
    )
    return [
        Fault(
            "/documents",
            "not_told",
            f"{name} was added since it went out and is told to nobody: amend the competition with it, or remove it.",
        )
        for name in added.order_by("pk").values_list("name", flat=True)
    ]
