"""What a firm that has left reads and hears of its former supplier, and what those that come back tell of who left
meanwhile.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from procurement.actions.awards import award_not_signed, undo_award
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.consortia import add_member, name_lead
from procurement.actions.contracts import complete_contract, reopen_contract
from procurement.actions.interest import express_interest
from procurement.actions.leaving import leave_supplier
from procurement.actions.offers import accept_offer
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import disqualify
from procurement.actions.reinstating import reinstate
from procurement.actions.tenders import let_write
from procurement.models import CallOff, Competition, Contract, Event, Invitation, Offer, Partner, Supplier
from procurement.permissions import Actor
from procurement.querysets_call_offs import ContractQuerySet, OfferQuerySet
from procurement.querysets_competitions import CompetitionQuerySet, InvitationQuerySet
from tests.bought import active, begun, offered
from tests.competed import Contest, after, evaluated, published, submitted, tender_of
from tests.procurement.test_leaving import sent_out, shortlisted
from tests.world import editor_of

pytestmark = pytest.mark.django_db

WHY = "By mistake."


def left() -> None:
    leave_supplier(editor_of("ash", "administrator", "leaver"), "oak", "ash")


def back() -> None:
    add_member(editor_of("owner", name="taker"), "oak", Supplier.objects.get(reference="oak").revision, "ash")


def another_leads() -> None:
    name_lead(editor_of("owner", name="namer"), "oak", Supplier.objects.get(reference="oak").revision, "elm")


def seen(actor: Actor) -> list[int]:
    """How many offers, contracts, invitations and competitions somebody reads."""
    rows: list[QuerySet[Any]] = [
        OfferQuerySet(Offer).seen_by(actor),
        OfferQuerySet(Offer).asked_of(actor),
        ContractQuerySet(Contract).seen_by(actor),
        InvitationQuerySet(Invitation).of_supplier(actor),
        CompetitionQuerySet(Competition).seen_by(actor),
    ]
    return [one.count() for one in rows]


def readers(kind: str) -> set[str]:
    """Who reads the last event of a type."""
    event = Event.objects.filter(type=kind).latest("position")
    return set(event.audience.values_list("organisation__reference", flat=True))


def of_subject(subject: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What was told of an object about who belongs to its supplier."""
    rows = Event.objects.filter(subject=subject, type__regex="partner_left|lead_changed").order_by("position")
    return [(one.type, one.references["partner"], one.changes) for one in rows]


def test_who_has_left_reads_nothing_more_of_what_its_former_supplier_was_asked(contest: Contest) -> None:
    market = contest.market
    active(market)
    sent_out(contest)
    assert seen(market.ash) == [1, 1, 1, 1, 1]
    left()
    assert seen(market.ash) == [0, 0, 0, 0, 0]
    assert seen(market.oak) == [1, 1, 1, 1, 1]
    back()
    assert seen(market.ash) == [1, 1, 1, 1, 1]


def test_it_hears_nothing_newer_of_an_offer_that_wants_it_and_keeps_what_it_heard(contest: Contest) -> None:
    market = contest.market
    offer = offered(market)
    left()
    accept_offer(market.oak, offer.reference, offer.revision)
    assert readers("offer.sent") == {"shire", "oak", "ash"}
    assert readers("offer.partner_left") == {"shire", "oak", "ash"}
    assert readers("offer.accepted") == {"shire", "oak"}


def test_it_hears_nothing_newer_of_an_invitation(contest: Contest) -> None:
    call_off = shortlisted(contest, interest_until=after(days=3))
    publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    invitation = Invitation.objects.get(
        competition__call_off=call_off, asked__appointment__supplier__reference="oak"
    )
    express_interest(contest.market.oak, invitation.reference, interested=True)
    assert readers("invitation.interest_expressed") == {"shire", "oak", "ash"}
    left()
    express_interest(contest.market.oak, invitation.reference, interested=False)
    assert readers("invitation.interest_expressed") == {"shire", "oak"}


def test_it_hears_nothing_newer_of_a_tender_that_it_was_let_write(contest: Contest) -> None:
    call_off = published(contest)
    tender = tender_of(call_off, "oak")
    let_write(contest.market.oak, tender.reference, tender.revision, ["ash"])
    submitted(contest.market.oak, call_off, "oak")
    assert readers("tender.submitted") == {"oak", "ash"}
    left()
    assert readers("tender.partner_left") == {"oak", "ash"}
    submitted(contest.market.oak, call_off, "oak")
    assert readers("tender.submitted") == {"oak"}


def test_a_contract_that_goes_on_tells_who_left_and_who_leads_since_it_was_complete(contest: Contest) -> None:
    market = contest.market
    contract = begun(market)
    contract = complete_contract(market.buyer, contract.reference, contract.revision)
    left()
    another_leads()
    assert of_subject(contract.reference) == []
    reopen_contract(market.buyer, contract.reference, contract.revision, WHY)
    today = timezone.localdate().isoformat()
    assert of_subject(contract.reference) == [
        ("contract.partner_left_meanwhile", "ash", {"left_on": today}),
        ("contract.lead_changed", "elm", {"since": today}),
    ]
    assert readers("contract.partner_left_meanwhile") == {"shire", "elm"}


def test_it_tells_nothing_of_who_is_back_or_left_before(contest: Contest) -> None:
    market = contest.market
    contract = begun(market)
    left()
    back()
    contract = complete_contract(market.buyer, contract.reference, contract.revision)
    left_once = of_subject(contract.reference)
    leave_supplier(editor_of("ash", "administrator", "again"), "oak", "ash")
    add_member(editor_of("owner"), "oak", Supplier.objects.get(reference="oak").revision, "ash")
    reopen_contract(market.buyer, contract.reference, contract.revision, WHY)
    assert [one[0] for one in left_once] == ["contract.partner_left"]
    assert of_subject(contract.reference) == left_once


def test_a_tender_that_takes_part_again_tells_who_left_while_it_was_out(contest: Contest) -> None:
    call_off = evaluated(contest)
    oak = tender_of(call_off, "oak")
    oak.drafters.add(Supplier.objects.get(reference="oak").members.get(partner__reference="ash").partner)
    disqualify(contest.market.buyer, oak.reference, oak.revision, "not_compliant", "Not as asked.")
    left()
    another_leads()
    assert of_subject(oak.reference) == []
    oak.refresh_from_db()
    reinstate(contest.market.buyer, oak.reference, oak.revision, WHY)
    today = timezone.localdate().isoformat()
    assert of_subject(oak.reference) == [
        ("tender.partner_left_meanwhile", "ash", {"left_on": today}),
        ("tender.lead_changed", "elm", {"since": today}),
    ]
    assert readers("tender.partner_left_meanwhile") == {"shire", "elm"}
    assert readers("tender.lead_changed") == {"shire", "elm"}


@pytest.mark.parametrize("way", ["undo", "not_sign"])
def test_a_tender_whose_outcome_is_open_again_tells_who_led_its_supplier_meanwhile(
    contest: Contest, way: str
) -> None:
    """yew wins; oak, that lost, is led by another meanwhile."""
    call_off, market = evaluated(contest, scores={"oak": (3, 3), "yew": (5, 5)}), contest.market
    assert award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    oak = tender_of(call_off, "oak")
    assert oak.status == "unsuccessful"
    another_leads()
    assert of_subject(oak.reference) == []
    call_off = CallOff.objects.get(pk=call_off.pk)
    if way == "undo":
        undo_award(market.approver, call_off.reference, call_off.revision, WHY)
    else:
        award_not_signed(market.buyer, call_off.reference, call_off.revision, WHY)
    assert of_subject(oak.reference) == [
        ("tender.lead_changed", "elm", {"since": timezone.localdate().isoformat()})
    ]


@pytest.mark.parametrize("way", ["undo", "not_sign"])
def test_who_was_only_let_write_and_leaves_an_awarded_tender_is_told_of_at_once_and_once(
    contest: Contest, way: str
) -> None:
    """The contract tells of ash, which it wants, though it was let write, too; of elm the tender does."""
    call_off, market = evaluated(contest), contest.market
    oak = tender_of(call_off, "oak")
    firms = Partner.objects.in_bulk(["ash", "elm"], field_name="reference")
    oak.drafters.set(firms.values())
    oak.invitation.asked.partners.add(firms["ash"])
    contract = award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    leave_supplier(editor_of("elm", "administrator"), "oak", "elm")
    left()
    today = timezone.localdate().isoformat()
    by_tender = [("tender.partner_left", "elm", {"left_on": today})]
    by_contract = [("contract.partner_left", "ash", {"left_on": today})]
    assert (of_subject(oak.reference), of_subject(contract.reference)) == (by_tender, by_contract)
    assert readers("tender.partner_left") == {"shire", "oak", "elm"}
    call_off = CallOff.objects.get(pk=call_off.pk)
    if way == "undo":
        undo_award(market.approver, call_off.reference, call_off.revision, WHY)
    else:
        award_not_signed(market.buyer, call_off.reference, call_off.revision, WHY)
        oak.refresh_from_db()
        reinstate(market.buyer, oak.reference, oak.revision, WHY)
    assert (of_subject(oak.reference), of_subject(contract.reference)) == (by_tender, by_contract)


def test_who_leads_the_supplier_of_an_awarded_tender_is_told_by_its_contract_alone(contest: Contest) -> None:
    call_off, market = evaluated(contest), contest.market
    contract = award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    another_leads()
    assert of_subject(tender_of(call_off, "oak").reference) == []
    assert [one[:2] for one in of_subject(contract.reference)] == [("contract.lead_changed", "elm")]


def test_a_tender_that_was_told_while_it_was_to_win_is_not_told_twice(contest: Contest) -> None:
    call_off, market = evaluated(contest), contest.market
    intend_award(market.buyer, call_off.reference, call_off.revision)
    another_leads()
    oak = tender_of(call_off, "oak")
    assert len(of_subject(oak.reference)) == 1
    call_off = CallOff.objects.get(pk=call_off.pk)
    undo_award(market.approver, call_off.reference, call_off.revision, WHY)
    assert len(of_subject(oak.reference)) == 1
