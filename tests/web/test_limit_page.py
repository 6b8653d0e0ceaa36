"""From which total on call-offs are approved, set by administrators; what waits for an approval or was given one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from procurement.actions.limits import limit_revision
from procurement.models import BuyerLimit, CallOff, Event
from tests.web.buying import colleague, signed
from tests.web.calling_off import begun, step
from tests.web.reading import read, rows, wrong

LIMIT = "/organisations/council/limit"
CHIEF, APPROVER = "chief@example.org", "approver@example.org"
APPROVED = "Call-offs that were approved, newest first"


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    colleague(CHIEF, "council", "administrator")
    colleague(APPROVER, "council", "approver")


def sent(page: Client, do: str, **said: str) -> Any:
    """Sends a form of the page, made from the limit as it is now."""
    return page.post(LIMIT, {"do": do, "revision": limit_revision("council"), **said})


def state() -> list[Any]:
    return [Event.objects.count(), list(BuyerLimit.objects.values_list("approval_from_minor", flat=True))]


def test_an_administrator_sets_the_limit_and_takes_it_away(page: Client) -> None:
    signed(page, CHIEF)
    before = state()
    for amount in ("", "many", "-5", "1.005", "70,00"):
        answer = sent(page, "set", approval_from=amount)
        assert answer.status_code == 422, amount
        assert [anchor for _, anchor in wrong(read(answer))] == ["#approval_from"]
    assert state() == before
    assert sent(page, "set", approval_from="£1,000")["Location"] == f"{LIMIT}?done=set"
    assert state()[1] == [100_000]
    assert "£1,000" in page.get(LIMIT).content.decode()
    assert sent(page, "remove").status_code == 303
    assert state()[1] == []
    assert "No limit is set" in page.get(LIMIT).content.decode()


def test_who_was_slower_than_a_colleague_overwrites_no_limit_and_is_told_what_stands(page: Client) -> None:
    colleague("second@example.org", "council", "administrator")
    signed(page, CHIEF)
    (opened, *_others) = [
        one.attributes["value"] for one in read(page.get(LIMIT)).all("input", name="revision")
    ]
    signed(page, "second@example.org")
    assert sent(page, "set", approval_from="2,000").status_code == 303
    signed(page, CHIEF)
    before = state()
    for do in ("set", "remove"):
        answer = page.post(LIMIT, {"do": do, "revision": opened, "approval_from": "£1,000"})
        assert answer.status_code == 409
        shown = read(answer)
        [told] = [one for one in shown.texts("li") if one.startswith("Second changed this last")]
        assert "nothing of yours was changed" in told
        assert state() == before
    answer = page.post(LIMIT, {"do": "set", "revision": opened, "approval_from": "£1,000"})
    shown = read(answer)
    assert wrong(shown) == [("Approve from which total on: now “£2,000”", "#approval_from")]
    assert shown.one("input", id="approval_from").attributes["value"] == "£1,000"
    assert page.post(LIMIT, {"do": "set", "approval_from": "1"}).status_code == 409
    assert state() == before
    newest = shown.all("input", name="revision")[0].attributes["value"]
    assert page.post(LIMIT, {"do": "set", "revision": newest, "approval_from": "£1,000"}).status_code == 303
    assert state()[1] == [100_000]


def test_others_of_the_buyer_read_it_and_nobody_else(page: Client) -> None:
    for email, status in ((APPROVER, 200), ("buyer@example.org", 200), ("alder@example.org", 404)):
        signed(page, email)
        before = state()
        assert page.get(LIMIT).status_code == status
        assert sent(page, "remove").status_code == (403 if status == 200 else 404)
        assert state() == before


def test_what_waits_for_an_approval_and_what_was_approved_stand_there(page: Client) -> None:
    def waits() -> bool:
        return (
            f"/call-offs/{reference}" in [one.attributes["href"] for one in read(page.get(LIMIT)).all("a")]
            and "None was asked for" not in page.get(LIMIT).content.decode()
        )

    signed(page, CHIEF)
    sent(page, "set", approval_from="1")
    address = begun(signed(page))
    reference = address.rpartition("/")[2]
    assert not waits()
    assert step(page, address, "ask_approval").status_code == 303
    assert waits()
    signed(page, APPROVER)
    assert step(page, address, "approve").status_code == 303
    assert not waits()
    (row,) = rows(read(page.get(LIMIT)), APPROVED)[1:]
    assert (row[0].startswith(reference), row[1]) == (True, "By: Approver")
    assert CallOff.objects.get(reference=reference).approved_minor is not None


def test_an_approver_sends_it_back_with_a_reason_that_stands_on_its_page(page: Client) -> None:
    signed(page, CHIEF)
    sent(page, "set", approval_from="1")
    address = begun(signed(page))
    reference = address.rpartition("/")[2]
    assert step(page, address, "ask_approval").status_code == 303
    assert step(page, address, "send_back", reason="So.").status_code == 403
    signed(page, APPROVER)
    refused = step(page, address, "send_back", reason=" ")
    assert (refused.status_code, [anchor for _, anchor in wrong(read(refused))]) == (
        422,
        ["#send_back-reason"],
    )
    assert not Event.objects.filter(type="call_off.sent_back").exists()
    answer = step(page, address, "send_back", reason="Say why nobody else is asked.")
    assert answer["Location"] == f"{address}?done=send_back"
    signed(page)
    shown = page.get(address).content.decode()
    assert "Sent back by Approver, " in shown
    assert "Say why nobody else is asked." in shown
    assert "Next: the buyer, to edit or ask approval." in shown
    assert reference not in page.get(LIMIT).content.decode()
    assert step(page, address, "ask_approval").status_code == 303
    assert "Sent back by" not in page.get(address).content.decode()
