"""Paying for outcomes: the arithmetic by properties, the plan's way to agreement, claims from submitted to paid."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from procurement.actions.call_offs import edit_call_off
from procurement.actions.claims import (
    pay_claim,
    reject_claim,
    totals,
    unverify_claim,
    verify_claim,
)
from procurement.actions.contracts import terminate_contract
from procurement.actions.files import add_claim_file, opened
from procurement.actions.offers import send_offer
from procurement.actions.outcome_plans import (
    approve_share,
    propose_plan,
    remove_plan,
    save_plan,
)
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import (
    Claim,
    ClaimFile,
    Contract,
    Event,
    OutcomePayment,
    OutcomePlan,
    Payer,
    RequirementRevision,
)
from procurement.outcomes import WHOLE, Priced, payable, split
from procurement.permissions import Actor
from tests.bought import TERMS, Market, drafted
from tests.competed import told
from tests.paid import YES, ago, agreed, body, claim, measure_of, refused, signed
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db

SHARES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5_000), min_size=1).map(
    lambda found: {name: share * WHOLE // sum(found.values()) for name, share in found.items()}
)


@given(amount=st.integers(0, 10**10), shares=SHARES)
def test_a_payment_is_split_to_the_penny_and_nobody_pays_a_penny_more_than_their_share_rounds_to(
    amount: int, shares: dict[str, int]
) -> None:
    shares = {name: share for name, share in shares.items() if share}
    if not shares:
        return
    parts = split(amount, shares)
    whole = sum(shares.values())
    assert sum(parts.values()) == amount
    assert all(0 <= parts[name] - amount * share // whole <= 1 for name, share in shares.items())


@given(amount=st.integers(0, 10**8), pot=st.integers(0, 10**8), share=st.integers(1, WHOLE - 1))
def test_a_fund_never_pays_more_than_its_pot_and_others_pay_what_it_lacks(
    amount: int, pot: int, share: int
) -> None:
    shares = {"buyer": WHOLE - share, "fund": share}
    parts = split(amount, shares, {"fund": pot})
    assert (sum(parts.values()), parts["fund"]) == (amount, min(pot, split(amount, shares)["fund"]))


def test_funds_alone_that_do_not_hold_it_are_refused() -> None:
    with pytest.raises(ValueError, match="pots"):
        split(100, {"fund": WHOLE}, {"fund": 99})


@given(
    counts=st.lists(st.integers(0, 40), max_size=12),
    price=st.integers(1, 10_000),
    most=st.integers(1, 100),
    cap=st.integers(0, 500_000),
)
def test_however_often_outcomes_are_claimed_neither_cap_is_passed(
    counts: list[int], price: int, most: int, cap: int
) -> None:
    measure, paid = Priced(price, most), 0
    for count in counts:
        amount = payable(count, measure, paid, cap - paid)
        assert 0 <= amount <= count * price
        paid += amount
    assert paid == min(cap, measure.cap, sum(counts) * price)


@given(
    claims=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    anew=st.lists(st.integers(0, 5), max_size=12),
    price=st.integers(1, 10_000),
    most=st.integers(1, 100),
    cap=st.integers(0, 500_000),
)
def test_whatever_is_taken_back_and_verified_anew_what_is_borne_out_is_paid_up_to_the_caps(
    claims: list[int], anew: list[int], price: int, most: int, cap: int
) -> None:
    measure, amounts = Priced(price, most), [0] * len(claims)

    def verify(at: int) -> None:
        amounts[at] = 0
        amounts[at] = payable(claims[at], measure, sum(amounts), cap - sum(amounts))

    for at in [*range(len(claims)), *(one % len(claims) for one in anew)]:
        verify(at)
        assert 0 <= amounts[at] <= claims[at] * price
    # Each that came to too little is decided on once more.
    for at in range(len(claims)):
        verify(at)
    assert sum(amounts) == min(cap, measure.cap, sum(claims) * price)


@pytest.fixture
def payer(market: Market) -> Actor:
    make_buyers("ministry")
    return editor_of("ministry", "approver")


def test_outcomes_are_agreed_claimed_verified_by_another_and_paid_by_shares(
    market: Market, payer: Actor
) -> None:
    plan = agreed(market, payer)
    assert plan.status == "agreed"
    contract = signed(market, plan)
    # 6,250.00 for days, 100.00 expenses, 500.00 options, 2,500.00 outcomes.
    assert (contract.value_minor, contract.maximum_minor) == (635_000, 935_000)
    first = claim(market, contract, last_day=ago(16))
    assert totals(plan).claimed == 200_020
    first = verify_claim(market.buyer, first.reference, 1, 20)
    assert (first.amount_minor, totals(plan).left) == (200_020, 49_980)
    first = pay_claim(market.approver, first.reference, 2)
    paid = dict(OutcomePayment.objects.values_list("payer__organisation__reference", "minor"))
    assert paid == {"shire": 170_020, "ministry": 30_000}
    second = claim(market, contract, first_day=ago(15))
    second = verify_claim(market.buyer, second.reference, 1, 20)
    assert second.amount_minor == 49_980
    pay_claim(market.approver, second.reference, 2)
    assert (totals(plan).paid, totals(plan).left) == (250_000, 0)
    fund = Payer.objects.get(organisation__reference="ministry")
    assert sum(fund.payments.values_list("minor", flat=True)) == 30_000


def test_nothing_goes_out_before_every_payer_has_approved_and_an_edit_takes_that_back(
    market: Market, payer: Actor
) -> None:
    plan = agreed(market, payer)
    call_off = plan.call_off
    call_off.refresh_from_db()
    again = save_plan(market.buyer, call_off.reference, call_off.revision, body("in-work", cap="2000.00"))
    call_off.refresh_from_db()
    assert (again.status, list(again.payers.values_list("approved_at", flat=True))) == ("draft", [None, None])
    assert refused(Invalid, lambda: send_offer(market.buyer, call_off.reference, call_off.revision)) == [
        ("/outcomes", "not_agreed")
    ]


def test_a_plan_that_is_unsuitable_or_incomplete_is_not_proposed(market: Market, payer: Actor) -> None:
    call_off = drafted(market.buyer)
    answers = YES | {"measurable": {"answer": False, "why": "No data."}, "adds": {"answer": True, "why": ""}}
    said = body(measure_of(market).reference, suitability=answers, long_stop_on=None, cap="9000.00",
                payers=[{"organisation": "shire", "share": "50.00"}])  # fmt: skip
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert refused(Invalid, lambda: propose_plan(market.buyer, plan.reference, plan.revision)) == [
        ("/suitability/measurable", "not_suitable"), ("/suitability/adds/why", "required"),
        ("/cap", "above_outcomes"), ("/long_stop_on", "required"), ("/payers", "not_whole"),
    ]  # fmt: skip


@pytest.mark.parametrize("cap", [{}, {"cap": None}])
def test_a_plan_that_would_never_pay_is_not_proposed(
    market: Market, payer: Actor, cap: dict[str, Any]
) -> None:
    call_off, said = drafted(market.buyer), body(measure_of(market).reference)
    del said["cap"]
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    plan = save_plan(
        market.buyer, call_off.reference, call_off.revision, said | cap | {"long_stop_on": yesterday}
    )
    assert refused(Invalid, lambda: propose_plan(market.buyer, plan.reference, plan.revision)) == [
        ("/cap", "required"), ("/long_stop_on", "past"),
    ]  # fmt: skip
    # The work starts in thirty days.
    after_start = (timezone.localdate() + timedelta(days=31)).isoformat()
    call_off.refresh_from_db()
    plan = save_plan(
        market.buyer,
        call_off.reference,
        call_off.revision,
        said | {"cap": "1.00", "long_stop_on": after_start},
    )
    assert propose_plan(market.buyer, plan.reference, plan.revision).status == "proposed"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"cap": "x"}, ("/cap", "shape")),
        ({"investor": "nobody"}, ("/investor", "unknown")),
        ({"investor_named": {"name": "Fund", "scheme": "GB-COH", "identifier": "x"}},
         ("/investor_named/identifier", "shape")),
        ({"investor_named": {"name": "Fund", "scheme": "GB-COH"}}, ("/investor_named/identifier", "required")),
        ({"investor": "borough", "investor_named": {"name": "F", "scheme": "XX-DEMO", "identifier": "00000001"}},
         ("/investor_named", "duplicate")),
        ({"payers": [{"organisation": "nobody", "share": "100"}]}, ("/payers/0/organisation", "unknown")),
        ({"payers": [{"organisation": "shire", "share": "0"}]}, ("/payers/0/share", "range")),
        ({"payers": [{"organisation": "shire", "share": "٩"}]}, ("/payers/0/share", "shape")),
        ({"payers": [{"organisation": "shire", "share": "9", "pot": "5.00"}]}, ("/payers/0", "fund_incomplete")),
        ({"measures": [{"measure": "none", "target": 1, "price": "1.00", "most": 1}]},
         ("/measures/0/measure", "unknown")),
        ({"measures": [{"measure": "in-work", "baseline": 5, "target": 5, "price": "1.00", "most": 1}]},
         ("/measures/0/target", "range")),
        ({"suitability": {"problem": {"answer": "yes"}}}, ("/suitability/problem/answer", "type")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_plan_is_named(
    market: Market, payer: Actor, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    measure_of(market)
    call_off = drafted(market.buyer)
    said = body("in-work", **changes)
    assert refused(Invalid, lambda: save_plan(market.buyer, call_off.reference, call_off.revision, said)) == [
        fault
    ]


def test_a_plan_that_is_not_agreed_is_removed_and_the_call_off_goes_out_without_it(
    market: Market, payer: Actor
) -> None:
    call_off, said = drafted(market.buyer), body(measure_of(market).reference)
    draft = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    refused(NotFound, lambda: remove_plan(payer, draft.reference, draft.revision))
    remove_plan(market.buyer, draft.reference, draft.revision)
    assert told("outcome_plan.removed") == {}
    first = Event.objects.get(type="outcome_plan.removed")
    assert {one.organisation.reference for one in first.audience.all()} == {"shire"}
    call_off.refresh_from_db()
    assert (call_off.status, call_off.outcomes_minor) == ("draft", 0)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert plan.revision == draft.revision + 1
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    refused(NotPermitted, lambda: remove_plan(payer, plan.reference, plan.revision))
    refused(Stale, lambda: remove_plan(market.buyer, plan.reference, plan.revision - 1))
    remove_plan(market.buyer, plan.reference, plan.revision)
    second = Event.objects.filter(type="outcome_plan.removed").latest("position")
    assert {one.organisation.reference for one in second.audience.all()} == {"shire", "ministry"}
    assert not OutcomePlan.objects.exists()
    call_off.refresh_from_db()
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert offer.status == "sent"


def test_an_agreed_plan_is_not_removed(market: Market, payer: Actor) -> None:
    plan = agreed(market, payer)
    refused(Conflict, lambda: remove_plan(market.buyer, plan.reference, plan.revision))


def test_who_may_do_what_with_a_plan(market: Market, payer: Actor) -> None:
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference)
    for actor, kind in ((market.stranger, NotFound), (market.oak, NotFound)):
        refused(kind, lambda actor=actor: save_plan(actor, call_off.reference, call_off.revision, said))
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    refused(NotFound, lambda: approve_share(payer, plan.reference, plan.revision))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    refused(NotPermitted, lambda: approve_share(market.buyer, plan.reference, plan.revision))
    plan = approve_share(payer, plan.reference, plan.revision)
    refused(Conflict, lambda: approve_share(payer, plan.reference, plan.revision))
    assert (plan.status, plan.payers.exclude(approved_at=None).count()) == ("proposed", 1)


def test_evidence_may_be_a_file_until_the_claim_is_decided(
    market: Market, payer: Actor, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    contract = signed(market, agreed(market, payer))
    made = claim(market, contract)
    refused(NotPermitted, lambda: add_claim_file(market.buyer, made.reference, 1, "a.txt", [b"Paid."]))
    refused(NotFound, lambda: add_claim_file(market.stranger, made.reference, 1, "a.txt", [b"Paid."]))
    assert refused(Invalid, lambda: add_claim_file(market.oak, made.reference, 1, "a.pdf", [b"Paid."])) == [
        ("/file", "other_type")
    ]
    refused(Stale, lambda: add_claim_file(market.oak, made.reference, 9, "a.txt", [b"Paid."]))
    assert list(tmp_path.rglob("*.*")) == []
    file = add_claim_file(market.oak, made.reference, 1, "returns.txt", [b"Paid ", b"to three."])
    assert Event.objects.latest("position").changes == {"file": file.reference, "digest": file.digest}
    for reader in (market.oak, market.buyer, payer):
        row, stream = opened(reader, file.reference)
        with stream:
            assert (row.name, stream.read()) == ("returns.txt", b"Paid to three.")
    for stranger in (market.stranger, market.yew):
        with pytest.raises(NotFound):
            opened(stranger, file.reference)
    verify_claim(market.buyer, made.reference, 2, 20)
    refused(Conflict, lambda: add_claim_file(market.oak, made.reference, 3, "b.txt", [b"More."]))
    assert ClaimFile.objects.count() == 1


def test_a_claim_is_verified_by_another_and_never_paid_before(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    made = claim(market, contract)
    refused(Conflict, lambda: pay_claim(market.approver, made.reference, 1))
    refused(NotPermitted, lambda: verify_claim(market.oak, made.reference, 1, 1))
    refused(NotFound, lambda: verify_claim(market.stranger, made.reference, 1, 1))
    assert refused(Invalid, lambda: verify_claim(market.buyer, made.reference, 1, 21)) == [
        ("/counted", "range")
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.update(status="verified", verified_by=market.oak.reference)
    rejected = reject_claim(market.buyer, made.reference, 1, "No returns for March.")
    assert (rejected.status, rejected.reason) == ("rejected", "No returns for March.")
    refused(Conflict, lambda: verify_claim(market.buyer, made.reference, 2, 1))


@pytest.mark.parametrize(
    ("first", "last"), [(30, 16), (20, 10), (16, 16), (30, 30), (35, 0), (35, 30), (16, 0)]
)
def test_no_day_of_an_outcome_is_claimed_twice(market: Market, payer: Actor, first: int, last: int) -> None:
    contract = signed(market, agreed(market, payer))
    made = claim(market, contract, first_day=ago(30), last_day=ago(16))

    def again() -> Claim:
        return claim(market, contract, first_day=ago(first), last_day=ago(last))

    assert refused(Invalid, again) == [("/first_day", "claimed")]
    verify_claim(market.buyer, made.reference, 1, 20)
    assert refused(Invalid, again) == [("/first_day", "claimed")]
    pay_claim(market.approver, made.reference, 2)
    assert refused(Invalid, again) == [("/first_day", "claimed")]
    assert claim(market, contract, first_day=ago(15), last_day=ago(0)).status == "submitted"
    assert claim(market, contract, first_day=ago(40), last_day=ago(31)).status == "submitted"


def test_what_a_verification_that_is_taken_back_had_used_is_free_for_what_is_verified_anew(
    market: Market, payer: Actor
) -> None:
    contract = signed(market, agreed(market, payer, cap="3000.30"))
    first = claim(market, contract, count=25, first_day=ago(30), last_day=ago(20))
    second = claim(market, contract, count=10, first_day=ago(10), last_day=ago(1))
    first = verify_claim(market.buyer, first.reference, first.revision, 25)
    second = verify_claim(market.buyer, second.reference, second.revision, 10)
    assert (first.amount_minor, second.amount_minor) == (250_025, 50_005)
    pay_claim(market.approver, second.reference, second.revision)
    first = unverify_claim(market.buyer, first.reference, first.revision, "Counted by the wrong list.")
    first = verify_claim(market.buyer, first.reference, first.revision, 25)
    assert first.amount_minor == 250_025
    pay_claim(market.approver, first.reference, first.revision)
    assert totals(OutcomePlan.objects.get()).paid == 300_030


def test_what_was_rejected_may_be_claimed_anew_and_two_of_the_same_days_are_not_both_verified(
    market: Market, payer: Actor
) -> None:
    contract = signed(market, agreed(market, payer))
    made = claim(market, contract)
    reject_claim(market.buyer, made.reference, 1, "No returns.")
    first = claim(market, contract)
    # As two stand that were claimed before this was asked.
    Claim.objects.filter(pk=made.pk).update(status="submitted")
    verify_claim(market.buyer, first.reference, 1, 20)
    refused(Conflict, lambda: verify_claim(market.buyer, made.reference, 2, 20))
    assert reject_claim(market.buyer, made.reference, 2, "Twice.").status == "rejected"


def test_what_is_wrong_with_a_claim_is_named(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    today = timezone.localdate()
    late = {
        "first_day": (today - timedelta(days=90)).isoformat(),
        "last_day": (today + timedelta(days=1)).isoformat(),
    }
    assert refused(Invalid, lambda: claim(market, contract, **late)) == [
        ("/first_day", "before_contract"), ("/last_day", "future"),
    ]  # fmt: skip
    OutcomePlan.objects.update(long_stop_on=today - timedelta(days=1))
    assert refused(Invalid, lambda: claim(market, contract, measure="none", count=0, evidence="")) == [
        ("/measure", "unknown"), ("/count", "range"), ("/evidence", "required"), ("/last_day", "long_stop"),
    ]  # fmt: skip


def test_outcomes_are_claimed_once_the_work_is_complete(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    Contract.objects.filter(pk=contract.pk).update(status=Contract.Status.COMPLETE)
    contract.refresh_from_db()
    assert claim(market, contract).status == "submitted"


def test_what_was_reached_until_a_contract_was_terminated_is_claimed_and_paid(
    market: Market, payer: Actor
) -> None:
    contract = signed(market, agreed(market, payer))
    terminate_contract(market.buyer, contract.reference, contract.revision, "It failed.")
    ended = timezone.localdate() - timedelta(days=5)
    Contract.objects.filter(pk=contract.pk).update(ended_on=ended)
    contract.refresh_from_db()
    late = {"last_day": ago(4)}
    assert refused(Invalid, lambda: claim(market, contract, **late)) == [("/last_day", "ended")]
    made = claim(market, contract, last_day=ago(5))
    made = verify_claim(market.buyer, made.reference, made.revision, 2)
    pay_claim(market.approver, made.reference, made.revision)
    assert Claim.objects.get().status == "paid"
    assert OutcomePayment.objects.count() == 2


def test_nothing_is_claimed_of_a_contract_that_was_void(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    Contract.objects.filter(pk=contract.pk).update(status=Contract.Status.TERMINATED, buyer_signed_at=None)
    contract.refresh_from_db()
    assert refused(Conflict, lambda: claim(market, contract)) == []
    assert Claim.objects.count() == 0


def test_a_fund_pays_only_between_its_days(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    Payer.objects.filter(organisation__reference="ministry").update(
        closes_on=timezone.localdate() - timedelta(days=1)
    )
    pay_claim(market.approver, made.reference, made.revision)
    paid = dict(OutcomePayment.objects.values_list("payer__organisation__reference", "minor"))
    assert paid == {"shire": 200_020, "ministry": 0}


def test_a_call_off_may_pay_for_outcomes_alone(market: Market, payer: Actor) -> None:
    call_off = drafted(market.buyer, team=[], terms={**TERMS, "expenses": "0.00", "extensions": []})
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, body(measure_of(market).reference))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    approve_share(payer, plan.reference, plan.revision)
    plan.refresh_from_db()
    approve_share(market.approver, plan.reference, plan.revision)
    contract = signed(market, plan)
    assert (contract.value_minor, contract.maximum_minor) == (0, 250_000)
    assert RequirementRevision.objects.latest("pk").content["team"] == []


def test_terms_cannot_state_the_cap_of_outcomes(market: Market) -> None:
    call_off = drafted(market.buyer)
    assert refused(
        Invalid,
        lambda: edit_call_off(market.buyer, call_off.reference, 1, {"terms": {**TERMS, "outcomes": 5}}),
    ) == [("/terms/outcomes", "unknown_field")]


def test_payers_are_told_what_is_paid_and_the_buyer_that_every_share_is_approved(
    market: Market, payer: Actor
) -> None:
    contract = signed(market, agreed(market, payer))
    shire = {"editor@shire.example.org", "approver@shire.example.org"}
    assert told("outcome_plan.agreed") == {"inbox": {"shire"}, "email": shire}
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    pay_claim(market.approver, made.reference, made.revision)
    assert told("claim.paid") == {
        "inbox": {"oak", "shire", "ministry"},
        "email": {"approver@shire.example.org", "approver@ministry.example.org"},
    }
    event = Event.objects.get(type="claim.paid")
    assert event.references["payer"] == ["ministry", "shire"]
    assert {one.organisation.reference for one in event.audience.all()} == {"oak", "shire", "ministry"}
