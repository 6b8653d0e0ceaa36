"""A firm that leaves a consortium: no invitation names it from then on, and live tenders that name it show it."""

from __future__ import annotations

import pytest
from django.db import transaction

from procurement.actions.call_offs import CallOffDraft, create_call_off
from procurement.actions.closing import open_tenders
from procurement.actions.competitions import plan_competition
from procurement.actions.due import move_due
from procurement.actions.leaving import leave_supplier
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import create_requirement
from procurement.actions.tenders import let_write, write_tender
from procurement.concerned import Concerned
from procurement.departed import left_of
from procurement.errors import NotFound
from procurement.models import CallOff, Event
from tests.bought import ASH, YEW, locked_shortlist, need
from tests.competed import COMPETED, RULES, Contest, after, at, past_deadline, published, submitted, tender_of
from tests.world import editor_of


def shortlisted(contest: Contest, **moments: str) -> CallOff:
    """A competition that wants ash of oak; `moments` are of its plan."""
    shortlist = locked_shortlist(contest.market.buyer, ASH, YEW)
    requirement = create_requirement(contest.market.buyer, need())
    draft = CallOffDraft("Evaluation", "competition", requirement.reference, shortlist.reference, COMPETED)
    call_off = create_call_off(contest.market.buyer, draft)
    said = {"rules": RULES, "clarify_until": after(days=7), "deadline": after(days=14)} | moments
    plan_competition(contest.market.buyer, call_off.reference, call_off.revision, said)
    return CallOff.objects.get(pk=call_off.pk)


def sent_out(contest: Contest) -> CallOff:
    call_off = shortlisted(contest)
    publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    return CallOff.objects.get(pk=call_off.pk)


def wanted_of(call_off: CallOff) -> list[str]:
    return list(call_off.suppliers.values_list("partners__reference", flat=True).exclude(partners=None))


def partner_left() -> list[Event]:
    return list(Event.objects.filter(type="tender.partner_left").order_by("position"))


def test_who_has_left_is_named_by_no_new_invitation(contest: Contest) -> None:
    call_off = shortlisted(contest)
    assert wanted_of(call_off) == ["ash", "yew"]
    leave_supplier(editor_of("ash", "administrator"), "oak", "ash")
    publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert wanted_of(call_off) == ["yew"]
    sent = Event.objects.filter(type="invitation.sent", references__supplier="oak").get()
    assert sent.references["partner"] == []
    assert partner_left() == []


def test_a_live_tender_is_flagged_to_its_lead_and_not_to_the_buyer_before_it_is_opened(
    contest: Contest,
) -> None:
    call_off = sent_out(contest)
    submitted(contest.market.oak, call_off, "oak")
    leave_supplier(editor_of("ash", "administrator"), "oak", "ash")
    [told] = partner_left()
    assert told.references == {"call_off": call_off.reference, "supplier": "oak", "partner": "ash"}
    concerned = Concerned([(told, "organisation"), (told, "lead")])
    assert concerned.by(told, "organisation") == set()
    assert {one.reference for one in concerned.by(told, "lead")} == {"oak"}
    tender = tender_of(call_off, "oak")
    assert left_of(tender) == ["ash"]
    assert left_of(tender_of(call_off, "yew")) == []


def test_once_opened_the_buyer_is_told_too_and_a_decided_tender_is_left_alone(contest: Contest) -> None:
    call_off = sent_out(contest)
    submitted(contest.market.oak, call_off, "oak")
    with at(past_deadline(call_off)):
        move_due()
    call_off.refresh_from_db()
    open_tenders(contest.market.buyer, call_off.reference, call_off.revision)
    tender = tender_of(call_off, "oak")
    CallOff.objects.filter(pk=call_off.pk).update(status="awarded")
    with transaction.atomic():
        leave_supplier(editor_of("ash", "administrator"), "oak", "ash")
        assert partner_left() == []
        transaction.set_rollback(True)
    CallOff.objects.filter(pk=call_off.pk).update(status="evaluating")
    leave_supplier(editor_of("ash", "administrator", "again"), "oak", "ash")
    [told] = partner_left()
    assert (told.subject, told.references["organisation"]) == (tender.reference, "shire")


def test_a_member_that_was_let_write_and_leaves_writes_no_more_and_is_flagged(contest: Contest) -> None:
    call_off = published(contest)
    tender = tender_of(call_off, "oak")
    let_write(contest.market.oak, tender.reference, tender.revision, ["ash"])
    leave_supplier(editor_of("ash", "administrator"), "oak", "ash")
    tender.refresh_from_db()
    with pytest.raises(NotFound):
        write_tender(contest.market.ash, tender.reference, tender.revision, {})
    assert left_of(tender) == ["ash"]
    assert [one.subject for one in partner_left()] == [tender.reference]
