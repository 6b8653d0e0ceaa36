"""A competition whose first tender comes to more than was approved: an approver lets its award go on."""

from __future__ import annotations

import pytest
from django.utils import timezone

from procurement.actions.assessing import declare_interests
from procurement.actions.call_offs import approve_call_off, ask_approval, happening
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.events import record
from procurement.call_off_checks import OUTCOME_NOT_APPROVED
from procurement.call_off_facts import CallOffFacts, facts_of
from procurement.errors import Conflict, Invalid, NotPermitted, Refused
from procurement.models import BuyerLimit, CallOff, Contract, Event
from procurement.permissions import Actor
from procurement.ranked_first import ranked_first
from procurement.states import Part
from tests.competed import Contest, evaluated
from tests.turns import suspend
from tests.world import editor_of

pytestmark = pytest.mark.django_db

ESTIMATED = {"value": "5000.00"}
"""With expenses of 100.00 and an option of 500.00 beside it: 5,600.00. The tender of oak alone is 6,250.00."""


def shown(call_off: CallOff) -> CallOffFacts:
    return facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate())


def offered(call_off: CallOff, actor: Actor) -> set[str]:
    return set(shown(call_off).steps(actor)) & {"approve", "intend", "award"}


@pytest.fixture(scope="module")
def evaluated_of_module(contest_of_module: Contest, module_database: None) -> CallOff:
    return evaluated(contest_of_module, terms=ESTIMATED)


@pytest.fixture
def ranked(contest: Contest, evaluated_of_module: CallOff) -> CallOff:
    """Evaluated within the limit as estimated, above it as tendered."""
    call_off = CallOff.objects.get(pk=evaluated_of_module.pk)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=600_000)
    return call_off


def test_what_the_first_tender_comes_to_is_approved_before_it_is_told_or_awarded(
    contest: Contest, ranked: CallOff
) -> None:
    market = contest.market
    first = ranked_first(ranked)
    assert first is not None
    assert first.total >= 625_000
    facts = shown(ranked)
    assert [(one.pointer, one.message) for one in facts.blocking] == [("/approval", OUTCOME_NOT_APPROVED)]
    assert (facts.line.next.who, facts.line.next.steps) == ((Part.APPROVER,), ("approve",))
    assert (offered(ranked, market.buyer), offered(ranked, market.approver)) == (set(), {"approve"})
    before = Event.objects.count()
    with pytest.raises(Conflict, match="asks for an approval"):
        intend_award(market.buyer, ranked.reference, ranked.revision)
    with pytest.raises(Conflict, match="asks for an approval"):
        award_competition(market.buyer, ranked.reference, ranked.revision, "None known.")
    with pytest.raises(NotPermitted):
        approve_call_off(market.buyer, ranked.reference, ranked.revision)
    assert (Event.objects.count(), Contract.objects.count()) == (before, 0)
    approved = approve_call_off(market.approver, ranked.reference, ranked.revision)
    assert (approved.status, approved.approved_minor) == ("evaluated", first.total)
    event = Event.objects.get(type="call_off.approved")
    assert event.changes == {"greatest_total": first.total}
    facts = shown(ranked)
    assert (facts.blocking, facts.line.next.steps) == ([], ("intend", "award"))
    assert offered(ranked, market.buyer) == offered(ranked, market.approver) == {"intend", "award"}
    contract = award_competition(market.buyer, ranked.reference, approved.revision, "None known.")
    assert contract.maximum_minor == first.total


def refused(contest: Contest, call_off: CallOff) -> list[Exception]:
    """What an approval, and asking for one, is refused with; nothing has changed."""
    before = (Event.objects.count(), list(CallOff.objects.values()))
    found: list[Exception] = []
    for ask in (approve_call_off, ask_approval):
        with pytest.raises(Refused) as refusal:
            ask(contest.market.approver, call_off.reference, call_off.revision)
        found.append(refusal.value)
    assert (Event.objects.count(), list(CallOff.objects.values())) == before
    return found


def test_no_award_is_approved_that_would_be_refused(contest: Contest, ranked: CallOff) -> None:
    suspend("oak")
    assert {one.code for one in shown(ranked).blocking} == {"suspended", "approval_missing"}
    for one in refused(contest, ranked):
        assert isinstance(one, Invalid)
        assert [fault.code for fault in one.faults] == ["suspended"]


def test_no_award_is_approved_by_scores_that_count_no_longer(contest: Contest, ranked: CallOff) -> None:
    declare_interests(contest.moderator, ranked.reference, conflict=True, note="A cousin.")
    ranked.refresh_from_db()
    assert {"approve", "ask_approval"}.isdisjoint(shown(ranked).steps(contest.market.approver))
    assert [type(one) for one in refused(contest, ranked)] == [Conflict, Conflict]


def test_no_award_is_approved_while_a_low_price_is_not_settled(contest: Contest, ranked: CallOff) -> None:
    competition, first = ranked.competition, ranked_first(ranked)
    assert first is not None
    competition.ranking = {**competition.ranking, "low": {first.tender.reference: "7350"}}
    competition.save(update_fields=["ranking"])
    assert {"approve", "ask_approval"}.isdisjoint(shown(ranked).steps(contest.market.approver))
    assert all("abnormally low" in str(one) for one in refused(contest, ranked))


def test_whoever_amended_it_does_not_approve_its_outcome(contest: Contest, ranked: CallOff) -> None:
    approver = contest.market.approver
    record(approver, happening(ranked, "call_off.amended", {}))
    assert offered(ranked, approver) == set()
    with pytest.raises(NotPermitted):
        approve_call_off(approver, ranked.reference, ranked.revision)
    another = editor_of("shire", "approver", "another")
    assert approve_call_off(another, ranked.reference, ranked.revision).approved_by == another.reference


def test_an_outcome_is_approved_once_and_only_where_the_limit_asks(contest: Contest, ranked: CallOff) -> None:
    approver = contest.market.approver
    approved = approve_call_off(approver, ranked.reference, ranked.revision)
    with pytest.raises(Conflict, match="no approval"):
        approve_call_off(approver, ranked.reference, approved.revision)
    CallOff.objects.update(approved_minor=None)
    BuyerLimit.objects.update(approval_from_minor=100_000_000)
    with pytest.raises(Conflict, match="no approval"):
        approve_call_off(approver, ranked.reference, approved.revision)
    assert Event.objects.filter(type="call_off.approved").count() == 1


def test_an_approval_below_what_was_tendered_is_given_anew(contest: Contest, ranked: CallOff) -> None:
    CallOff.objects.update(approved_minor=600_000)
    assert offered(ranked, contest.market.approver) == {"approve"}
    approved = approve_call_off(contest.market.approver, ranked.reference, ranked.revision)
    assert (approved.approved_minor or 0) >= 625_000


def test_a_limit_that_is_set_after_the_intention_holds_the_award_until_it_is_approved(
    contest: Contest, ranked: CallOff
) -> None:
    market = contest.market
    BuyerLimit.objects.update(approval_from_minor=100_000_000)
    intend_award(market.buyer, ranked.reference, ranked.revision)
    BuyerLimit.objects.update(approval_from_minor=600_000)
    assert shown(ranked).line.next.steps == ("approve",)
    approved = approve_call_off(market.approver, ranked.reference, ranked.revision + 1)
    assert approved.status == "intention"
    assert offered(ranked, market.buyer) == {"award"}


def test_nothing_is_approved_before_it_is_ranked(contest: Contest, ranked: CallOff) -> None:
    CallOff.objects.update(status="evaluating")
    with pytest.raises(Conflict, match="not possible"):
        approve_call_off(contest.market.approver, ranked.reference, ranked.revision)
    assert shown(ranked).blocking == []
