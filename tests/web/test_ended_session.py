"""A form that is sent after the session has ended: who is known to have written it is offered it again once they have
signed in, and of any other sign-in and the page after it say that it was not kept.
"""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from procurement.models import Event, ProfileVersion
from tests.web.buying import signed
from tests.web.market import PASSWORD
from tests.web.reading import Page, read
from tests.web.test_every_page import sound
from tests.web.test_second_step import Clock, clock, set_up

__all__ = ["clock"]

AT_SIGN_IN = (
    "Your session had ended when you sent the form. What you wrote was not kept, and nothing was changed: sign in and "
    "write it again."
)
AFTER = "What you sent before you signed in was not kept, and nothing was changed. Write it again."
AGAIN = (
    "Your session had ended when you sent the form. Nothing was changed, and what you wrote is not lost: sign in here "
    "within an hour, and you can send it again."
)
LONG = "We evaluate services.\r\nFor people with sight loss, <everywhere> & well."
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


def hidden(shown: Page) -> dict[str, str]:
    return {one.attributes["name"]: one.attributes["value"] for one in shown.all("input", type="hidden")}


def written_in(shown: Page, name: str) -> str:
    """What stands in a field of several lines, line by line."""
    return "".join(shown.one("textarea", name=name).words).removeprefix("\n")


def ended(page: Client, email: str = "alder@example.org") -> None:
    """Somebody signs in on the page, and their session ends without a sign-out."""
    caches["attempts"].clear()
    page.logout()
    assert page.post("/sign-in", {"username": email, "password": PASSWORD}).status_code == 303
    page.cookies.pop("sessionid")


def asked(page: Client, address: str, sent: dict[str, Any]) -> dict[str, str]:
    """What the form of sign-in carries in answer to another form, of which nothing is done."""
    before = Event.objects.count()
    answer = page.post(address, sent)
    assert (answer.status_code, Event.objects.count()) == (403, before)
    assert "no-store" in answer["Cache-Control"]
    sound(read(answer))
    assert AGAIN in read(answer).texts("div", class_="govuk-inset-text")
    return hidden(read(answer))


def test_what_was_written_is_offered_again_to_whoever_wrote_it(page: Client) -> None:
    ended(page)
    said = {"once": "a-key", "revision": "1", "name": "Alder & Daughters", "summary": LONG, "do": "preview"}
    carried = asked(page, "/profile/alder?saved=yes", said)
    assert carried["next"] == "/profile/alder?saved=yes"
    wrong = page.post("/sign-in", carried | {"username": "alder@example.org", "password": "wrong"})
    assert hidden(read(wrong))["kept"] == carried["kept"]
    answer = page.post("/sign-in", carried | {"username": "alder@example.org", "password": PASSWORD})
    shown = read(answer)
    assert (answer.status_code, shown.one("h1").text) == (200, "What you sent is not kept yet")
    assert "no-store" in answer["Cache-Control"]
    sound(shown)
    assert {"/profile/alder?saved=yes"} <= {one.attributes.get("action") for one in shown.all("form")}
    assert written_in(shown, "summary") == LONG
    assert hidden(shown).items() >= {name: said[name] for name in ("once", "revision", "name", "do")}.items()
    assert "csrfmiddlewaretoken" not in {one.attributes["name"] for one in shown.all("textarea")}
    sent = page.post("/profile/alder?saved=yes", {**said, "do": "preview"})
    assert sent.status_code != 302
    assert AFTER not in read(page.get("/account")).texts("p")


def test_the_second_step_carries_it_too(page: Client, clock: Clock) -> None:
    key, _codes = set_up(page, clock)
    page.logout()
    page.post("/sign-in", {"username": "buyer@example.org", "password": PASSWORD})
    page.post("/sign-in/code", {"code": clock.code(key)})
    page.cookies.pop("sessionid")
    carried = asked(page, "/shortlists", {"title": "Evaluators", "listings": LONG})
    half = page.post("/sign-in", carried | {"username": "buyer@example.org", "password": PASSWORD})
    assert (half.status_code, read(half).one("h1").text) == (200, "Enter a code")
    carried = hidden(read(half))
    wrong = page.post("/sign-in/code", carried | {"code": "1"})
    assert (wrong.status_code, hidden(read(wrong))["kept"]) == (422, carried["kept"])
    clock.wait(30)
    whole = page.post("/sign-in/code", carried | {"code": clock.code(key)})
    assert written_in(read(whole), "listings") == LONG


def test_nobody_else_is_offered_it_nor_the_same_person_too_late(page: Client) -> None:
    ended(page)
    carried = asked(page, "/profile/alder", {"name": "Alder & Daughters"})
    other = page.post("/sign-in", carried | {"username": "buyer@example.org", "password": PASSWORD})
    assert (other.status_code, other["Location"]) == (303, "/profile/alder")
    page.logout()
    with patch("django.core.signing.time.time", return_value=time.time() + 3700):
        late = page.post("/sign-in", carried | {"username": "alder@example.org", "password": PASSWORD})
    assert (late.status_code, late["Location"]) == (303, "/profile/alder")
    assert AFTER in read(page.get("/profile/alder")).texts("p")
    page.logout()
    made_up = page.post("/sign-in", {"username": "alder@example.org", "password": PASSWORD, "kept": "x:y:z"})
    assert made_up.status_code == 303


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/account/second-step", {"do": "off", "code": "123456"}),
        ("/profile/alder", {"name": "Alder", "password": "x"}),
        ("/profile/alder", {"name": "x" * 50_000}),
        ("/profile/alder", {"name": "Alder", "file": SimpleUploadedFile("plan.txt", b"How.")}),
    ],
)
def test_secrets_files_and_what_is_too_long_are_not_carried(
    page: Client, address: str, sent: dict[str, Any]
) -> None:
    ended(page)
    answer = page.post(address, sent)
    assert (answer.status_code, parse_qs(urlsplit(answer["Location"]).query)["lost"]) == (302, ["yes"])


def test_a_sign_out_takes_away_who_wrote(page: Client) -> None:
    ended(page)
    assert page.cookies["author"]["httponly"]
    assert page.post("/sign-in", {"username": "alder@example.org", "password": PASSWORD}).status_code == 303
    page.post("/sign-out")
    assert page.cookies["author"].value == ""
    assert page.post("/profile/alder", WRITTEN).status_code == 302
