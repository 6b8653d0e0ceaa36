"""An approver sends a call-off back with a reason instead of approving it, and the owner answers that."""

from __future__ import annotations

import pytest

from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off, send_back
from procurement.actions.competition_awards import intend_award
from procurement.actions.competitions import plan_competition
from procurement.actions.offers import decline_offer, send_offer
from procurement.available import Turn
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import BuyerLimit, CallOff, Delivery, Event
from procurement.notices import notice_for, worded
from procurement.permissions import Actor
from procurement.querysets_call_offs import CallOffQuerySet
from procurement.states import Part
from tests.bought import Market, drafted
from tests.competed import Contest, evaluated, planned, told
from tests.turns import codes, shown, suspend, turn
from tests.world import editor_of, publish_rates

pytestmark = pytest.mark.django_db

WHY = "Say why nobody else is asked."
BUYER = {"editor@shire.example.org", "approver@shire.example.org"}
OWNERS = Turn((Part.OWNER,), ("edit", "ask_approval"))
APPROVERS = Turn((Part.APPROVER,), ("approve",))


@pytest.fixture
def market(contest: Contest) -> Market:
    """One world for tests of either route."""
    return contest.market


def kept() -> list[object]:
    return [Event.objects.count(), list(CallOff.objects.order_by("pk").values()), Delivery.objects.count()]


def limited(call_off: CallOff) -> CallOff:
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1)
    return CallOff.objects.get(pk=call_off.pk)


def returned(actor: Actor, call_off: CallOff, why: str = WHY) -> CallOff:
    now = CallOff.objects.get(pk=call_off.pk)
    return send_back(actor, now.reference, now.revision, why)


def said(call_off: CallOff) -> tuple[str | None, str | None, bool]:
    now = CallOff.objects.get(pk=call_off.pk)
    return now.sent_back_reason, now.sent_back_by, now.sent_back_at is not None


NOTHING = (None, None, False)


def test_a_draft_is_sent_back_and_is_its_owners_to_answer_until_it_is_approved_after_all(
    market: Market,
) -> None:
    call_off = limited(drafted(market.buyer))
    ask_approval(market.buyer, call_off.reference, call_off.revision)
    assert list(CallOffQuerySet(CallOff).waiting_for_approval()) == [call_off]
    sent = returned(market.approver, call_off)
    assert (sent.status, said(sent)) == ("draft", (WHY, market.approver.reference, True))
    assert turn(sent) == OWNERS
    assert shown(sent).steps(market.buyer) == ["edit", "ask_approval", "cancel"]
    assert {"approve", "send_back"} <= set(shown(sent).steps(market.approver))
    assert not CallOffQuerySet(CallOff).waiting_for_approval().exists()
    event = Event.objects.latest("position")
    assert (event.type, event.changes, event.references) == (
        "call_off.sent_back", {"reason": WHY}, {"organisation": "shire"},
    )  # fmt: skip
    approved = approve_call_off(market.approver, sent.reference, sent.revision)
    assert (approved.status, said(approved)) == ("approved", NOTHING)


def test_the_buyers_side_is_told_the_reason_and_nobody_else(market: Market) -> None:
    returned(market.approver, limited(drafted(market.buyer)))
    assert told("call_off.sent_back") == {"inbox": {"shire"}, "email": BUYER}
    event = Event.objects.get(type="call_off.sent_back")
    assert {one.organisation.reference for one in event.audience.all()} == {"shire"}
    message = worded(event, notice_for(event.type, "organisation"), {})
    assert (message.title, message.link) == (f"Sent back: {event.subject}", f"/call-offs/{event.subject}")
    assert message.text == f"An approver has sent the call-off {event.subject} back: {WHY}"


def test_asking_again_an_edit_and_another_plan_answer_it(market: Market) -> None:
    call_off = returned(market.approver, limited(drafted(market.buyer)))
    call_off = ask_approval(market.buyer, call_off.reference, call_off.revision)
    assert (said(call_off), turn(call_off)) == (NOTHING, APPROVERS)
    call_off = returned(market.approver, call_off)
    same = edit_call_off(market.buyer, call_off.reference, call_off.revision, {"title": call_off.title})
    assert said(same)[0] == WHY
    call_off = edit_call_off(market.buyer, call_off.reference, call_off.revision, {"title": "Another"})
    assert (said(call_off), turn(call_off)) == (NOTHING, APPROVERS)


def test_another_plan_of_a_competition_answers_it(contest: Contest) -> None:
    call_off = returned(contest.market.approver, limited(planned(contest)))
    assert turn(call_off) == OWNERS
    plan_competition(contest.market.buyer, call_off.reference, call_off.revision, {"standstill": True})
    assert (said(call_off), turn(call_off)) == (NOTHING, APPROVERS)


def test_what_is_not_ready_is_sent_back_where_it_could_not_be_approved(market: Market) -> None:
    call_off = limited(drafted(market.buyer))
    for one in ("oak", "yew"):
        suspend(one)
    assert codes(call_off) != []
    with pytest.raises(Invalid):
        approve_call_off(market.approver, call_off.reference, call_off.revision)
    sent = returned(market.approver, call_off)
    assert (said(sent)[0], turn(sent)) == (WHY, Turn((Part.OWNER,), ("edit",)))


def test_an_approval_falls_and_whoever_gave_it_is_told_but_of_their_own(market: Market) -> None:
    call_off = limited(drafted(market.buyer))
    other = editor_of("shire", "approver", "another")
    call_off = approve_call_off(market.approver, call_off.reference, call_off.revision)
    call_off = returned(other, call_off)
    assert (call_off.status, call_off.approved_minor, call_off.approved_by) == ("draft", None, "")
    lapsed = Event.objects.get(type="call_off.approval_lapsed")
    assert lapsed.references == {"organisation": "shire", "user": [market.approver.reference]}
    assert lapsed.changes == {"sent_back": True}
    message = worded(lapsed, notice_for(lapsed.type, "user"), {})
    assert message.title == f"Approved, and sent back since: {call_off.reference}"
    assert message.text == (
        f"Another approver has sent the call-off {call_off.reference} back: your approval counts no longer."
    )
    call_off = approve_call_off(market.approver, call_off.reference, call_off.revision)
    call_off = returned(market.approver, call_off)
    assert (call_off.status, call_off.approved_at) == ("draft", None)
    assert Event.objects.filter(type="call_off.approval_lapsed").count() == 1


def test_the_next_order_form_is_sent_back_and_what_was_approved_before_stands(market: Market) -> None:
    call_off = limited(drafted(market.buyer))
    call_off = approve_call_off(market.approver, call_off.reference, call_off.revision)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    before = kept()
    with pytest.raises(Conflict, match="An offer is open"):
        returned(market.approver, call_off)
    assert kept() == before
    decline_offer(market.oak, offer.reference, offer.revision, "Not enough people.")
    publish_rates("yew", "wr1", {"wr1~1~G1": 60_000, "wr1~1~G2": 70_000, "wr1~1~G3": 95_000})
    sent = returned(market.approver, call_off)
    assert (sent.status, sent.approved_minor) == ("out", 797_500)
    assert turn(sent) == Turn((Part.OWNER,), ("ask_approval",))
    assert Event.objects.filter(type="call_off.approval_lapsed").count() == 0
    publish_rates("yew", "wr1", {"wr1~1~G1": 50_000, "wr1~1~G2": 70_000, "wr1~1~G3": 95_000})
    send_offer(market.buyer, sent.reference, sent.revision)
    assert said(sent) == NOTHING


def test_the_award_of_a_competition_is_sent_back_and_asked_for_again(contest: Contest) -> None:
    market = contest.market
    call_off = limited(evaluated(contest))
    sent = returned(market.approver, call_off)
    assert (sent.status, said(sent)[0]) == ("evaluated", WHY)
    assert turn(sent) == Turn((Part.OWNER,), ("ask_approval",))
    with pytest.raises(Conflict, match="asks for an approval"):
        intend_award(market.buyer, sent.reference, sent.revision)
    asked = ask_approval(market.buyer, sent.reference, sent.revision)
    assert (said(asked), turn(asked)) == (NOTHING, APPROVERS)


def test_nothing_changes_where_it_is_refused(market: Market) -> None:
    call_off = drafted(market.buyer)
    unlimited = kept()
    with pytest.raises(Conflict, match="no approval"):
        returned(market.approver, call_off)
    assert kept() == unlimited
    limited(call_off)
    before = kept()
    for why in ("", "  ", None, "x" * 1_001):
        with pytest.raises(Invalid) as refusal:
            returned(market.approver, call_off, why)  # type: ignore[arg-type]
        assert [one.pointer for one in refusal.value.faults] == ["/reason"]
    with pytest.raises(NotPermitted):
        returned(market.buyer, call_off)
    with pytest.raises(NotFound):
        returned(market.stranger, call_off)
    with pytest.raises(Stale):
        send_back(market.approver, call_off.reference, call_off.revision + 1, WHY)
    assert kept() == before


def test_whoever_wrote_any_of_it_does_not_send_it_back(market: Market) -> None:
    call_off = limited(drafted(market.buyer))
    call_off = edit_call_off(market.approver, call_off.reference, call_off.revision, {"title": "Ours"})
    before = kept()
    assert "send_back" not in shown(call_off).steps(market.approver)
    with pytest.raises(NotPermitted, match="does not send it back"):
        returned(market.approver, call_off)
    assert kept() == before
    # To have sent it back is not to have written it.
    other = editor_of("shire", "approver", "another")
    call_off = returned(other, call_off)
    assert approve_call_off(other, call_off.reference, call_off.revision).status == "approved"
