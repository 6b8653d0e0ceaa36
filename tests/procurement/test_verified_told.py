"""What is told of a claim that was verified: what is borne out, what is to be paid for it within the caps, and by whom;
a claim that comes to nothing is told as that and waits for nobody.
"""

from __future__ import annotations

import pytest

from procurement.actions.claims import pay_claim, totals, unverify_claim, verify_claim
from procurement.actions.contracts import contract_parts
from procurement.available import claim_steps
from procurement.errors import Conflict
from procurement.event_names import names_for
from procurement.models import Claim, Event, Organisation, OutcomePayment, OutcomePlan
from procurement.notices import Message, notice_for, worded
from tests.bought import Market
from tests.competed import told
from tests.guards import unguarded
from tests.paid import ago, agreed, claim, refused, signed
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(market: Market) -> OutcomePlan:
    """At most thirty outcomes at 100.01, 3,000.30 in all; a third by the ministry's fund of 300.00."""
    make_buyers("ministry")
    return agreed(market, editor_of("ministry", "approver"), cap="3000.30")


def said(whom: str) -> Message:
    """How the last verification is told to them."""
    event = Event.objects.filter(type="claim.verified").latest("position")
    notice = notice_for(event.type, whom)
    return worded(event, notice, names_for(notice, event))


def test_beyond_the_measures_cap_it_is_told_what_is_paid_and_whose_part(
    market: Market, plan: OutcomePlan
) -> None:
    contract = signed(market, plan)
    made = verify_claim(market.buyer, claim(market, contract, count=40).reference, 1, 40)
    assert (made.counted, made.amount_minor) == (40, 300_030)
    event = Event.objects.latest("position")
    # The supplier reads the event.
    assert event.changes == {"counted": 40, "amount": 300_030}
    assert event.references["payer"] == ["ministry", "shire"]
    shire, ministry = (Organisation.objects.get(reference=one).name for one in ("shire", "ministry"))
    assert names_for(notice_for(event.type, "lead"), event) == {}
    text = (
        f"The claim {made.reference} on {contract.reference} was verified: 40 outcomes are borne out, for which "
        "£3000.30 is to be paid"
    )
    by_part = f"{text}: £300.00 by {ministry}, £2700.30 by {shire}, as the pots stand today."
    assert [said(whom).text for whom in ("organisation", "payer")] == [by_part] * 2
    # Who pays which share stays with those who pay.
    assert said("lead").text == f"{text}."
    assert said("organisation").title == f"Outcomes to pay: {made.reference}"


def test_a_claim_that_comes_to_nothing_is_told_so_and_waits_for_no_payment(
    market: Market, plan: OutcomePlan
) -> None:
    contract = signed(market, plan)
    first = verify_claim(market.buyer, claim(market, contract, count=40, last_day=ago(16)).reference, 1, 40)
    pay_claim(market.approver, first.reference, first.revision)
    paid = OutcomePayment.objects.count()
    made = claim(market, contract, count=3, first_day=ago(15))
    made = verify_claim(market.buyer, made.reference, made.revision, 3)
    assert (made.status, made.counted, made.amount_minor) == ("verified", 3, 0)
    event = Event.objects.latest("position")
    assert event.references["payer"] == []
    assert said("organisation") == Message(
        f"Nothing to pay: {made.reference}",
        f"The claim {made.reference} on {contract.reference} was verified: 3 outcomes are borne out, and nothing is "
        "to be paid, as the most that is paid for has been reached.",
        f"/contracts/{contract.reference}",
    )
    parts = contract_parts(market.approver, contract)
    assert claim_steps(made.status, parts, claimed=False, amount=made.amount_minor) == []
    assert refused(Conflict, lambda: pay_claim(market.approver, made.reference, made.revision)) == []
    assert (OutcomePayment.objects.count(), totals(plan).verified) == (paid, 0)
    # Nobody was told to pay, so that nobody but lead and buyer is told that it is taken back.
    made = unverify_claim(market.buyer, made.reference, made.revision, "A slip.")
    assert Event.objects.latest("position").references["payer"] == []
    assert told("claim.unverified")["inbox"] == {"oak", "shire"}


def test_a_body_whose_part_is_nothing_is_not_told_to_pay(market: Market, plan: OutcomePlan) -> None:
    contract = signed(market, plan)
    plan.payers.filter(organisation__reference="ministry").update(closes_on=ago(1))
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    assert Event.objects.latest("position").references["payer"] == ["shire"]
    assert told("claim.verified")["inbox"] == {"oak", "shire"}
    unverify_claim(market.buyer, made.reference, made.revision, "A slip.")
    assert told("claim.unverified")["inbox"] == {"oak", "shire"}
    assert Claim.objects.get().status == "submitted"


def test_what_claims_that_were_verified_before_take_of_a_pot_is_not_promised_twice(
    market: Market, plan: OutcomePlan
) -> None:
    contract = signed(market, plan)
    first = verify_claim(market.buyer, claim(market, contract, count=5, last_day=ago(16)).reference, 1, 5)
    verify_claim(market.buyer, claim(market, contract, first_day=ago(15)).reference, 1, 20)
    shire, ministry = (Organisation.objects.get(reference=one).name for one in ("shire", "ministry"))
    # A third of 500.05 is to come out of the pot of 300.00 for the first.
    text = f": £133.33 by {ministry}, £1866.87 by {shire}, as the pots stand today."
    assert said("payer").text.endswith(text)
    # An inbox and an e-mail say the same, whenever they are delivered.
    second = Claim.objects.get(status="verified", amount_minor=200_020)
    for one in (first, second):
        pay_claim(market.approver, one.reference, one.revision)
        assert said("payer").text.endswith(text)


def test_a_fund_that_opens_later_is_told_as_it_may_pay_then(market: Market, plan: OutcomePlan) -> None:
    contract = signed(market, plan)
    plan.payers.filter(organisation__reference="ministry").update(opens_on=ago(-9))
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    assert Event.objects.latest("position").references["payer"] == ["ministry", "shire"]
    shire = Organisation.objects.get(reference="shire").name
    assert said("payer").text.endswith(f"is to be paid: £2000.20 by {shire}, as the pots stand today.")
    assert told("claim.verified")["inbox"] == {"oak", "shire", "ministry"}
    plan.payers.filter(organisation__reference="ministry").update(opens_on=ago(9))
    pay_claim(market.approver, made.reference, made.revision)
    paid = OutcomePayment.objects.values_list("payer__organisation__reference", "minor")
    assert dict(paid) == {"ministry": 30_000, "shire": 170_020}


def test_a_verification_from_before_it_named_payers_is_taken_back_and_all_that_pay_are_told(
    market: Market, plan: OutcomePlan
) -> None:
    contract = signed(market, plan)
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    earlier = Event.objects.get(type="claim.verified")
    kept = {name: one for name, one in earlier.references.items() if name != "payer"}
    with unguarded():
        Event.objects.filter(pk=earlier.pk).update(references=kept)
    assert unverify_claim(market.buyer, made.reference, made.revision, "A slip.").status == "submitted"
    assert Event.objects.latest("position").references["payer"] == ["ministry", "shire"]
    assert told("claim.unverified")["inbox"] == {"oak", "shire", "ministry"}
