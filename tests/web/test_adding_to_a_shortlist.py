"""A buyer puts a listing on a shortlist from where it was read and comes back there; nobody else finds the way."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import Event, Shortlist, ShortlistEntry
from tests.web.buying import ALDER, BIRCH, begin, colleague, lock, signed
from tests.web.reading import read, wrong

ADD = "/shortlists/add"
SEARCH = "/search?q=evaluation&framework=rm1"


def state() -> tuple[Any, ...]:
    return (
        list(Shortlist.objects.order_by("pk").values_list("reference", "title", "revision", "status")),
        list(ShortlistEntry.objects.order_by("pk").values_list("shortlist", "listing", "source")),
        Event.objects.count(),
    )


def links(page: Client, address: str) -> list[str]:
    shown = read(page.get(address))
    links = [one.attributes["href"] for one in shown.all("a") if one.text.startswith("Add to a shortlist")]
    back = [one.attributes["value"] for one in shown.all("input", name="back")]
    buttons = [one.attributes["value"] for one in shown.all("button", form="add", name="listing")]
    return links + [f"{ADD}?{urlencode({'listing': one, 'back': back[0]})}" for one in buttons]


def test_a_result_is_put_on_an_open_shortlist_and_the_search_comes_back(page: Client) -> None:
    kept = begin(signed(page), BIRCH).rpartition("/")[2]
    link = next(one for one in links(page, SEARCH) if ALDER in one)
    named = parse_qs(urlsplit(link).query)
    assert (urlsplit(link).path, named["listing"], named["back"]) == (ADD, [ALDER], [SEARCH])
    shown = read(page.get(link))
    assert [one.attributes["value"] for one in shown.all("input", name="shortlist")] == [kept, "new"]
    sent = {"listing": ALDER, "back": SEARCH, "shortlist": kept}
    answer = page.post(ADD, sent)
    assert (answer.status_code, answer["Location"]) == (303, f"{SEARCH}&added={kept}")
    entry = ShortlistEntry.objects.get(listing=ALDER)
    assert (entry.shortlist.reference, entry.source, entry.position) == (kept, "search", 2)
    back = read(page.get(answer["Location"]))
    assert f"The listing is on shortlist {kept}." in back.texts("p")
    assert all("added" not in one.attributes["href"] for one in back.all("a") if "href" in one.attributes)
    again = read(page.get(link))
    assert [one.attributes["value"] for one in again.all("input", name="shortlist")] == ["new"]
    assert "Evaluators (SL" in " ".join(again.texts("li"))


def test_an_entry_says_by_which_words_of_a_search_it_was_found(page: Client) -> None:
    kept = begin(signed(page), BIRCH).rpartition("/")[2]
    for shortlist, back, query in (
        (kept, "/search?page=2&q=Evaluation+&framework=rm1&compare=x", "q=Evaluation&framework=rm1"),
        ("new", SEARCH, "q=evaluation&framework=rm1"),
    ):
        words = query[2:12]
        sent = {"listing": ALDER, "back": back, "shortlist": shortlist, "title": "Another"}
        assert page.post(ADD, sent).status_code == 303
        entry = ShortlistEntry.objects.filter(listing=ALDER).latest("pk")
        assert (entry.source, entry.reasons) == (
            "search", [{"kind": "search", "told": {"query": query, "words": words}}],
        )  # fmt: skip
        shown = read(page.get(f"/shortlists/{entry.shortlist.reference}"))
        assert (
            f"RM1 Advice, reached through Consortium Alder. Found by a search for “{words}”. Fictional firm"
            in (shown.texts("p"))
        )


@pytest.mark.parametrize(
    ("back", "told"),
    [
        ("/search", "Found by a search"),
        ("/search?region=TLI", "Found by a search"),
        ("/search?q=nothing+has+this+word", "Found by a search"),
        ("/search?colour=blue&q=evaluation", "Found by a search"),
        (f"/listings/{ALDER}", "Added from the listing’s own page"),
    ],
)
def test_words_that_do_not_find_a_listing_are_not_said_to(page: Client, back: str, told: str) -> None:
    sent = {"listing": ALDER, "back": back, "shortlist": "new", "title": "Another"}
    assert signed(page).post(ADD, sent).status_code == 303
    entry = ShortlistEntry.objects.get()
    shown = read(page.get(f"/shortlists/{entry.shortlist.reference}"))
    assert f"RM1 Advice, reached through Consortium Alder. {told}. Fictional firm" in shown.texts("p")


def test_a_listing_begins_a_shortlist_from_its_own_page(page: Client) -> None:
    signed(page)
    (link,) = links(page, f"/listings/{ALDER}")
    sent = {"listing": ALDER, "back": f"/listings/{ALDER}", "shortlist": "new", "title": "Begun here"}
    assert parse_qs(urlsplit(link).query)["back"] == [f"/listings/{ALDER}"]
    answer = page.post(ADD, sent)
    made = Shortlist.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/listings/{ALDER}?added={made.reference}")
    assert (made.title, [one.listing for one in made.entries.all()]) == ("Begun here", [ALDER])
    assert f"The listing is on shortlist {made.reference}." in read(page.get(answer["Location"])).texts("p")


@pytest.mark.parametrize(
    "back",
    [
        "",
        "//evil.example",
        "https://evil.example/search",
        "/call-offs",
        "/search#x",
        "search",
        "/\\evil",
        "x" * 5000,
    ],
)
def test_another_way_back_leads_to_the_listing(page: Client, back: str) -> None:
    kept = begin(signed(page), BIRCH).rpartition("/")[2]
    answer = page.post(ADD, {"listing": ALDER, "back": back, "shortlist": kept})
    assert (answer.status_code, answer["Location"]) == (303, f"/listings/{ALDER}?added={kept}")
    assert ShortlistEntry.objects.get(listing=ALDER).source == "manual"


def test_what_is_wrong_is_told_at_its_field_and_nothing_changes(page: Client) -> None:
    kept = begin(signed(page), ALDER).rpartition("/")[2]
    locked = begin(page, BIRCH)
    lock(page, locked)
    before = state()
    for sent, status, anchor in (
        ({}, 422, "#shortlist"),
        ({"shortlist": "new", "title": " "}, 422, "#title"),
        ({"shortlist": kept}, 422, "#shortlist"),
        ({"shortlist": locked.rpartition("/")[2]}, 409, "#shortlist"),
    ):
        answer = page.post(ADD, {"listing": ALDER, "back": SEARCH, **sent})
        assert (answer.status_code, [to for _, to in wrong(read(answer))]) == (status, [anchor])
        assert read(answer).one("input", name="back").attributes["value"] == SEARCH
    assert page.post(ADD, {"listing": ALDER, "shortlist": "SL-2020-9999"}).status_code == 404
    assert page.get(f"{ADD}?{urlencode({'listing': 'rm1~nobody~nobody'})}").status_code == 404
    assert state() == before


def test_nobody_but_a_buyers_editor_finds_the_way(page: Client) -> None:
    for email in ("", "alder@example.org"):
        if email:
            signed(page, email)
        assert links(page, SEARCH) == []
        assert links(page, f"/listings/{ALDER}") == []
    assert page.post(ADD, {"listing": ALDER, "shortlist": "new", "title": "x"}).status_code == 404
    colleague("reads@example.org", "council", "viewer")
    signed(page, "reads@example.org")
    assert links(page, SEARCH) == []
    assert page.get(f"{ADD}?listing={ALDER}").status_code == 403
    page.logout()
    assert page.get(f"{ADD}?listing={ALDER}")["Location"].startswith("/sign-in")
    assert Shortlist.objects.count() == 0


def test_a_page_that_is_full_of_a_facets_values_leads_to_no_shortlist(page: Client) -> None:
    assert links(signed(page), f"{SEARCH}&more=specialism") == []


def test_an_anonymous_search_reads_no_database(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page.get(SEARCH)
    with django_assert_num_queries(0):
        page.get(SEARCH)


def test_a_made_up_shortlist_in_the_address_is_not_told(page: Client) -> None:
    for made_up in ("SL-1", "<b>", "CO-2026-0001"):
        answer = page.get(f"{SEARCH}&{urlencode({'added': made_up})}")
        assert answer.status_code == 200
        assert "The listing is on shortlist" not in answer.content.decode()
