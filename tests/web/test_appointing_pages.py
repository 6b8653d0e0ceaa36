"""Whoever runs a framework appoints suppliers to its lots on the pages, and changes who belongs to them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.models import Appointment, Event, Supplier, SupplierMember
from procurement.permissions import SYSTEM
from tests.web.administering import APPOINT, CHIEF, CLERK, CONSORTIUM, OPERATOR, make_administrators
from tests.web.buying import signed
from tests.web.reading import read, rows, wrong
from tests.world import profile

NEW = {
    "name": "Grove",
    "form": "prime",
    "lead": "Cedar",
    "members": "dogwood\n\n Alder  Research \n",
    "lots": ["rm1~1", "rm1~2a"],
    "starts_on": "2025-01-01",
    "ends_on": "",
}


@pytest.fixture(autouse=True)
def chief(page: Client) -> None:
    make_administrators()
    signed(page, CHIEF)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    tables = (Supplier, SupplierMember, Appointment)
    return [list(table.objects.order_by("pk").values()) for table in tables] + [Event.objects.count()]


def changed(page: Client, do: str, **said: Any) -> Any:
    revision = Supplier.objects.get(reference="alders").revision
    return page.post(CONSORTIUM, {"do": do, "revision": revision, **said})


def times() -> list[tuple[str, str, date | None]]:
    members = SupplierMember.objects.filter(supplier__reference="alders").order_by("pk")
    return list(members.values_list("partner__reference", "role", "left_on"))


def test_a_consortium_is_appointed_by_the_names_or_references_of_its_firms(page: Client) -> None:
    assert page.get(APPOINT).status_code == 200
    answer = page.post(APPOINT, NEW)
    assert (answer.status_code, answer["Location"]) == (303, "/administration/suppliers/grove?done=appointed")
    shown = read(page.get(answer["Location"]))
    assert rows(shown, "Members now, the lead first")[1:] == [
        ["Cedar", "Part: Lead", "Since: 1 January 2025"],
        ["Alder Research", "Part: Member", "Since: 1 January 2025"],
        ["Dogwood Digital", "Part: Member", "Since: 1 January 2025"],
    ]
    assert list(
        Appointment.objects.filter(supplier__reference="grove").values_list("reference", flat=True)
    ) == [
        "rm1~1~grove",
        "rm1~2a~grove",
    ]


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_made(page: Client) -> None:
    before = kept()
    said = NEW | {
        "name": "",
        "lead": "Nobody & Sons",
        "members": "cedar\ncedar",
        "lots": [],
        "starts_on": "2019-12-31",
    }
    answer = page.post(APPOINT, said)
    assert answer.status_code == 422
    assert [anchor for _, anchor in wrong(read(answer))] == ["#name", "#lead", "#members", "#lots"]
    assert b"Nobody &amp; Sons" in answer.content
    answer = page.post(APPOINT, NEW | {"starts_on": "2019-12-31"})
    assert wrong(read(answer)) == [("First day: RM1 runs from 2020-01-01 to 2099-12-31", "#starts_on")]
    assert kept() == before


def test_a_firm_joins_another_leads_and_a_time_ends(page: Client) -> None:
    assert changed(page, "add", partner="Dogwood Digital", joined_on="2025-01-01").status_code == 303
    assert changed(page, "lead", partner="birch", stays="yes").status_code == 303
    answer = changed(page, "end", partner="dogwood", left_on="2025-03-01")
    assert (answer.status_code, answer["Location"]) == (303, f"{CONSORTIUM}?done=end")
    today = timezone.localdate()
    assert times() == [
        ("alder", "lead", today),
        ("birch", "member", today),
        ("cedar", "member", None),
        ("dogwood", "member", date(2025, 3, 1)),
        ("birch", "lead", None),
        ("alder", "member", None),
    ]
    shown = read(page.get(answer["Location"]))
    assert [row[0] for row in rows(shown, "Members now, the lead first")[1:]][1:] == [
        "Cedar",
        "Alder Research",
    ]
    assert [row[1] for row in rows(shown, "Times that have ended, the last first")[1:]] == [
        "Part: Member",
        "Part: Lead",
        "Part: Member",
    ]


def test_the_firm_that_led_may_leave_with_it(page: Client) -> None:
    assert changed(page, "lead", partner="birch").status_code == 303
    assert [one for one in times() if one[2] is None] == [("cedar", "member", None), ("birch", "lead", None)]


def test_a_supplier_is_given_a_further_place(page: Client) -> None:
    Appointment.objects.filter(reference="rm1~2a~alders").delete()
    shown = read(page.get(CONSORTIUM))
    assert [one.attributes["value"] for one in shown.all("input", name="lots")] == ["rm1~2a"]
    assert changed(page, "places", lots="rm1~2a", starts_on="2025-01-01", ends_on="").status_code == 303
    assert Appointment.objects.get(reference="rm1~2a~alders").starts_on == date(2025, 1, 1)


def test_a_place_that_was_withdrawn_stands_among_those_to_give(page: Client) -> None:
    Appointment.objects.filter(reference="rm1~2a~alders").update(status="suspended")
    assert read(page.get(CONSORTIUM)).all("input", name="lots") == []
    Appointment.objects.filter(reference="rm1~2a~alders").update(status="withdrawn")
    shown = read(page.get(CONSORTIUM))
    assert [one.attributes["value"] for one in shown.all("input", name="lots")] == ["rm1~2a"]
    assert changed(page, "places", lots="rm1~2a", starts_on="2025-01-01", ends_on="").status_code == 303
    assert Appointment.objects.get(reference="rm1~2a~alders").status == "active"


@pytest.mark.parametrize(
    ("do", "said", "status", "anchors"),
    [
        ("add", {"partner": "cedar"}, 422, ["#add-partner"]),
        ("add", {"partner": "dogwood", "joined_on": "2100-01-01"}, 422, ["#add-joined_on"]),
        ("end", {"partner": "cedar", "left_on": "2010-01-01"}, 422, ["#end-left_on"]),
        ("end", {"partner": "alder"}, 409, []),
        ("lead", {"partner": "alder", "stays": "yes"}, 422, ["#lead-partner"]),
        ("places", {"starts_on": "2025-01-01"}, 422, ["#places-lots"]),
        ("lead", {"partner": "birch", "revision": "99"}, 409, []),
    ],
)
def test_what_cannot_be_changes_nothing_and_is_told_at_its_field(
    page: Client, do: str, said: dict[str, str], status: int, anchors: list[str]
) -> None:
    before = kept()
    answer = changed(page, do, **said)
    assert answer.status_code == status
    assert [anchor for _, anchor in wrong(read(answer))] == anchors
    assert kept() == before


def test_to_others_these_pages_are_not_there(page: Client) -> None:
    before = kept()
    for email in (CLERK, "alder@example.org", "buyer@example.org"):
        signed(page, email)
        for address, said in ((APPOINT, NEW), (CONSORTIUM, {"do": "end", "partner": "cedar", "revision": 1})):
            assert (page.get(address).status_code, page.post(address, said).status_code) == (404, 404), email
    signed(page, OPERATOR)
    assert {page.get(one).status_code for one in (APPOINT, CONSORTIUM)} == {200}
    assert page.get("/administration/suppliers/nobody").status_code == 404
    assert page.get("/administration/frameworks/rm9/appoint").status_code == 404
    assert kept() == before


def test_a_firm_alone_is_offered_no_members(page: Client) -> None:
    shown = read(page.get("/administration/suppliers/dogwood"))
    assert {one.attributes["value"] for one in shown.all("input", name="do")} == {"places"}


def test_a_name_that_two_firms_have_names_neither(page: Client) -> None:
    publish_profiles(SYSTEM, [ProfileDraft(one, profile("Twin")) for one in ("cedar", "dogwood")])
    before = kept()
    assert wrong(read(changed(page, "add", partner="Twin"))) == [
        ("The firm that joins: There is no firm Twin", "#add-partner")
    ]
    assert kept() == before
