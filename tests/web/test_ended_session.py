"""A form that is sent after the session has ended: sign-in and the page after it say that it was not kept."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from procurement.models import Event, ProfileVersion
from tests.web.buying import signed
from tests.web.market import PASSWORD
from tests.web.reading import read
from tests.web.test_second_step import Clock, clock, set_up

__all__ = ["clock"]

AT_SIGN_IN = (
    "Your session had ended when you sent the form. What you wrote was not kept, and nothing was changed: sign in and "
    "write it again."
)
AFTER = "What you sent before you signed in was not kept, and nothing was changed. Write it again."
WRITTEN = {"name": "Alder & Daughters", "revision": "1"}


def sent_too_late(page: Client, address: str) -> str:
    """Sends a form to that address with nobody signed in; where it leads."""
    before = Event.objects.count()
    response = page.post(address, WRITTEN)
    assert (response.status_code, Event.objects.count()) == (302, before)
    return str(response["Location"])


def signed_in_at(
    page: Client, address: str, email: str = "alder@example.org", password: str = PASSWORD
) -> str:
    """Fills in the form of sign-in as a browser does; where it leads."""
    form = read(page.get(address))
    kept = {one.attributes["name"]: one.attributes["value"] for one in form.all("input", type="hidden")}
    response = page.post("/sign-in", {**kept, "username": email, "password": password})
    return str(response.headers.get("Location", ""))


@pytest.mark.parametrize("address", ["/profile/alder", "/account/sessions", "/call-offs/new", "/shortlists"])
def test_sign_in_says_that_a_form_was_not_kept(page: Client, address: str) -> None:
    there = sent_too_late(page, address)
    target = urlsplit(there)
    assert (target.path, parse_qs(target.query)) == ("/sign-in", {"next": [address], "lost": ["yes"]})
    assert read(page.get(there)).texts("div", class_="govuk-inset-text")[0] == AT_SIGN_IN


def test_the_page_after_it_says_so_once(signed_in: Client) -> None:
    signed_in.cookies.pop("sessionid")
    there = sent_too_late(signed_in, "/profile/alder")
    assert signed_in_at(signed_in, there) == "/profile/alder"
    found = read(signed_in.get("/profile/alder"))
    assert found.one("p", class_="govuk-notification-banner__heading").text == AFTER
    assert found.one("input", id="name").attributes["value"] == "Alder Research"
    assert ProfileVersion.objects.filter(partner__reference="alder").count() == 1
    assert AFTER not in read(signed_in.get("/profile/alder")).texts("p")


def test_a_wrong_password_forgets_nothing_of_it(page: Client) -> None:
    there = sent_too_late(page, "/profile/alder")
    kept = {"next": "/profile/alder", "lost": "yes"}
    again = page.post("/sign-in", {**kept, "username": "alder@example.org", "password": "wrong"})
    assert AT_SIGN_IN in read(again).texts("div", class_="govuk-inset-text")
    assert signed_in_at(page, there) == "/profile/alder"
    assert AFTER in read(page.get("/profile/alder")).texts("p")


def test_the_second_step_keeps_it_too(page: Client, clock: Clock) -> None:
    key, _codes = set_up(page, clock)
    page.logout()
    there = sent_too_late(page, "/shortlists")
    assert signed_in_at(page, there, "buyer@example.org") == "/sign-in/code"
    clock.wait(30)
    assert page.post("/sign-in/code", {"code": clock.code(key)})["Location"] == "/shortlists"
    assert AFTER in read(page.get("/shortlists")).texts("p")


def test_who_only_reads_or_signs_in_is_told_nothing_of_it(page: Client) -> None:
    there = page.get("/profile/alder")["Location"]
    assert there == "/sign-in?next=/profile/alder"
    assert AT_SIGN_IN not in read(page.get(there)).texts("div")
    assert signed_in_at(page, there) == "/profile/alder"
    assert AFTER not in read(page.get("/profile/alder")).texts("p")
    signed(page)
    assert AFTER not in read(page.get("/account")).texts("p")
