"""From an event to the index: what the outbox holds, what a drain writes, what disappears, how many
queries it takes.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from procurement.actions.consortia import end_member
from procurement.actions.organisations import OrganisationDraft, save_organisations
from procurement.actions.profiles import confirm_profile, update_profile
from procurement.actions.standing import move_appointment, reinstate_partner, suspend_partner
from procurement.models import Chain, Partner, Supplier
from procurement.permissions import SYSTEM
from search.engines.base import Writer
from search.index import engine
from search.models import IndexRequest, IndexRun
from search.sync import claim, drain, stamp
from tests.search.indexed import listing
from tests.world import editor_of, publish_rates

pytestmark = pytest.mark.django_db


def test_rebuild_indexes_every_listing_and_answers_what_waited(writer: Writer) -> None:
    assert sorted(key for key, _ in engine().listing_keys()) == [
        "wr0~oak~ash",
        "wr0~oak~oak",
        "wr1~oak~ash",
        "wr1~oak~elm",
        "wr1~oak~oak",
        "wr1~yew~yew",
    ]
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 3)]
    assert not IndexRequest.objects.exists()


def test_a_profile_edit_is_in_the_index_after_a_drain(writer: Writer) -> None:
    partner = Partner.objects.get(reference="ash")
    update_profile(editor_of("ash"), "ash", partner.revision, {"name": "Ash & Daughters"})
    assert listing("wr1~oak~ash")["partner"]["name"] == "Ash Research"
    written = drain(writer)
    assert written.requests == 1
    assert listing("wr1~oak~ash")["partner"]["name"] == "Ash & Daughters"
    assert listing("wr0~oak~ash")["partner"]["name"] == "Ash & Daughters"
    assert listing("wr1~oak~oak")["partner"]["name"] == "Oak Advisers"


def test_a_leads_new_name_reaches_its_members_listings(writer: Writer) -> None:
    partner = Partner.objects.get(reference="oak")
    update_profile(editor_of("oak"), "oak", partner.revision, {"name": "Oak & Acorn"})
    drain(writer)
    assert listing("wr1~oak~elm")["lead"] == {"reference": "oak", "name": "Oak & Acorn"}


def test_an_identifier_that_says_a_firm_is_made_up_reaches_its_listings(writer: Writer) -> None:
    assert listing("wr1~oak~ash")["fictional"] is False
    save_organisations(
        SYSTEM, [OrganisationDraft("ash", "Ash", "XX-DEMO", "40000001", frozenset({"partner"}))]
    )
    drain(writer)
    assert listing("wr1~oak~ash")["fictional"] is True
    assert listing("wr1~oak~oak")["fictional"] is False


def test_a_new_rate_card_reaches_every_listing_of_the_supplier_and_the_rates(writer: Writer) -> None:
    publish_rates("oak", "wr1", {"wr1~1~G1": 41_000, "wr1~1~G2": 66_000})
    drain(writer)
    assert [line["amount"] for line in listing("wr1~oak~elm")["rates"]["lines"]] == ["410.00", "660.00"]
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 2)]


def test_a_suspended_partner_disappears_and_comes_back(writer: Writer) -> None:
    partner = Partner.objects.get(reference="ash")
    suspended = suspend_partner(SYSTEM, "ash", partner.revision, "under review")
    drain(writer)
    assert listing("wr1~oak~ash") is None
    assert listing("wr0~oak~ash") is None
    reinstate_partner(SYSTEM, "ash", suspended.revision, "cleared")
    drain(writer)
    assert listing("wr1~oak~ash")["reference"] == "wr1~oak~ash"


def test_the_rates_of_a_suspended_firm_alone_disappear_and_come_back(writer: Writer) -> None:
    publish_rates("yew", "wr1", {"wr1~2a~G1": 52_000})
    drain(writer)
    assert [card for card, _, _ in engine().rate_cards()] == ["wr1~oak", "wr1~yew"]
    partner = Partner.objects.get(reference="yew")
    suspended = suspend_partner(SYSTEM, "yew", partner.revision, "under review")
    drain(writer)
    assert [(card, lines) for card, _, lines in engine().rate_cards() if lines] == [("wr1~oak", 3)]
    reinstate_partner(SYSTEM, "yew", suspended.revision, "cleared")
    drain(writer)
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 3), ("wr1~yew", 1)]


def test_the_rates_of_a_consortium_stay_while_its_lead_is_suspended(writer: Writer) -> None:
    suspend_partner(SYSTEM, "oak", Partner.objects.get(reference="oak").revision, "under review")
    drain(writer)
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 3)]


def test_a_suspended_appointment_disappears_on_its_lot_alone(writer: Writer) -> None:
    move_appointment(SYSTEM, "wr1~1~oak", None, "suspend", "late returns")
    drain(writer)
    keys = sorted(key for key, _ in engine().listing_keys())
    assert keys == ["wr0~oak~ash", "wr0~oak~oak", "wr1~yew~yew"]
    move_appointment(SYSTEM, "wr1~1~oak", None, "reinstate", "returned")
    drain(writer)
    assert listing("wr1~oak~elm") is not None


def test_a_member_who_left_disappears_everywhere(writer: Writer) -> None:
    end_member(SYSTEM, "oak", Supplier.objects.get(reference="oak").revision, "ash")
    drain(writer)
    assert sorted(key for key, _ in engine().listing_keys()) == [
        "wr0~oak~oak",
        "wr1~oak~elm",
        "wr1~oak~oak",
        "wr1~yew~yew",
    ]


def test_several_events_are_one_claim_and_one_commit(writer: Writer) -> None:
    for _ in range(5):
        for reference in ("ash", "elm", "yew"):
            confirm_profile(SYSTEM, reference, Partner.objects.get(reference=reference).revision)
    assert IndexRequest.objects.count() == 15
    before = engine().state("listings").generation
    written = drain(writer)
    assert (written.requests, written.commits) == (15, 1)
    assert engine().state("listings").generation == before + 1


def test_an_event_that_is_rolled_back_leaves_no_request(writer: Writer) -> None:
    with transaction.atomic():
        confirm_profile(SYSTEM, "ash", Partner.objects.get(reference="ash").revision)
        assert IndexRequest.objects.count() == 1
        transaction.set_rollback(True)
    assert not IndexRequest.objects.exists()


def test_versions_of_runs_only_grow(writer: Writer) -> None:
    first, second = stamp(), stamp()
    assert second.pk > first.pk
    second_key = second.pk
    second.delete()
    assert stamp().pk > second_key


def test_a_drain_takes_as_many_queries_for_one_partner_as_for_all(
    writer: Writer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for reference in ("ash", "elm", "oak", "yew"):
        confirm_profile(SYSTEM, reference, Partner.objects.get(reference=reference).revision)
    with django_assert_max_num_queries(48):
        drain(writer)


def test_heartbeat_tells_the_last_event_and_when_nothing_waited(writer: Writer) -> None:
    drain(writer)
    fresh = engine().freshness("listings")
    assert fresh.position == Chain.objects.get(pk=1).position
    assert fresh.caught_up_at is not None


def test_heartbeat_stops_before_an_event_that_still_waits(writer: Writer) -> None:
    confirm_profile(SYSTEM, "ash", Partner.objects.get(reference="ash").revision)
    confirm_profile(SYSTEM, "elm", Partner.objects.get(reference="elm").revision)
    end = Chain.objects.get(pk=1).position
    stuck = IndexRequest.objects.get(reference="ash")
    IndexRequest.objects.filter(pk=stuck.pk).update(claim="somebody", claimed_at=stuck.created_at)
    drain(writer)
    assert end == stuck.position + 1
    assert engine().freshness("listings").position == stuck.position - 1


def test_a_claim_that_outlived_its_lease_is_taken_over(writer: Writer) -> None:
    confirm_profile(SYSTEM, "ash", Partner.objects.get(reference="ash").revision)
    taken = claim()
    assert taken is not None
    assert claim() is None
    IndexRequest.objects.update(claimed_at="2020-01-01T00:00:00Z")
    again = claim()
    assert again is not None
    assert [request.reference for request in again.requests] == ["ash"]


def test_sync_runs_say_what_they_did(writer: Writer) -> None:
    confirm_profile(SYSTEM, "ash", Partner.objects.get(reference="ash").revision)
    drain(writer)
    run = IndexRun.objects.filter(kind="sync").latest("pk")
    assert (run.status, run.detail) == ("succeeded", {"requests": 1, "documents": 2})
