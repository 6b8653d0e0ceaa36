"""Every status of a competition and of its tenders against every step that is taken after publishing, by the tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from procurement.actions.assessing import agree, assess
from procurement.actions.awards import award_not_signed, cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off, send_back
from procurement.actions.closing import close_competition, open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.offers import send_offer
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import (
    accept_price,
    ask_about_price,
    conclude_evaluation,
    disqualify,
    evaluate_again,
    explain_price,
)
from procurement.actions.reinstating import reinstate
from procurement.errors import Conflict, Refused
from procurement.models import CallOff, Event, LowPriceQuestion, Tender
from procurement.states import CALL_OFFS, TENDERS
from tests.competed import Contest, evaluated, opened, past_deadline, tender_of

pytestmark = pytest.mark.django_db

Call = Callable[[Contest, CallOff], object]
Bid = Callable[[Contest, Tender], object]

OF_CALL_OFFS: dict[str, Call] = {
    "edit": lambda all_, one: edit_call_off(all_.market.buyer, one.reference, one.revision, {"title": "New"}),
    "ask_approval": lambda all_, one: ask_approval(all_.market.buyer, one.reference, one.revision),
    "approve": lambda all_, one: approve_call_off(all_.market.approver, one.reference, one.revision),
    "send_back": lambda all_, one: send_back(all_.market.approver, one.reference, one.revision, "Why."),
    "send_offer": lambda all_, one: send_offer(all_.market.buyer, one.reference, one.revision),
    "publish": lambda all_, one: publish_competition(all_.market.buyer, one.reference, one.revision),
    "open_tenders": lambda all_, one: open_tenders(all_.market.buyer, one.reference, one.revision),
    "conclude": lambda all_, one: conclude_evaluation(all_.market.buyer, one.reference, one.revision),
    "evaluate_again": lambda all_, one: evaluate_again(
        all_.market.buyer, one.reference, one.revision, "Why."
    ),
    "intend": lambda all_, one: intend_award(all_.market.buyer, one.reference, one.revision),
    "award": lambda all_, one: award_competition(all_.market.buyer, one.reference, one.revision, "None"),
    "undo": lambda all_, one: undo_award(all_.market.approver, one.reference, one.revision, "Why."),
    "not_sign": lambda all_, one: award_not_signed(all_.market.buyer, one.reference, one.revision, "Why."),
    "cancel": lambda all_, one: cancel_call_off(all_.market.buyer, one.reference, one.revision, "Why."),
    "fail": lambda all_, one: fail_call_off(all_.market.buyer, one.reference, one.revision, "Why."),
}
OF_TENDERS: dict[str, Bid] = {
    "assess": lambda all_, one: assess(all_.first, one.reference, "method", 3, "Good."),
    "agree": lambda all_, one: agree(all_.moderator, one.reference, "method", 3, "Good."),
    "ask_price": lambda all_, one: ask_about_price(all_.market.buyer, one.reference, "Why?"),
    "answer_price": lambda all_, one: explain_price(all_.market.oak, one.reference, "So."),
    "accept_price": lambda all_, one: accept_price(all_.market.buyer, one.reference, "Plausible."),
    "disqualify": lambda all_, one: disqualify(
        all_.market.buyer, one.reference, one.revision, "not_compliant", "Not what was asked."
    ),
    "reinstate": lambda all_, one: reinstate(all_.market.buyer, one.reference, one.revision, "It was asked."),
}


@pytest.fixture(scope="module")
def ranked(contest_of_module: Contest, module_database: None) -> CallOff:
    """A competition of this module that is evaluated."""
    return evaluated(contest_of_module)


@pytest.mark.parametrize("status", list(CALL_OFFS.labels))
def test_a_competition_takes_no_step_that_its_table_does_not_know(
    contest: Contest, ranked: CallOff, status: str
) -> None:
    call_off = CallOff.objects.get(pk=ranked.pk)
    CallOff.objects.filter(pk=call_off.pk).update(status=status)
    tenders = list(Tender.objects.order_by("pk").values("status", "revision"))
    for name, step in OF_CALL_OFFS.items():
        if CALL_OFFS.step(name, status, "competition") is not None:
            continue
        before = Event.objects.count()
        with pytest.raises(Conflict):
            step(contest, CallOff.objects.get(pk=call_off.pk))
        after = CallOff.objects.get(pk=call_off.pk)
        assert (after.status, after.revision, Event.objects.count()) == (status, call_off.revision, before), (
            name
        )
    if status != "out":
        assert not close_competition(call_off.reference, past_deadline(call_off))
    assert list(Tender.objects.order_by("pk").values("status", "revision")) == tenders


@pytest.fixture(scope="module")
def scored(contest_of_module: Contest, module_database: None) -> CallOff:
    """A competition of this module that is open, oak's method assessed once."""
    call_off = opened(contest_of_module)
    assess(contest_of_module.first, tender_of(call_off, "oak").reference, "method", 3, "Good.")
    return call_off


@pytest.mark.parametrize("status", list(TENDERS.labels))
def test_an_opened_tender_takes_exactly_the_steps_that_its_table_knows(
    contest: Contest, scored: CallOff, status: str
) -> None:
    call_off = CallOff.objects.get(pk=scored.pk)
    tender = tender_of(call_off, "oak")
    competition = call_off.competition
    for name, step in OF_TENDERS.items():
        of_price = "price" in name
        # A step about a price comes when all is ranked, one about a score before.
        CallOff.objects.update(status="evaluated" if of_price else "evaluating")
        competition.ranking = {"rows": [], "low": {tender.reference: "1"}} if of_price else None
        competition.save(update_fields=["ranking"])
        Tender.objects.filter(pk=tender.pk).update(status=status)
        LowPriceQuestion.objects.all().update(accepted=None)
        before = tender_of(call_off, "oak")
        known = TENDERS.step(name, status)
        if known is None:
            with pytest.raises(Refused):
                step(contest, before)
            after = tender_of(call_off, "oak")
            assert (after.status, after.revision) == (status, before.revision), name
            continue
        step(contest, before)
        after = tender_of(call_off, "oak")
        assert (after.status, after.revision) == (known.target or status, before.revision + 1), name
        last = Event.objects.order_by("position").last()
        assert last is not None
        assert (last.type, last.references["organisation"]) == (known.event, "shire"), name
