"""A form of a purchase or of a saved search that is sent twice is done once, and what it says belongs to its key."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from procurement.models import CallOff, Contract, Event, IdempotencyRecord, Offer, SavedSearch
from tests.web.buying import signed
from tests.web.calling_off import awarded, begun, form, sent_to_alder
from tests.web.reading import read


def kept() -> tuple[Any, ...]:
    counted = tuple(
        one.objects.count() for one in (CallOff, Offer, Contract, SavedSearch, Event, IdempotencyRecord)
    )
    return (*counted, *(list(one.objects.values_list("revision")) for one in (CallOff, Offer, Contract)))


def keys(page: Client, address: str) -> list[str]:
    """The one-time keys of the forms of a page."""
    return [str(one.attributes["value"]) for one in read(page.get(address)).all("input", name="once")]


def twice(page: Client, address: str, sent: dict[str, Any], on: str = "") -> str:
    """Sends a form twice, with a key of the page `on`; where both are led."""
    sent = {**sent, "once": keys(page, on or address)[0]}
    first = page.post(address, sent)
    assert first.status_code == 303, first.content[:2000]
    after = kept()
    second = page.post(address, sent)
    assert (second.status_code, second["Location"]) == (303, first["Location"])
    assert kept() == after
    return str(first["Location"])


def test_a_call_off_that_is_begun_and_edited_twice_is_one(page: Client) -> None:
    sent = form(signed(page))
    address = twice(page, "/call-offs/new", sent).partition("?")[0]
    assert CallOff.objects.count() == 1
    edited = twice(page, f"{address}/edit", {**sent, "title": "Another", "revision": 1})
    assert edited == f"{address}?done=edited"
    assert CallOff.objects.get().revision == 2


def test_an_order_goes_out_once(page: Client) -> None:
    address = begun(signed(page))
    assert twice(page, address, {"do": "send_offer", "revision": 1}) == f"{address}?done=send_offer"
    assert Offer.objects.count() == 1


@pytest.mark.parametrize("sent", [{"do": "accept"}, {"do": "decline", "reason": "No capacity."}])
def test_an_offer_is_answered_once(page: Client, sent: dict[str, str]) -> None:
    _, offer = sent_to_alder(signed(page))
    signed(page, "alder@example.org")
    page.get(offer)
    twice(page, offer, {**sent, "revision": str(Offer.objects.get().revision)})


def test_a_contract_is_signed_once_by_each_side(page: Client) -> None:
    _, _, contract = awarded(signed(page))
    twice(page, contract, {"do": "sign", "revision": "1"})
    signed(page, "alder@example.org")
    twice(page, contract, {"do": "sign", "revision": "2"})
    assert Contract.objects.get().status == "active"


def test_a_search_is_saved_changed_and_deleted_once(page: Client) -> None:
    sent = {
        "title": "Evaluators",
        "query": "q=evaluation&framework=rm1",
        "alerts": "new",
        "frequency": "daily",
    }
    twice(signed(page), "/saved-searches", sent, on="/search?q=evaluation&framework=rm1")
    address = f"/saved-searches/{SavedSearch.objects.get().reference}"
    change = {"revision": "1", "alerts": "none", "frequency": "daily"}
    assert twice(page, address, change, on="/saved-searches") == "/saved-searches?said=changed"
    deleted = twice(page, address, {"revision": "2", "delete": "yes"}, on="/saved-searches")
    assert deleted == "/saved-searches?said=deleted"


def test_what_was_refused_is_done_once_it_is_put_right(page: Client) -> None:
    address = begun(signed(page))
    sent = {"do": "cancel", "revision": "1", "reason": " ", "once": keys(page, address)[0]}
    records = IdempotencyRecord.objects.count()
    assert page.post(address, sent).status_code == 422
    assert (CallOff.objects.get().status, IdempotencyRecord.objects.count()) == ("draft", records)
    assert page.post(address, {**sent, "reason": "Gone."}).status_code == 303
    assert CallOff.objects.get().status == "cancelled"


def test_every_form_has_a_key_of_its_own(page: Client) -> None:
    found = keys(page, begun(signed(page)))
    assert len(set(found)) == len(found) > 1
