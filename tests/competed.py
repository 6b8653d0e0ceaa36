"""A competition in the world of tests/world.py, brought to where a test begins, by the same actions as everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from django.utils import timezone

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.call_off_people import add_person
from procurement.actions.call_offs import CallOffDraft, create_call_off
from procurement.actions.closing import open_tenders
from procurement.actions.competitions import plan_competition
from procurement.actions.due import move_due
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import conclude_evaluation
from procurement.actions.requirements import create_requirement
from procurement.actions.tenders import submit_tender, write_tender
from procurement.models import CallOff, Delivery, Event, Tender, TenderRevision
from procurement.permissions import Actor
from tests.bought import Market, make_market, need
from tests.standing import once
from tests.world import editor_of

COMPETED: Final[dict[str, Any]] = {
    "value": "9000.00",
    "expenses": "100.00",
    "extensions": [{"months": 3, "amount": "500.00"}],
}
RULES: Final[dict[str, Any]] = {
    "criteria": [
        {
            "key": "method",
            "name": "Method",
            "weight": "50",
            "pass_mark": 2,
            "question": "How will you do it?",
        },
        {"key": "social", "name": "Value", "kind": "social_value", "weight": "10", "question": "What else?"},
    ],
    "price_weight": "40",
}
ANSWERS: Final = {"method": "We ask everybody.", "social": "We hire nearby."}
MARKER: Final = "heron7391"
"""Stands in everything that is written into a tender where a test looks for what leaks."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Whoever takes part beside the market: two assessors and a moderator of the buyer."""

    market: Market
    first: Actor
    second: Actor
    moderator: Actor


def make_contest() -> Contest:
    """The market of tests/bought.py with three viewers of the buyer; whoever assesses must not be an editor."""
    market = make_market()
    return Contest(market, *(_viewer(name) for name in ("first", "second", "moderator")))


def planned(
    contest: Contest, terms: dict[str, Any] | None = None, plan: dict[str, Any] | None = None, **changes: Any
) -> CallOff:
    """A draft of a competition on wr1~1 whose tenders are due in fourteen days; `changes` are of the requirement."""
    requirement = create_requirement(contest.market.buyer, need(**changes))
    draft = CallOffDraft("Evaluation", "competition", requirement.reference, None, COMPETED | (terms or {}))
    call_off = create_call_off(contest.market.buyer, draft)
    said = {"rules": RULES, "clarify_until": after(days=7), "deadline": after(days=14)} | (plan or {})
    plan_competition(contest.market.buyer, call_off.reference, call_off.revision, said)
    call_off.refresh_from_db()
    return call_off


def _again(_contest: Contest, call_off: CallOff) -> CallOff:
    """One that stands already, as it is."""
    return CallOff.objects.get(pk=call_off.pk)


@once(_again)
def published(contest: Contest, **said: Any) -> CallOff:
    """The same, published, with everybody that takes part in its evaluation."""
    call_off = planned(contest, **said)
    publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    for actor, part in (
        (contest.first, "assessor"),
        (contest.second, "assessor"),
        (contest.moderator, "moderator"),
    ):
        add_person(contest.market.buyer, call_off.reference, actor.reference, part)
    call_off.refresh_from_db()
    return call_off


def tender_of(call_off: CallOff, supplier: str) -> Tender:
    """A supplier's tender as it stands."""
    return Tender.objects.get(
        competition__call_off=call_off, invitation__asked__appointment__supplier__reference=supplier
    )


def team(low: str = "400.00", high: str = "900.00") -> list[dict[str, str]]:
    """The team that is asked for, at these rates: 6,250.00 at oak's card's."""
    return [{"grade": "G1", "days": "10", "rate": low}, {"grade": "G3", "days": "2.5", "rate": high}]


def written(lead: Actor, call_off: CallOff, supplier: str, **changes: Any) -> Tender:
    """A tender as it is ready to be submitted."""
    tender = tender_of(call_off, supplier)
    said = {"team": team(), "answers": ANSWERS} | changes
    return write_tender(lead, tender.reference, tender.revision, said)


def submitted(lead: Actor, call_off: CallOff, supplier: str, **changes: Any) -> TenderRevision:
    """The same, submitted."""
    tender = written(lead, call_off, supplier, **changes)
    return submit_tender(lead, tender.reference, tender.revision)


def closed(contest: Contest, **said: Any) -> CallOff:
    """A competition in which oak (6,250.00) and yew (7,450.00) have tendered, past its deadline and closed."""
    call_off = published(contest, **said)
    submitted(contest.market.oak, call_off, "oak")
    submitted(contest.market.yew, call_off, "yew", team=team("500.00", "900.00"))
    with at(past_deadline(call_off)):
        move_due()
    call_off.refresh_from_db()
    return call_off


@once(_again)
def opened(contest: Contest, **said: Any) -> CallOff:
    """The same, opened, with everybody's interests declared."""
    call_off = closed(contest, **said)
    call_off = open_tenders(contest.market.buyer, call_off.reference, call_off.revision)
    for actor in (contest.first, contest.second, contest.moderator):
        declare_interests(actor, call_off.reference, conflict=False)
    call_off.refresh_from_db()
    return call_off


def agreed(contest: Contest, call_off: CallOff, scores: dict[str, tuple[int, int]]) -> None:
    """Every criterion scored and agreed: by supplier, its scores for method and social value."""
    for supplier, given in scores.items():
        tender = tender_of(call_off, supplier)
        for criterion, score in zip(("method", "social"), given, strict=True):
            assess(contest.first, tender.reference, criterion, score, "Read.")
            agree(contest.moderator, tender.reference, criterion, score, f"{criterion} is worth {score}.")


@once(_again)
def evaluated(contest: Contest, scores: dict[str, tuple[int, int]] | None = None, **said: Any) -> CallOff:
    """Ranked: oak with 4 and 3 (and the lowest price), yew with 3 and 4, unless `scores` say otherwise."""
    call_off = opened(contest, **said)
    agreed(contest, call_off, scores or {"oak": (4, 3), "yew": (3, 4)})
    conclude_evaluation(contest.market.buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    return call_off


def told(kind: str) -> dict[str, set[str]]:
    """Who is owed word of the one event of a type: organisations by inbox, addresses by e-mail."""
    found: dict[str, set[str]] = {}
    for one in Delivery.objects.filter(event=Event.objects.get(type=kind)).select_related(
        "organisation", "user"
    ):
        found.setdefault(one.channel, set()).add(one.user.email if one.user else one.organisation.reference)
    return found


def after(**span: int) -> str:
    """A moment from now on, as it is sent."""
    return (timezone.now() + timedelta(**span)).isoformat(timespec="seconds")


def past_deadline(call_off: CallOff) -> datetime:
    """The moment of the deadline itself, from which on nothing is taken."""
    deadline = call_off.competition.deadline
    assert deadline is not None
    return deadline


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The server's clock stands at a moment."""
    with patch("django.utils.timezone.now", return_value=moment):
        yield


def _viewer(name: str) -> Actor:
    """A viewer of the buyer by that name."""
    return editor_of("shire", "viewer", name)
