"""Signing in and out, one's own account, and a firm's edit of its own profile."""

from __future__ import annotations

import time
from typing import Any

import pytest
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client, RequestFactory

from procurement.models import Event, Partner, ProfileVersion
from tests.web.market import HOSTILE, PASSWORD
from tests.web.reading import Page, read, wrong

EDITOR = "alder@example.org"
WRONG = "The email address or the password is wrong"


def test_signing_in_leads_where_one_was_going_and_out_again(page: Client) -> None:
    response = page.get("/account")
    assert response.headers["Location"] == "/sign-in?next=/account"
    form = read(page.get("/sign-in?next=/account"))
    assert form.one("input", name="next").attributes["value"] == "/account"
    response = page.post(
        "/sign-in", {"username": "ALDER@example.org", "password": PASSWORD, "next": "/account"}
    )
    assert response.headers["Location"] == "/account"
    account = read(page.get("/account"))
    assert account.texts("td") == [
        "Role: Editor",
        "Your firm’s page: Alder People of Alder Webhooks of Alder",
    ]
    assert "Sign in" not in account.texts("a")
    assert page.get("/sign-out").status_code == 405
    assert page.post("/sign-out").headers["Location"] == "/"
    assert "Sign in" in read(page.get("/")).texts("a")


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        ({"username": EDITOR, "password": "wrong"}, [WRONG]),
        (
            {"username": "unknown@example.org", "password": PASSWORD},
            [WRONG],
        ),
        ({"username": "", "password": ""}, ["Enter your email address", "Enter your password"]),
        ({"username": HOSTILE, "password": "x"}, [WRONG]),
    ],
)
def test_a_refused_sign_in_says_the_same_of_any_account(
    page: Client, sent: dict[str, str], messages: list[str]
) -> None:
    found = read(page.post("/sign-in", sent))
    assert found.texts("title") == ["Error: Sign in – Calloff"]
    links = [
        element.text for element in found.all("a") if element.attributes["href"] in ("#username", "#password")
    ]
    assert links == messages
    assert found.one("input", id="username").attributes.get("value", "") == sent["username"]
    assert "value" not in found.one("input", id="password").attributes
    assert "_auth_user_id" not in page.session


def test_whoever_guesses_passwords_is_locked_out_whether_the_address_has_an_account(
    page: Client, settings: Any
) -> None:
    settings.AXES_ENABLED = True
    for address in (EDITOR, "unknown@example.org"):
        caches["attempts"].clear()
        tried = [address if number % 2 else address.upper() for number in range(settings.AXES_FAILURE_LIMIT)]
        refused = [page.post("/sign-in", {"username": one, "password": "guess"}) for one in tried]
        assert [one.status_code for one in refused] == [200] * 9 + [429]
        locked = page.post("/sign-in", {"username": address, "password": PASSWORD})
        assert (locked.status_code, locked["Retry-After"]) == (429, "900")
        assert read(locked).one("h1").text == "Too many attempts to sign in"
        assert "_auth_user_id" not in page.session
    other = page.post("/sign-in", {"username": "buyer@example.org", "password": PASSWORD})
    assert other.status_code == 303
    caches["attempts"].clear()


def test_whoever_tries_while_locked_out_waits_no_longer_for_it(
    page: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AXES_ENABLED = True
    # A cache in memory goes by the clock that is moved here; that of the services has a clock of its own.
    monkeypatch.setattr(AxesProxyHandler.get_implementation(), "cache", LocMemCache("locked", {}))
    began = time.time()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page.post("/sign-in", {"username": EDITOR, "password": "guess"})
    for minutes, status in ((10, 429), (14, 429), (15.1, 303)):
        monkeypatch.setattr("time.time", lambda at=began + minutes * 60: at)
        assert page.post("/sign-in", {"username": EDITOR, "password": PASSWORD}).status_code == status


def test_wrong_passwords_for_many_other_addresses_free_nobody(page: Client, settings: Any) -> None:
    settings.AXES_ENABLED = True
    caches["attempts"].clear()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page.post("/sign-in", {"username": EDITOR, "password": "guess"})
    asks = RequestFactory().post("/sign-in")
    for number in range(400):
        assert authenticate(asks, username=f"somebody{number}@example.org", password="guess") is None
    locked = page.post("/sign-in", {"username": EDITOR, "password": PASSWORD})
    assert locked.status_code == 429
    assert "_auth_user_id" not in page.session
    caches["attempts"].clear()


def test_a_sign_in_that_succeeds_forgets_the_failures_before_it(page: Client, settings: Any) -> None:
    settings.AXES_ENABLED = True
    caches["attempts"].clear()
    for password in ("guess", PASSWORD) * 6 + ("guess",) * 5 + (PASSWORD,):
        answer = page.post("/sign-in", {"username": EDITOR, "password": password})
        assert answer.status_code == (303 if password == PASSWORD else 200)
        page.logout()
    caches["attempts"].clear()


def test_signing_in_leads_to_itself_no_more_than_elsewhere(page: Client) -> None:
    addresses = ("/sign-in", "/sign-in?next=/sign-in", "http://testserver/sign-in")
    for address in addresses:
        sent = {"username": EDITOR, "password": PASSWORD, "next": address}
        assert page.post("/sign-in", sent).headers["Location"] == "/"
        again = page.get("/sign-in", {"next": address})
        assert (again.status_code, again.headers["Location"]) == (302, "/")


def test_signing_in_leads_to_no_other_site(page: Client) -> None:
    sent = {"username": EDITOR, "password": PASSWORD, "next": "https://elsewhere.example.org/"}
    assert page.post("/sign-in", sent).headers["Location"] == "/"


def test_a_form_without_its_token_changes_nothing(market: None, db: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/sign-in", {"username": EDITOR, "password": PASSWORD})
    assert response.status_code == 403
    assert read(response).one("h1").text == "This form has expired"
    assert "_auth_user_id" not in browser.session


def filled(found: Page) -> dict[str, Any]:
    """What a browser would send of the profile form as it stands."""
    values: dict[str, list[str]] = {}
    for element in found.elements:
        name = element.attributes.get("name", "")
        if element.tag == "input" and (
            element.attributes["type"] != "checkbox" or "checked" in element.attributes
        ):
            values.setdefault(name, []).append(element.attributes.get("value", ""))
        elif element.tag == "textarea":
            values.setdefault(name, []).append("".join(element.words).removeprefix("\n"))
    for element in found.all("select"):
        chosen = [
            option.attributes["value"]
            for option in found.elements
            if option.tag == "option"
            and "selected" in option.attributes
            and found.elements.index(option) > found.elements.index(element)
        ]
        values.setdefault(element.attributes["name"], []).extend(chosen[:1])
    return values


def test_an_edit_is_published_at_once_and_recorded(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    assert form["ownership"] == ["employee-owned"]
    assert form["sectors"] == ["health"]
    form["name"] = ["Alder & Daughters"]
    form["sectors"] = ["health", "education"]
    form["study_title"][1] = "New work"
    form["study_text"][1] = "What came of it."
    response = signed_in.post("/profile/alder", form)
    assert response.headers["Location"] == "/profile/alder?saved=yes"
    found = read(signed_in.get("/profile/alder?saved=yes"))
    assert found.one("h1").text == "Edit the profile of Alder & Daughters"
    assert "The profile is published. Search finds it within seconds." in found.texts("p")
    partner = Partner.objects.get(reference="alder")
    assert partner.published is not None
    assert partner.published.number == 2
    assert partner.published.sectors == ["health", "education"]
    assert [study["title"] for study in partner.published.case_studies] == [
        "Vision rehabilitation",
        "New work",
    ]
    assert partner.published.summary == "Evaluation of health services.\n\nSince 1990."
    event = Event.objects.get(subject="alder")
    assert event.changes["fields"] == ["name", "sectors", "case_studies"]
    assert "Alder & Daughters" in read(signed_in.get("/listings/rm1~alders~alder")).texts("h1")


def test_the_sector_and_the_year_of_a_case_study_are_stated_shown_and_taken_back(signed_in: Client) -> None:
    def study() -> dict[str, Any]:
        published = Partner.objects.get(reference="alder").published
        assert published is not None
        return dict(published.case_studies[0])

    form = filled(read(signed_in.get("/profile/alder")))
    before = study()
    form["study_sector"][0], form["study_year"][0] = "health", "21"
    wrongly = signed_in.post("/profile/alder", form)
    assert (wrongly.status_code, study()) == (422, before)
    assert [anchor for _, anchor in wrong(read(wrongly))] == ["#study-0-year"]
    form["study_year"][0] = "2021"
    assert signed_in.post("/profile/alder", form).status_code == 303
    assert study() == before | {"sector": "health", "year": 2021}
    form = filled(read(signed_in.get("/profile/alder")))
    assert (form["study_sector"][0], form["study_year"][0]) == ("health", "2021")
    form["study_sector"][0] = form["study_year"][0] = ""
    assert signed_in.post("/profile/alder", form).status_code == 303
    assert study() == {name: before[name] for name in ("key", "title", "text")}


def test_a_case_study_may_be_called_as_another_one(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    form["study_title"][1], form["study_text"][1] = form["study_title"][0], "The next year."
    assert signed_in.post("/profile/alder", form).status_code == 303
    published = Partner.objects.get(reference="alder").published
    assert published is not None
    assert [study["title"] for study in published.case_studies] == ["Vision rehabilitation"] * 2
    assert len({study["key"] for study in published.case_studies}) == 2


def test_an_emptied_case_study_is_taken_out(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    form["study_title"][0] = form["study_text"][0] = ""
    assert signed_in.post("/profile/alder", form).status_code == 303
    published = Partner.objects.get(reference="alder").published
    assert published is not None
    assert published.case_studies == []


def test_what_is_wrong_is_named_at_its_field_and_nothing_changes(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    form["name"] = [""]
    form["contacts-email"] = ["not an address"]
    form["sectors"] = ["health", "astrology"]
    form["study_title"] = ["", ""]
    form["study_text"] = ["", "A text without a title"]
    response = signed_in.post("/profile/alder", form)
    assert response.status_code == 422
    found = read(response)
    anchors = [
        element.attributes["href"]
        for element in found.all("a")
        if element.attributes["href"].startswith("#") and element.text != "Skip to main content"
    ]
    assert sorted(anchors) == ["#contacts-email", "#name", "#sectors", "#study-1-title"]
    assert found.one("textarea", id="study-1-text").text == "A text without a title"
    assert found.one("input", id="contacts-email").attributes["aria-describedby"] == "contacts-email-error"
    assert ProfileVersion.objects.filter(partner__reference="alder").count() == 1
    assert not Event.objects.filter(subject="alder").exists()


def test_an_edit_of_an_older_profile_is_refused(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    form["name"] = ["First"]
    assert signed_in.post("/profile/alder", form).status_code == 303
    form["name"] = ["Second"]
    response = signed_in.post("/profile/alder", form)
    assert response.status_code == 409
    found = read(response)
    assert found.one("input", id="name").attributes["value"] == "Second"
    assert wrong(found) == [("Name: now “First”", "#name")]
    assert found.one("p", id="name-error").text == "Error: What stands now: First"
    fresh = found.one("input", name="revision").attributes["value"]
    assert fresh != form["revision"][0]
    published = Partner.objects.get(reference="alder").published
    assert published is not None
    assert published.name == "First"
    assert signed_in.post("/profile/alder", {**form, "revision": fresh}).status_code == 303


def test_a_case_study_that_came_meanwhile_stays_where_an_older_form_is_sent_again(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    theirs = {
        **form,
        "study_title": [*form["study_title"][:-1], "New"],
        "study_text": [*form["study_text"][:-1], "Said."],
    }
    assert signed_in.post("/profile/alder", theirs).status_code == 303
    response = signed_in.post("/profile/alder", {**form, "name": ["Mine"]})
    assert response.status_code == 409
    again = filled(read(response))
    assert "New" in again["study_title"]
    assert signed_in.post("/profile/alder", again).status_code == 303
    published = Partner.objects.get(reference="alder").published
    assert published is not None
    assert published.name == "Mine"
    assert "New" in [one["title"] for one in published.case_studies]


@pytest.mark.parametrize("revision", ["", "x", "9" * 40, "-1", "²"])
def test_a_revision_that_nothing_has_is_refused(signed_in: Client, revision: str) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    assert signed_in.post("/profile/alder", {**form, "revision": revision}).status_code == 409


@pytest.mark.parametrize("email", ["buyer@example.org", "reader@example.org", "nobody@example.org"])
def test_nobody_else_may_edit(page: Client, email: str) -> None:
    assert page.login(username=email, password=PASSWORD)
    for response in (
        page.get("/profile/alder"),
        page.post("/profile/alder", {"name": "Mine", "revision": "1"}),
    ):
        assert response.status_code == 403
        assert read(response).one("h1").text == "You do not have access to this page"
    assert ProfileVersion.objects.get(partner__reference="alder").name == "Alder Research"
    assert page.get("/profile/birch").status_code == 403
    assert page.get("/profile/nobody").status_code == 404


def test_hostile_profile_text_stays_text(signed_in: Client) -> None:
    form = filled(read(signed_in.get("/profile/alder")))
    form["name"] = form["summary"] = form["ownership_evidence-note"] = [HOSTILE]
    form["study_title"][0] = form["study_text"][0] = HOSTILE
    assert signed_in.post("/profile/alder", form).status_code == 303
    for address in ("/profile/alder", "/listings/rm1~alders~alder", "/account"):
        response = signed_in.get(address)
        assert b"<script" not in response.content
        found = read(response)
        assert found.all("b") == []
    assert read(signed_in.get("/profile/alder")).one("input", id="name").attributes["value"] == HOSTILE


def test_who_acts_for_no_organisation_is_told_that_one_is_needed_and_how_to_get_it(page: Client) -> None:
    assert page.login(username="nobody@example.org", password=PASSWORD)
    for address in ("/call-offs", "/shortlists", "/matches", "/offers", "/invitations", "/joinings"):
        response = page.get(address)
        found = read(response)
        assert (response.status_code, found.one("h1").text) == (404, "An organisation is needed"), address
        assert len(found.all("a", href="/account/organisations")) == 1
    assert page.get("/account/organisations").status_code == 200
    assert read(page.get("/no-such-page")).one("h1").text == "Page not found"
    assert page.login(username="alder@example.org", password=PASSWORD)
    assert read(page.get("/call-offs")).one("h1").text == "Page not found"


def test_the_account_leads_to_a_new_password(signed_in: Client) -> None:
    assert read(signed_in.get("/account")).one("a", href="/password").text == "Change your password"
