"""A competition that is walked through in whatever order: its steps, as rules of a hypothesis state machine.

tests/api/test_competition_machine.py says what must hold meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from unittest.mock import patch

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.awards import cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_off_people import add_person
from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off, send_back
from procurement.actions.clarifications import answer_clarification, ask_clarification
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.competitions import plan_competition
from procurement.actions.contracts import sign_contract
from procurement.actions.due import move_due
from procurement.actions.interest import express_interest
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
from procurement.actions.requirements import revise_requirement
from procurement.actions.tenders import (
    confirm_tender,
    decline_tender,
    let_write,
    submit_tender,
    view_tender,
    withdraw_tender,
    write_tender,
)
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, NotPermitted, Refused
from procurement.models import (
    CallOff,
    Clarification,
    Competition,
    Contract,
    Event,
    Invitation,
    OutcomeLetter,
    Partner,
    Tender,
    TenderRevision,
)
from procurement.permissions import Actor
from procurement.states import Part
from procurement.tender_facts import steps_of
from tests.competed import COMPETED, MARKER, RULES, Contest, after, planned

SUPPLIERS: Final = ("oak", "yew")
RATES: Final = (("391.17", "900.00"), ("390.00", "890.00"), ("150.00", "300.00"), ("499.00", "950.00"))
"""What a tender asks for G1 and G3: some above the card of oak, one low against any other. None is an amount of the
call-off itself, which its buyer reads all along.
"""
WHY: Final = "Because."
ASSESSING: Final = ("first", "second")
MODERATING: Final = ("moderator", "second")
"""Who may give scores, and who may agree them; the second of each once they are named."""


class Clock:
    """The server's clock, which only goes on."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> Any:
        return self.now


class Walk(RuleBasedStateMachine):
    """One competition of one buyer with two suppliers, every step open to whoever may and to whoever may not. What must
    hold meanwhile is said by who tests it.
    """

    contest: Contest
    taken: set[str]

    def __init__(self) -> None:
        super().__init__()
        cache.clear()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.clock = Clock()
        self.patched = patch("django.utils.timezone.now", self.clock)
        self.patched.start()
        self.reference = planned(self.contest).reference
        self.position = Event.objects.count()
        self.statuses = {self.reference: str(self.call_off.status)}
        for actor, part in ((self.contest.first, "assessor"), (self.contest.moderator, "moderator")):
            add_person(self.buyer, self.reference, actor.reference, part)

    def teardown(self) -> None:
        self.patched.stop()
        transaction.set_rollback(True)
        self.point.__exit__(None, None, None)

    @property
    def buyer(self) -> Actor:
        return self.contest.market.buyer

    @property
    def call_off(self) -> CallOff:
        return CallOff.objects.get(reference=self.reference)

    @property
    def competition(self) -> Competition:
        return Competition.objects.get(call_off__reference=self.reference)

    def actor(self, name: str) -> Actor:
        found: Actor = getattr(self.contest, name, None) or getattr(self.contest.market, name)
        return found

    def tender(self, supplier: str) -> Tender | None:
        wanted = Tender.objects.filter(
            competition__call_off__reference=self.reference,
            invitation__asked__appointment__supplier__reference=supplier,
        )
        return wanted.select_related("competition__call_off", "invitation__asked__appointment").first()

    def invitation(self, supplier: str) -> Invitation | None:
        return Invitation.objects.filter(
            competition__call_off__reference=self.reference, asked__appointment__supplier__reference=supplier
        ).first()

    def kept(self) -> list[Any]:
        return [
            Event.objects.count(),
            CallOff.objects.filter(reference=self.reference).values().get(),
            list(Competition.objects.values()),
            list(Tender.objects.order_by("pk").values()),
            list(Contract.objects.order_by("pk").values()),
            [one.objects.count() for one in (TenderRevision, OutcomeLetter, Clarification)],
        ]

    def act(self, name: str, action: Callable[[], Any], offered: list[str] | None = None) -> bool:
        """Takes a step; where it is refused nothing has changed. What was `offered` is refused for neither state nor
        want of a part, and what was not is refused.
        """
        self.clock.now += timedelta(seconds=1)
        before = self.kept()
        refusal = None
        try:
            with transaction.atomic():
                action()
        except Refused as refused:
            refusal = refused
        if refusal is not None:
            assert self.kept() == before
            wrong = isinstance(refusal, Conflict | NotPermitted) and name in (offered or ())
            assert not wrong, (name, refusal.message)
            return False
        assert offered is None or name in offered, name
        self.taken.add(name)
        return True

    def move(self, name: str, actor: Actor, action: Any, *more: Any) -> bool:
        """A step of the call-off."""
        call_off = self.call_off
        offered = facts_of(call_off, timezone.localdate()).steps(actor)
        return self.act(name, lambda: action(actor, call_off.reference, call_off.revision, *more), offered)

    def bid(
        self, name: str, supplier: str, actor: Actor, action: Any, *more: Any, revised: bool = True
    ) -> bool:
        """A step of a tender."""
        tender = self.tender(supplier)
        if tender is None:
            return False
        said = (tender.reference, tender.revision) if revised else (tender.reference,)
        offered = steps_of(actor, tender)
        return self.act(name, lambda: action(actor, *said, *more), offered)

    @initialize(steps=st.integers(min_value=0, max_value=16))
    def begin(self, steps: int) -> None:
        """A walk begins anywhere on the way, so that few of them see all of it."""
        self.go_on(steps)

    @rule(steps=st.integers(min_value=1, max_value=3))
    def go_on(self, steps: int) -> None:
        """Whoever acts next does."""
        for _ in range(steps):
            self._go_on()

    def _go_on(self) -> None:
        status = self.call_off.status
        turn = facts_of(self.call_off, timezone.localdate()).line.next
        if status == "out" and self.competition.deadline:
            for supplier in SUPPLIERS:
                self.write(supplier, RATES[1], False)
                self.submit(supplier)
            self.clock.now = self.competition.deadline
            move_due()
        elif status == "intention" and self.competition.standstill_until:
            self.clock.now = max(self.clock.now, self.competition.standstill_until)
            self.award()
        elif turn.steps:
            step = turn.steps[0]
            if step == "sign":
                self.sign(turn.who[0] == Part.OWNER)
            else:
                {
                    "edit": lambda: self.edit("9000.00"),
                    "plan": lambda: self.plan(14, False, False),
                    "ask_approval": lambda: self.ask_approval("buyer"),
                    "approve": lambda: self.approve("approver"),
                    "publish": self.publish,
                    "open_tenders": self.open,
                    "declare": lambda: [self.declare(one, False) for one in ("first", "moderator", "second")],
                    "assess": lambda: [self.score(one, 4, who) for who in ASSESSING for one in SUPPLIERS],
                    "agree": lambda: [self.settle(one, 4, who) for who in MODERATING for one in SUPPLIERS],
                    "conclude": lambda: self.conclude("buyer"),
                    "ask_price": lambda: [self.ask_price(one) for one in SUPPLIERS],
                    "answer_price": lambda: [self.answer_price(one) for one in SUPPLIERS],
                    "accept_price": lambda: [self.accept_price(one) for one in SUPPLIERS],
                    "evaluate_again": lambda: self.again("buyer"),
                    "add_person": lambda: [self.staff(one) for one in ("assessor", "moderator")],
                    "intend": self.intend,
                    "award": self.award,
                    "undo": lambda: self.undo("approver"),
                    # Somebody is suspended, or it would end: other rules take these.
                    **dict.fromkeys(("disqualify", "cancel"), lambda: self.reinstate()),
                }[step]()

    # The buyer, until it is published.

    @rule(days=st.integers(min_value=5, max_value=20), standstill=st.booleans(), interest=st.booleans())
    def plan(self, days: int, standstill: bool, interest: bool) -> None:
        said = {
            "rules": RULES,
            "standstill": standstill,
            "interest_until": after(days=2) if interest else None,
            "clarify_until": after(days=4),
            "deadline": after(days=days),
        }
        call_off = self.call_off
        self.act("plan", lambda: plan_competition(self.buyer, call_off.reference, call_off.revision, said))

    @rule(value=st.sampled_from(["9000.00", "5000.00", "9900.00"]))
    def edit(self, value: str) -> None:
        self.move("edit", self.buyer, edit_call_off, {"terms": COMPETED | {"value": value}})

    @rule(name=st.sampled_from(["approver", "buyer", "first"]))
    def ask_approval(self, name: str) -> None:
        self.move("ask_approval", self.actor(name), ask_approval)

    @rule(name=st.sampled_from(["approver", "buyer", "first"]))
    def approve(self, name: str) -> None:
        self.move("approve", self.actor(name), approve_call_off)

    @rule(name=st.sampled_from(["approver", "buyer", "first"]))
    def send_back(self, name: str) -> None:
        self.move("send_back", self.actor(name), send_back, WHY)

    @rule()
    def publish(self) -> None:
        self.move("publish", self.buyer, publish_competition)

    # While it is out.

    @rule(supplier=st.sampled_from(SUPPLIERS), yes=st.booleans())
    def interest(self, supplier: str, yes: bool) -> None:
        if one := self.invitation(supplier):
            self.act("interest", lambda: express_interest(self.actor(supplier), one.reference, yes))

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def ask(self, supplier: str) -> None:
        if one := self.invitation(supplier):
            self.act("ask", lambda: ask_clarification(self.actor(supplier), one.reference, "Where?"))

    @rule()
    def answer(self) -> None:
        if one := Clarification.objects.filter(answered_at=None).first():
            self.act("answer", lambda: answer_clarification(self.buyer, one.reference, "Here."))

    @rule(days=st.integers(min_value=-3, max_value=9))
    def extend(self, days: int) -> None:
        call_off, deadline = self.call_off, self.competition.deadline
        if deadline is None:
            return
        moved = {"deadline": (deadline + timedelta(days=days)).isoformat()}
        done = self.act(
            "extend",
            lambda: extend_competition(self.buyer, call_off.reference, call_off.revision, moved, WHY),
        )
        # Never to earlier.
        assert not done or days > 0

    @rule(material=st.booleans(), text=st.sampled_from(["A larger service.", "A smaller service."]))
    def amend(self, material: bool, text: str) -> None:
        call_off = self.call_off
        requirement = call_off.requirement.requirement
        self.act(
            "revise",
            lambda: revise_requirement(
                self.buyer, requirement.reference, requirement.revision, {"text": text}
            ),
        )
        self.act(
            "amend",
            lambda: amend_competition(
                self.buyer, call_off.reference, call_off.revision, WHY, material=material
            ),
        )

    @rule(supplier=st.sampled_from(SUPPLIERS), rates=st.sampled_from(RATES), member=st.booleans())
    def write(self, supplier: str, rates: tuple[str, str], member: bool) -> None:
        writer = self.contest.market.ash if member and supplier == "oak" else self.actor(supplier)
        team = [
            {"grade": "G1", "days": "10", "rate": rates[0], "people": f"{MARKER}-{supplier}"},
            {"grade": "G3", "days": "2.5", "rate": rates[1]},
        ]
        answers = dict.fromkeys(("method", "social"), f"{MARKER}-{supplier}")
        self.bid("draft", supplier, writer, write_tender, {"team": team, "answers": answers})

    @rule(who=st.sampled_from([[], ["ash"]]))
    def let(self, who: list[str]) -> None:
        self.bid("let", "oak", self.actor("oak"), let_write, who)

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def view(self, supplier: str) -> None:
        if tender := self.tender(supplier):
            self.act("view", lambda: view_tender(self.actor(supplier), tender.reference))

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def submit(self, supplier: str) -> None:
        self.bid("submit", supplier, self.actor(supplier), submit_tender)

    @rule(supplier=st.sampled_from(SUPPLIERS), other=st.booleans())
    def leave(self, supplier: str, other: bool) -> None:
        if other:
            self.bid("decline", supplier, self.actor(supplier), decline_tender, WHY)
        else:
            self.bid("withdraw", supplier, self.actor(supplier), withdraw_tender, WHY)

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def confirm(self, supplier: str) -> None:
        self.bid("confirm", supplier, self.actor(supplier), confirm_tender)

    @rule(hours=st.integers(min_value=1, max_value=240), swept=st.booleans())
    def forward(self, hours: int, swept: bool) -> None:
        """Time passes; a sweep moves what is due, once."""
        self.clock.now += timedelta(hours=hours)
        if swept:
            move_due()
            before = self.kept()
            assert not any(move_due().values())
            assert self.kept() == before

    # Once the deadline has passed.

    @rule()
    def open(self) -> None:
        self.move("open_tenders", self.buyer, open_tenders)

    @rule(name=st.sampled_from(["first", "moderator", "second"]), conflict=st.booleans())
    def declare(self, name: str, conflict: bool) -> None:
        """Also after it is ranked: what is given by somebody with a conflict counts no longer."""
        actor = self.actor(name)
        self.act("declare", lambda: declare_interests(actor, self.reference, conflict, WHY))

    @rule(
        supplier=st.sampled_from(SUPPLIERS),
        score=st.integers(min_value=1, max_value=5),
        who=st.sampled_from(ASSESSING),
    )
    def score(self, supplier: str, score: int, who: str = "first") -> None:
        for key in ("method", "social"):
            self.bid_scored("assess", supplier, who, assess, key, score)

    @rule(
        supplier=st.sampled_from(SUPPLIERS),
        score=st.integers(min_value=1, max_value=5),
        who=st.sampled_from(MODERATING),
    )
    def settle(self, supplier: str, score: int, who: str = "moderator") -> None:
        for key in ("method", "social"):
            self.bid_scored("agree", supplier, who, agree, key, score)

    @rule(part=st.sampled_from(["assessor", "moderator"]))
    def staff(self, part: str) -> None:
        """Somebody else is named."""
        second = self.actor("second").reference
        self.act("add_person", lambda: add_person(self.buyer, self.reference, second, part))

    @rule(name=st.sampled_from(["buyer", "moderator", "first"]))
    def again(self, name: str) -> None:
        self.move("evaluate_again", self.actor(name), evaluate_again, WHY)

    def bid_scored(self, name: str, supplier: str, who: str, action: Any, key: str, score: int) -> None:
        """A score; that it is offered does not say that this criterion still takes one."""
        tender, actor = self.tender(supplier), self.actor(who)
        if tender is not None:
            done = self.act(name, lambda: action(actor, tender.reference, key, score, "So."))
            assert not done or name in steps_of(actor, tender)

    @rule(name=st.sampled_from(["buyer", "moderator", "first"]))
    def conclude(self, name: str) -> None:
        self.move("conclude", self.actor(name), conclude_evaluation)

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def ask_price(self, supplier: str) -> None:
        self.bid("ask_price", supplier, self.buyer, ask_about_price, "How?", revised=False)

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def answer_price(self, supplier: str) -> None:
        self.bid("answer_price", supplier, self.actor(supplier), explain_price, "So.", revised=False)

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def accept_price(self, supplier: str) -> None:
        self.bid("accept_price", supplier, self.buyer, accept_price, WHY, revised=False)

    @rule(
        supplier=st.sampled_from(SUPPLIERS),
        ground=st.sampled_from(["not_compliant", "abnormally_low"]),
        sure=st.integers(min_value=0, max_value=2),
    )
    def disqualify(self, supplier: str, ground: str, sure: int) -> None:
        tender = self.tender(supplier)
        if tender is not None and not sure:
            said = (tender.reference, tender.revision, ground, WHY)
            done = self.act("disqualify", lambda: disqualify(self.buyer, *said))
            assert not done or "disqualify" in steps_of(self.buyer, tender)

    @rule(supplier=st.sampled_from(SUPPLIERS))
    def let_again(self, supplier: str) -> None:
        """It was disqualified by mistake."""
        self.bid("reinstate", supplier, self.buyer, reinstate, WHY)

    @rule()
    def intend(self) -> None:
        self.move("intend", self.buyer, intend_award)

    @rule()
    def award(self) -> None:
        self.move("award", self.buyer, award_competition, "None known.")

    @rule(name=st.sampled_from(["approver", "buyer", "moderator"]))
    def undo(self, name: str) -> None:
        self.move("undo", self.actor(name), undo_award, WHY)

    @rule(buyer=st.booleans())
    def sign(self, buyer: bool) -> None:
        contract = Contract.objects.order_by("-pk").first()
        if contract is not None:
            signer = self.buyer if buyer else self.actor(contract.appointment.supplier.reference)
            self.act("sign", lambda: sign_contract(signer, contract.reference, contract.revision))

    @rule(cancelled=st.booleans(), sure=st.integers(min_value=0, max_value=5))
    def give_up(self, cancelled: bool, sure: int) -> None:
        # Rarely, else most walks would end at once.
        if not sure:
            name = "cancel" if cancelled else "fail"
            self.move(name, self.buyer, cancel_call_off if cancelled else fail_call_off, WHY)

    # The supplier's standing.

    @rule(supplier=st.sampled_from(SUPPLIERS), sure=st.integers(min_value=0, max_value=3))
    def suspend(self, supplier: str, sure: int) -> None:
        # Rarely, else most walks would stop at what a suspended supplier may not.
        if not sure:
            Partner.objects.filter(reference=supplier).update(suspended=True)

    @rule()
    def reinstate(self) -> None:
        Partner.objects.filter(reference__in=SUPPLIERS).update(suspended=False)
