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
    supplier_signed,
    undo_award,
)
from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off, send_back
from procurement.actions.contracts import (
    complete_contract,
    contract_parts,
    extend_contract,
    reopen_contract,
    sign_contract,
    terminate_contract,
)
from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.actions.offers import (
    accept_offer,
    decline_offer,
    extend_offer,
    offer_parts,
    send_offer,
    view_offer,
    withdraw_offer,
)
from procurement.actions.requirements import UNDER_WAY, withdraw_requirement
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.available import contract_steps, offer_steps, signed_by
from procurement.call_off_facts import facts_of
from procurement.contract_reminders import next_reminder
from procurement.errors import Conflict, NotPermitted, Refused
from procurement.models import (
    BuyerLimit,
    CallOff,
    Contract,
    Event,
    Lot,
    Offer,
    Organisation,
    Partner,
    Requirement,
    Shortlist,
)
from procurement.models.call_offs import LIVE_OFFER
from procurement.notice_facts import contract_notices
from procurement.permissions import Actor
from procurement.public_notices import told_before, told_first, told_of_end
from procurement.snapshots import Index
from procurement.states import Part
from tests.bought import READY, TERMS, Market, begin, drafted, make_market

CAP: Final = 760_000
"""Oak comes to 6,850.00 and is below it, yew to 7,975.00 and is not, until the terms are changed."""
WHY: Final = "Because."
NEXT: Final[dict[str, Any]] = {
    "edit": lambda *row: edit_call_off(*row, {"title": "Said anew"}),
    "ask_approval": ask_approval,
    "approve": approve_call_off,
    "send_offer": send_offer,
    "award": lambda *row: award_direct(*row, "None known."),
    "undo": lambda *row: undo_award(*row, WHY),
    "cancel": lambda *row: cancel_call_off(*row, WHY),
    "fail": lambda *row: fail_call_off(*row, WHY),
    "accept": accept_offer,
    "decline": lambda *row: decline_offer(*row, WHY),
    "withdraw": lambda *row: withdraw_offer(*row, WHY),
    "sign": sign_contract,
}
"""Steps that the line may name, by a reference and a revision."""
ENDS: Final[dict[str, Any]] = {
    "complete": complete_contract,
    "reopen": lambda *row: reopen_contract(*row, WHY),
    "terminate": lambda *row: terminate_contract(*row, WHY),
}
AMOUNTS: Final = ("0.00", "125.00", "500.00", "900.00", "1500.00")


class DirectAward(RuleBasedStateMachine):
    """One call-off of one buyer with two suppliers, every step open to whoever may and to whoever may not."""

    market: Market
    reached: set[str]
    taken: set[str]
    named: set[str]
    """Steps that were next at some time, and taken by whom the line named."""

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

    def act(self, name: str, action: Any, actor: Actor, row: Any, *more: Any) -> None:
        """Takes a step, and where it is refused sees that nothing has changed. What was offered is refused for neither
        state nor want of a part, and what was not is refused.
        """
        if row is None:
            return
        before, offered = self.kept(), self.offered(actor, row)
        refusal = None
        try:
            with transaction.atomic():
                action(actor, row.reference, row.revision, *more)
        except Refused as refused:
            refusal = refused
        assert not (name in offered and isinstance(refusal, Conflict | NotPermitted)), (name, refusal)
        if refusal is None:
            assert name in offered, name
            self.taken.add(name)
        else:
            assert self.kept() == before

    def offered(self, actor: Actor, row: Any) -> list[str]:
        """What the representation of a call-off, an offer or a contract tells the actor that they may do."""
        today = timezone.localdate()
        if isinstance(row, CallOff):
            return facts_of(row, today).steps(actor)
        if isinstance(row, Offer):
            at = row.reply_by, timezone.now(), supplier_signed(row.call_off)
            return offer_steps(row.status, row.call_off.status, offer_parts(actor, row), *at)
        return contract_steps(
            row.status,
            contract_parts(actor, row),
            signed=signed_by(row),
            options_left=len(row.options) - row.taken,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            on=today,
            to_tell=told_before(contract_notices(row, today), row.taken + 1) is not None,
            to_tell_first=told_first(contract_notices(row, today)) is not None,
            end_told=told_of_end(contract_notices(row, today)) is not None,
        )

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
            if Part.SYSTEM in turn.who or step in ("cancel", "fail"):
                return  # the clock's, or nobody is left: other rules take these
            if step == "sign":
                self.sign(turn.who[0] == Part.OWNER)
            elif step in ("approve", "accept"):
                {"approve": self.approve, "accept": self.answer}[step](True)
            else:
                {
                    "edit": self.name_again,
                    "ask_approval": lambda: self.ask(False),
                    "send_offer": self.send,
                    "award": self.award,
                    "withdraw": self.withdraw,
                    "undo": lambda: self.undo(True),
                    "extend": self.extend,
                }[step]()

    @rule(amount=st.sampled_from(AMOUNTS))
    def edit(self, amount: str) -> None:
        terms = TERMS | {"extensions": [{"months": 3, "amount": amount}]}
        self.act("edit", edit_call_off, self.market.buyer, self.call_off, {"terms": terms})

    @rule()
    def name_again(self) -> None:
        """The shortlist is named anew, which mends one that was unlocked meanwhile."""
        shortlist = self.shortlist()
        if shortlist.status != Shortlist.Status.LOCKED:
            lock_shortlist(self.market.buyer, shortlist.reference, shortlist.revision, Index("embedded", 1))
        self.act("edit", edit_call_off, self.market.buyer, self.call_off, {"shortlist": shortlist.reference})

    def shortlist(self) -> Shortlist:
        return Shortlist.objects.get(title=READY)

    @rule(again=st.booleans(), sure=st.integers(min_value=0, max_value=2))
    def unlock(self, again: bool, sure: int) -> None:
        """The shortlist is unlocked, and perhaps locked again as another snapshot, unless an offer rests on it."""
        shortlist, at = self.shortlist(), Index("embedded", 1)
        if sure:
            return
        before = self.kept()
        try:
            with transaction.atomic():
                unlock_shortlist(self.market.buyer, shortlist.reference, shortlist.revision, WHY)
        except Conflict:
            assert self.kept() == before
            return
        assert self.call_off.went_out_at is None
        if again:
            shortlist = self.shortlist()
            lock_shortlist(self.market.buyer, shortlist.reference, shortlist.revision, at)

    @rule(sure=st.integers(min_value=0, max_value=3))
    def withdraw_need(self, sure: int) -> None:
        requirement = self.call_off.requirement.requirement
        if sure or requirement.status != Requirement.Status.OPEN:
            return
        if self.call_off.status in UNDER_WAY:
            with pytest.raises(Conflict, match="is under way for it"):
                withdraw_requirement(self.market.buyer, requirement.reference, requirement.revision, WHY)
            return
        withdraw_requirement(self.market.buyer, requirement.reference, requirement.revision, WHY)

    @rule(name=st.sampled_from(["oak", "ash", "yew"]))
    def suspend(self, name: str) -> None:
        Partner.objects.filter(reference=name).update(suspended=True)

    @rule()
    def suspend_who_accepted(self) -> None:
        for offer in self.call_off.offers.filter(status=Offer.Status.ACCEPTED):
            self.suspend(offer.asked.appointment.supplier.reference)

    @rule()
    def reinstate(self) -> None:
        Partner.objects.update(suspended=False)

    @rule(approver=st.booleans())
    def ask(self, approver: bool) -> None:
        actor = self.market.approver if approver else self.market.buyer
        self.act("ask_approval", ask_approval, actor, self.call_off)

    @rule(approver=st.booleans())
    def approve(self, approver: bool) -> None:
        actor = self.market.approver if approver else self.market.buyer
        self.act("approve", approve_call_off, actor, self.call_off)

    @rule(approver=st.booleans())
    def send_back(self, approver: bool) -> None:
        actor = self.market.approver if approver else self.market.buyer
        self.act("send_back", send_back, actor, self.call_off, WHY)

    @rule()
    def send(self) -> None:
        self.act("send_offer", send_offer, self.market.buyer, self.call_off)

    @rule()
    def view(self) -> None:
        if offer := self.offer():
            view_offer(self.market.oak if offer.asked.position == 1 else self.market.yew, offer.reference)

    @rule(yes=st.booleans())
    def answer(self, yes: bool) -> None:
        offer = self.offer()
        if offer is None:
            return
        lead = self.market.oak if offer.asked.position == 1 else self.market.yew
        if yes:
            self.act("accept", accept_offer, lead, offer)
        else:
            self.act("decline", decline_offer, lead, offer, WHY)

    @rule()
    def withdraw(self) -> None:
        self.act("withdraw", withdraw_offer, self.market.buyer, self.offer(), WHY)

    @rule(days=st.sampled_from([-1, 0, 1, 14]), buyer=st.booleans())
    def extend_window(self, days: int, buyer: bool) -> None:
        if offer := self.offer():
            until = (offer.reply_by + timedelta(days=days)).isoformat()
            self.act("extend", extend_offer, self.market.buyer if buyer else self.market.oak, offer, until)

    @rule()
    def not_sign(self) -> None:
        self.act("not_sign", offer_not_signed, self.market.buyer, self.offer(), WHY)

    @rule(days=st.integers(min_value=0, max_value=9))
    def clock(self, days: int) -> None:
        at: datetime = timezone.now() + timedelta(days=days)
        move_due(at)
        before = self.kept()
        assert not any(move_due(at).values())
        assert self.kept() == before

    @rule()
    def award(self) -> None:
        self.act("award", award_direct, self.market.buyer, self.call_off, "None known.")

    @rule(approver=st.booleans())
    def undo(self, approver: bool) -> None:
        actor = self.market.approver if approver else self.market.buyer
        self.act("undo", undo_award, actor, self.call_off, WHY)

    @rule(buyer=st.booleans())
    def sign(self, buyer: bool) -> None:
        if contract := self.contract():
            lead = getattr(self.market, contract.appointment.supplier.reference)
            self.act("sign", sign_contract, self.market.buyer if buyer else lead, contract)

    @rule()
    def extend(self) -> None:
        self.act("extend", extend_contract, self.market.buyer, self.contract())

    @rule(how=st.sampled_from(["complete", "reopen", "terminate"]))
    def end(self, how: str) -> None:
        contract = self.contract()
        if contract is not None and contract.status != "unsigned":
            self.act(how, ENDS[how], self.market.buyer, begin(contract))

    @rule(cancelled=st.booleans(), sure=st.integers(min_value=0, max_value=3))
    def give_up(self, cancelled: bool, sure: int) -> None:
        # Rarely, else most walks would end at once.
        if not sure:
            name, step = ("cancel", cancel_call_off) if cancelled else ("fail", fail_call_off)
            self.act(name, step, self.market.buyer, self.call_off, WHY)

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
    def a_contract_has_ended_or_goes_on(self) -> None:
        for contract in self.call_off.contracts.all():
            over = contract.status in ("complete", "terminated")
            assert (contract.ended_on is not None) is over
            assert contract.taken == 0 or contract.status != "active"
            assert over or contract.remind_on == next_reminder(contract, timezone.localdate())

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
    def whoever_acts_next_may(self) -> None:
        """Each step that is next is taken by somebody whom the line names, and each of them takes one; or it names the
        clock with its moment.
        """
        facts = facts_of(self.call_off, timezone.localdate())
        turn = facts.line.next
        if turn.who == (Part.SYSTEM,):
            assert turn.steps == ()
            assert turn.by is not None
            return
        self.named.update(turn.steps)
        for part in turn.who:
            assert any(self.is_taken(part, name) for name in turn.steps), (part, turn)
        for name in turn.steps:
            assert any(self.is_taken(part, name) for part in turn.who), (name, turn)

    def is_taken(self, part: Part, name: str) -> bool:
        row: Any = self.call_off
        if name in ("accept", "decline", "withdraw"):
            row = self.offer()
        elif name == "sign":
            row = self.contract()
        actors = {
            Part.OWNER: [self.market.buyer],
            Part.APPROVER: [self.market.approver],
            Part.LEAD: [self.market.oak, self.market.yew],
        }[part]
        return any(self.succeeds(NEXT[name], actor, row) for actor in actors)

    def succeeds(self, action: Any, actor: Actor, row: Any) -> bool:
        """Whether it is taken; whatever came of it is taken back."""
        with transaction.atomic():
            try:
                with transaction.atomic():
                    action(actor, row.reference, row.revision)
            except Refused:
                return False
            finally:
                transaction.set_rollback(True)
        return True

    @invariant()
    def the_chain_holds(self) -> None:
        assert verify() is None


def walk(examples: int, steps: int) -> tuple[set[str], set[str], set[str]]:
    """Walks so often, so far; the statuses that were reached, the steps that were taken, those that were next."""
    market = make_market()
    Lot.objects.filter(reference="wr1~1").update(direct_award_cap_pence=CAP)
    body = Organisation.objects.get(reference="shire")
    BuyerLimit.objects.create(organisation=body, approval_from_minor=700_000)
    kept: dict[str, Any] = {"market": market, "reached": set(), "taken": set(), "named": set()}
    machine = type("Walk", (DirectAward,), kept)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return kept["reached"], kept["taken"], kept["named"]


@pytest.mark.django_db
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_what_must_hold_of_a_direct_award_holds_whatever_is_done() -> None:
    reached, taken, named = walk(60, 20)
    assert {"draft", "approved", "out", "awarded", "contracted"} <= reached
    assert {"send_offer", "accept", "award", "sign"} <= taken & named


@pytest.mark.django_db
def test_what_befalls_a_direct_award_is_pointed_to_and_whom_the_line_names_can_mend_it() -> None:
    market = make_market()
    kept = {"market": market, "reached": set(), "taken": set(), "named": set()}
    it = type("Walked", (DirectAward,), kept)()
    try:
        for step in (
            lambda: it.unlock(False, 0),
            it.name_again,
            it.send,
            lambda: it.answer(True),
            it.suspend_who_accepted,
            it.withdraw,
            it.reinstate,
            it.send,
            lambda: it.answer(True),
            it.award,
            it.suspend_who_accepted,
            lambda: it.undo(True),
            it.withdraw,
        ):
            step()
            it.whoever_acts_next_may()
        assert it.named == {
            "edit", "send_offer", "accept", "decline", "award", "withdraw", "sign", "undo", "cancel", "fail",
        }  # fmt: skip
        assert it.taken == {"edit", "send_offer", "accept", "withdraw", "award", "undo"}
    finally:
        it.teardown()
