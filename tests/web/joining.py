"""Applications to join in the small market, made by the forms of the pages: Dogwood to Alder's consortium on lot 2a."""

from __future__ import annotations

from typing import Any, Final

from django.test import Client

from procurement.models import Framework, Joining
from tests.web.buying import colleague, signed

FIRM, LEAD, OWNER = "dogwood@example.org", "alder@example.org", "owner@example.org"
OFFERED: Final[dict[str, Any]] = {
    "statement": "We design.",
    "specialisms": ["rm1~2a~1"],
    "regions": ["TLI"],
}


def applicants() -> None:
    """Somebody of the firm, and of the framework's owner; RM1 takes firms by themselves, as an open framework does."""
    Framework.objects.filter(reference="rm1").update(regime="pa2023")
    colleague(FIRM, "dogwood", "editor")
    colleague(OWNER, "owner", "editor")


def begun(page: Client, **changes: str) -> str:
    """A draft; its address."""
    answer = page.post("/joinings/new", {"lot": "rm1~2a", "supplier": "alders"} | changes)
    assert answer.status_code == 303, answer.content[:2000]
    return str(answer["Location"]).partition("?")[0]


def step(page: Client, address: str, do: str, **sent: Any) -> Any:
    """Sends the form of a step, made from the application as it is now."""
    row = Joining.objects.get(reference=address.rpartition("/")[2])
    return page.post(address, {"do": do, "revision": row.revision, **sent})


def sent_in(page: Client, address: str, **changes: Any) -> None:
    """Fills the draft in and submits it."""
    answer = step(page, address, "submit", **OFFERED | changes)
    assert answer.status_code == 303, answer.content[:2000]


def submitted(page: Client, **changes: Any) -> str:
    """A submitted one of the firm; its address."""
    address = begun(signed(page, FIRM))
    sent_in(page, address, **changes)
    return address
