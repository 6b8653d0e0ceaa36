"""Call-offs of the small market, made by the forms of the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from procurement.actions.requirements import create_requirement
from procurement.models import CallOff, Offer, User
from procurement.permissions import person
from tests.web.buying import ALDER, DOGWOOD, begin, lock, signed


def need(**changes: Any) -> str:
    """Keeps a requirement of the buyer on rm1~1: ten days of G2, six months from thirty days on; its reference."""
    content = {
        "text": "Evaluate a vision rehabilitation service.",
        "framework": "rm1",
        "lot": "rm1~1",
        "starts_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "months": 6,
        "team": [{"grade": "G2", "days": "10"}],
    }
    buyer = person(User.objects.get(email="buyer@example.org"))
    return create_requirement(buyer, content | changes).reference


def chosen(page: Client, *listings: str) -> str:
    """A locked shortlist with these listings in; its reference."""
    address = begin(page, *listings)
    for revision, listing in enumerate(listings, start=1):
        page.post(address, {"do": "decide", "revision": revision, "listing": listing, "decision": "in"})
    lock(page, address, len(listings) + 1)
    return address.rpartition("/")[2]


def form(page: Client, **changes: Any) -> dict[str, Any]:
    """A direct award to Alder and then Dogwood, as the form sends it."""
    return {
        "title": "Evaluation",
        "route": "direct_award",
        "requirement": need(),
        "shortlist": chosen(page, ALDER, DOGWOOD),
        "mechanism": "ranked",
        "reason": "First in the ranking.",
        "reply_days": "",
        "value": "",
        "expenses": "£1,000",
        "hours_per_day": "",
        "months": ["3", "", "", ""],
        "amount": ["2,500.50", "", "", ""],
    } | changes


def begun(page: Client, **changes: Any) -> str:
    """Begins it; its address."""
    answer = page.post("/call-offs/new", form(page, **changes))
    assert answer.status_code == 303, answer.content[:3000]
    return str(answer["Location"]).partition("?")[0]


def step(page: Client, address: str, do: str, **sent: str) -> Any:
    """Sends the form of a step, made from the object as it is now."""
    reference = address.rpartition("/")[2]
    row: CallOff | Offer | Any = None
    for model in (CallOff, Offer):
        row = row or model.objects.filter(reference=reference).first()
    if row is None:
        row = CallOff.objects.get(contracts__reference=reference).contracts.get(reference=reference)
    return page.post(address, {"do": do, "revision": row.revision, **sent})


def sent_to_alder(page: Client, **changes: Any) -> tuple[str, str]:
    """A call-off whose order form lies with Alder: its address and the offer's."""
    address = begun(page, **changes)
    assert step(page, address, "send_offer").status_code == 303
    return address, f"/offers/{address.rpartition('/')[2]}~1"


def awarded(page: Client, **changes: Any) -> tuple[str, str, str]:
    """The same, accepted and awarded: the addresses of call-off, offer and contract."""
    address, offer = sent_to_alder(page, **changes)
    signed(page, "alder@example.org")
    assert step(page, offer, "accept").status_code == 303
    signed(page)
    assert step(page, address, "award", conflicts="None known").status_code == 303
    contract = CallOff.objects.get(reference=address.rpartition("/")[2]).contracts.get()
    return address, offer, f"/contracts/{contract.reference}"
