"""What keeps a competition from being published, read from its plan: shown beside the draft, asked again at approval
and publishing.
"""

from __future__ import annotations

from django.utils import timezone

from procurement.errors import Fault, Invalid
from procurement.evaluation_rules import EvaluationRules
from procurement.models import CallOff, Competition, Consensus, LowPriceQuestion, Tender
from procurement.rules import date_faults, evaluation_faults


def rules_of(competition: Competition) -> EvaluationRules:
    """How its tenders are evaluated."""
    return EvaluationRules.from_json(competition.rules)


def missing_scores(competition: Competition) -> int:
    """How many scores of submitted tenders are not agreed yet (two queries)."""
    keys = [one.key for one in rules_of(competition).criteria]
    standing = competition.tenders.filter(status=Tender.Status.SUBMITTED)
    agreed = Consensus.objects.filter(tender__in=standing, criterion__in=keys)
    return standing.count() * len(keys) - agreed.count()


def unsettled_prices(competition: Competition) -> list[str]:
    """Tenders, by reference, whose price looks abnormally low and whose explanation is not taken (one query where any
    looks so).
    """
    low = (competition.ranking or {}).get("low", {})
    if not low:
        return []
    questions = LowPriceQuestion.objects.filter(tender__reference__in=low, accepted=True)
    return sorted(set(low) - set(questions.values_list("tender__reference", flat=True)))


def competition_faults(call_off: CallOff) -> list[Fault]:
    """What is wrong with its competition's evaluation and dates by the clock, or that there is none (one query)."""
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
    ]
