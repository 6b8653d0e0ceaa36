"""Administrators look after places on lots, firms, dead letters and the log; to others none of it is there."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.events import Happening, record
from procurement.actions.standing import move_appointment
from procurement.models import Appointment, Delivery, Event, Partner, User
from procurement.permissions import SYSTEM, person
from tests.web.administering import (
    CHIEF,
    CLERK,
    FIRM,
    OF_OPERATORS,
    OF_OWNERS,
    OPERATOR,
    PLACE,
    dead_letter,
    make_administrators,
)
from tests.web.buying import colleague, signed
from tests.web.reading import read, rows, wrong

EVERY = {*OF_OWNERS, *OF_OPERATORS}
LETTERS = "Dead letters, newest first"


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    make_administrators()


def test_each_part_is_there_for_whom_it_concerns_alone(page: Client) -> None:
    colleague("buyer@example.org", "town", "administrator")
    for email, there in (
        ("alder@example.org", set()),
        ("buyer@example.org", set()),
        (CLERK, {"/administration", "/administration/spend"}),
        (CHIEF, set(OF_OWNERS)),
        (OPERATOR, EVERY),
    ):
        signed(page, email)
        assert {one for one in EVERY if page.get(one).status_code == 200} == there, email
        assert {one for one in EVERY if page.get(one).status_code == 404} == EVERY - there, email
    page.logout()
    assert {page.get(one).status_code for one in EVERY} == {302}


def test_the_navigation_leads_administrators_there(page: Client) -> None:
    def led(email: str) -> bool:
        shown = read(signed(page, email).get("/"))
        return "/administration" in [one.attributes["href"] for one in shown.all("a")]

    assert [led(one) for one in (CHIEF, OPERATOR, "alder@example.org")] == [True, True, False]


def test_every_link_of_the_hub_leads_to_a_page(page: Client) -> None:
    for email in (CHIEF, CLERK, OPERATOR):
        shown = read(signed(page, email).get("/administration"))
        links = {one.attributes["href"] for one in shown.all("a", class_="govuk-link")}
        assert {one: page.get(one).status_code for one in links if one.startswith("/")} == {
            one: 200 for one in links if one.startswith("/")
        }, email


def test_a_place_is_suspended_for_a_reason_and_reinstated(page: Client) -> None:
    signed(page, CHIEF)
    answer = page.post(PLACE, {"do": "suspend", "revision": 1, "reason": "Late returns."})
    assert (answer.status_code, answer["Location"]) == (303, f"{PLACE}?done=suspend")
    assert Appointment.objects.get(reference="rm1~1~dogwood").status == "suspended"
    shown = read(page.get(answer["Location"]))
    assert [one.partition(": ")[2] for one in shown.texts("li") if "because" in one] == [
        "suspended, because: Late returns."
    ]
    assert {one.attributes["value"] for one in shown.all("input", name="do")} == {"reinstate", "withdraw"}
    hub = read(page.get("/administration"))
    assert [row[-1] for row in rows(hub, "Frameworks that you answer for")[1:]] == [
        "Suspended places: 0",
        "Suspended places: 1",
    ]
    assert {one.attributes["value"] for one in shown.all("input", name="revision")} == {"2"}
    assert page.post(PLACE, {"do": "reinstate", "revision": 2, "reason": "Returned."}).status_code == 303
    assert Appointment.objects.get(reference="rm1~1~dogwood").status == "active"


def test_a_step_without_a_reason_or_out_of_turn_changes_nothing(page: Client) -> None:
    signed(page, CHIEF)
    before = Event.objects.count()
    answer = page.post(PLACE, {"do": "suspend", "revision": 1, "reason": " "})
    assert answer.status_code == 422
    assert wrong(read(answer)) == [("Reason: this must not be empty", "#suspend-reason")]
    assert page.post(PLACE, {"do": "reinstate", "revision": 1, "reason": "x"}).status_code == 409
    assert page.post(PLACE, {"do": "nothing", "revision": 1, "reason": "x"}).status_code == 404
    assert page.post("/administration/appointments/rm1~9~dogwood", {"do": "suspend"}).status_code == 404
    assert Event.objects.count() == before
    assert Appointment.objects.get(reference="rm1~1~dogwood").status == "active"


def test_a_place_that_somebody_has_moved_meanwhile_stays_as_that_left_it(page: Client) -> None:
    signed(page, CHIEF)
    move_appointment(SYSTEM, "rm1~1~dogwood", 1, "suspend", "Late returns.")
    before = Event.objects.count()

    answer = page.post(PLACE, {"do": "withdraw", "revision": 1, "reason": "It left."})

    assert answer.status_code == 409
    told = "Somebody changed this meanwhile, so nothing of yours was changed."
    assert any(text.startswith(told) for text in read(answer).texts("li"))
    assert (Event.objects.count(), Appointment.objects.get(reference="rm1~1~dogwood").status) == (
        before, "suspended",
    )  # fmt: skip


def test_a_firm_is_suspended_by_the_revision_that_was_read(page: Client) -> None:
    signed(page, OPERATOR)
    revision = Partner.objects.get(reference="dogwood").revision
    stale = page.post(FIRM, {"do": "suspend", "revision": revision + 1, "reason": "x"})
    assert stale.status_code == 409
    assert not Partner.objects.get(reference="dogwood").suspended
    done = page.post(FIRM, {"do": "suspend", "revision": revision, "reason": "Under review."})
    assert done.status_code == 303
    assert Partner.objects.get(reference="dogwood").suspended
    again = page.post(FIRM, {"do": "reinstate", "revision": revision + 1, "reason": "Reviewed."})
    assert again.status_code == 303
    assert not Partner.objects.get(reference="dogwood").suspended


def test_places_are_found_by_name_and_status(page: Client) -> None:
    signed(page, CHIEF)
    Appointment.objects.filter(reference="rm1~2a~alders").update(status="suspended")

    def found(asked: str) -> list[str]:
        shown = read(page.get(f"/administration/frameworks/rm1?{asked}"))
        return [row[0] for row in rows(shown, "Places on lots, by supplier")[1:]]

    assert found("") == [
        "Consortium Alder on lot 1",
        "Consortium Alder on lot 2a",
        "Dogwood Digital on lot 1",
    ]
    assert found("q=dog") == ["Dogwood Digital on lot 1"]
    assert found("status=suspended") == ["Consortium Alder on lot 2a"]
    wrongly = page.get("/administration/frameworks/rm1?status=foo&q=dog")
    shown = read(wrongly)
    assert (wrongly.status_code, wrong(shown)) == (400, [("Status: “foo” is none of the choices", "#status")])
    assert shown.one("input", id="q").attributes["value"] == "dog"
    assert shown.all("table") == []
    assert "No supplier answers this." not in shown.texts("p")
    assert page.get("/administration/frameworks/rm1?q=a%00").status_code == 400


def test_places_are_listed_with_a_bounded_number_of_queries(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed(page, CHIEF)
    page.get("/administration/frameworks/rm1")
    with django_assert_num_queries(8):
        page.get("/administration/frameworks/rm1")
    with django_assert_num_queries(8):
        page.get("/administration")


def test_a_dead_letter_is_tried_again_once(page: Client) -> None:
    signed(page, OPERATOR)
    letter = dead_letter()
    shown = read(page.get("/administration/dead-letters"))
    assert [row[2] for row in rows(shown, LETTERS)[1:]] == [
        "What failed: The mail server refused it (12 attempts)"
    ]
    answer = page.post("/administration/dead-letters", {"delivery": letter.reference})
    assert (answer.status_code, answer["Location"]) == (303, "/administration/dead-letters?done=one")
    letter.refresh_from_db()
    assert letter.status == "pending"
    assert page.post("/administration/dead-letters", {"delivery": letter.reference}).status_code == 409
    assert page.post("/administration/dead-letters", {"delivery": "nothing"}).status_code == 404
    assert read(page.get("/administration/dead-letters")).all("table") == []


def test_all_dead_letters_are_tried_again_at_once(page: Client) -> None:
    signed(page, OPERATOR)
    letters = [dead_letter(), dead_letter("dlv_2")]
    assert page.post("/administration/dead-letters").status_code == 303
    assert {Delivery.objects.get(pk=one.pk).status for one in letters} == {"pending"}


def test_the_log_is_shown_and_its_chain_is_walked(page: Client) -> None:
    signed(page, OPERATOR)
    record(SYSTEM, Happening("partner.profile_confirmed", "partner", "dogwood", {}, {}))
    end = Event.objects.latest("position")
    shown = read(page.get("/administration/log"))
    assert rows(shown, "Events, newest first")[1][:2] == [
        f"{end.position:,} partner.profile_confirmed",
        "Of: dogwood",
    ]
    held = read(page.post("/administration/log"))
    assert held.one("p", class_="govuk-notification-banner__heading").text.endswith("and the chain holds.")


def test_the_log_names_colleagues_and_of_others_no_more_than_their_organisation(page: Client) -> None:
    def acted(email: str, kind: str, subject: str) -> None:
        actor = person(User.objects.get(email=email))
        record(actor, Happening(f"{kind}.tried", kind, subject, {}, {}))

    acted(OPERATOR, "partner", "dogwood")
    acted("alder@example.org", "partner", "alder")
    acted("alder@example.org", "tender", "TEN-2026-0001")
    acted("nobody@example.org", "organisation", "alder")
    record(SYSTEM, Happening("tender.tried", "tender", "TEN-2026-0001", {}, {}))
    shown = read(signed(page, OPERATOR).get("/administration/log"))
    told = [row[2].removeprefix("By: ") for row in rows(shown, "Events, newest first")[1:6]]
    assert told == [
        "The service itself", "Somebody else", "Somebody with a part in the competition", "Somebody of Alder",
        "Operator",
    ]  # fmt: skip
    assert [row for row in shown.texts("td") if "usr_" in row] == []
    [moments] = {len(row[3].split(":")) for row in rows(shown, "Events, newest first")[1:]}
    assert moments == 4


def test_what_administrators_write_is_read_as_text(page: Client) -> None:
    signed(page, CHIEF)
    page.post(PLACE, {"do": "suspend", "revision": 1, "reason": "<b>late</b>"})
    assert b"&lt;b&gt;late&lt;/b&gt;" in page.get(PLACE).content
