"""What a buyer of the small market keeps before a test of its pages."""

from __future__ import annotations

from typing import Any

from django.test import Client

from procurement.models import Membership, Organisation, User
from tests.web.market import PASSWORD, make_buyer

ALDER, BIRCH, DOGWOOD = "rm1~alders~alder", "rm1~alders~birch", "rm1~dogwood~dogwood"
NEED: dict[str, Any] = {
    "text": "Evaluation of a vision rehabilitation service.\r\n\r\nWhat did it avoid?",
    "framework": "rm1",
    "lot": "rm1~1",
    "specialism": ["rm1~1~1"],
    "must_specialism": ["rm1~1~2"],
    "region": ["TLI"],
    "grade": ["G2", "", "G3"],
    "days": ["10", "", "2.5"],
    "budget": "£8,000",
    "ownership": ["employee-owned"],
}


def signed(page: Client, email: str = "buyer@example.org") -> Client:
    assert page.login(username=email, password=PASSWORD)
    return page


def colleague(email: str, organisation: str, role: str) -> None:
    """One more person of an organisation, which is made a buyer if it is not there."""
    body = Organisation.objects.filter(reference=organisation).first()
    body = body or make_buyer(organisation, organisation.title())
    user = User.objects.filter(email=email).first()
    user = user or User.objects.create_user(email, PASSWORD, full_name=email.partition("@")[0].title())
    Membership.objects.update_or_create(user=user, organisation=body, defaults={"role": role})


def keep(page: Client, **changes: Any) -> str:
    """Matches the need as a buyer; the address that it is kept at."""
    answer = page.post("/match", NEED | changes)
    assert answer.status_code == 303, answer.content[:2000]
    return str(answer["Location"])


def begin(page: Client, *listings: str) -> str:
    """Begins a shortlist by hand; its address."""
    answer = page.post("/shortlists", {"title": "Evaluators", "listings": "\n".join(listings)})
    assert answer.status_code == 303, answer.content[:2000]
    return str(answer["Location"]).partition("?")[0]


def lock(page: Client, shortlist: str, revision: int = 1) -> None:
    answer = page.post(shortlist, {"do": "lock", "revision": revision})
    assert answer.status_code == 303, answer.content[:2000]


def evidence(page: Client, shortlist: str, form: str = "json") -> str:
    """Asks for an evidence pack; the address of its progress."""
    answer = page.post(shortlist, {"do": "evidence", "format": form})
    assert answer.status_code == 303, answer.content[:2000]
    return str(answer["Location"])
