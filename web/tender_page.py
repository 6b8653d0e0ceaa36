"""What the page of one tender shows the buyer's side: as much as is open to whoever reads (procurement/sealing.py).

Of the price nothing is read before every score is agreed, not even to be left out later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from procurement.actions.ranking import GROUNDS
from procurement.competition_checks import TAKING_PART, agreed_scores, conflicted
from procurement.departed import left_of
from procurement.evaluation_rules import Criterion, EvaluationRules
from procurement.models import (
    Assessment,
    CallOff,
    Consensus,
    LowPriceQuestion,
    OutcomeLetter,
    Tender,
    TenderFile,
)
from procurement.order_form import outcomes_told
from procurement.parts import tender_parts
from procurement.permissions import Actor
from procurement.querysets_competitions import AssessmentQuerySet
from procurement.sealing import Open, open_files, open_to, stands
from procurement.states import Part
from procurement.tender_document import submitted
from procurement.tender_facts import asked_about, steps_of
from web.buying import names_of
from web.saying import choices_said

JUDGING: Final = frozenset({"ask_price", "accept_price", "disqualify", "reinstate"})
"""What the owner may do with a tender beside scoring."""


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """A criterion with the answer, the scores that the reader may see (who, score, note) and the agreed one, `lapsed`
    where it counts no longer.
    """

    criterion: Criterion
    answer: str
    own: Assessment | None
    scores: tuple[tuple[str, int, str], ...]
    agreed: Consensus | None
    lapsed: Consensus | None


@dataclass(frozen=True, slots=True)
class TenderPage:
    """Everything that the template lays out. `content` and `price` are as submitted, the rates in `content` and the
    whole of `price` to be shown only where `open.price`. `assesses` and `moderates` say which forms are offered,
    `undeclared` that a declaration comes first, `stands` that a tender stood at the deadline.
    """

    open: Open
    stands: bool
    outcomes: dict[str, Any] | None
    team: tuple[dict[str, Any], ...]
    price: dict[str, Any] | None
    criteria: tuple[CriterionLine, ...]
    files: tuple[TenderFile, ...]
    low_price: LowPriceQuestion | None
    looks_low: bool
    letters: tuple[OutcomeLetter, ...]
    assesses: bool
    moderates: bool
    undeclared: bool
    actions: frozenset[str]
    grounds: tuple[tuple[str, str], ...]
    left: tuple[str, ...]
    fictional: bool


def tender_page(tender: Tender, actor: Actor) -> TenderPage:
    """Reads all of it for somebody of the buyer, who may see it."""
    found, parts = open_to(actor, tender), tender_parts(actor, tender)
    competition = tender.competition
    call_off = competition.call_off
    rules = EvaluationRules.from_json(competition.rules)
    document = submitted(tender.current) if found.answers and tender.current is not None else None
    content: dict[str, Any] = document["content"] if document else {"team": [], "answers": {}}
    mine = competition.declarations.filter(user__reference=actor.reference).order_by("pk").last()
    steps = set(steps_of(actor, tender, parts))
    asked = asked_about(tender) if found.price else None
    looks_low = found.price and tender.reference in (competition.ranking or {}).get("low", {})
    return TenderPage(
        open=found,
        stands=stands(found, tender),
        outcomes=outcomes_told(call_off),
        team=tuple(_member(one, rates=found.price) for one in content["team"]),
        price=document["price"] if document and found.price else None,
        criteria=_criteria(tender, actor, rules, content["answers"]) if found.answers else (),
        files=tuple(open_files(found, tender)) if document else (),
        low_price=asked,
        looks_low=looks_low,
        letters=tuple(tender.letters.all()) if found.price else (),
        assesses="assess" in steps,
        moderates="agree" in steps,
        undeclared=call_off.status == CallOff.Status.EVALUATING
        and mine is None
        and not parts.isdisjoint({Part.ASSESSOR, Part.MODERATOR}),
        actions=frozenset(JUDGING & steps),
        grounds=tuple(choices_said(GROUNDS.items())),
        left=tuple(left_of(tender)) if found.answers else (),
        fictional=vars(tender)["fictional"],
    )


def _member(line: dict[str, Any], *, rates: bool) -> dict[str, Any]:
    return {name: one for name, one in line.items() if rates or name != "rate"}


def _criteria(
    tender: Tender, actor: Actor, rules: EvaluationRules, answers: dict[str, str]
) -> tuple[CriterionLine, ...]:
    """Each criterion with what the reader may know of its scores (six queries at most)."""
    seen = list(
        AssessmentQuerySet(Assessment).seen_by(actor).filter(tender=tender).select_related("assessor")
    )
    names = names_of(tender.competition.call_off.organisation_id, {one.assessor.reference for one in seen})
    agreed = {one.criterion: one for one in tender.consensus.all()}
    # Only a conflict of interest makes an agreed score count no longer, of a tender that takes part still.
    out = conflicted(tender.competition) if agreed and tender.status in TAKING_PART else {}
    counting = agreed_scores(tender.competition, out).get(tender.pk, {}) if out else agreed
    lines = []
    for one in rules.criteria:
        given = [each for each in seen if each.criterion == one.key]
        lines.append(
            CriterionLine(
                criterion=one,
                answer=answers.get(one.key, ""),
                own=next((each for each in given if each.assessor.reference == actor.reference), None),
                scores=tuple((names[each.assessor.reference], each.score, each.note) for each in given),
                agreed=agreed.get(one.key) if one.key in counting else None,
                lapsed=agreed.get(one.key) if one.key not in counting else None,
            )
        )
    return tuple(lines)
