"""Whoever runs a framework appoints suppliers and changes who belongs to them; what has ended stays in history."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.consortia import (
    PlacesToGive,
    SupplierToAppoint,
    add_member,
    appoint_supplier,
    end_member,
    give_places,
    name_lead,
)
from procurement.actions.standing import suspend_partner
from procurement.concerned import Concerned
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.models import (
    Appointment,
    Delivery,
    Event,
    Offering,
    Organisation,
    Partner,
    Supplier,
    SupplierMember,
)
from procurement.permissions import ANONYMOUS, SYSTEM, Actor
from tests.bought import active, offered
from tests.competed import Contest, published, submitted, tender_of
from tests.world import LIVE_FROM, editor_of

GROVE = SupplierToAppoint(
    "Grove", "prime", "ash", ["elm"], PlacesToGive(["wr1~1", "wr1~2a"], "2025-01-01", "2026-06-30")
)


def grove(**changes: Any) -> SupplierToAppoint:
    """The same with other words, of the supplier or of its places."""
    places = {name: changes.pop(name) for name in ("lots", "starts_on", "ends_on") if name in changes}
    return replace(GROVE, places=replace(GROVE.places, **places), **changes)


@pytest.fixture
def owner(contest: Contest) -> Actor:
    return editor_of("owner")


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    tables = (Supplier, SupplierMember, Appointment, Delivery)
    return [list(table.objects.order_by("pk").values()) for table in tables] + [Event.objects.count()]


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    """Pointers and codes of what was refused, once it is certain that nothing changed."""
    before = kept()
    with pytest.raises(kind) as refusal:
        act()
    assert kept() == before
    return [(one.pointer, one.code) for one in refusal.value.faults] if kind is Invalid else []


def told(since: int) -> list[tuple[str, str]]:
    """Type and subject of each event after a position."""
    rows = Event.objects.filter(position__gt=since).order_by("position")
    return list(rows.values_list("type", "subject"))


def times(supplier: str) -> list[tuple[str, str, date, date | None]]:
    rows = SupplierMember.objects.filter(supplier__reference=supplier).order_by("pk")
    return list(rows.values_list("partner__reference", "role", "joined_on", "left_on"))


def end() -> int:
    return Event.objects.latest("position").position


def revision(reference: str = "oak") -> int:
    return Supplier.objects.get(reference=reference).revision


def test_an_owner_appoints_a_consortium_to_lots_with_its_lead_and_members(owner: Actor) -> None:
    editor_of("elm")
    before = end()
    made = appoint_supplier(owner, GROVE)
    assert (made.reference, made.name, made.form) == ("grove", "Grove", "prime")
    since = date(2025, 1, 1)
    assert times("grove") == [("ash", "lead", since, None), ("elm", "member", since, None)]
    assert list(
        made.appointments.order_by("pk").values_list("reference", "status", "starts_on", "ends_on")
    ) == [
        ("wr1~1~grove", "active", since, date(2026, 6, 30)),
        ("wr1~2a~grove", "active", since, date(2026, 6, 30)),
    ]
    assert told(before) == [
        ("supplier.created", "grove"),
        ("supplier.member_joined", "grove"),
        ("supplier.member_joined", "grove"),
        ("appointment.made", "wr1~1~grove"),
        ("appointment.made", "wr1~2a~grove"),
    ]
    assert set(Event.objects.filter(position__gt=before).values_list("actor", flat=True)) == {owner.reference}
    inbox = Delivery.objects.filter(event__position__gt=before, channel="inbox")
    assert sorted(inbox.values_list("event__type", "organisation__reference")) == [
        *[("appointment.made", "ash")] * 2,
        *[("appointment.made", "elm")] * 2,
        ("supplier.member_joined", "ash"),
        ("supplier.member_joined", "ash"),
        ("supplier.member_joined", "elm"),
    ]


def test_a_second_supplier_of_the_same_name_has_a_reference_of_its_own(owner: Actor) -> None:
    assert [appoint_supplier(owner, GROVE).reference for _ in range(2)] == ["grove", "grove-2"]


def test_a_firm_alone_without_latin_letters_is_called_by_its_number_and_a_consortium_by_none(
    owner: Actor,
) -> None:
    Organisation.objects.filter(reference="ash").update(scheme="GB-COH", identifier="01234567")
    named = {"name": "Ясень", "lead": "ash"}
    assert appoint_supplier(owner, grove(**named, form="alone", members=[])).reference == "gb-coh-01234567"
    consortium = appoint_supplier(owner, grove(**named)).reference
    assert re.fullmatch("consortium-[0-9a-f]{8}", consortium)
    assert appoint_supplier(owner, grove(**named)).reference == f"{consortium}-2"


def test_members_of_a_supplier_whose_place_is_to_come_belong_from_today(owner: Actor) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    appoint_supplier(owner, grove(starts_on=tomorrow.isoformat(), ends_on=""))
    assert [one[2] for one in times("grove")] == [timezone.localdate()] * 2


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": " "}, ("/name", "required")),
        ({"form": "club"}, ("/form", "unknown_value")),
        ({"lead": "nobody"}, ("/lead", "unknown")),
        ({"lead": ""}, ("/lead", "required")),
        ({"members": ["ash"]}, ("/members/0", "duplicate")),
        ({"members": ["elm", "elm"]}, ("/members/1", "duplicate")),
        ({"form": "alone"}, ("/members", "alone")),
        ({"lots": []}, ("/lots", "required")),
        ({"lots": ["wr1~9"]}, ("/lots/0", "unknown")),
        ({"lots": ["wr1~1", "wr1~1"]}, ("/lots/1", "duplicate")),
        ({"starts_on": "2024-03-31"}, ("/starts_on", "range")),
        ({"starts_on": "soon"}, ("/starts_on", "shape")),
        ({"ends_on": "2024-12-31"}, ("/ends_on", "order")),
        ({"ends_on": "2099-04-01"}, ("/ends_on", "range")),
    ],
)
def test_an_appointment_that_could_not_be_is_refused(
    owner: Actor, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert refused(Invalid, lambda: appoint_supplier(owner, grove(**changes))) == [fault]


def test_a_suspended_or_excluded_firm_becomes_part_of_no_supplier(owner: Actor) -> None:
    suspend_partner(SYSTEM, "elm", Partner.objects.get(reference="elm").revision, "Under review.")
    Organisation.objects.filter(partner__reference="yew").update(excluded_since=LIVE_FROM)
    asked = grove(members=["elm", "yew"])
    assert refused(Invalid, lambda: appoint_supplier(owner, asked)) == [
        ("/members/0", "suspended"),
        ("/members/1", "excluded"),
    ]
    assert refused(Invalid, lambda: add_member(owner, "oak", revision(), "yew")) == [("/partner", "excluded")]
    assert refused(Invalid, lambda: name_lead(owner, "oak", revision(), "elm")) == [("/partner", "suspended")]


def test_nobody_but_whoever_runs_the_frameworks_appoints_or_changes_a_supplier(contest: Contest) -> None:
    others = (
        ANONYMOUS, contest.market.oak, contest.market.buyer, editor_of("owner", "viewer", "clerk"),
    )  # fmt: skip
    for actor in others:
        refused(NotPermitted, lambda actor=actor: appoint_supplier(actor, GROVE))  # type: ignore[misc]
        refused(NotPermitted, lambda actor=actor: add_member(actor, "oak", revision(), "yew"))  # type: ignore[misc]
        refused(NotPermitted, lambda actor=actor: end_member(actor, "oak", revision(), "ash"))  # type: ignore[misc]
        refused(NotPermitted, lambda actor=actor: name_lead(actor, "oak", revision(), "ash"))  # type: ignore[misc]


def test_a_supplier_that_stands_on_two_owners_frameworks_is_changed_by_neither_alone(owner: Actor) -> None:
    other = Organisation.objects.create(reference="other", name="Other", scheme="XX-DEMO", identifier="OTHER")
    lot = Appointment.objects.get(reference="wr1~2a~yew").lot
    framework = lot.framework
    framework.pk, framework.reference, framework.number, framework.owner = None, "wr2", "WR2", other
    framework.save()
    lot.pk, lot.reference, lot.framework = None, "wr2~1", framework
    lot.save()
    Appointment.objects.create(
        reference="wr2~1~oak", supplier=Supplier.objects.get(reference="oak"), lot=lot, starts_on=LIVE_FROM
    )
    refused(NotPermitted, lambda: end_member(owner, "oak", revision(), "elm"))
    Appointment.objects.filter(reference="wr2~1~oak").update(status="withdrawn")
    end_member(owner, "oak", revision(), "elm")
    assert times("oak")[2][3] == timezone.localdate()


def test_a_supplier_is_given_a_place_on_a_further_lot_and_on_none_twice(owner: Actor) -> None:
    before, was = end(), revision()
    give_places(owner, "oak", was, PlacesToGive(["wr1~2a"], "2025-01-01"))
    assert told(before) == [("appointment.made", "wr1~2a~oak")]
    assert revision() == was + 1
    again = PlacesToGive(["wr1~2a"], "2025-01-01")
    assert refused(Invalid, lambda: give_places(owner, "oak", was + 1, again)) == [("/lots/0", "appointed")]
    refused(Stale, lambda: give_places(owner, "oak", was, PlacesToGive(["wr0~5"], "2018-01-01")))
    refused(NotFound, lambda: give_places(owner, "nobody", 1, again))


@pytest.mark.parametrize("gone", [{"status": "withdrawn"}, {"ends_on": date(2025, 1, 31)}])
def test_a_place_that_is_over_is_given_anew_with_what_was_offered_there(
    owner: Actor, gone: dict[str, Any]
) -> None:
    place = Appointment.objects.filter(reference="wr1~1~oak")
    place.update(quality_marks=["Gold"], **gone)
    before, offered_there = end(), Offering.objects.filter(appointment__reference="wr1~1~oak").count()
    give_places(owner, "oak", revision(), PlacesToGive(["wr1~1"], "2025-03-01"))
    assert list(place.values_list("status", "starts_on", "ends_on", "quality_marks")) == [
        ("active", date(2025, 3, 1), None, ["Gold"])
    ]
    assert told(before) == [("appointment.reinstated", "wr1~1~oak")]
    assert Offering.objects.filter(appointment__reference="wr1~1~oak").count() == offered_there == 6
    inbox = Delivery.objects.filter(event__position__gt=before, channel="inbox")
    assert set(inbox.values_list("organisation__reference", flat=True)) == {"oak", "ash"}


def test_a_place_that_is_suspended_is_given_to_nobody_anew(owner: Actor) -> None:
    Appointment.objects.filter(reference="wr1~1~oak").update(status="suspended")
    again = PlacesToGive(["wr1~1"], "2025-03-01")
    assert refused(Invalid, lambda: give_places(owner, "oak", revision(), again)) == [
        ("/lots/0", "appointed")
    ]


def test_a_firm_joins_from_a_day_on_which_the_supplier_stands_and_that_is_not_to_come(owner: Actor) -> None:
    before = end()
    add_member(owner, "oak", revision(), "yew", "2025-02-03")
    assert times("oak")[-1] == ("yew", "member", date(2025, 2, 3), None)
    assert told(before) == [("supplier.member_joined", "oak")]
    for firm, day, fault in (
        ("ash", "", ("/partner", "duplicate")),
        ("nobody", "", ("/partner", "unknown")),
    ):
        refusal = refused(Invalid, lambda firm=firm, day=day: add_member(owner, "oak", revision(), firm, day))  # type: ignore[misc]
        assert refusal == [fault]
    end_member(owner, "oak", revision(), "yew", "2025-03-01")
    for day, code in (("2023-01-01", "range"), ("2100-01-01", "range"), ("2025-02-04", "overlap")):
        refusal = refused(Invalid, lambda day=day: add_member(owner, "oak", revision(), "yew", day))  # type: ignore[misc]
        assert refusal[0][1] == code, day
    refused(Conflict, lambda: add_member(owner, "yew", revision("yew"), "ash"))
    refused(Stale, lambda: add_member(owner, "oak", revision() - 1, "yew"))


def test_a_time_that_ended_stays_and_another_begins_after_it(owner: Actor) -> None:
    end_member(owner, "oak", revision(), "elm", "2025-03-01")
    add_member(owner, "oak", revision(), "elm", "2025-03-01")
    assert [one for one in times("oak") if one[0] == "elm"] == [
        ("elm", "member", date(2017, 9, 4), date(2025, 3, 1)),
        ("elm", "member", date(2025, 3, 1), None),
    ]


def test_a_time_ends_no_earlier_than_it_began_and_the_lead_s_not_at_all(owner: Actor) -> None:
    assert refused(Invalid, lambda: end_member(owner, "oak", revision(), "elm", "2017-09-03")) == [
        ("/left_on", "order")
    ]
    later = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert refused(Invalid, lambda: end_member(owner, "oak", revision(), "elm", later)) == [
        ("/left_on", "range")
    ]
    refused(Conflict, lambda: end_member(owner, "oak", revision(), "oak"))
    refused(NotFound, lambda: end_member(owner, "oak", revision(), "yew"))


def test_buyers_that_want_a_firm_whose_time_is_ended_are_told(contest: Contest, owner: Actor) -> None:
    offer = offered(contest.market)
    before = end()
    end_member(owner, "oak", revision(), "ash")
    assert told(before) == [("supplier.member_left", "oak"), ("offer.partner_left", offer.reference)]


def test_another_firm_leads_and_the_one_that_led_becomes_a_member(owner: Actor) -> None:
    editor_of("elm")
    before, was, today = end(), revision(), timezone.localdate()
    name_lead(owner, "oak", was, "ash")
    assert times("oak") == [
        ("oak", "lead", date(2017, 9, 4), today),
        ("ash", "member", date(2017, 9, 4), today),
        ("elm", "member", date(2017, 9, 4), None),
        ("ash", "lead", today, None),
        ("oak", "member", today, None),
    ]
    assert told(before) == [("supplier.lead_changed", "oak")]
    assert revision() == was + 1
    event = Event.objects.latest("position")
    assert event.references == {"partner": "ash"}
    assert event.changes == {"former": "oak", "since": today.isoformat(), "stays": True}
    mailed = Delivery.objects.filter(event=event, channel="email").values_list(
        "organisation__reference", flat=True
    )
    assert set(mailed) == {"oak", "ash", "elm"}


def test_a_firm_from_outside_leads_and_the_one_that_led_leaves(owner: Actor) -> None:
    before, today = end(), timezone.localdate()
    name_lead(owner, "oak", revision(), "yew", stays=False)
    assert times("oak")[0] == ("oak", "lead", date(2017, 9, 4), today)
    assert times("oak")[3:] == [("yew", "lead", today, None)]
    assert told(before) == [("supplier.lead_changed", "oak"), ("supplier.member_left", "oak")]


def test_whoever_leads_already_or_alone_is_not_named_again(owner: Actor) -> None:
    assert refused(Invalid, lambda: name_lead(owner, "oak", revision(), "oak")) == [("/partner", "duplicate")]
    refused(Conflict, lambda: name_lead(owner, "yew", revision("yew"), "ash"))
    refused(Stale, lambda: name_lead(owner, "oak", revision() + 1, "ash"))


def test_the_buyer_of_an_open_offer_and_of_a_live_contract_hears_of_another_lead(
    contest: Contest, owner: Actor
) -> None:
    contract = active(contest.market)
    offer = offered(contest.market)
    before = end()
    name_lead(owner, "oak", revision(), "ash")
    assert told(before) == [
        ("supplier.lead_changed", "oak"),
        ("offer.lead_changed", offer.reference),
        ("contract.lead_changed", contract.reference),
    ]
    buyer = Delivery.objects.filter(
        event__position__gt=before, organisation__reference="shire", channel="inbox"
    )
    assert sorted(buyer.values_list("event__type", flat=True)) == [
        "contract.lead_changed",
        "offer.lead_changed",
    ]


def test_a_live_tender_is_the_new_lead_s_and_the_buyer_hears_nothing_before_it_is_opened(
    contest: Contest, owner: Actor
) -> None:
    call_off = published(contest)
    submission = submitted(contest.market.oak, call_off, "oak")
    name_lead(owner, "oak", revision(), "ash")
    tender = tender_of(call_off, "oak")
    [event] = Event.objects.filter(type="tender.lead_changed")
    assert event.subject == tender.reference
    concerned = Concerned([(event, "organisation"), (event, "lead")])
    assert concerned.by(event, "organisation") == set()
    assert {one.reference for one in concerned.by(event, "lead")} == {"ash"}
    submission.refresh_from_db()
    assert tender.status == "submitted"
    again = submitted(contest.market.ash, call_off, "oak")
    assert (again.number, again.pk != submission.pk) == (2, True)
    # The one that led reads it no more, unless the new lead lets it write.
    with pytest.raises(NotFound):
        submitted(contest.market.oak, call_off, "oak")
