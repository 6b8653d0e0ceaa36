"""Proposed rate cards in the small market, made by the forms of the pages: the consortium of Alder on RM1."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.test import Client
from django.utils import timezone

from procurement.models import RateProposal
from tests.web.buying import colleague, signed

LEAD, OWNER = "alder@example.org", "owner@example.org"
CARD: Final = "rm1 alders GBP day"


def first_day() -> str:
    return (timezone.localdate() + timedelta(days=30)).isoformat()


def proposers() -> None:
    """Somebody of the framework's owner, beside the lead that the market has."""
    colleague(OWNER, "owner", "editor")


def begun(page: Client) -> str:
    """A draft with the rates in force; its address."""
    answer = page.post("/rate-proposals/new", {"card": CARD})
    assert answer.status_code == 303, answer.content[:2000]
    return str(answer["Location"]).partition("?")[0]


def step(page: Client, address: str, do: str, **sent: Any) -> Any:
    """Sends the form of a step, made from the proposal as it is now."""
    row = RateProposal.objects.get(reference=address.rpartition("/")[2])
    return page.post(address, {"do": do, "revision": row.revision, **sent})


def changed(page: Client, note: str = "We have fewer people of the lowest grade.") -> str:
    """A draft with a lowered rate, one taken away and a role; its address."""
    address = begun(page)
    rates = {
        "rate-0": "£380.50",
        "rate-1": "650.50",
        "drop-2": "yes",
        "new-role-0": "Adviser",
        "new-amount-0": "1,200",
    }
    answer = step(page, address, "edit", **rates, valid_from=first_day(), note=note)
    assert answer.status_code == 303, answer.content[:2000]
    return address


def submitted(page: Client, note: str = "") -> str:
    """One that waits for the framework's owner; its address."""
    address = changed(signed(page, LEAD), note)
    answer = step(page, address, "submit")
    assert answer.status_code == 303, answer.content[:2000]
    return address
