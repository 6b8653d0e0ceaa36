"""Rows to documents: what a listing shows, when it is shown, which regions it satisfies, how many queries
that takes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from pytest_django import DjangoAssertNumQueries

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.offerings import OfferingDraft, save_offerings
from procurement.event_types import EVENT_TYPES
from procurement.ground import ground
from procurement.listing_facts import facts_of
from procurement.models import (
    Appointment,
    Event,
    Framework,
    Offering,
    Partner,
    RateCardVersion,
    SupplierMember,
)
from procurement.permissions import SYSTEM
from search.documents import listings_of
from search.places import places
from search.touched import REBUILDS, TOUCHES
from tests.guards import unguarded
from tests.world import LIVE_FROM, OLD_TO, make_regions, make_world, placed, publish_rates

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)


def documents(on: date = TODAY, version: int = 7) -> dict[str, Any]:
    """Every listing as it is on a day, by key."""
    keys = list(Partner.objects.values_list("pk", flat=True))
    return {one["key"]: one for one in listings_of(keys, version, places(), on).puts}


def removed(on: date = TODAY) -> list[str]:
    keys = list(Partner.objects.values_list("pk", flat=True))
    return sorted(key for key, _ in listings_of(keys, 7, places(), on).deletes)


def test_a_listing_shows_the_partner_its_supplier_and_the_lead() -> None:
    make_world()
    document = documents()["wr1~oak~ash"]
    assert (document["version"], document["name"], document["supplier_name"], document["lead_name"]) == (
        7,
        "Ash Research",
        "Oak Consortium",
        "Oak Advisers",
    )
    assert [one["reference"] for one in document["lots"]] == ["wr1~1"]
    assert [one["name"] for one in document["specialisms"]] == ["Evaluation", "Public engagement"]
    assert [(one["lot"], one["specialism"]) for one in document["offerings"]] == [
        ("wr1~1", "wr1~1~1"),
        ("wr1~1", "wr1~1~2"),
    ]


def test_it_is_json_and_holds_no_contacts() -> None:
    make_world()
    for document in documents().values():
        assert b"hello@example.org" not in orjson.dumps(document)


def test_rates_are_those_of_the_shared_card_for_its_lots() -> None:
    make_world()
    document = documents()["wr1~oak~elm"]
    assert [(one["lot"], one["grade"], one["rank"], one["price_minor"]) for one in document["rates"]] == [
        ("wr1~1", "G1", 1, 40_000),
        ("wr1~1", "G2", 2, 65_050),
        ("wr1~1", "G3", 3, 90_000),
    ]
    line = document["stored"]["rates"]["lines"][1]
    assert (line["amount"], line["work_type"]) == ("650.50", None)
    assert documents()["wr1~yew~yew"]["rates"] == []
    assert documents()["wr1~yew~yew"]["stored"]["rates"] is None


def test_a_card_that_takes_effect_later_leaves_the_one_before_in_force() -> None:
    make_world()
    publish_rates("oak", "wr1", {"wr1~1~G1": 50_000}, valid_from=TODAY + timedelta(days=10))
    with unguarded():
        RateCardVersion.objects.filter(number=1).update(valid_from=date(2024, 4, 1))
    before = documents()["wr1~oak~oak"]["rates"]
    after = documents(TODAY + timedelta(days=10))["wr1~oak~oak"]["rates"]
    assert [one["price_minor"] for one in before] == [40_000, 65_050, 90_000]
    assert [one["price_minor"] for one in after] == [50_000]


def test_a_card_that_has_ended_or_not_begun_says_since_and_until_when_it_holds_on_no_day() -> None:
    make_world()
    ends, begins = TODAY + timedelta(days=5), TODAY + timedelta(days=10)
    publish_rates("oak", "wr1", {"wr1~1~G1": 40_000}, valid_from=TODAY, valid_to=ends)
    publish_rates("oak", "wr1", {"wr1~1~G1": 50_000}, valid_from=begins)
    with unguarded():
        RateCardVersion.objects.filter(number=1).update(
            valid_from=date(2026, 5, 30), valid_to=date(2026, 5, 30)
        )

    def stored(day: date) -> tuple[bool, object]:
        listing = documents(day)["wr1~oak~ash"]["stored"]
        return listing["rates"] is None, listing["rates_not_in_force"]

    first, last = date(2026, 5, 30), TODAY - timedelta(days=1)
    assert stored(first - timedelta(days=1)) == (
        True, {"card": "wr1~oak", "ended_on": None, "begins_on": "2026-05-30"},
    )  # fmt: skip
    assert stored(last) == (True, {"card": "wr1~oak", "ended_on": "2026-05-30", "begins_on": "2026-06-01"})
    assert [stored(day) for day in (first, TODAY, ends, begins)] == [(False, None)] * 4
    assert stored(ends + timedelta(days=1)) == (
        True, {"card": "wr1~oak", "ended_on": "2026-06-06", "begins_on": "2026-06-11"},
    )  # fmt: skip
    assert documents()["wr1~yew~yew"]["stored"]["rates_not_in_force"] is None


def test_rates_are_of_the_basis_of_the_version_in_force() -> None:
    make_world()
    publish_rates("oak", "wr1", {"wr1~1~G1": 72_500}, basis="illustrative")
    publish_rates("oak", "wr1", {"wr1~1~G1": 99_900}, valid_from=TODAY + timedelta(days=10))
    found = [documents(TODAY + timedelta(days=days))["wr1~oak~oak"] for days in (0, 10)]
    assert [(one["basis"], one["rates"][0]["price_minor"]) for one in found] == [
        ("illustrative", 72_500),
        ("published", 99_900),
    ]
    assert [one["stored"]["rates"]["basis"] for one in found] == ["illustrative", "published"]


def test_a_version_that_another_has_superseded_does_not_come_back_when_that_one_ends() -> None:
    make_world()
    ends = TODAY - timedelta(days=5)
    publish_rates("oak", "wr1", {"wr1~1~G1": 50_000}, valid_from=TODAY - timedelta(days=90), valid_to=ends)
    found = [documents(day)["wr1~oak~oak"] for day in (TODAY - timedelta(days=91), ends, TODAY)]
    assert [[line["price_minor"] for line in one["rates"]] for one in found] == [
        [40_000, 65_050, 90_000],
        [50_000],
        [],
    ]
    assert [one["currency"] for one in found] == ["GBP", "GBP", None]
    assert facts_of(["wr1~oak~oak"], TODAY)["wr1~oak~oak"].cards == ()


def test_what_is_not_stated_is_said_and_found_by_lot() -> None:
    make_world()
    document = documents()["wr0~oak~ash"]
    assert document["offerings"][0]["specialism"] is None
    assert document["specialisms"] == []
    assert document["stored"]["specialisms_stated"] is False
    assert [lot["specialisms_stated"] for lot in document["stored"]["lots"]] == [False]
    assert document["stored"]["confirmed_on"] is None


def test_where_one_lot_states_its_specialisms_and_another_does_not_each_says_which() -> None:
    make_world()
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
    both = replace(
        placed("wr1", "oak", "ash", "wr1~1", ["wr1~1~2"], ["UK"]),
        offerings=(
            OfferingDraft("wr1~1", "wr1~1~2", ("UK",)),
            OfferingDraft("wr1~2a", None, ("UK",)),
        ),
    )
    save_offerings(SYSTEM, [both])
    stored = documents()["wr1~oak~ash"]["stored"]
    assert [one["reference"] for one in stored["specialisms"]] == ["wr1~1~2"]
    assert stored["specialisms_stated"] is False
    assert {lot["number"]: lot["specialisms_stated"] for lot in stored["lots"]} == {"1": True, "2a": False}
    assert documents()["wr1~oak~elm"]["stored"]["specialisms_stated"] is True


def test_an_expired_framework_stays_as_it_was_when_it_ended() -> None:
    make_world()
    assert OLD_TO < TODAY
    assert "wr0~oak~ash" in documents()
    Appointment.objects.filter(reference="wr0~5~oak").update(ends_on=OLD_TO - timedelta(days=1))
    assert "wr0~oak~ash" not in documents()
    assert "wr0~oak~ash" in removed()


@pytest.mark.parametrize(
    ("joined", "left", "shown"),
    [
        (TODAY, None, True),
        (TODAY + timedelta(days=1), None, False),
        (date(2024, 4, 1), TODAY, False),
        (date(2024, 4, 1), TODAY + timedelta(days=1), True),
    ],
)
def test_a_member_is_shown_from_its_first_day_until_the_day_it_left(
    joined: date, left: date | None, shown: bool
) -> None:
    make_world()
    SupplierMember.objects.filter(partner__reference="ash").update(joined_on=joined, left_on=left)
    assert ("wr1~oak~ash" in documents()) is shown
    assert ("wr1~oak~ash" in removed()) is not shown


def test_a_member_that_left_and_came_back_is_shown_once() -> None:
    make_world()
    member = SupplierMember.objects.get(partner__reference="ash")
    SupplierMember.objects.filter(pk=member.pk).update(left_on=date(2025, 1, 1))
    SupplierMember.objects.create(
        supplier=member.supplier, partner=member.partner, role="member", joined_on=date(2025, 6, 1)
    )
    assert "wr1~oak~ash" in documents()
    assert "wr1~oak~ash" not in removed()


@pytest.mark.parametrize(("status", "shown"), [("active", True), ("suspended", False), ("withdrawn", False)])
def test_an_appointment_is_shown_while_it_is_active(status: str, shown: bool) -> None:
    make_world()
    Appointment.objects.filter(reference="wr1~1~oak").update(status=status)
    assert ("wr1~oak~ash" in documents()) is shown


def test_a_partner_without_a_published_profile_or_suspended_is_not_shown() -> None:
    make_world()
    Partner.objects.filter(reference="ash").update(published=None)
    Partner.objects.filter(reference="elm").update(suspended=True)
    assert {key.rsplit("~", 1)[-1] for key in documents()} == {"oak", "yew"}


def test_a_partner_that_offers_nothing_on_a_framework_has_no_listing_there() -> None:
    make_world()
    Offering.objects.filter(partner__reference="elm").delete()
    assert "wr1~oak~elm" not in documents()
    assert "wr1~oak~elm" in removed()


def test_the_framework_runs_by_its_stored_status_and_dates() -> None:
    make_world()
    Framework.objects.filter(reference="wr1").update(status="standstill")
    document = documents()["wr1~yew~yew"]
    assert (document["status"], document["starts_on"], document["ends_on"]) == (
        "standstill",
        "2024-04-01",
        "2099-03-31",
    )


def test_a_region_satisfies_itself_what_lies_below_and_its_twins() -> None:
    make_regions()
    met = ground().satisfied(["UKC"])
    assert {"UKC", "UKC1", "UKC2", "TLC", "TLC3", "TLC4"} <= set(met)
    assert "UKD" not in met
    assert "UK" not in met


def test_a_sub_region_does_not_satisfy_the_whole_region() -> None:
    make_regions()
    assert "TLC" not in ground().satisfied(["TLC3"])
    assert "UKC1" in ground().satisfied(["TLC3"])


def test_a_partial_twin_counts() -> None:
    make_regions()
    assert {"TLH4", "TLH5", "TLH6"} <= set(ground().satisfied(["UKH1"]))


def test_a_national_offering_satisfies_every_code() -> None:
    make_regions()
    met = ground().satisfied(["UK"])
    assert {"UK", "UKC1", "TLC3", "TLN"} <= set(met)
    assert met == ground().every


def test_offerings_carry_expanded_regions() -> None:
    make_world()
    offering = documents()["wr1~oak~ash"]["offerings"][0]
    assert {"TLC", "TLC3", "UKC"} <= set(offering["regions"])
    assert documents()["wr1~oak~ash"]["stored"]["regions"] == ["TLC"]


def test_seven_queries_whatever_the_number_of_partners(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_world()
    known = places()
    for keys in (
        [Partner.objects.get(reference="oak").pk],
        list(Partner.objects.values_list("pk", flat=True)),
    ):
        with django_assert_num_queries(6):
            listings_of(keys, 1, known, TODAY)


def test_every_event_that_the_search_listens_to_is_in_the_one_table() -> None:
    assert set(TOUCHES) | REBUILDS <= set(EVENT_TYPES)
    assert placed("wr1", "oak", "oak", "wr1~1", [None], ["UK"]).listing == "wr1~oak~oak"


def test_every_event_of_a_loaded_world_is_in_the_one_table_with_its_references() -> None:
    make_world()
    for event in Event.objects.all():
        known = EVENT_TYPES[event.type]
        assert event.subject_type == known.subject
        assert set(known.references) <= set(event.references), event.type
