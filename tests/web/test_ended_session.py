"""A form that is sent after the session has ended: who is known to have written it is offered it again once they have
signed in, and of any other sign-in and the page after it say that it was not kept.
"""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from procurement.models import Event, ProfileVersion, SecondStep
from tests.web.buying import signed
from tests.web.market import PASSWORD
from tests.web.reading import Page, read
from tests.web.test_every_page import sound
from tests.web.test_second_step import Clock, clock, set_up
from web.back import HISTORY

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
LOOK = (
    "Look through it, and send it now if it is what you mean. On a computer that others use too, one of them may have "
    "sent it."
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
    assert [one.attributes["action"] for one in shown.all("form")] == ["/sign-out", "/profile/alder"]
    assert written_in(shown, "summary") == LONG
    assert shown.texts("label") == ["Summary"]
    assert hidden(shown).items() >= {name: said[name] for name in ("once", "revision", "name", "do")}.items()
    assert "csrfmiddlewaretoken" not in {one.attributes["name"] for one in shown.all("textarea")}
    sent = page.post("/profile/alder", {**said, "do": "preview"})
    assert sent.status_code != 302
    assert AFTER not in read(page.get("/account")).texts("p")


def ended_with_a_second_step(page: Client, clock: Clock) -> tuple[str, dict[str, str]]:
    """The key of a second step of somebody whose session has ended, and what sign-in carries of a form sent since."""
    key, _codes = set_up(page, clock)
    page.logout()
    page.post("/sign-in", {"username": "buyer@example.org", "password": PASSWORD})
    page.post("/sign-in/code", {"code": clock.code(key)})
    page.cookies.pop("sessionid")
    return key, asked(page, "/shortlists", {"title": "Evaluators", "listings": LONG})


def test_the_second_step_carries_it_too(page: Client, clock: Clock) -> None:
    key, carried = ended_with_a_second_step(page, clock)
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


REMOVED = {"do": "remove_person", "once": "a-key", "user": "usr_1", "reason": "No.", "note": ""}


def told_of(shown: Page) -> tuple[list[str], list[str]]:
    """What the page says of a form: its paragraphs and the lines of its short fields."""
    lines = [line for line in shown.texts("li") if ": " in line]
    return shown.texts("p", class_="govuk-body"), lines


def test_everything_that_is_sent_again_is_shown_first(page: Client) -> None:
    ended(page)
    carried = asked(page, "/organisations/alder/members", REMOVED)
    shown = read(page.post("/sign-in", carried | {"username": "alder@example.org", "password": PASSWORD}))
    assert told_of(shown) == (
        [
            "You are signed in again. Your session had ended when you sent the form, so nothing was changed.",
            LOOK,
            "Sent to: /organisations/alder/members",
            "To be done: Remove person",
            "Leave it, and go on without it",
        ],
        ["User: usr_1", "Reason: No."],
    )
    assert shown.one("a", class_="app-title").attributes["href"] == "/organisations/alder/members"
    assert hidden(shown).items() >= REMOVED.items()


def test_a_form_is_kept_when_the_code_takes_too_long(page: Client, clock: Clock) -> None:
    key, carried = ended_with_a_second_step(page, clock)
    half = hidden(
        read(page.post("/sign-in", carried | {"username": "buyer@example.org", "password": PASSWORD}))
    )
    clock.wait(30)
    code = clock.code(key)
    page.cookies.pop("sessionid")
    late = page.post("/sign-in/code", half | {"code": code})
    assert (late.status_code, read(late).one("h1").text) == (403, "Sign in")
    assert "no-store" in late["Cache-Control"]
    assert AGAIN in read(late).texts("div", class_="govuk-inset-text")
    assert hidden(read(late))["kept"] == carried["kept"]
    assert page.post("/sign-in/code", {"code": code})["Location"] == "/sign-in"


def test_a_form_is_kept_when_the_second_step_was_taken_away_meanwhile(page: Client, clock: Clock) -> None:
    set_up(page, clock)
    ended_half = {"username": "buyer@example.org", "password": PASSWORD, "next": "/shortlists"}
    page.logout()
    half = page.post("/sign-in", ended_half | {"kept": "x:y:z"})
    assert read(half).one("h1").text == "Enter a code"
    SecondStep.objects.all().delete()
    answer = page.post("/sign-in/code", hidden(read(half)) | {"code": "123456"})
    assert (answer.status_code, read(answer).one("h1").text) == (403, "Sign in")
    assert (hidden(read(answer))["kept"], hidden(read(answer))["next"]) == ("x:y:z", "/shortlists")


@pytest.fixture
def strict(page: Client) -> Client:
    """A browser whose forms need their tokens."""
    page.handler.enforce_csrf_checks = True
    return page


OURS = {"Sec-Fetch-Site": "same-origin"}


def entered(strict: Client, email: str = "alder@example.org") -> str:
    """Signs in as a browser does; the token of a page that was open before."""
    caches["attempts"].clear()
    form = hidden(read(strict.get("/sign-in")))
    sent = form | {"username": email, "password": PASSWORD}
    assert strict.post("/sign-in", sent).status_code == 303
    return form["csrfmiddlewaretoken"]


def test_the_form_of_another_tab_is_shown_again_after_a_sign_in(strict: Client) -> None:
    token = entered(strict)
    before = Event.objects.count()
    sent = {"csrfmiddlewaretoken": token, "revision": "1", "name": "Alder & <Daughters>", "summary": LONG}
    answer = strict.post("/profile/alder?saved=yes", sent, headers=OURS)
    shown = read(answer)
    assert (answer.status_code, shown.one("h1").text) == (403, "What you sent is not kept yet")
    assert answer["Cache-Control"] == HISTORY
    sound(shown)
    said, lines = told_of(shown)
    assert said[0] == (
        "You signed in after you had opened the page with the form, so it was not taken, and nothing was changed."
    )
    assert lines == ["Name: Alder & <Daughters>"]
    assert written_in(shown, "summary") == LONG
    again = {**hidden(shown), "summary": LONG, "do": "preview"}
    assert again["csrfmiddlewaretoken"] != token
    assert Event.objects.count() == before
    assert strict.post("/profile/alder", again, headers=OURS).status_code not in (302, 403)


def test_sign_in_of_another_tab_gives_back_what_it_carried(strict: Client) -> None:
    entered(strict)
    strict.cookies.pop("sessionid")
    token = strict.cookies["csrftoken"].value
    sent = {"csrfmiddlewaretoken": token, "revision": "1", "summary": LONG}
    carried = hidden(read(strict.post("/profile/alder", sent, headers=OURS)))
    entered(strict)
    answer = strict.post("/sign-in", carried | {"username": "x", "password": "secret"}, headers=OURS)
    shown = read(answer)
    assert (answer.status_code, written_in(shown, "summary")) == (403, LONG)
    assert "no-store" in answer["Cache-Control"]
    assert "secret" not in answer.content.decode()
    strict.cookies.pop("sessionid")
    entered(strict, "buyer@example.org")
    other = strict.post("/sign-in", carried | {"username": "x", "password": "secret"}, headers=OURS)
    assert (other.status_code, read(other).one("h1").text) == (403, "This form has expired")


@pytest.mark.parametrize(
    ("address", "sent", "began"),
    [
        ("/profile/alder", {"name": "Theirs"}, "cross-site"),
        ("/profile/alder", {"name": "Theirs"}, "same-site"),
        ("/profile/alder", {"name": "Theirs"}, ""),
        ("/account/second-step", {"do": "off", "name": "Theirs"}, "same-origin"),
        ("/profile/alder", {"name": "Theirs", "password": "x"}, "same-origin"),
        ("/profile/alder", {"name": "Theirs" * 10_000}, "same-origin"),
    ],
)
def test_nothing_of_another_site_and_no_secret_is_shown_again(
    strict: Client, address: str, sent: dict[str, str], began: str
) -> None:
    token = entered(strict)
    answer = strict.post(
        address, {"csrfmiddlewaretoken": token, **sent}, headers={"Sec-Fetch-Site": began} if began else {}
    )
    assert (answer.status_code, read(answer).one("h1").text) == (403, "This form has expired")
    assert "Theirs" not in answer.content.decode()


def test_what_was_written_on_a_sealed_page_stays_in_no_history(strict: Client) -> None:
    token = entered(strict)
    sent = {"csrfmiddlewaretoken": token, "do": "ask", "question": LONG}
    answer = strict.post("/invitations/INV-1/question", sent, headers=OURS)
    assert (answer.status_code, written_in(read(answer), "question")) == (403, LONG)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("asked_for", "there"),
    [
        ("/profile/alder?saved=yes", "/profile/alder"),
        ("/profile/alder?%73aved=yes&lang=en", "/profile/alder?lang=en"),
        ("/profile/alder?sa\tved=yes&a=1&done=x#up", "/profile/alder?a=1#up"),
        ("/saved-searches?said=kept&page=2", "/saved-searches?page=2"),
        ("/password?asked=yes", "/password"),
        ("/search?q=done&page=2", "/search?q=done&page=2"),
        ("/x\n", "/x"),
    ],
)
def test_sign_in_leads_to_no_page_that_says_something_was_done(
    page: Client, asked_for: str, there: str
) -> None:
    address = f"/sign-in?{urlencode({'next': asked_for})}"
    assert hidden(read(page.get(address)))["next"] == there
    sent = {"username": "alder@example.org", "password": PASSWORD, "next": asked_for}
    assert page.post("/sign-in", sent)["Location"] == there
    assert page.get(address)["Location"] == there


def test_staff_sign_in_and_the_second_step_say_nothing_either(page: Client, clock: Clock) -> None:
    key, _codes = set_up(page, clock)
    page.logout()
    there = page.get("/admin/login/?next=/shortlists?done=begun")["Location"]
    assert signed_in_at(page, there, "buyer@example.org") == "/sign-in/code"
    clock.wait(30)
    assert page.post("/sign-in/code", {"code": clock.code(key)})["Location"] == "/shortlists"
