"""Whatever is done in whatever order with a direct award, what must hold of it holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from procurement.actions.awards import (
    award_direct,
    cancel_call_off,
    fail_call_off,
    offer_not_signed,
    undo_award,
)
from procurement.actions.call_offs import approve_call_off, edit_call_off
from procurement.actions.contracts import (
    complete_contract,
    extend_contract,
    sign_contract,
    terminate_contract,
)
from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.actions.offers import accept_offer, decline_offer, send_offer, view_offer, withdraw_offer
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid, NotPermitted, Stale
from procurement.models import BuyerLimit, CallOff, Contract, Event, Lot, Offer, Organisation
from procurement.models.call_offs import LIVE_OFFER
from procurement.states import Part
from tests.bought import TERMS, Market, drafted, make_market

CAP: Final = 760_000
"""Oak comes to 6,850.00 and is below it, yew to 7,975.00 and is not, until the terms are changed."""
WHY: Final = "Because."
AMOUNTS: Final = ("0.00", "125.00", "500.00", "900.00", "1500.00")


class DirectAward(RuleBasedStateMachine):
    """One call-off of one buyer with two suppliers, every step open to whoever may and to whoever may not."""

    market: Market
    reached: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.reference = drafted(self.market.buyer).reference

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.point.__exit__(None, None, None)

    @property
    def call_off(self) -> CallOff:
        return CallOff.objects.get(reference=self.reference)

    def act(self, action: Any, actor: Any, row: Any, *more: Any) -> None:
        """Takes a step, and where it is refused sees that nothing has changed."""
        if row is None:
            return
        before = self.kept()
        try:
            with transaction.atomic():
                action(actor, row.reference, row.revision, *more)
        except (Conflict, Invalid, NotPermitted, Stale):
            assert self.kept() == before

    def kept(self) -> list[Any]:
        return [
            Event.objects.count(),
            CallOff.objects.filter(reference=self.reference).values().get(),
            list(self.call_off.offers.order_by("pk").values()),
            list(self.call_off.contracts.order_by("pk").values()),
        ]

    def offer(self) -> Offer | None:
        return self.call_off.offers.order_by("-pk").first()

    def contract(self) -> Contract | None:
        return self.call_off.contracts.order_by("-pk").first()

    @initialize(steps=st.integers(min_value=0, max_value=6))
    def begin(self, steps: int) -> None:
        """A walk begins anywhere on the way, so that few of them see all of it."""
        self.go_on(steps)

    @rule(steps=st.integers(min_value=0, max_value=2))
    def go_on(self, steps: int) -> None:
        """Whoever acts next does."""
        for _ in range(steps):
            turn = facts_of(self.call_off, timezone.localdate()).line.next
            step = turn.steps[0] if turn.steps else "extend"
            if Part.SYSTEM in turn.who or step in ("edit", "cancel", "fail"):
                return  # the clock's, or nobody is left: other rules take these
            if step == "sign":
                self.sign(turn.who[0] == Part.OWNER)
            elif step in ("approve", "accept"):
                {"approve": self.approve, "accept": self.answer}[step](True)
            else:
                {"send_offer": self.send, "award": self.award, "extend": self.extend}[step]()

    @rule(amount=st.sampled_from(AMOUNTS))
    def edit(self, amount: str) -> None:
        terms = TERMS | {"extensions": [{"months": 3, "amount": amount}]}
        self.act(edit_call_off, self.market.buyer, self.call_off, {"terms": terms})

    @rule(approver=st.booleans())
    def approve(self, approver: bool) -> None:
        actor = self.market.approver if approver else self.market.buyer
        self.act(approve_call_off, actor, self.call_off)

    @rule()
    def send(self) -> None:
        self.act(send_offer, self.market.buyer, self.call_off)

    @rule()
    def view(self) -> None:
        offer = self.offer()
        if offer is not None:
            view_offer(self.market.oak if offer.asked.position == 1 else self.market.yew, offer.reference)

    @rule(yes=st.booleans())
    def answer(self, yes: bool) -> None:
        offer = self.offer()
        if offer is None:
            return
        lead = self.market.oak if offer.asked.position == 1 else self.market.yew
        if yes:
            self.act(accept_offer, lead, offer)
        else:
            self.act(decline_offer, lead, offer, WHY)

    @rule()
    def withdraw(self) -> None:
        self.act(withdraw_offer, self.market.buyer, self.offer(), WHY)

    @rule()
    def not_sign(self) -> None:
        self.act(offer_not_signed, self.market.buyer, self.offer(), WHY)

    @rule(days=st.integers(min_value=0, max_value=9))
    def clock(self, days: int) -> None:
        at: datetime = timezone.now() + timedelta(days=days)
        move_due(at)
        before = self.kept()
        assert not any(move_due(at).values())
        assert self.kept() == before

    @rule()
    def award(self) -> None:
        self.act(award_direct, self.market.buyer, self.call_off, "None known.")

    @rule(approver=st.booleans())
    def undo(self, approver: bool) -> None:
        actor = self.market.approver if approver else self.market.buyer
        self.act(undo_award, actor, self.call_off, WHY)

    @rule(buyer=st.booleans())
    def sign(self, buyer: bool) -> None:
        contract = self.contract()
        if contract is None:
            return
        name = contract.appointment.supplier.reference
        self.act(sign_contract, self.market.buyer if buyer else getattr(self.market, name), contract)

    @rule()
    def extend(self) -> None:
        self.act(extend_contract, self.market.buyer, self.contract())

    @rule(done=st.booleans())
    def end(self, done: bool) -> None:
        contract = self.contract()
        if contract is None or contract.status == "unsigned":
            return
        if done:
            self.act(complete_contract, self.market.buyer, contract)
        else:
            self.act(terminate_contract, self.market.buyer, contract, WHY)

    @rule(cancelled=st.booleans(), sure=st.integers(min_value=0, max_value=3))
    def give_up(self, cancelled: bool, sure: int) -> None:
        # Rarely, else most walks would end at once.
        if not sure:
            self.act(cancel_call_off if cancelled else fail_call_off, self.market.buyer, self.call_off, WHY)

    @invariant()
    def one_award_and_one_live_offer_at_most(self) -> None:
        call_off = self.call_off
        self.reached.add(call_off.status)
        assert call_off.offers.filter(status__in=LIVE_OFFER).count() <= 1
        standing = call_off.contracts.exclude(status="terminated")
        assert standing.count() <= 1
        if call_off.status == "awarded":
            assert standing.get().status == "unsigned"
            assert (
                call_off.offers.get(status="accepted").asked.appointment_id == standing.get().appointment_id
            )
        if call_off.status in ("cancelled", "unsuccessful"):
            assert not standing.exists()
            assert not call_off.offers.filter(status__in=LIVE_OFFER).exists()
        if call_off.status == "contracted":
            signed = call_off.contracts.exclude(buyer_signed_at=None).exclude(supplier_signed_at=None)
            assert signed.count() == 1
        positions = list(call_off.offers.order_by("pk").values_list("asked__position", flat=True))
        assert positions == list(range(1, len(positions) + 1))

    @invariant()
    def money_stays_within_the_cap_and_the_approval(self) -> None:
        call_off = self.call_off
        for contract in call_off.contracts.all():
            taken = sum(one["minor"] for one in contract.options[: contract.taken])
            first = contract.value_minor - taken
            assert first + sum(one["minor"] for one in contract.options) == contract.maximum_minor
            assert contract.value_minor <= contract.maximum_minor <= CAP
            if contract.maximum_minor >= 700_000:
                assert contract.maximum_minor <= (call_off.approved_minor or 0)

    @invariant()
    def the_line_has_one_station_at_hand_or_has_ended(self) -> None:
        line = facts_of(self.call_off, timezone.localdate()).line
        here = [one.status for one in line.stations if one.place == "here"]
        assert here == ([] if line.ended else [self.call_off.status])

    @invariant()
    def the_chain_holds(self) -> None:
        assert verify() is None


def walk(examples: int, steps: int) -> set[str]:
    """Walks so often, so far; the statuses that were reached."""
    market = make_market()
    Lot.objects.filter(reference="wr1~1").update(direct_award_cap_pence=CAP)
    body = Organisation.objects.get(reference="shire")
    BuyerLimit.objects.create(organisation=body, approval_from_minor=700_000)
    reached: set[str] = set()
    machine = type("Walk", (DirectAward,), {"market": market, "reached": reached})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return reached


@pytest.mark.django_db
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_what_must_hold_of_a_direct_award_holds_whatever_is_done() -> None:
    assert {"draft", "approved", "out", "awarded", "contracted"} <= walk(60, 20)
