"""Whatever is done in whatever order with a contract that pays for outcomes, what must hold of it holds: never paid
above a cap or before it is verified, no day paid twice, no status but by the tables, no value above its maximum, no
notice of an end that is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final
from unittest.mock import patch

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from procurement.actions.claims import (
    ClaimDraft,
    pay_claim,
    reject_claim,
    submit_claim,
    totals,
    unverify_claim,
    verify_claim,
)
from procurement.actions.contracts import (
    complete_contract,
    extend_contract,
    identify_contract,
    reopen_contract,
    sign_contract,
    terminate_contract,
)
from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.actions.indicators import assess_contract, set_indicators
from procurement.actions.public_notices import publish_notice
from procurement.errors import Refused
from procurement.indicators import of_performance
from procurement.models import (
    Claim,
    Contract,
    Event,
    Framework,
    OutcomePayment,
    OutcomePlan,
    Payer,
    PublicNotice,
)
from procurement.notice_facts import contract_notices, next_look
from procurement.outcome_checks import ended_of
from procurement.permissions import Actor
from procurement.public_notices import DueNotice, of_end
from procurement.states import CLAIMS, CONTRACTS, Machine
from tests.bought import Market
from tests.indicated import GOOD, ROWS
from tests.paid import agreed, awarded
from tests.world import editor_of, make_buyers

WHY: Final = "Because."
WHO: Final = ("buyer", "approver", "oak", "yew", "stranger", "payer")
PRICE, MOST, POT = 10_001, 30, 30_000
LARGE: Final = 600_000_000
"""Pence that a signed contract is taken to be larger by: the Act asks for every notice of it, yearly ones, too."""

ANY: Final = st.integers(min_value=0, max_value=5)
COUNT: Final = st.integers(min_value=1, max_value=35)
STEPS: Final[dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]]] = {
    "sign": (3, {"who": st.sampled_from(["oak", "buyer", "buyer", "yew"])}),
    "extend": (1, {"who": st.sampled_from(["buyer", "oak"])}),
    "amend": (1, {"number": st.sampled_from(["PO-1", "PO-2", None])}),
    "end": (1, {"early": st.booleans(), "sure": st.integers(min_value=0, max_value=3)}),
    "publish": (3, {"which": ANY}),
    "go_on": (3, {"who": st.sampled_from(["buyer", "buyer", "buyer", "oak"])}),
    "forward": (1, {"days": st.integers(min_value=0, max_value=90)}),
    "submit": (
        4,
        {
            "who": st.sampled_from(["oak", "oak", "oak", "yew", "buyer"]),
            "count": COUNT,
            "ago": st.integers(min_value=-1, max_value=60),
            "days": st.integers(min_value=0, max_value=20),
        },
    ),
    "check": (6, {"who": st.sampled_from(["buyer"] * 6 + [*WHO]), "which": ANY, "counted": COUNT}),
    "reject": (1, {"who": st.sampled_from(["buyer", "oak"]), "which": ANY}),
    "take_back": (2, {"who": st.sampled_from(["buyer"] * 6 + ["approver", "oak"]), "which": ANY}),
    "pay": (6, {"who": st.sampled_from(["approver"] * 6 + [*WHO]), "which": ANY}),
}
"""How often each kind of step is tried, and with what."""
KINDS: Final = [name for name, (weight, _) in STEPS.items() for _ in range(weight)]


class Paying(RuleBasedStateMachine):
    """One contract from its award on, every step open to whoever may and to whoever may not."""

    market: Market
    payer: Actor
    reference: str
    taken: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.now = timezone.now()
        self.patched = patch("django.utils.timezone.now", lambda: self.now)
        self.patched.start()
        self.position = Event.objects.count()
        self.statuses: dict[str, str] = {}
        self.extended = False
        self.last_day = self.contract.ends_on
        self.begun = timezone.localdate() - timedelta(days=40)
        self.walking = True

    def teardown(self) -> None:
        self.patched.stop()
        transaction.set_rollback(True)
        self.point.__exit__(None, None, None)

    @property
    def contract(self) -> Contract:
        return Contract.objects.get(reference=self.reference)

    @property
    def plan(self) -> OutcomePlan:
        return OutcomePlan.objects.get()

    def actor(self, name: str) -> Actor:
        found: Actor = self.payer if name == "payer" else getattr(self.market, name)
        return found

    def kept(self) -> list[Any]:
        return [
            Event.objects.count(),
            list(Contract.objects.values()),
            list(Claim.objects.order_by("pk").values()),
            OutcomePayment.objects.count(),
            list(PublicNotice.objects.order_by("pk").values()),
        ]

    def act(self, name: str, action: Callable[[], Any]) -> None:
        """Takes a step; where it is refused nothing has changed."""
        self.now += timedelta(seconds=1)
        before = self.kept()
        try:
            with transaction.atomic():
                action()
        except Refused:
            assert self.kept() == before
        else:
            self.taken[name] += self.walking

    @initialize(far=st.sampled_from(("awarded", "signed", "claimed", "verified")))
    def begin(self, far: str) -> None:
        """Most walks begin where it is signed, or outcomes are claimed or verified: by steps at random hardly any comes
        from the award to a payment before it ends. What is taken so far is not counted as walked.
        """
        self.walking = False
        if far != "awarded":
            self.sign("oak")
            self.sign("buyer")
        if far in ("claimed", "verified"):
            self.submit("oak", 12, 3, 9)
        if far == "verified":
            self.check("buyer", 0, 12)
        self.walking = True
        claims = list(Claim.objects.values_list("status", flat=True))
        assert (self.contract.status, claims) == {
            "awarded": ("unsigned", []),
            "signed": ("active", []),
            "claimed": ("active", ["submitted"]),
            "verified": ("active", ["verified"]),
        }[far]

    def claim(self, which: int, status: str = "") -> Claim | None:
        """One of the claims, for an even `which` one of that status where there is any."""
        rows = list(Claim.objects.order_by("-pk"))
        rows = [one for one in rows if one.status == status and not which % 2] or rows
        return rows[which % len(rows)] if rows else None

    @rule(kind=st.sampled_from(KINDS), data=st.data())
    def step(self, kind: str, data: st.DataObject) -> None:
        """One step of any kind, as often as its weight says. Of rules of their own hypothesis leaves some out of most
        walks: of sixty none came to a claim that was verified.
        """
        getattr(self, kind)(**data.draw(st.fixed_dictionaries(STEPS[kind][1]), label=kind))

    # The contract.

    def sign(self, who: str) -> None:
        contract = self.contract
        self.act("sign", lambda: sign_contract(self.actor(who), contract.reference, contract.revision))
        # As if both had signed before the work began: there are days to claim outcomes of.
        Contract.objects.filter(status="active").update(starts_on=self.begun)
        small = Contract.objects.filter(status="active", value_minor__lt=LARGE)
        if small.update(value_minor=F("value_minor") + LARGE, maximum_minor=F("maximum_minor") + LARGE):
            contract = self.contract
            set_indicators(self.market.buyer, contract.reference, contract.revision, {"indicators": ROWS})
            Contract.objects.update(notice_on=next_look(self.contract, timezone.localdate()))

    def extend(self, who: str) -> None:
        contract = self.contract
        self.act("extend", lambda: extend_contract(self.actor(who), contract.reference, contract.revision))

    def amend(self, number: str | None) -> None:
        contract, names = self.contract, {"purchase_order": number}
        self.act(
            "amend",
            lambda: identify_contract(self.market.buyer, contract.reference, contract.revision, names),
        )

    def end(self, early: bool, sure: int) -> None:
        contract, buyer = self.contract, self.market.buyer
        if sure:
            return
        if early:
            self.act(
                "terminate", lambda: terminate_contract(buyer, contract.reference, contract.revision, WHY)
            )
        else:
            self.act("complete", lambda: complete_contract(buyer, contract.reference, contract.revision))

    def go_on(self, who: str) -> None:
        """It was complete by mistake."""
        contract = self.contract
        self.act(
            "reopen", lambda: reopen_contract(self.actor(who), contract.reference, contract.revision, WHY)
        )

    def publish(self, which: int) -> None:
        contract, today = self.contract, timezone.localdate()
        if found := [one for one in contract_notices(contract, today) if one.open]:
            self.act("publish", lambda: self._published(contract, found[which % len(found)], today))

    def _published(self, contract: Contract, notice: DueNotice, today: date) -> None:
        """One that tells of performance once that is assessed."""
        if of_performance(notice):
            contract = assess_contract(
                self.market.buyer, contract.reference, contract.revision, notice.key, GOOD
            )
        said = notice.key, "N-1", today.isoformat()
        publish_notice(self.market.buyer, contract.reference, contract.revision, *said)

    def forward(self, days: int) -> None:
        """Time passes; a sweep moves what is due, once."""
        self.now += timedelta(days=days)
        move_due(self.now)
        before = self.kept()
        assert not any(move_due(self.now).values())
        assert self.kept() == before

    # Its outcomes.

    def submit(self, who: str, count: int, ago: int, days: int) -> None:
        contract, last = self.contract, timezone.localdate() - timedelta(days=ago)
        first = last - timedelta(days=days)
        draft = ClaimDraft("in-work", count, first.isoformat(), last.isoformat(), "Returns.")
        self.act(
            "submit",
            lambda: submit_claim(self.actor(who), contract.reference, contract.revision, draft),
        )

    def check(self, who: str, which: int, counted: int) -> None:
        if one := self.claim(which, "submitted"):
            counted = min(counted, one.count + 1)
            self.act("verify", lambda: verify_claim(self.actor(who), one.reference, one.revision, counted))

    def reject(self, who: str, which: int) -> None:
        if one := self.claim(which):
            self.act("reject", lambda: reject_claim(self.actor(who), one.reference, one.revision, WHY))

    def take_back(self, who: str, which: int) -> None:
        if one := self.claim(which, "verified"):
            self.act("unverify", lambda: unverify_claim(self.actor(who), one.reference, one.revision, WHY))

    def pay(self, who: str, which: int) -> None:
        if one := self.claim(which, "verified"):
            self.act("pay", lambda: pay_claim(self.actor(who), one.reference, one.revision))

    # What must hold.

    @invariant()
    def nothing_is_paid_above_a_cap_or_before_it_is_verified(self) -> None:
        sums = totals(self.plan)
        claims = list(Claim.objects.prefetch_related("payments"))
        counted = [one for one in claims if one.status in ("verified", "paid")]
        assert sums.verified + sums.paid == sum(one.amount_minor for one in counted) <= sums.cap
        assert sums.left >= 0
        assert sum(one.amount_minor for one in counted) <= PRICE * MOST
        for one in claims:
            paid = sum(each.minor for each in one.payments.all())
            assert paid == (one.amount_minor if one.status == "paid" else 0)
            if one.status in ("verified", "paid"):
                assert one.verified_by not in ("", one.claimed_by)
                assert one.verified_at is not None
                assert one.amount_minor <= one.counted * PRICE <= one.count * PRICE
            if one.status == "paid":
                assert one.paid_at is not None
                assert one.verified_at is not None
                assert one.paid_at >= one.verified_at
        fund = Payer.objects.get(organisation__reference="ministry")
        assert sum(fund.payments.values_list("minor", flat=True)) <= POT

    @invariant()
    def no_day_is_claimed_twice(self) -> None:
        standing = Claim.objects.exclude(status="rejected").order_by("first_day")
        spans = list(standing.values_list("first_day", "last_day"))
        assert all(one[1] < other[0] for one, other in pairwise(spans))

    @invariant()
    def a_contract_keeps_its_bounds(self) -> None:
        contract = self.contract
        assert contract.value_minor <= contract.maximum_minor
        assert contract.taken <= len(contract.options)
        options = sum(one["minor"] for one in contract.options[: contract.taken])
        left = sum(one["minor"] for one in contract.options[contract.taken :])
        # Expenses and days beside the outcomes' cap of 2,500.00.
        assert contract.value_minor + left + 250_000 == contract.maximum_minor
        live = contract.status != "unsigned"
        assert contract.value_minor - options == 635_000 + live * LARGE
        assert contract.ends_on >= self.last_day
        self.last_day: date = contract.ends_on
        assert live is (None not in (contract.buyer_signed_at, contract.supplier_signed_at))
        assert live or not Claim.objects.exists()
        assert (contract.ended_on is not None) is (contract.status in ("complete", "terminated"))

    @invariant()
    def its_notices_are_of_the_end_that_stands(self) -> None:
        contract, today = self.contract, timezone.localdate()
        assert contract.notice_on == next_look(contract, today)
        # The last of the yearly ones is asked for in the month before it.
        if contract.status in ("active", "extended") and today < contract.ends_on - timedelta(days=30):
            ends = [one.key for one in contract_notices(contract, today) if of_end(one)]
            assert ends == ["uk9-end", "uk11"]
            assert not PublicNotice.objects.filter(contract=contract, key__in=ends).exists()

    @invariant()
    def its_plan_tells_whether_the_purchase_has_ended(self) -> None:
        contract = self.contract
        over = contract.status in ("complete", "terminated")
        assert (ended_of(contract.call_off) is not None) is over
        told = Event.objects.filter(type__in=("outcome_plan.ended", "outcome_plan.resumed"))
        last = told.order_by("position").last()
        assert (last is not None and last.type == "outcome_plan.ended") is over

    @invariant()
    def every_status_is_reached_by_the_tables(self) -> None:
        for event in Event.objects.filter(position__gt=self.position).order_by("position"):
            self.position = event.position
            machine = {"contract": CONTRACTS, "claim": CLAIMS}.get(event.subject_type)
            if machine is not None:
                self.follow(machine, event)
        now = dict(Claim.objects.values_list("reference", "status"))
        now[self.reference] = self.contract.status
        first = dict.fromkeys(now, CLAIMS.first) | {self.reference: CONTRACTS.first}
        assert {name: self.statuses.get(name, first[name]) for name in now} == now

    def follow(self, machine: Machine, event: Event) -> None:
        self.extended = self.extended or event.type == "contract.extended"
        # One of which an option was taken goes on as such.
        other = "active" if self.extended else "extended"
        steps = [one for one in machine.transitions if one.event == event.type]
        steps = [one for one in steps if event.type != "contract.reopened" or one.target != other]
        status = self.statuses.get(event.subject, machine.first)
        assert not steps or any(status in one.sources for one in steps), (event.type, status)
        for step in steps:
            if status in step.sources:
                self.statuses[event.subject] = step.target or status

    @invariant()
    def the_chain_holds(self) -> None:
        assert verify() is None


def walked(market: Market) -> type[Paying]:
    """The machine over a contract that is awarded and begun forty days ago."""
    make_buyers("ministry")
    payer = editor_of("ministry", "approver")
    contract = awarded(market, agreed(market, payer))
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    told = {"market": market, "payer": payer, "reference": contract.reference, "taken": Counter()}
    return type("Walked", (Paying,), told)


def walk(market: Market, examples: int, steps: int) -> Counter[str]:
    """Walks so often, so far; the steps that were taken, by kind."""
    machine = walked(market)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    told = ", ".join(f"{name} {count}" for name, count in sorted(machine.taken.items()))
    print(f"\n{examples} walks of {steps} steps: {told}")
    return machine.taken


def paid(machine: Paying) -> None:
    """The straight way, each step followed by everything that must hold."""
    steps: tuple[Callable[[], None], ...] = (
        lambda: machine.pay("approver", 0),
        lambda: machine.submit("oak", 20, 0, 10),
        lambda: machine.sign("oak"),
        lambda: machine.sign("buyer"),
        lambda: machine.submit("oak", 20, 0, 10),
        lambda: machine.pay("approver", 0),
        lambda: machine.check("buyer", 0, 20),
        lambda: machine.submit("oak", 15, 5, 10),
        lambda: machine.pay("approver", 0),
        lambda: machine.extend("buyer"),
        lambda: machine.end(early=False, sure=0),
        # It was complete by mistake, and goes on until an option is taken.
        lambda: machine.forward(30),
        lambda: machine.go_on("oak"),
        lambda: machine.go_on("buyer"),
        *(lambda: machine.publish(0),) * 4,
        lambda: machine.extend("buyer"),
        lambda: machine.submit("oak", 15, 11, 5),
        lambda: machine.check("buyer", 0, 1),
        lambda: machine.take_back("approver", 0),
        lambda: machine.take_back("buyer", 0),
        lambda: machine.pay("approver", 0),
        lambda: machine.check("buyer", 0, 15),
        lambda: machine.pay("approver", 0),
        lambda: machine.end(early=False, sure=0),
        lambda: machine.submit("oak", 5, 20, 1),
        lambda: machine.reject("buyer", 0),
    )
    for step in steps:
        step()
        machine.nothing_is_paid_above_a_cap_or_before_it_is_verified()
        machine.no_day_is_claimed_twice()
        machine.a_contract_keeps_its_bounds()
        machine.its_notices_are_of_the_end_that_stands()
        machine.its_plan_tells_whether_the_purchase_has_ended()
        machine.every_status_is_reached_by_the_tables()


@pytest.mark.django_db
def test_what_must_hold_of_outcomes_and_their_contract_holds_from_the_award_to_the_end(
    market: Market,
) -> None:
    machine = walked(market)()
    try:
        paid(machine)
        assert totals(machine.plan).left == 0
    finally:
        machine.teardown()
    assert set(machine.taken) == {
        "sign", "submit", "verify", "unverify", "pay", "extend", "complete", "reopen", "publish", "reject",
    }  # fmt: skip
    assert (machine.taken["unverify"], machine.taken["reopen"], machine.taken["complete"]) == (1, 1, 2)


@pytest.mark.django_db
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_what_must_hold_of_outcomes_and_their_contract_holds_whatever_is_done(market: Market) -> None:
    taken = walk(market, 60, 30)
    every = {
        "sign",
        "extend",
        "amend",
        "complete",
        "reopen",
        "publish",
        "terminate",
        "submit",
        "verify",
        "unverify",
        "reject",
        "pay",
    }
    assert {name for name, count in taken.items() if count} == every
    # Of the walk's own steps, beside what was verified before it began.
    assert taken["verify"] >= 10
    assert taken["pay"] >= 5
