"""Whatever is done in whatever order with a competition, what must hold of it holds: one award, nothing sealed told,
money within its bounds, no status but by the tables, what is offered is what is taken.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.call_off_facts import facts_of
from procurement.competition_checks import missing_scores
from procurement.models import (
    BuyerLimit,
    Competition,
    Contract,
    Event,
    IdempotencyRecord,
    Lot,
    Organisation,
    Tender,
    TenderRevision,
    User,
)
from procurement.states import CALL_OFFS, TENDERS, Machine, Part
from procurement.tender_document import submitted
from tests.competed import MARKER, make_contest
from tests.competition_walk import RATES, SUPPLIERS, Walk
from tests.next_taken import is_taken

LIMIT: Final = 1_000_000
APPROVED_FROM: Final = 700_000
"""No call-off of the lot may come to more; from the second on it is approved."""
CEILINGS: Final = {"oak": (40_000, 90_000), "yew": (50_000, 95_000)}
READERS: Final = ("buyer", "approver", "first", "second", "moderator", "stranger", "oak", "ash", "yew")
PLACES: Final = (
    "call-offs/{0}/", "call-offs/{0}/history/", "call-offs/{0}/competition/", "call-offs/{0}/clarifications/",
    "call-offs/{0}/people/", "call-offs/{0}/declarations/", "call-offs/{0}/documents/", "call-offs/{0}/ranking/",
    "call-offs/{0}/low-prices/", "call-offs/", "invitations/", "tenders/", "contracts/", "events/?page_size=200",
    "inbox/", "tenders/{1}/", "tenders/{1}/files/", "tenders/{1}/letters/", "tenders/{1}/assessments/",
    "tenders/{1}/consensus/", "tenders/{1}/price-question/", "invitations/{2}/", "invitations/{2}/clarifications/",
)  # fmt: skip


class Watched(Walk):
    """The walk, with whoever looks at it and what must hold."""

    clients: dict[str, Client]
    reached: set[str]
    named: set[str]
    """Steps that were next at some time, and taken by whom the line named."""

    # Whoever looks.

    @rule(who=st.sampled_from(READERS), places=st.lists(st.sampled_from(PLACES), min_size=1, max_size=4))
    def look(self, who: str, places: list[str]) -> None:
        """Nobody reads of a tender what is not open to them, wherever they look."""
        for supplier in SUPPLIERS:
            tender, invitation = self.tender(supplier), self.invitation(supplier)
            said = (self.reference, tender and tender.reference, invitation and invitation.reference)
            for place in places:
                answer = self.clients[who].get(f"/api/v1/{place.format(*said)}")
                assert answer.status_code in (200, 404, 409, 403), (who, place, answer.content)
                self.told_no_more(who, answer.content.decode())

    def told_no_more(self, who: str, text: str) -> None:
        competition = self.competition
        buys = who in ("buyer", "approver", "first", "second", "moderator")
        for supplier in SUPPLIERS:
            tender = self.tender(supplier)
            own = who == supplier or (
                who == "ash" and supplier == "oak" and tender is not None and tender.drafters.exists()
            )
            if not own and not (buys and competition.opened_at):
                assert f"{MARKER}-{supplier}" not in text, (who, supplier)
        if buys and competition.ranking is None:
            assert not [one for pair in RATES for one in pair if f'"{one}"' in text], who

    # What must hold.

    @invariant()
    def nothing_sealed_is_told(self) -> None:
        """In what is recorded, owed and kept, at any time; the buyer sees no tender before the close."""
        kept = [
            str(list(Event.objects.filter(position__gt=self.position - 5).values("references", "changes"))),
            str([bytes(one) for one in IdempotencyRecord.objects.values_list("body", flat=True)]),
            str(list(Competition.objects.values())),
        ]
        assert MARKER not in " ".join(kept)
        if self.competition.closed_at is None:
            assert self.clients["buyer"].get("/api/v1/tenders/").json()["count"] == 0

    @invariant()
    def nothing_is_decided_by_scores_that_do_not_count(self) -> None:
        call_off = self.call_off
        facts = facts_of(call_off, timezone.localdate())
        if call_off.status not in ("evaluated", "intention"):
            return
        lapsed = bool(missing_scores(self.competition))
        assert ("not_counted" in [one.code for one in facts.blocking]) is lapsed
        steps = {*facts.steps(self.buyer), *facts.steps(self.actor("moderator"))}
        evaluated = call_off.status == "evaluated"
        assert ("evaluate_again" in facts.steps(self.buyer)) is (lapsed and evaluated)
        # A moderator corrects a score, too, unless there is a conflict of interest.
        said = self.competition.declarations.filter(user__reference=self.actor("moderator").reference)
        last = said.order_by("-pk").first()
        corrects = last is not None and not last.conflict
        assert ("evaluate_again" in steps) is (evaluated and (lapsed or corrects))
        if lapsed:
            assert {"intend", "award"}.isdisjoint(steps)

    @invariant()
    def one_award_at_most(self) -> None:
        call_off = self.call_off
        self.reached.add(call_off.status)
        standing = list(call_off.contracts.exclude(status="terminated"))
        won = list(Tender.objects.filter(status="successful"))
        decided = Tender.objects.filter(status__in=["successful", "unsuccessful"])
        assert len(standing) <= 1
        assert len(won) <= 1
        if call_off.status in ("awarded", "contracted"):
            assert won[0].invitation.asked.appointment_id == standing[0].appointment_id
        elif call_off.status in ("cancelled", "unsuccessful"):
            # Nothing comes of what was submitted.
            assert (standing, won) == ([], [])
            assert not Tender.objects.filter(status="submitted").exists()
        else:
            assert standing == []
            assert decided.exists() is (call_off.status == "intention")
        if call_off.status == "contracted":
            assert None not in (standing[0].buyer_signed_at, standing[0].supplier_signed_at)
        if won:
            rows = (self.competition.ranking or {})["rows"]
            assert next(one["tender"] for one in rows if one["rank"] == 1) == won[0].reference

    @invariant()
    def money_stays_within_ceilings_cap_and_approval(self) -> None:
        for revision in TenderRevision.objects.select_related(
            "tender__invitation__asked__appointment__supplier"
        ):
            supplier = revision.tender.invitation.asked.appointment.supplier.reference
            team = submitted(revision)["content"]["team"]
            asked = [int(one["rate"].replace(".", "")) for one in team]
            assert all(rate <= most for rate, most in zip(asked, CEILINGS[supplier], strict=True))
        for contract in Contract.objects.select_related("call_off"):
            assert contract.value_minor <= contract.maximum_minor <= LIMIT
            if contract.maximum_minor >= APPROVED_FROM:
                assert contract.maximum_minor <= (contract.call_off.approved_minor or 0)

    @invariant()
    def every_status_is_reached_by_the_tables(self) -> None:
        for event in Event.objects.filter(position__gt=self.position).order_by("position"):
            self.position = event.position
            if event.subject_type == "call_off":
                self.follow(CALL_OFFS, event)
            elif event.subject_type == "tender":
                self.follow(TENDERS, event)
        now = dict(Tender.objects.values_list("reference", "status")) | {self.reference: self.call_off.status}
        assert {name: self.statuses.get(name, TENDERS.first) for name in now} == now

    def follow(self, machine: Machine, event: Event) -> None:
        steps = [one for one in machine.transitions if one.event == event.type]
        if not steps:
            return
        status = self.statuses.get(event.subject, machine.first)
        step = next(
            (one for one in steps if status in one.sources and one.route in (None, "competition")), None
        )
        assert step is not None, (event.type, status)
        self.statuses[event.subject] = step.target or status

    @invariant()
    def whoever_acts_next_may(self) -> None:
        facts = facts_of(self.call_off, timezone.localdate())
        line = facts.line
        here = [one.status for one in line.stations if one.place == "here"]
        assert here == ([] if line.ended else [self.call_off.status])
        if line.ended:
            assert line.next.steps == ()
            return
        turn = line.next
        if turn.who == (Part.SYSTEM,):
            # The clock is waited for: its moment is named, and nothing brings the call-off on before.
            assert turn.by is not None
            assert turn.steps == ()
            assert {"intend", "award", "conclude", "evaluate_again"}.isdisjoint(facts.steps(self.buyer))
            return
        self.named.update(turn.steps)
        for part in turn.who:
            assert not turn.steps or any(is_taken(self, part, name) for name in turn.steps), (part, turn)
        for name in turn.steps:
            assert any(is_taken(self, part, name) for part in turn.who), (name, turn)

    @invariant()
    def the_chain_holds(self) -> None:
        assert verify() is None


def watched() -> type[Watched]:
    """The machine over a contest of its own."""
    contest = make_contest()
    Lot.objects.filter(reference="wr1~1").update(maximum_value_pence=LIMIT)
    body = Organisation.objects.get(reference="shire")
    BuyerLimit.objects.create(organisation=body, approval_from_minor=APPROVED_FROM)
    clients = {}
    for name in READERS:
        actor = getattr(contest, name, None) or getattr(contest.market, name)
        clients[name] = Client()
        clients[name].force_login(User.objects.get(reference=actor.reference))
    told = {"contest": contest, "clients": clients, "reached": set(), "taken": set(), "named": set()}
    return type("Walked", (Watched,), told)


def walk(examples: int, steps: int) -> tuple[set[str], set[str], set[str]]:
    """Walks so often, so far; the statuses that were reached, the steps that were taken and those that were next."""
    machine = watched()
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
    reached, taken, named = machine.reached, machine.taken, machine.named
    print(
        f"\n{examples} walks of {steps} steps: {len(reached)} statuses, {len(taken)} kinds of steps, {len(named)} next"
    )
    return reached, taken, named


Step = Callable[[Watched], object]


def _tendered(it: Watched) -> None:
    for supplier in SUPPLIERS:
        it.write(supplier, RATES[1], False)
        it.submit(supplier)


def _closed(it: Watched) -> None:
    deadline = it.competition.deadline
    assert deadline is not None
    it.clock.now = max(it.clock.now, deadline)
    move_due()


def _scored(it: Watched) -> None:
    for supplier in SUPPLIERS:
        it.score(supplier, 4)


def _agreed(it: Watched) -> None:
    for supplier in SUPPLIERS:
        it.settle(supplier, 4)


def _first_out(it: Watched) -> None:
    """The tender that ranks first takes part no longer."""
    rows = (it.competition.ranking or {"rows": []})["rows"]
    best = next(one["tender"] for one in rows if one["rank"] == 1)
    named = {one.reference: name for name in SUPPLIERS if (one := it.tender(name)) is not None}
    it.disqualify(named[best], "not_compliant", 0)


def _signed(it: Watched) -> None:
    it.sign(True)
    it.sign(False)


RANKED: Final[tuple[Step, ...]] = (
    lambda it: it.ask_approval("buyer"),
    lambda it: it.approve("approver"),
    lambda it: it.publish(),
    _tendered,
    _closed,
    lambda it: it.open(),
    lambda it: it.declare("first", False),
    _scored,
    lambda it: it.declare("moderator", False),
    _agreed,
    lambda it: it.conclude("buyer"),
)
SCORED: Final = {"open_tenders", "declare", "assess", "agree", "conclude", "intend", "award", "sign"}
"""What is next on the way, one after the other."""
PLANS: Final[dict[str, tuple[tuple[Step, ...], set[str]]]] = {
    "an intention undone, the first out": (
        (lambda it: it.intend(), lambda it: it.undo("approver"), _first_out, lambda it: it.award(), _signed),
        {"intend", "undo", "disqualify", "award", "sign"},
    ),
    "a moderator's conflict declared during the standstill": (
        (
            lambda it: it.intend(),
            lambda it: it.declare("moderator", True),
            lambda it: it.undo("approver"),
            lambda it: it.again("buyer"),
            lambda it: it.staff("moderator"),
            lambda it: it.declare("second", False),
            lambda it: [it.settle(one, 5, "second") for one in SUPPLIERS],
            lambda it: it.conclude("buyer"),
            lambda it: it.award(),
            _signed,
        ),
        {"intend", "undo", "evaluate_again", "add_person", "agree", "conclude", "award", "sign"},
    ),
    "an assessor's conflict declared once it is ranked": (
        (
            lambda it: it.declare("first", True),
            lambda it: it.again("buyer"),
            lambda it: it.staff("assessor"),
            lambda it: it.declare("second", False),
            lambda it: [it.score(one, 3, "second") for one in SUPPLIERS],
            _agreed,
            lambda it: it.conclude("moderator"),
            lambda it: it.award(),
            _signed,
        ),
        {"evaluate_again", "add_person", "assess", "agree", "conclude", "award", "sign"},
    ),
    "an award undone when one has signed": (
        (
            lambda it: it.award(),
            lambda it: it.sign(False),
            lambda it: it.undo("approver"),
            lambda it: it.award(),
            _signed,
        ),
        {"award", "undo", "sign"},
    ),
    "out while evaluated again, and in again once the other is ranked": (
        (
            lambda it: it.again("moderator"),
            lambda it: it.disqualify("oak", "not_compliant", 0),
            lambda it: it.conclude("buyer"),
            lambda it: it.let_again("oak"),
            lambda it: it.intend(),
            lambda it: it.undo("approver"),
            lambda it: it.disqualify("oak", "not_compliant", 0),
            lambda it: it.let_again("oak"),
            lambda it: it.award(),
            _signed,
        ),
        {"evaluate_again", "disqualify", "reinstate", "intend", "undo", "award", "sign"},
    ),
    "suspended when it was awarded, taken back and out": (
        (
            lambda it: it.award(),
            lambda it: [it.suspend(one, 0) for one in SUPPLIERS],
            lambda it: it.undo("approver"),
            _first_out,
            lambda it: it.reinstate(),
            lambda it: it.award(),
            _signed,
        ),
        {"award", "undo", "disqualify", "sign"},
    ),
}
BESIDE: Final[tuple[Step, ...]] = (
    lambda it: it.ask("oak"),
    lambda it: it.answer(),
    lambda it: it.view("yew"),
    lambda it: it.let(["ash"]),
    lambda it: it.forward(1, True),
    lambda it: it.undo("buyer"),
    lambda it: it.undo("moderator"),
    lambda it: it.conclude("first"),
    lambda it: it.approve("buyer"),
    lambda it: it.accept_price("yew"),
    lambda it: it.write("oak", RATES[3], True),
    lambda it: it.look("stranger", ["tenders/{1}/", "events/?page_size=200", "call-offs/{0}/"]),
    lambda it: it.look("yew", ["tenders/", "inbox/", "invitations/{2}/"]),
    lambda it: it.look("first", ["call-offs/{0}/ranking/", "tenders/{1}/consensus/"]),
)
"""What ends no plan: whoever does it may not, or it changes nothing that the plan rests on."""


def directed(plan: str, machine: type[Watched], chance: random.Random, beside: int) -> Watched:
    """Takes the steps of a plan with so many others, chosen by chance, before each; what must hold is asked after each
    of the plan's own.
    """
    it = machine()
    try:
        for step in (*RANKED, *PLANS[plan][0]):
            for other in chance.sample(BESIDE, beside):
                other(it)
            step(it)
            it.nothing_sealed_is_told()
            it.nothing_is_decided_by_scores_that_do_not_count()
            it.one_award_at_most()
            it.money_stays_within_ceilings_cap_and_approval()
            it.every_status_is_reached_by_the_tables()
            it.whoever_acts_next_may()
        it.the_chain_holds()
        assert it.call_off.status == "contracted"
    finally:
        it.teardown()
    return it


@pytest.mark.django_db
@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("plan", list(PLANS))
@override_settings(SESSION_COOKIE_AGE=400 * 86_400)
def test_undoing_disqualifying_and_signing_are_reached_and_hold_whatever_is_done_beside(plan: str) -> None:
    machine, seeds, beside = watched(), 3, 2
    for seed in range(seeds):
        machine.taken.clear()
        directed(plan, machine, random.Random(seed), beside)
        assert PLANS[plan][1] <= machine.taken, seed
    suspended = {"undo", "disqualify"} if plan.startswith("suspended") else set()
    lapsed = {"evaluate_again", "add_person"} if "conflict" in plan else set()
    assert machine.named >= SCORED | suspended | lapsed
    print(f"\n{plan}: {seeds} seeds, {beside} steps beside each of its own")


@pytest.mark.django_db
@pytest.mark.long
@pytest.mark.timeout(3600)
@override_settings(SESSION_COOKIE_AGE=400 * 86_400)
def test_what_must_hold_of_a_competition_holds_whatever_is_done() -> None:
    reached, taken, named = walk(30, 20)
    assert {"draft", "approved", "out", "evaluating", "evaluated"} <= reached
    assert {"publish", "draft", "submit", "agree", "conclude"} <= taken
    assert {"publish", "agree", "intend", "award"} <= named
