"""What is written anywhere on the page of a shortlist stays when one of its buttons keeps something else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from procurement.models import Event, Operation, Shortlist, ShortlistEntry
from tests.web.buying import ALDER, BIRCH, DOGWOOD, begin, lock, signed
from tests.web.reading import Page, read, wrong

WRITTEN: dict[str, Any] = {
    "revision": 1,
    "title": "Evaluators",
    "listing": [ALDER, BIRCH],
    "decision": ["in", "out"],
    "reason": ["Near", "Far"],
    "listings": "",
    "text": "",
}


def decided() -> list[tuple[str, str]]:
    return list(ShortlistEntry.objects.order_by("position").values_list("decision", "reason"))


def unkept(shown: Page) -> list[str]:
    """What the page says to be not kept yet, by where it leads."""
    at = [one.attributes.get("id") for one in shown.elements]
    found = []
    for one in shown.elements[at.index("still-written") + 1 :] if "still-written" in at else []:
        if one.tag not in ("p", "ul", "li", "a"):
            break
        if one.tag == "a":
            found.append(one.attributes["href"])
    return found


def chosen(shown: Page) -> list[str]:
    """The decisions that the page has chosen."""
    return [one.attributes["value"] for one in shown.all("option") if "selected" in one.attributes][:2]


def test_all_decisions_that_were_made_are_kept_at_once(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    assert page.post(address, WRITTEN | {"do": "decide"})["Location"] == f"{address}?done=decide"
    assert decided() == [("in", "Near"), ("out", "Far")]
    assert Event.objects.filter(type="shortlist.entry_decided").count() == 2
    again = WRITTEN | {
        "do": "decide",
        "revision": Shortlist.objects.get().revision,
        "reason": ["Near", "Farther"],
    }
    assert page.post(address, again).status_code == 303
    assert decided() == [("in", "Near"), ("out", "Farther")]
    assert Event.objects.filter(type="shortlist.entry_decided").count() == 3


def test_where_one_decision_is_wrong_none_is_kept_and_all_stay_written(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    before = Event.objects.count()
    answer = page.post(address, WRITTEN | {"do": "decide", "reason": ["Near", " "], "text": "Ask the board."})
    shown = read(answer)
    assert (answer.status_code, Event.objects.count()) == (422, before)
    assert wrong(shown) == [("Reason: say why this listing is out", "#reason-2")]
    assert decided() == [("undecided", "")] * 2
    assert chosen(shown) == ["in", "out"]
    assert shown.one("textarea", id="reason-1").text == "Near"
    assert shown.one("textarea", id="text").text == "Ask the board."


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"do": "note", "text": "Seen."}, "The note is kept."),
        ({"do": "title", "title": "Second round"}, "The title is changed."),
        ({"do": "add", "listings": DOGWOOD}, "The listings are added."),
    ],
)
def test_decisions_stay_written_when_something_else_is_kept(
    page: Client, sent: dict[str, Any], told: str
) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    for _ in range(2):
        answer = page.post(address, WRITTEN | {"once": "a-key"} | sent)
        shown = read(answer)
        assert (answer.status_code, decided()[:2]) == (200, [("undecided", "")] * 2)
        assert shown.texts("p", class_="govuk-notification-banner__heading") == [told]
        assert unkept(shown) == ["#decision-1", "#reason-1", "#decision-2", "#reason-2"]
        assert chosen(shown) == ["in", "out"]
        assert [shown.one("textarea", id=one).text for one in ("reason-1", "reason-2", "text")] == [
            "Near",
            "Far",
            "",
        ]
    assert Shortlist.objects.get().revision == 2


def test_the_decision_on_another_listing_stays_written_when_one_is_removed(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    answer = page.post(address, WRITTEN | {"do": f"remove {ALDER}"})
    shown = read(answer)
    assert (answer.status_code, decided()) == (200, [("undecided", "")])
    assert [one.text for one in shown.all("textarea", name="reason")] == ["Far"]


def test_what_is_locked_are_the_decisions_in_the_fields(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    assert page.post(address, WRITTEN | {"do": "lock"})["Location"] == f"{address}?done=lock"
    assert (Shortlist.objects.get().status, decided()) == ("locked", [("in", "Near"), ("out", "Far")])


def test_nothing_is_locked_while_something_else_is_written(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    before = Event.objects.count()
    answer = page.post(address, WRITTEN | {"do": "lock", "title": "Second round", "listings": DOGWOOD})
    shown = read(answer)
    assert (answer.status_code, Event.objects.count(), decided()) == (422, before, [("undecided", "")] * 2)
    assert wrong(shown) == [
        ("Title: change it first, or write it as it stood", "#title"),
        ("Listings: add them first, or empty the field", "#listings"),
    ]
    assert chosen(shown) == ["in", "out"]
    assert Shortlist.objects.get().status == "open"


def test_a_note_stays_written_when_an_evidence_pack_is_asked_for(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    for _ in range(2):
        answer = page.post(
            address,
            {"do": "evidence", "format": "json", "text": "Ask the board.", "why": "", "once": "a-key"},
        )
        shown = read(answer)
        assert (answer.status_code, unkept(shown)) == (200, ["#text"])
        assert shown.texts("p", class_="govuk-notification-banner__heading") == [
            "The evidence pack is asked for. It stands under Evidence, with what becomes of it."
        ]
        assert shown.one("textarea", id="text").text == "Ask the board."
    made = Operation.objects.get()
    there = f"{address}/evidence/{made.reference}"
    assert there in {one.attributes.get("href") for one in shown.all("a")}
    led = page.post(address, {"do": "evidence", "format": "json", "text": "", "why": ""})
    assert (led.status_code, led["Location"].startswith(f"{address}/evidence/")) == (303, True)


def test_an_empty_shortlist_is_not_locked_and_the_fault_leads_to_where_listings_are_added(
    page: Client,
) -> None:
    address = begin(signed(page), ALDER)
    page.post(address, {"do": f"remove {ALDER}", "revision": 1})
    before = Event.objects.count()
    answer = page.post(address, {"do": "lock", "revision": 2})
    assert (answer.status_code, Event.objects.count()) == (422, before)
    assert wrong(read(answer)) == [
        ("Listings: add one first: an empty shortlist stands for nothing", "#listings")
    ]


def test_enter_in_the_title_changes_the_title(page: Client) -> None:
    shown = read(page.get(begin(signed(page), ALDER, BIRCH)))
    assert shown.all("button", name="do")[0].attributes["value"] == "title"
