"""What keeps a competition from being published, read from its plan: shown beside the draft, asked again at approval
and publishing.
"""

from __future__ import annotations

from django.utils import timezone

from procurement.errors import Fault, Invalid
from procurement.evaluation_rules import EvaluationRules
from procurement.models import CallOff, Competition
from procurement.rules import date_faults, evaluation_faults


def rules_of(competition: Competition) -> EvaluationRules:
    """How its tenders are evaluated."""
    return EvaluationRules.from_json(competition.rules)


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
    return [*evaluation_faults(rules, call_off.organisation), *date_faults(*moments, timezone.now())]
