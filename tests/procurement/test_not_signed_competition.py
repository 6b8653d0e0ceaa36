"""The winner of a competition does not sign: its tender is out, the others are ranked anew and the next is awarded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from procurement.actions.assessing import declare_interests
from procurement.actions.awards import award_not_signed, undo_award
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.contracts import sign_contract
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid, NotPermitted, Refused
from procurement.models import CallOff, Contract, Event, OutcomeLetter, Tender
from procurement.permissions import Actor
from procurement.ranked_first import ranked_first
from tests.bought import awarded as awarded_directly
from tests.competed import Contest, evaluated, tender_of, told

WHY = "It has no people for it any more."


def awarded(contest: Contest, **said: Any) -> CallOff:
    """A competition that is awarded to oak and signed by nobody."""
    call_off, buyer = evaluated(contest, **said), contest.market.buyer
    award_competition(buyer, call_off.reference, call_off.revision, "None known")
    return CallOff.objects.get(pk=call_off.pk)


def state() -> tuple[Any, ...]:
    return (
        list(CallOff.objects.values_list("status", "revision")),
        list(Tender.objects.order_by("pk").values_list("status", "revision")),
        list(Contract.objects.values_list("status", "revision")),
        (OutcomeLetter.objects.count(), Event.objects.count()),
    )


def refused(kind: type[Refused], act: Callable[[], object]) -> str:
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return str(refusal.value)


def letters(call_off: CallOff, supplier: str) -> list[dict[str, Any]]:
    rows = OutcomeLetter.objects.filter(tender=tender_of(call_off, supplier)).order_by("pk")
    return [json.loads(one.document) for one in rows]


def test_the_next_is_awarded_where_the_winner_does_not_sign(contest: Contest) -> None:
    call_off, buyer = awarded(contest), contest.market.buyer
    award_not_signed(buyer, call_off.reference, call_off.revision, WHY)
    call_off = CallOff.objects.get(pk=call_off.pk)
    oak, yew = tender_of(call_off, "oak"), tender_of(call_off, "yew")
    assert (call_off.status, oak.status, oak.reason, yew.status) == (
        "evaluated", "not_signed", WHY, "submitted",
    )  # fmt: skip
    assert Contract.objects.get().status == "terminated"
    assert call_off.competition.ranking is not None
    assert [(one["tender"], one["rank"]) for one in call_off.competition.ranking["rows"]] == [
        (yew.reference, 1)
    ]
    last = list(Event.objects.order_by("-position").values_list("type", flat=True)[:6])[::-1]
    assert last == [
        "contract.voided", "tender.not_signed", "tender.told", "tender.reopened", "tender.told",
        "call_off.award_undone",
    ]  # fmt: skip
    assert facts_of(call_off, call_off.created_at.date()).line.next.steps == ("intend", "award")
    award_competition(buyer, call_off.reference, call_off.revision, "None known")
    signing = Contract.objects.get(status="unsigned")
    assert signing.appointment.supplier.reference == "yew"
    assert tender_of(call_off, "oak").status == "not_signed"
    assert letters(call_off, "yew")[-1]["outcome"] == "successful"


def test_it_is_told_the_reason_and_the_others_that_it_did_not_sign(contest: Contest) -> None:
    call_off = awarded(contest)
    award_not_signed(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    of_oak, of_yew = letters(call_off, "oak")[-1], letters(call_off, "yew")[-1]
    assert (of_oak["outcome"], of_oak["reason"]) == ("not_signed", WHY)
    assert (of_yew["outcome"], of_yew["reason"]) == (
        "reopened",
        "The supplier that it was awarded to did not sign the contract.",
    )
    assert told("contract.voided") == {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
    readers = {
        one.organisation.reference
        for event in Event.objects.filter(changes__reason=WHY)
        for one in event.audience.all()
    }
    assert readers == {"shire", "oak"}


def test_a_promised_standstill_runs_anew_for_the_next(contest: Contest) -> None:
    call_off, buyer = awarded(contest), contest.market.buyer
    call_off.competition.standstill = True
    call_off.competition.save(update_fields=["standstill"])
    award_not_signed(buyer, call_off.reference, call_off.revision, WHY)
    call_off = CallOff.objects.get(pk=call_off.pk)
    assert call_off.competition.standstill_until is None
    with pytest.raises(Conflict, match="tell the intention"):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    assert intend_award(buyer, call_off.reference, call_off.revision).standstill_until is not None


def test_where_scores_count_no_longer_the_others_are_evaluated_again(contest: Contest) -> None:
    call_off, buyer = awarded(contest), contest.market.buyer
    declare_interests(contest.moderator, call_off.reference, conflict=True, note="A cousin.")
    call_off = CallOff.objects.get(pk=call_off.pk)
    award_not_signed(buyer, call_off.reference, call_off.revision, WHY)
    call_off = CallOff.objects.get(pk=call_off.pk)
    assert (call_off.status, tender_of(call_off, "oak").status) == ("evaluated", "not_signed")
    facts = facts_of(call_off, call_off.created_at.date())
    assert facts.line.next.steps == ("evaluate_again",)
    # Until then nobody ranks first: neither who did not sign, nor the next by scores that count no longer.
    ranking = call_off.competition.ranking
    assert ranking is not None
    assert [(one["tender"], one["rank"]) for one in ranking["rows"]] == [
        (tender_of(call_off, "yew").reference, 2)
    ]
    assert (ranked_first(call_off), facts.purchase.unranked) == (None, True)


def test_only_the_owner_says_it_with_a_reason_before_the_supplier_signs(contest: Contest) -> None:
    call_off, market = awarded(contest), contest.market

    def says(actor: Actor, reason: str = WHY) -> Callable[[], object]:
        return lambda: award_not_signed(actor, call_off.reference, call_off.revision, reason)

    refused(NotPermitted, says(contest.moderator))
    refused(Invalid, says(market.buyer, " "))
    contract = Contract.objects.get()
    sign_contract(market.oak, contract.reference, contract.revision)
    call_off.refresh_from_db()
    assert refused(Conflict, says(market.buyer)) == "The supplier has signed the contract."
    assert "not_sign" not in facts_of(call_off, call_off.created_at.date()).steps(market.buyer)
    undo_award(market.approver, call_off.reference, call_off.revision, "A mistake.")
    call_off.refresh_from_db()
    refused(Conflict, says(market.buyer))


def test_of_a_direct_award_its_offer_says_so(contest: Contest) -> None:
    contract = awarded_directly(contest.market)
    call_off = contract.call_off
    call_off.refresh_from_db()
    told_so = refused(
        Conflict,
        lambda: award_not_signed(contest.market.buyer, call_off.reference, call_off.revision, WHY),
    )
    assert told_so == "Of a direct award it is said of the offer that was accepted."
    assert "not_sign" not in facts_of(call_off, call_off.created_at.date()).steps(contest.market.buyer)
