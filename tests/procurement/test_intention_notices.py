"""The contract award notice comes between the intention to award and the award, and a standstill by the Act counts from
the day on which it was published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.awards import award_not_signed, undo_award
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.contracts import sign_contract
from procurement.actions.due import move_due
from procurement.actions.intention_notices import intended_contract, publish_intended
from procurement.actions.public_notices import publish_notice
from procurement.available import Turn
from procurement.call_off_facts import facts_of
from procurement.deadlines import midnight
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.models import CallOff, Contract, Event, Framework, Intention, OutcomeLetter, PublicNotice
from procurement.notice_draft import notice_draft
from procurement.notice_facts import contract_notices
from procurement.states import Part
from procurement.working_days import is_working_day
from tests.competed import Contest, at, evaluated, tender_of
from tests.world import editor_of

pytestmark = pytest.mark.django_db
LARGE = {"expenses": "300000.00"}
MONDAY = next(
    one
    for one in (timezone.localdate() + timedelta(days=ahead) for ahead in range(21, 120))
    if one.weekday() == 0
    and all(is_working_day(one + timedelta(days=7 * week + at)) for week in range(4) for at in range(5))
)
"""The first of four weeks without a bank holiday, once the deadline has passed."""
NUMBER = "2027/S 000-000001"


@pytest.fixture(autouse=True)
def _by_the_act(contest: Contest) -> None:
    Framework.objects.filter(reference="wr1").update(regime="pa2023")


def day(after: int) -> date:
    """So many days after that Monday."""
    return MONDAY + timedelta(days=after)


def noon(on: date) -> datetime:
    return midnight(on) + timedelta(hours=12)


def again(call_off: CallOff) -> CallOff:
    return CallOff.objects.get(pk=call_off.pk)


def intended(contest: Contest, on: date = MONDAY, *, standstill: bool = True, **said: Any) -> CallOff:
    """The intention to award to oak is told on that day, of what the law asks a notice of."""
    call_off = evaluated(contest, plan={"standstill": standstill}, **({"terms": LARGE} | said))
    with at(noon(on)):
        intend_award(contest.market.buyer, call_off.reference, call_off.revision)
    return again(call_off)


def published(contest: Contest, call_off: CallOff, told: date, on: date | None = None) -> CallOff:
    """The notice of that day is kept, on that day or a later one."""
    with at(noon(on or told)):
        publish_intended(
            contest.market.buyer, call_off.reference, call_off.revision, "uk6", NUMBER, told.isoformat()
        )
    return again(call_off)


def award(contest: Contest, call_off: CallOff) -> Contract:
    return award_competition(contest.market.buyer, call_off.reference, call_off.revision, "None known")


def state() -> tuple[Any, ...]:
    return (
        list(CallOff.objects.values_list("status", "revision")),
        list(Contract.objects.values_list("status", "revision")),
        list(Intention.objects.values_list("number", "published_on", "ended_at")),
        list(PublicNotice.objects.values_list("key", "number", "published_on")),
        (OutcomeLetter.objects.count(), Event.objects.count()),
    )


def refused(kind: type[Refused], act: Callable[[], object]) -> Refused:
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return refusal.value


def turn(call_off: CallOff, on: date) -> Turn:
    with at(noon(on)):
        return facts_of(again(call_off), on).line.next


def until(call_off: CallOff) -> datetime | None:
    return again(call_off).competition.standstill_until


def test_by_the_act_a_standstill_counts_from_the_day_of_the_notice_and_the_award_waits_for_it(
    contest: Contest,
) -> None:
    call_off, buyer = intended(contest), contest.market.buyer
    assert until(call_off) is None
    assert turn(call_off, MONDAY) == Turn((Part.OWNER,), ("publish_notice",))
    facts = facts_of(call_off, MONDAY)
    assert next((one.key, one.status) for one in facts.notices) == ("uk6", "due")
    assert {"publish_notice", "award"} & set(facts.steps(buyer)) == {"publish_notice"}
    later = MONDAY + timedelta(days=60)
    with at(noon(later)):
        why = refused(Conflict, lambda: award(contest, call_off))
    assert "begins with the day on which the contract award notice is published" in why.message
    # Kept on Thursday as published on Wednesday: the eighth working day is Friday of the week after.
    call_off = published(contest, call_off, day(2), day(3))
    ends = midnight(day(12))
    assert until(call_off) == ends
    assert turn(call_off, day(3)) == Turn((Part.SYSTEM,), (), ends)
    with at(ends - timedelta(seconds=1)):
        why = refused(Conflict, lambda: award(contest, call_off))
        assert "runs until" in why.message
        assert move_due()["standstills_ended"] == 0
    with at(ends):
        assert move_due()["standstills_ended"] == 1
        contract = award(contest, call_off)
        # The contract takes the notice over: nothing keeps the signatures back.
        first, *_ = contract_notices(contract, timezone.localdate())
        assert (first.key, first.status, first.number, first.published_on) == (
            "uk6", "published", NUMBER, day(2),
        )  # fmt: skip
        assert contract.notice_on is None
        assert [one.code for one in facts_of(again(call_off), timezone.localdate()).blocking] == []
    (told,) = Event.objects.filter(type="call_off.notice_published")
    assert told.changes == {
        "notice": "uk6",
        "number": NUMBER,
        "published_on": day(2).isoformat(),
        "standstill_until": midnight(day(12)).astimezone(UTC).isoformat(),
    }


def test_the_letters_say_that_the_standstill_begins_with_the_notice(contest: Contest) -> None:
    call_off = intended(contest)
    letters = [json.loads(one.document) for one in OutcomeLetter.objects.all()]
    assert [(one["standstill_until"], one["standstill_from_notice"]) for one in letters] == [(None, True)] * 2
    undo_award(contest.market.approver, call_off.reference, call_off.revision, "A mistake.")
    assert Event.objects.filter(type="call_off.award_undone").count() == 1


@pytest.mark.parametrize(
    ("regime", "terms", "ends"),
    [("pcr2015", LARGE, day(11)), ("pa2023", {}, day(10))],
)
def test_where_the_law_asks_for_no_notice_before_the_contract_it_counts_from_the_letters(
    contest: Contest, regime: str, terms: dict[str, Any], ends: date
) -> None:
    Framework.objects.filter(reference="wr1").update(regime=regime)
    call_off, buyer = intended(contest, terms=terms), contest.market.buyer
    assert until(call_off) == midnight(ends)
    assert turn(call_off, MONDAY) == Turn((Part.SYSTEM,), (), until(call_off))
    assert "publish_notice" not in facts_of(call_off, MONDAY).steps(buyer)
    letters = [json.loads(one.document) for one in OutcomeLetter.objects.all()]
    assert [one["standstill_from_notice"] for one in letters] == [False, False]
    told = (buyer, call_off.reference, call_off.revision, "uk6", NUMBER, MONDAY.isoformat())
    refused(NotFound, lambda: publish_intended(*told))


def test_a_publication_that_cannot_be_is_refused_and_nothing_changes(contest: Contest) -> None:
    call_off, market = intended(contest), contest.market

    def publish(who: Any = market.buyer, key: str = "uk6", number: object = NUMBER, told: object = "") -> Any:
        return publish_intended(who, call_off.reference, call_off.revision, key, number, told)

    with at(noon(MONDAY + timedelta(days=1))):
        for told, code in (
            (day(-1).isoformat(), "before_intention"),
            (day(2).isoformat(), "future"),
            ("soon", "shape"),
        ):
            why = refused(Invalid, partial(publish, told=told))
            assert [(one.pointer, one.code) for one in why.faults] == [("/published_on", code)]
        why = refused(Invalid, lambda: publish(number="", told=day(0).isoformat()))
        assert [one.pointer for one in why.faults] == ["/number"]
        refused(NotFound, lambda: publish(key="uk7", told=day(0).isoformat()))
        refused(NotFound, lambda: publish(market.oak, told=day(0).isoformat()))
        refused(NotPermitted, lambda: publish(contest.first, told=day(0).isoformat()))
        stale = (market.buyer, call_off.reference, call_off.revision - 1, "uk6", NUMBER, day(0).isoformat())
        refused(Stale, lambda: publish_intended(*stale))


def test_there_is_nothing_to_publish_before_the_intention(contest: Contest) -> None:
    call_off, buyer = evaluated(contest, terms=LARGE), contest.market.buyer
    told = (buyer, call_off.reference, call_off.revision, "uk6", NUMBER, day(0).isoformat())
    refused(Conflict, lambda: publish_intended(*told))
    refused(NotFound, lambda: intended_contract(buyer, call_off, "uk6", MONDAY))


def test_said_again_a_publication_is_corrected_and_the_standstill_with_it(contest: Contest) -> None:
    call_off = published(contest, intended(contest), MONDAY)
    assert until(call_off) == midnight(day(10))
    with at(noon(day(11))):
        assert move_due()["standstills_ended"] == 1
    call_off = published(contest, call_off, day(2), day(11))
    ends = midnight(day(12))
    assert until(call_off) == ends
    with at(ends):
        assert move_due()["standstills_ended"] == 1
    intention = Intention.objects.get()
    assert (intention.number, intention.published_on) == (NUMBER, day(2))


def test_a_standstill_that_was_counted_from_the_letters_keeps_its_end(contest: Contest) -> None:
    call_off = intended(contest)
    ends = midnight(day(10))
    type(call_off.competition).objects.update(standstill_until=ends)
    assert turn(call_off, MONDAY) == Turn((Part.SYSTEM,), (), ends)
    for told in (day(1), day(2)):
        call_off = published(contest, call_off, told)
        assert until(call_off) == ends
    with at(ends):
        contract = award(contest, call_off)
    assert PublicNotice.objects.get(contract=contract).published_on == day(2)


def test_without_a_standstill_the_notice_is_kept_before_the_award_or_after_it(contest: Contest) -> None:
    call_off, buyer = intended(contest, standstill=False), contest.market.buyer
    facts = facts_of(call_off, MONDAY)
    assert facts.line.next == Turn((Part.OWNER,), ("award",))
    assert {"publish_notice", "award"} <= set(facts.steps(buyer))
    with at(noon(day(7))):
        contract = award(contest, call_off)
        assert PublicNotice.objects.count() == 0
        told = (buyer, contract.reference, contract.revision, "uk6", NUMBER)
        early = refused(Invalid, lambda: publish_notice(*told, day(-1).isoformat()))
        assert [one.code for one in early.faults] == ["before_intention"]
        # Between the intention and the award.
        publish_notice(*told, day(1).isoformat())
    assert PublicNotice.objects.get().published_on == day(1)


def test_an_award_without_an_intention_has_no_notice_from_before(contest: Contest) -> None:
    call_off, buyer = evaluated(contest, terms=LARGE), contest.market.buyer
    with at(noon(MONDAY)):
        contract = award(contest, call_off)
        told = (buyer, contract.reference, contract.revision, "uk6", NUMBER, day(-1).isoformat())
        early = refused(Invalid, lambda: publish_notice(*told))
    assert [one.code for one in early.faults] == ["before_award"]


def test_taken_back_the_notice_stays_as_it_was_and_the_next_intention_needs_its_own(contest: Contest) -> None:
    call_off, market = published(contest, intended(contest), MONDAY), contest.market
    undo_award(market.approver, call_off.reference, call_off.revision, "A mistake.")
    call_off = again(call_off)
    assert until(call_off) is None
    assert [one.status for one in facts_of(call_off, MONDAY).notices if one.key == "uk6"] == ["not_due_yet"]
    tuesday = day(8)
    with at(noon(tuesday)):
        intend_award(market.buyer, call_off.reference, call_off.revision)
    call_off = again(call_off)
    rows = list(Intention.objects.order_by("pk").values_list("told_on", "number", "published_on"))
    assert rows == [(MONDAY, NUMBER, MONDAY), (tuesday, "", None)]
    assert turn(call_off, tuesday) == Turn((Part.OWNER,), ("publish_notice",))
    with at(noon(day(60))):
        refused(Conflict, lambda: award(contest, call_off))
        told = (market.buyer, call_off.reference, call_off.revision, "uk6", NUMBER, MONDAY.isoformat())
        refused(Invalid, lambda: publish_intended(*told))
    call_off = published(contest, call_off, tuesday)
    assert until(call_off) == midnight(day(18))


def test_where_the_first_does_not_sign_the_next_has_an_intention_and_a_notice_of_its_own(
    contest: Contest,
) -> None:
    call_off, buyer = published(contest, intended(contest), MONDAY), contest.market.buyer
    with at(noon(day(14))):
        contract = award(contest, call_off)
        call_off = again(call_off)
        award_not_signed(buyer, call_off.reference, call_off.revision, "It has no people.")
        call_off = again(call_off)
        refused(Conflict, lambda: award(contest, call_off))
        intend_award(buyer, call_off.reference, call_off.revision)
    call_off = again(call_off)
    assert [one.ended_at is None for one in Intention.objects.order_by("pk")] == [False, True]
    assert PublicNotice.objects.get().contract_id == contract.pk
    call_off = published(contest, call_off, day(14))
    with at(midnight(day(24))):
        second = award(contest, call_off)
        assert second.appointment.supplier.reference == "yew"
        for signer in (contest.market.yew, buyer):
            second.refresh_from_db()
            sign_contract(signer, second.reference, second.revision)
    assert again(call_off).status == "contracted"


def test_the_draft_of_an_intention_tells_what_the_contract_will_be(contest: Contest) -> None:
    call_off = intended(contest)
    buyer = contest.market.buyer
    other = editor_of("shire", "viewer", "other")
    refused(NotPermitted, lambda: intended_contract(other, call_off, "uk6", MONDAY))
    draft = notice_draft(*intended_contract(buyer, call_off, "uk6", MONDAY))
    assert draft["notice"]["key"] == "uk6"
    told = [draft["contract"][name] for name in ("reference", "status", "awarded_on", "signed_on")]
    assert told == [None] * 4
    assert [one["role"] for one in draft["parties"]] == ["buyer", "supplier"]
    with at(noon(day(1))):
        call_off = published(contest, call_off, MONDAY, day(1))
    with at(noon(day(14))):
        contract = award(contest, call_off)
        (of_contract,) = [one for one in contract_notices(contract, MONDAY) if one.key == "uk6"]
        after = notice_draft(contract, of_contract)
    assert after["value"] == draft["value"]
    assert after["parties"] == draft["parties"]
    refused(NotFound, lambda: intended_contract(buyer, again(call_off), "uk6", MONDAY))
    assert tender_of(call_off, "oak").status == "successful"
