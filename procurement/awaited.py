"""Whose word a competition waits for once its tenders are opened: scores, consensus, what explains a low price.

Read for the line of a call-off (call_off_facts.py, line.py). The actions in actions/assessing.py and actions/ranking.py
decide; what is named here, they take.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final

from procurement.available import Turn
from procurement.competition_checks import declared, missing_scores, rules_of
from procurement.models import Assessment, CallOffPerson, Competition, LowPriceQuestion
from procurement.states import TENDERS, Part

DECLARE: Final = "declare"
NAME: Final = "add_person"
"""Steps that no table holds, as they move no status: interests are declared, somebody is named to score."""


def scores_awaited(competition: Competition) -> Turn | None:
    """Who brings the next score, None once all are agreed: assessors until as many have scored everything as the rules
    ask, then the moderator; the owner where nobody is left who may. Three queries (four where somebody is conflicted),
    two more while one is missing.
    """
    last = declared(competition)
    said = {key: conflict for key, (_, conflict) in last.items()}
    missing = missing_scores(competition, {key: name for key, (name, conflict) in last.items() if conflict})
    if not missing:
        return None
    rows = Assessment.objects.filter(tender__competition=competition)
    scored = {
        (tender, criterion, assessor)
        for tender, criterion, assessor in rows.values_list("tender", "criterion", "assessor")
        if not said.get(assessor)
    }
    counts = Counter((tender, criterion) for tender, criterion, _ in scored)
    wanted = rules_of(competition).assessors
    lacking = [place for place in missing if counts[place] < wanted]
    people = _people(competition)
    if lacking:
        assessors = people[CallOffPerson.Part.ASSESSOR]
        free = {key for key in assessors if any((*place, key) not in scored for place in lacking)}
        return _by_people("assess", free, said)
    return _by_people("agree", people[CallOffPerson.Part.MODERATOR], said)


def prices_awaited(competition: Competition, now: datetime) -> Turn | None:
    """Who brings on a price that looks abnormally low, None once each is settled: the owner asks about one, and decides
    once it is explained or the time for that has passed; until then its lead explains it. One query where any looks so.
    """
    low = (competition.ranking or {}).get("low", {})
    if not low:
        return None
    asked = {
        one.tender.reference: one
        for one in LowPriceQuestion.objects.filter(tender__reference__in=low).select_related("tender")
    }
    if low.keys() - asked.keys():
        return step_of_tender("ask_price")
    open_ones = [one for one in asked.values() if not one.accepted]
    if not open_ones:
        return None
    if any(one.answered_at is not None for one in open_ones):
        return step_of_tender("accept_price", "disqualify")
    if any(one.answer_by <= now for one in open_ones):
        return step_of_tender("disqualify")
    return step_of_tender("answer_price", by=min(one.answer_by for one in open_ones))


def step_of_tender(*names: str, by: datetime | None = None) -> Turn:
    """Whoever takes these steps of a tender by the table, but for the clock."""
    who = {part for one in TENDERS.transitions if one.name in names for part in one.who} - {Part.SYSTEM}
    return Turn(tuple(part for part in Part if part in who), names, by)


def _people(competition: Competition) -> dict[str, set[int]]:
    """Keys of those who score, by their part, who still belong to the buyer."""
    call_off = competition.call_off
    rows = CallOffPerson.objects.filter(
        call_off=call_off,
        user__is_active=True,
        user__memberships__organisation=call_off.organisation_id,
    )
    found: dict[str, set[int]] = {CallOffPerson.Part.ASSESSOR: set(), CallOffPerson.Part.MODERATOR: set()}
    for key, part in rows.values_list("user", "part"):
        found.setdefault(part, set()).add(key)
    return found


def _by_people(name: str, people: set[int], said: dict[int, bool]) -> Turn:
    """The step, by those of `people` without a conflict of interest; who has not declared does that first."""
    turn = step_of_tender(name)
    steps = []
    if any(key not in said for key in people):
        steps.append(DECLARE)
    if any(said.get(key) is False for key in people):
        steps.append(name)
    return Turn(turn.who, tuple(steps)) if steps else Turn((Part.OWNER,), (NAME,))
