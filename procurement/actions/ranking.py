"""Agreed scores become a ranking, and prices that look abnormally low are asked about before anything rests on them.

Journey: POST /api/v1/call-offs/{reference}/conclude/ -> here (evaluation.py ranks) -> low prices asked, answered,
accepted or the tender disqualified, which ranks anew -> actions/competition_awards.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import locked_call_off, move, permitted, reason_of
from procurement.actions.closing import SCORING, planned_of
from procurement.actions.events import record
from procurement.actions.tenders import locked_tender, moved, step_of, take
from procurement.canonical import digest
from procurement.competition_checks import (
    agreed_scores,
    missing_scores,
    require_deciding,
    require_scores_counted,
    require_unconflicted,
    rules_of,
)
from procurement.deadlines import after_working_days
from procurement.errors import Conflict, Fault, Invalid
from procurement.evaluation import Scored, low_prices, rank
from procurement.models import CallOff, Competition, LowPriceQuestion, Tender
from procurement.order_form import content_of, terms_of
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.profiles import TEXT_LENGTH, Reader
from procurement.states import Part

ANSWER_DAYS: Final = 3
"""Working days that a tenderer has to explain its price; its answer is taken until the buyer decides."""
LOW: Final = "abnormally_low"
GROUNDS: Final[dict[str, str]] = {
    "not_compliant": "Does not answer what was asked",
    "excluded": "The supplier, or a partner of it, is excluded",
    "conflict": "A conflict of interest that nothing else removes",
    LOW: "The price is abnormally low and not explained",
}
"""Why a tender takes part no longer; a low price only after it was asked about."""
KEPT_IN: Final = "The tender was not disqualified."


def conclude_evaluation(actor: Actor, reference: str, revision: int) -> Competition:
    """Every score is agreed: ranks the tenders by the frozen rules, and opens their prices to the buyer.

    Raises NotFound, NotPermitted, Stale; Conflict unless they are being evaluated or while a score is missing.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "conclude")
        competition = planned_of(call_off)
        ranked = rank_tenders(competition)
        competition.save(update_fields=["ranking"])
        move(actor, call_off, "conclude", {"tenders": len(ranked["rows"]), "digest": digest(ranked)})
    return competition


def evaluate_again(actor: Actor, reference: str, revision: int, reason: object) -> Competition:
    """Scores that the tenders were ranked by count no longer: back to evaluating, for a reason, where others are named
    and give them; those that count stand. Where every score counts a moderator alone leads back who has declared no
    conflict of interest, to agree anew one that is wrong. The ranking falls, and the buyer reads no price before there
    is another.

    Raises NotFound, NotPermitted, Stale; Conflict unless the tenders are ranked and nothing is told, and where every
    score counts and no moderator asks for it; Invalid at /reason.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "evaluate_again")
        competition = planned_of(call_off)
        corrects = not missing_scores(competition)
        if corrects and Part.MODERATOR not in buyer_parts(actor, call_off):
            raise Conflict(
                "Every agreed score counts: only a moderator leads back, where one of them is wrong."
            )
        if corrects:
            told_so = "You declared a conflict of interest: you lead nothing back here."
            require_unconflicted(competition, actor, told_so)
        why = reason_of(reason, "Nothing is evaluated again.")
        competition.ranking = None
        competition.save(update_fields=["ranking"])
        people = call_off.people.filter(part__in=SCORING).values_list("user__reference", flat=True)
        told = {"reason": why, "corrects": corrects}
        move(actor, call_off, "evaluate_again", told, user=sorted(set(people)))
    return competition


def rank_tenders(competition: Competition) -> dict[str, Any]:
    """Sets the competition's ranking of what is submitted, unsaved, and answers it: evaluation.py's, and the prices
    that look low by the mean of the others (`low`, in pounds), none of which does where outcomes are paid instead of
    days: their prices are the buyer's own. Raises Conflict while a score is missing.
    """
    rules = rules_of(competition)
    rows = competition.tenders.filter(status=Tender.Status.SUBMITTED).select_related("current")
    agreed = agreed_scores(competition)
    entered, prices = [], {}
    for tender in rows:
        scores = agreed.get(tender.pk, {})
        if missing := [one.name for one in rules.criteria if one.key not in scores]:
            raise Conflict(f"Not every score is agreed: {', '.join(missing)} of {tender.reference}.")
        assert tender.current is not None
        prices[tender.reference] = tender.current.compared_minor
        entered.append(Scored(tender.reference, scores, tender.current.compared_minor))
    alone = terms_of(competition.call_off).outcomes_alone(content_of(competition.call_off))
    low = {} if alone else low_prices(prices, rules.low_price)
    ranked = rank(entered, rules, competition.digest).to_json()
    ranked["low"] = {name: str(mean / 100) for name, mean in sorted(low.items())}
    competition.ranking = ranked
    return ranked


def disqualify(actor: Actor, reference: str, revision: int, ground: object, reason: object) -> Tender:
    """A tender takes part no longer, on a ground of GROUNDS and with a reason that it is told; the others are ranked
    anew where they were. `reference` is the tender's.

    Raises NotFound; NotPermitted, also for who declared a conflict of interest; Stale; Conflict before it is opened,
    after the outcome is told, once ranked where scores count no longer, and for a low price that was not asked about or
    whose time to answer runs; Invalid at /ground, /reason.
    """
    with transaction.atomic():
        tender = locked_tender(actor, reference, revision)
        step = step_of(actor, tender, "disqualify")
        competition = tender.competition
        require_deciding(competition.call_off, actor)
        if competition.opened_at is None:
            raise Conflict("The tenders are not opened.")
        ranked = competition.call_off.status == CallOff.Status.EVALUATED
        if ranked:
            require_scores_counted(competition)
        faults: list[Fault] = []
        chosen = Reader("/ground", faults).choice(ground, GROUNDS)
        if faults:
            raise Invalid(KEPT_IN, tuple(faults))
        why = reason_of(reason, KEPT_IN)
        if chosen == LOW:
            _asked_about(tender)
        tender.ground, tender.reason = chosen, why
        told = moved(tender, step, {"ground": chosen, "reason": why}, "ground", "reason")
        if ranked:
            rank_tenders(competition)
            competition.save(update_fields=["ranking"])
        record(actor, told)
    return tender


def ask_about_price(actor: Actor, reference: str, question: object) -> LowPriceQuestion:
    """Asks a tenderer whose price looks abnormally low to explain it (1 to 20,000 characters).

    Raises NotFound, NotPermitted; Conflict for a price that does not look low or was asked about; Invalid at /question.
    """
    text = _text(question, "/question", "Nothing was asked.")
    with transaction.atomic():
        tender = locked_tender(actor, reference, None)
        step_of(actor, tender, "ask_price")
        ranked = tender.competition.ranking
        evaluated = tender.competition.call_off.status == CallOff.Status.EVALUATED
        if not evaluated or ranked is None or reference not in ranked["low"]:
            raise Conflict("Its price does not look abnormally low.")
        if LowPriceQuestion.objects.filter(tender=tender).exists():
            raise Conflict("It was asked about already.")
        now = timezone.now()
        made = LowPriceQuestion.objects.create(
            tender=tender,
            question=text,
            asked_at=now,
            answer_by=explained_by(tender, now),
        )
        take(actor, tender, "ask_price", {"answer_by": made.answer_by.isoformat()})
    return made


def explained_by(tender: Tender, asked: datetime) -> datetime:
    """By when a price that is asked about at that moment is to be explained."""
    return after_working_days(asked, ANSWER_DAYS, tender.competition.call_off.organisation.nation)


def explain_price(actor: Actor, reference: str, answer: object) -> LowPriceQuestion:
    """The lead explains its price (1 to 20,000 characters), until the buyer decides. Raises NotFound, NotPermitted,
    Conflict where nothing was asked or it is decided, Invalid at /answer.
    """
    text = _text(answer, "/answer", "Nothing was answered.")
    with transaction.atomic():
        tender = locked_tender(actor, reference, None)
        step_of(actor, tender, "answer_price")
        asked = _question(tender)
        asked.answer, asked.answered_at = text, timezone.now()
        asked.save(update_fields=["answer", "answered_at"])
        take(actor, tender, "answer_price", {})
    return asked


def accept_price(actor: Actor, reference: str, reason: object) -> LowPriceQuestion:
    """The buyer takes the explanation, for a reason; to reject it is to disqualify the tender. Raises NotFound,
    NotPermitted, Conflict where nothing was answered, Invalid at /reason.
    """
    with transaction.atomic():
        tender = locked_tender(actor, reference, None)
        step_of(actor, tender, "accept_price")
        require_deciding(tender.competition.call_off, actor)
        asked = _question(tender)
        if asked.answered_at is None:
            raise Conflict("It was not answered yet.")
        why = reason_of(reason, "Nothing was accepted.")
        asked.accepted, asked.reason, asked.decided_at = True, why, timezone.now()
        asked.save(update_fields=["accepted", "reason", "decided_at"])
        take(actor, tender, "accept_price", {})
    return asked


def _asked_about(tender: Tender) -> None:
    asked = LowPriceQuestion.objects.filter(tender=tender).first()
    if asked is None:
        raise Conflict("Ask about its price first.")
    now = timezone.now()
    if asked.answered_at is None and now < asked.answer_by:
        raise Conflict("The time to explain its price still runs.")
    asked.accepted, asked.decided_at = False, now
    asked.save(update_fields=["accepted", "decided_at"])


def _question(tender: Tender) -> LowPriceQuestion:
    asked = LowPriceQuestion.objects.filter(tender=tender).first()
    if asked is None:
        raise Conflict("Its price was not asked about.")
    if asked.accepted is not None:
        raise Conflict("It is decided.")
    return asked


def _text(value: object, pointer: str, told: str) -> str:
    faults: list[Fault] = []
    text = Reader(pointer, faults).text(value, TEXT_LENGTH, required=True, lines=True)
    if faults:
        raise Invalid(told, tuple(faults))
    return text
