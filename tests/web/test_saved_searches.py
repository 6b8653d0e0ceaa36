"""Saving a search from its page, the list of what is saved, and the link that stops e-mails."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.saved_searches import SavedSearchDraft
from procurement.models import Event, SavedSearch, User
from procurement.permissions import person
from procurement.unsubscribing import token_for
from search.alerts import keep
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE, PASSWORD
from tests.web.reading import read, wrong
from tests.web.test_every_page import sound

FORM = {"title": "Evaluators", "query": "q=evaluation&framework=rm1", "alerts": "new", "frequency": "daily"}


@pytest.fixture
def buyer(page: Client) -> Client:
    """A browser of an editor of the council, which buys."""
    assert page.login(username="buyer@example.org", password=PASSWORD)
    return page


def kept(title: str = "Evaluators") -> SavedSearch:
    actor = person(User.objects.get(email="buyer@example.org"))
    return keep(actor, SavedSearchDraft(title, "q=evaluation&framework=rm1"))


def test_a_search_is_saved_from_its_page(buyer: Client) -> None:
    found = read(buyer.get("/search?q=evaluation&framework=rm1&seed=3&compare=rm1~alders~alder"))
    queries = [one.attributes["value"] for one in found.all("input", name="query")]
    # The second is the shortlist's, in the order that was read.
    assert queries == ["q=evaluation&framework=rm1", "q=evaluation&framework=rm1&seed=3"]
    assert found.one("input", id="title").attributes["value"] == "evaluation"
    response = buyer.post("/saved-searches", FORM)
    assert response.headers["Location"] == "/saved-searches?said=saved"
    page = buyer.get(response.headers["Location"])
    sound(read(page))
    assert "The search is saved." in read(page).texts("p")
    search = SavedSearch.objects.get()
    assert (search.title, search.query, search.alerts, search.frequency) == (
        "Evaluators", "q=evaluation&framework=rm1", "new", "daily",
    )  # fmt: skip
    link = next(each for each in read(page).all("a") if each.text == "Evaluators")
    assert link.attributes["href"] == "/search?q=evaluation&framework=rm1"
    assert "Saved searches" in read(buyer.get("/account")).texts("a")


def test_who_does_not_buy_sees_no_form_and_saves_nothing(page: Client, signed_in: Client) -> None:
    assert "Save this search" not in signed_in.get("/search?q=evaluation").content.decode()
    assert signed_in.get("/saved-searches").status_code == 403
    assert signed_in.post("/saved-searches", FORM).status_code == 403
    stranger = Client()
    assert "Save this search" not in stranger.get("/search").content.decode()
    assert stranger.post("/saved-searches", FORM).headers["Location"].startswith("/sign-in")
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "Name of the search: give it one"),
        ({"query": "colour=blue"}, "colour: There is no parameter colour;"),
        ({"alerts": "all"}, "Tell about: “all” is not one of the known values"),
    ],
)
def test_what_is_wrong_is_said(buyer: Client, changes: dict[str, str], said: str) -> None:
    response = buyer.post("/saved-searches", FORM | changes)
    assert response.status_code == 422
    sound(read(response))
    assert any(text.startswith(said) for text in read(response).texts("li"))
    assert not SavedSearch.objects.exists()


def test_a_search_without_a_name_is_asked_for_one_and_keeps_the_rest(buyer: Client) -> None:
    sent = FORM | {"title": "", "alerts": "new_and_changed", "frequency": "at_once"}
    response = buyer.post("/saved-searches", sent)
    assert response.status_code == 422
    found = read(response)
    assert wrong(found) == [("Name of the search: give it one", "#title")]
    assert found.one("input", id="title").attributes["aria-describedby"] == "title-hint title-error"
    assert found.one("input", name="query").attributes["value"] == FORM["query"]
    assert "/search?q=evaluation&framework=rm1" in [one.attributes["href"] for one in found.all("a")]
    assert found.one("option", value="new_and_changed", selected="").text.startswith("New listings, and")
    assert found.one("option", value="at_once", selected="").text == "At once"
    assert not SavedSearch.objects.exists()
    assert buyer.post("/saved-searches", sent | {"title": "Named"}).status_code == 303
    search = SavedSearch.objects.get()
    assert (search.title, search.query, search.alerts, search.frequency) == (
        "Named", FORM["query"], "new_and_changed", "at_once",
    )  # fmt: skip


def test_who_buys_for_several_says_for_which_a_search_is_saved(buyer: Client) -> None:
    assert not read(buyer.get("/search?q=evaluation")).all("select", id="organisation")
    colleague("buyer@example.org", "district", "editor")
    offered = read(buyer.get("/search?q=evaluation"))
    sound(offered)
    field = offered.elements.index(offered.one("select", id="organisation"))
    choices = [one.attributes["value"] for one in offered.elements[field + 1 : field + 4]]
    assert choices == ["", "district", "council"]
    for unsaid in ({}, {"organisation": ""}, {"organisation": "alder"}):
        response = buyer.post("/saved-searches", FORM | unsaid)
        assert response.status_code == 422
        found = read(response)
        sound(found)
        assert wrong(found) == [("Organisation: say for which one the search is kept", "#organisation")]
        assert found.one("input", id="title").attributes["value"] == "Evaluators"
        assert not SavedSearch.objects.exists()
    named = FORM | {"organisation": "district"}
    refused = read(buyer.post("/saved-searches", named | {"title": ""}))
    assert refused.one("option", value="district", selected="").text == "District"
    assert buyer.post("/saved-searches", named).status_code == 303
    assert SavedSearch.objects.get().organisation.reference == "district"
    assert "Of District" in read(buyer.get("/saved-searches")).texts("p")


@pytest.mark.parametrize("revision", ["9" * 5000, "١", "-1", "", "1.0"])
def test_a_revision_that_is_none_is_stale(buyer: Client, revision: str) -> None:
    search = kept()
    sent = {"revision": revision, "alerts": "none"}
    response = buyer.post(f"/saved-searches/{search.reference}", sent)
    assert response.status_code == 409
    search.refresh_from_db()
    assert (search.alerts, search.revision) == ("new", 1)


def test_alerts_are_chosen_and_a_search_deleted(buyer: Client) -> None:
    search = kept()
    address = f"/saved-searches/{search.reference}"
    sent = {"revision": "1", "alerts": "new_and_changed", "frequency": "at_once"}
    assert buyer.post(address, sent).headers["Location"] == "/saved-searches?said=changed"
    search.refresh_from_db()
    assert (search.alerts, search.frequency) == ("new_and_changed", "at_once")
    stale = buyer.post(address, sent | {"alerts": "none"})
    assert stale.status_code == 409
    assert read(stale).one("option", value="none", selected="").text == "Nothing"
    assert buyer.post(address, {"revision": "2", "delete": "yes"}).headers["Location"].endswith("deleted")
    assert "No search is saved yet." in read(buyer.get("/saved-searches")).texts("p")


@pytest.mark.parametrize("sent", [{"delete": "yes"}, {"alerts": "none", "frequency": "daily"}])
def test_a_search_that_was_deleted_in_another_tab_is_told_to_be_gone_among_those_that_are_left(
    buyer: Client, sent: dict[str, str]
) -> None:
    search, other = kept(), kept("Others")
    address = f"/saved-searches/{search.reference}"
    assert buyer.post(address, {"revision": "1", "delete": "yes"}).status_code == 303
    before = Event.objects.count()
    again = buyer.post(address, {"revision": "1"} | sent)
    shown = read(again)
    sound(shown)
    assert again.status_code == 409
    [told] = [one for one in shown.texts("li") if one.startswith("You changed this last, on ")]
    assert told.endswith(
        "What was done then: “It is kept no longer”. The search is gone already. Below are those that are still kept"
    )
    assert [one.text for one in shown.all("a", href="/search?q=evaluation&framework=rm1")] == ["Others"]
    search.refresh_from_db()
    assert (search.status, search.revision, Event.objects.count()) == ("deleted", 2, before)
    other.refresh_from_db()
    assert (other.status, other.revision) == ("open", 1)


def test_to_others_a_deleted_search_is_not_there(buyer: Client) -> None:
    search = kept()
    address = f"/saved-searches/{search.reference}"
    buyer.post(address, {"revision": "1", "delete": "yes"})
    assert buyer.post("/saved-searches/SS-2026-9999", {"revision": "1", "delete": "yes"}).status_code == 404
    colleague("other@example.org", "town", "editor")
    assert (
        signed(buyer, "other@example.org").post(address, {"revision": "1", "delete": "yes"}).status_code
        == 404
    )


def test_a_hostile_title_stays_text(buyer: Client) -> None:
    kept(HOSTILE)
    page = buyer.get("/saved-searches")
    sound(read(page))
    assert "<script>" not in page.content.decode()


def test_the_list_takes_the_same_queries_whatever_it_holds(
    buyer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 5):
        for _ in range(number):
            kept()
        with django_assert_num_queries(7):
            buyer.get("/saved-searches")


def test_the_link_asks_and_stops_on_post_without_anybody_signed_in(market: None, db: None) -> None:
    search = kept()
    address = f"/unsubscribe?token={token_for(search.reference)}"
    # As a mail program: no cookie, no token of a form (RFC 8058).
    program = Client(enforce_csrf_checks=True)
    asked = program.get(address)
    assert asked.status_code == 200
    sound(read(asked))
    assert (asked["Referrer-Policy"], "no-store" in asked["Cache-Control"]) == ("no-referrer", True)
    search.refresh_from_db()
    assert search.alerts == "new"
    form = read(asked).one("form", method="post").attributes["action"]
    stopped = program.post(form, {"List-Unsubscribe": "One-Click"})
    assert (stopped.status_code, read(stopped).one("h1").text) == (200, "E-mails stopped")
    sound(read(stopped))
    search.refresh_from_db()
    assert search.alerts == "none"
    assert read(program.get(address)).one("h1").text == "E-mails stopped"
    assert program.post(address).status_code == 200
    assert Event.objects.filter(type="saved_search.unsubscribed").count() == 1


@pytest.mark.parametrize("token", ["", "SS-2026-0001", "SS-2026-0001:x", "signed"])
def test_a_link_that_is_none_of_ours_leads_nowhere(market: None, db: None, token: str) -> None:
    search = kept()
    if token == "signed":
        token = token_for("SS-1999-0001")
    for response in (
        Client().get("/unsubscribe", {"token": token}),
        Client().post(f"/unsubscribe?token={token}"),
    ):
        assert response.status_code == 404
    search.refresh_from_db()
    assert search.alerts == "new"
