"""Shortlists on the pages: who sees them, every change, what is refused, what is stale, evidence."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.running import run
from procurement.models import Event, Operation, Shortlist, ShortlistEntry, Snapshot
from tests.web.buying import ALDER, BIRCH, DOGWOOD, begin, colleague, evidence, lock, signed
from tests.web.market import HOSTILE
from tests.web.reading import Page, read, summary, wrong


def state() -> tuple[Any, ...]:
    """All that a refusal must leave alone."""
    rows = Shortlist.objects.order_by("pk").values_list("reference", "title", "status", "revision")
    entries = [
        list(one.entries.order_by("position").values_list("listing", "decision", "reason"))
        for one in Shortlist.objects.order_by("pk")
    ]
    return list(rows), entries, Event.objects.count(), Operation.objects.count()


def change(page: Client, address: str, do: str, revision: int, **sent: str) -> Any:
    return page.post(address, {"do": do, "revision": revision, **sent})


def test_a_shortlist_is_begun_by_hand_and_listed(page: Client) -> None:
    assert read(signed(page).get("/shortlists")).texts("table") == []
    address = begin(page, f"http://127.0.0.1:8000/listings/{ALDER}", DOGWOOD)
    found = read(page.get("/shortlists"))
    [link] = [one for one in found.all("a") if one.text == "Evaluators"]
    assert link.attributes["href"] == address
    shown = read(page.get(address))
    assert shown.texts("h3") == ["1. Alder Research", "2. Dogwood Digital"]
    assert summary(shown)["Listings"] == "2, 2 undecided"
    assert found.all("a", class_="govuk-service-navigation__link")[2].text == "Shortlists"


def test_a_buyer_is_led_there_from_every_page(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed(page)
    # Session, person, what waits in the inbox; and twice whether a shortlist may be begun.
    with django_assert_num_queries(5):
        found = read(page.get("/search"))
    assert found.texts("a", class_="govuk-service-navigation__link")[1:3] == ["Match", "Shortlists"]
    assert "Your shortlists" in read(page.get("/")).texts("h3")


@pytest.mark.parametrize("email", ["alder@example.org", "reader@example.org", "nobody@example.org"])
def test_to_others_there_are_no_shortlists(page: Client, email: str) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    pack = evidence(page, address)
    signed(page, email)
    before = state()
    for theirs in ("/shortlists", address, f"{address}/verification", pack):
        assert page.get(theirs).status_code == 404, theirs
    assert page.post("/shortlists", {"title": "Mine"}).status_code == 404
    assert change(page, address, "note", 2, text="Mine").status_code == 404
    assert state() == before
    assert "Shortlists" not in read(page.get("/")).texts("a")


def test_another_buyer_sees_its_own_alone(page: Client) -> None:
    address = begin(signed(page), ALDER)
    colleague("other@example.org", "district", "editor")
    signed(page, "other@example.org")
    assert page.get(address).status_code == 404
    assert read(page.get("/shortlists")).texts("table") == []


def test_a_colleague_who_only_reads_is_offered_no_change(page: Client) -> None:
    address = begin(signed(page), ALDER)
    colleague("reads@example.org", "council", "viewer")
    found = read(signed(page, "reads@example.org").get(address))
    assert found.all(name="do") == []
    before = state()
    for do in ("note", "decide", "lock", "title", "add", f"remove {ALDER}"):
        response = change(
            page, address, do, 1, text="x", title="x", listings=DOGWOOD, listing=ALDER, decision="in"
        )
        assert response.status_code == 403, do
    assert page.post("/shortlists", {"title": "Mine"}).status_code == 403
    assert state() == before


def test_without_signing_in_it_leads_there(page: Client) -> None:
    address = begin(signed(page), ALDER)
    page.logout()
    for ours in ("/shortlists", address, f"{address}/verification"):
        assert page.get(ours)["Location"] == f"/sign-in?next={ours}"


def test_every_change_is_made_once_and_told(page: Client) -> None:
    address = begin(signed(page), ALDER)
    changes: list[tuple[str, dict[str, str]]] = [
        ("add", {"listings": f"{DOGWOOD}, {BIRCH}"}),
        ("decide", {"listing": ALDER, "decision": "in", "reason": "Strong evidence"}),
        ("decide", {"listing": DOGWOOD, "decision": "out", "reason": "No evidence"}),
        (f"remove {BIRCH}", {}),
        ("note", {"text": "Asked the board.\n\nThey agree."}),
        ("title", {"title": "Evaluators, second round"}),
        ("lock", {}),
        ("unlock", {"why": "A firm was overlooked"}),
    ]
    for revision, (do, sent) in enumerate(changes, 1):
        response = change(page, address, do, revision, **sent)
        assert (response.status_code, response["Location"]) == (303, f"{address}?done={do.split()[0]}")
    found = read(page.get(f"{address}?done=unlock"))
    assert "The shortlist is open again. Its snapshots stay." in found.texts("p")
    assert found.one("h1").text == "Evaluators, second round"
    assert found.texts("h3") == ["1. Alder Research", "2. Dogwood Digital"]
    assert {"In Strong evidence", "Out No evidence"} <= set(found.texts("p"))
    assert "Asked the board." in found.texts("p")
    told = [one.partition("Buyer: ")[2] for one in found.texts("li", class_="app-title")]
    assert told == [
        "Unlocked: A firm was overlooked",
        "Locked with snapshot 1",
        "Titled “Evaluators, second round”",
        "Wrote note 1",
        f"Removed {BIRCH}",
        f"Decided out on {DOGWOOD}: No evidence",
        f"Decided in on {ALDER}: Strong evidence",
        f"Added {DOGWOOD}, {BIRCH}",
        "Begun as “Evaluators” with 1 listing",
    ]


@pytest.mark.parametrize(
    ("do", "sent", "said"),
    [
        ("add", {"listings": ""}, ("Listings: name at least one listing", "#listings")),
        ("add", {"listings": f"{DOGWOOD} rm1~x~y"}, ("rm1~x~y: there is no such listing today", "#listings")),
        ("add", {"listings": ALDER}, (f"{ALDER}: this listing is on the shortlist already", "#listings")),
        (
            "decide",
            {"listing": ALDER, "decision": "out", "reason": " "},
            ("Reason: say why this listing is out", "#reason-1"),
        ),
        (
            "decide",
            {"listing": ALDER, "decision": "maybe", "reason": "Because"},
            ("Decision: “maybe” is not one of the known values: in, out, undecided", "#decision-1"),
        ),
        ("note", {"text": ""}, ("Note: this must not be empty", "#text")),
        ("title", {"title": ""}, ("Title: this must not be empty", "#title")),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    page: Client, do: str, sent: dict[str, str], said: tuple[str, str]
) -> None:
    address = begin(signed(page), ALDER)
    before = state()
    response = change(page, address, do, 1, **sent)
    assert response.status_code == 422
    found = read(response)
    assert wrong(found) == [said]
    field = next(one for one in found.elements if one.attributes.get("id") == said[1][1:])
    assert f"{said[1][1:]}-error" in field.attributes["aria-describedby"].split()
    typed = [*found.texts("textarea"), *(one.attributes.get("value", "") for one in found.all("input"))]
    assert all(value.strip() in typed for name, value in sent.items() if name != "decision")
    assert state() == before


def test_the_order_in_which_a_direct_award_asks_is_changed_by_buttons(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH, DOGWOOD)
    found = read(page.get(address))
    buttons = [one.attributes["value"] for one in found.all("button", class_="app-link-button", name="do")]
    assert buttons == [f"down {ALDER}", f"up {BIRCH}", f"down {BIRCH}", f"up {DOGWOOD}"]
    written = {"listing": BIRCH, "decision": "out", "reason": "Too far"}
    shown = read(change(page, address, f"up {DOGWOOD}", 1, **written))
    assert "The listing is moved up." in shown.texts("p")
    assert shown.one("textarea", id="reason-3").text == "Too far"
    assert order() == [ALDER, DOGWOOD, BIRCH]
    response = change(page, address, f"down {ALDER}", 2)
    assert (response.status_code, response["Location"]) == (303, f"{address}?done=down")
    assert order() == [DOGWOOD, ALDER, BIRCH]
    before = state()
    assert change(page, address, f"up {DOGWOOD}", 3).status_code == 303
    assert change(page, address, f"down {BIRCH}", 3).status_code == 303
    assert change(page, address, "up rm1~x~y", 3).status_code == 404
    assert change(page, address, "up", 3).status_code == 404
    assert state() == before


def test_a_listing_that_goes_to_another_page_takes_no_unkept_decision_along(page: Client) -> None:
    address = begin(signed(page), ALDER)
    shortlist = Shortlist.objects.get()
    ShortlistEntry.objects.bulk_create(
        ShortlistEntry(shortlist=shortlist, listing=f"rm1~x~n{at}", position=at, source="manual")
        for at in range(2, 22)
    )
    before = state()
    sent = {"listing": "rm1~x~n20", "decision": "out", "reason": "Too far"}
    response = change(page, address, "down rm1~x~n20", 1, **sent)
    assert (response.status_code, state()) == (422, before)
    found = read(response)
    assert wrong(found) == [("Decision: keep it first: the listing moves to another page", "#decision-20")]
    assert found.one("textarea", id="reason-20").text == "Too far"
    assert change(page, f"{address}?page=2", "up rm1~x~n21", 1).status_code == 303
    assert order()[18:] == ["rm1~x~n19", "rm1~x~n21", "rm1~x~n20"]


def order() -> list[str]:
    return list(ShortlistEntry.objects.order_by("position").values_list("listing", flat=True))


def test_the_lock_says_before_its_button_how_many_are_undecided(page: Client) -> None:
    address = begin(signed(page), ALDER, DOGWOOD)
    told = "Undecided: {} of 2. They are locked as undecided."
    assert told.format(2) in read(page.get(address)).texts("p")
    assert change(page, address, "decide", 1, listing=ALDER, decision="in").status_code == 303
    assert told.format(1) in read(page.get(address)).texts("p")
    assert change(page, address, "decide", 2, listing=DOGWOOD, decision="in").status_code == 303
    assert not any(one.startswith("Undecided: ") for one in read(page.get(address)).texts("p"))


def test_an_unlocking_needs_its_reason(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    before = state()
    response = change(page, address, "unlock", 2, why="")
    assert response.status_code == 422
    assert wrong(read(response)) == [("Why it is unlocked: this must not be empty", "#why")]
    assert state() == before


@pytest.mark.parametrize("do", ["add", "decide", f"remove {ALDER}", f"down {ALDER}", "note", "title", "lock"])
@pytest.mark.parametrize("revision", [1, -7, 99])
def test_what_comes_from_an_older_state_changes_nothing(page: Client, do: str, revision: int) -> None:
    address = begin(signed(page), ALDER)
    assert change(page, address, "decide", 1, listing=ALDER, decision="in", reason="First").status_code == 303
    before = state()
    sent = {
        "listing": ALDER, "listings": DOGWOOD, "decision": "out", "reason": "Second", "text": "Typed", "title": "Mine",
    }  # fmt: skip
    response = change(page, address, do, revision, **sent)
    assert response.status_code == 409
    found = read(response)
    (told, anchor), *beside = wrong(found)
    assert told.startswith("You changed this last, on ")
    assert anchor == "#entries"
    title = [("Title: now “Evaluators”", "#title")]
    decision = [("Decision: now “In”", "#decision-1"), ("Reason: now “First”", "#reason-1")]
    assert beside == [*title, *decision]
    assert "In First" in found.texts("p")
    assert {one.attributes["value"] for one in found.all("input", name="revision")} == {"2"}
    assert found.one("textarea", id="reason-1").text == "Second"
    assert found.one("textarea", id="text").text == "Typed"
    assert state() == before


def test_a_locked_shortlist_offers_and_takes_no_change(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    found = read(page.get(address))
    assert sorted(one.attributes["value"] for one in found.all(name="do")) == [
        "evidence",
        "note",
        "unlock",
    ]
    before = state()
    response = change(page, address, "add", 2, listings=DOGWOOD)
    assert response.status_code == 409
    assert wrong(read(response)) == [("The shortlist is locked: unlock it to change it.", "#entries")]
    assert state() == before


def test_what_there_is_not_is_not_found(page: Client) -> None:
    address = begin(signed(page), ALDER)
    before = state()
    sent = {"listing": DOGWOOD, "decision": "in"}
    for do in ("explode", "", "remove", f"remove {DOGWOOD}", "decide"):
        assert change(page, address, do, 1, **sent).status_code == 404, do
    for other in (
        "/shortlists/SL-1999-0001",
        f"{address}/verification",
        f"{address}/evidence/OP-1999-000001",
    ):
        assert page.get(other).status_code == 404, other
    assert state() == before


def test_a_snapshot_is_verified(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    digest = Snapshot.objects.get().digest
    found = read(page.get(f"{address}/verification"))
    assert found.one("h1").text == "Snapshot 1 is what was locked"
    assert summary(found) == {
        "Result": "Unchanged",
        "Stored digest": digest,
        "Computed": digest,
        "In the event log": digest,
    }


def test_evidence_is_asked_for_followed_and_downloaded(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    progress = evidence(page, address)
    waiting = read(page.get(progress))
    assert waiting.one("h1").text == "The evidence pack is being made"
    assert "See how far it is" in waiting.texts("a")
    operation = Operation.objects.get()
    run(operation.reference)
    made = read(page.get(progress))
    assert made.one("h1").text == "The evidence pack is made"
    operation.refresh_from_db()
    assert operation.result is not None
    assert summary(made)["SHA-256 of the file"] == operation.result["sha256"]
    [link] = [one for one in made.all("a") if one.text == "Download it as JSON"]
    file = page.get(link.attributes["href"])
    assert file.status_code == 200
    assert file["Content-Disposition"].endswith('-snapshot-1.json"')
    assert f"{operation.reference}: JSON of snapshot 1, succeeded" in read(page.get(address)).texts("li")


def test_evidence_in_no_format_is_refused(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    before = state()
    response = page.post(address, {"do": "evidence", "format": "docx"})
    assert response.status_code == 422
    assert wrong(read(response)) == [("A pack is one of xlsx, pdf, json.", "#format")]
    assert state() == before


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"title": "", "listings": ALDER}, ("Title: this must not be empty", "#title")),
        ({"title": "T", "listings": "rm1~x~y"}, ("rm1~x~y: there is no such listing today", "#listings")),
    ],
)
def test_beginning_is_refused_with_what_was_typed(
    page: Client, sent: dict[str, str], said: tuple[str, str]
) -> None:
    response = signed(page).post("/shortlists", sent)
    assert response.status_code == 422
    found = read(response)
    assert wrong(found) == [said]
    assert found.one("textarea", id="listings").text == sent["listings"]
    assert Shortlist.objects.count() == 0


def test_hostile_text_stays_text(page: Client) -> None:
    answer = signed(page).post("/shortlists", {"title": HOSTILE, "listings": BIRCH})
    address = answer["Location"].partition("?")[0]
    change(page, address, "decide", 1, listing=BIRCH, decision="out", reason=HOSTILE)
    change(page, address, "note", 2, text=HOSTILE)
    for ours in (address, "/shortlists"):
        response = page.get(ours)
        found: Page = read(response)
        assert b"<script" not in response.content
        assert found.all("b") == []


def test_queries_do_not_grow(page: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, three = begin(signed(page), ALDER), begin(page, ALDER, BIRCH, DOGWOOD)
    for revision in (1, 2, 3):
        change(page, three, "note", revision, text="A note")
    for address in (one, three):
        with django_assert_num_queries(17):
            page.get(address)
    for number in (2, 5):
        while Shortlist.objects.count() < number:
            begin(page, ALDER)
        with django_assert_num_queries(8):
            page.get("/shortlists")


def test_a_shortlist_is_begun_from_a_search_page_with_what_it_found(page: Client) -> None:
    assert "Begin a shortlist" not in read(page.get("/search?q=evaluation")).texts("summary")
    found = read(signed(page).get("/search?q=evaluation&seed=3"))
    (form,) = [one for one in found.all("form") if one.attributes.get("action") == "/shortlists"]
    sent = {
        each.attributes["name"]: each.attributes.get("value", "")
        for each in found.elements[found.elements.index(form) :]
        if each.tag == "input" and each.attributes["name"] != "csrfmiddlewaretoken"
    }
    assert (sent["query"], sent["title"]) == ("q=evaluation&seed=3", "evaluation")
    before = state()
    assert page.post("/shortlists", {**sent, "query": "colour=blue"}).status_code == 422
    assert page.post("/shortlists", {**sent, "title": ""}).status_code == 422
    assert state() == before
    response = page.post("/shortlists", sent)
    assert response.status_code == 303
    assert page.post("/shortlists", sent).headers["Location"] == response.headers["Location"]
    made = Shortlist.objects.get()
    assert made.query == "q=evaluation"
    assert made.found is not None
    listings = [one["listing"] for one in made.found["results"]]
    assert listings == sent["listings"].split()
    assert list(made.entries.order_by("position").values_list("listing", "source")) == [
        (one, "search") for one in listings
    ]
    shown = read(page.get(response.headers["Location"]))
    assert summary(shown)["From the search"].startswith("q=evaluation, which found")


def test_whoever_only_reads_is_offered_no_shortlist(page: Client) -> None:
    assert 'action="/shortlists"' not in signed(page, "reader@example.org").get("/search").content.decode()


@pytest.mark.parametrize(
    ("do", "status"),
    [
        ("title", 422),
        ("add", 422),
        ("decide", 422),
        ("remove", 404),
        ("note", 422),
        ("unlock", 422),
        ("evidence", 422),
    ],
)
def test_a_form_that_comes_without_its_fields_is_refused_and_changes_nothing(
    page: Client, do: str, status: int
) -> None:
    address = begin(signed(page), ALDER)
    before = state()
    assert page.post(address, {"do": do, "revision": 1}).status_code == status
    assert page.post(address, {"do": do, "revision": 1, "listing": "no~such~one"}).status_code in {
        status,
        404,
    }
    if do != "remove":
        assert page.post(address, {"do": do, "revision": 1, "listing": ALDER}).status_code == status
    assert state() == before
