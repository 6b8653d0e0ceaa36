"""Competitions of the small market, planned, published and judged by the forms of the pages; opened, declared for and
scored by the actions, whose forms the tests send themselves.

Alder leads a consortium that is asked; Dogwood, which is asked too, is answered for by dogwood@example.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from django.test import Client
from django.utils import timezone

from procurement.actions.assessing import assess, declare_interests
from procurement.actions.closing import close_competition, open_tenders
from procurement.actions.tenders import submit_tender, write_tender
from procurement.models import CallOff, Competition, Invitation, Tender, User
from procurement.permissions import Actor, person
from tests.standing import once
from tests.web.buying import colleague, signed
from tests.web.calling_off import need
from web.formats import LONDON

ASSESSOR, MODERATOR = "assessor@example.org", "moderator@example.org"
LEAD, OTHER = "alder@example.org", "dogwood@example.org"
MARKER: Final = "heron7391"
"""Stands in everything that is written into a tender where a test looks for what leaks."""


def in_days(days: int) -> str:
    """Noon in London so many days ahead, as a browser's field sends it."""
    return (timezone.now().astimezone(LONDON) + timedelta(days=days)).strftime("%Y-%m-%dT12:00")


def plan(**changes: Any) -> dict[str, Any]:
    """Method for 50, social value for 10, price for 40; questions for seven days, tenders in fourteen."""
    return {
        "interest_until": "",
        "clarify_until": in_days(7),
        "deadline": in_days(14),
        "criterion_key": ["", "", ""],
        "criterion_name": ["Method", "Social value", ""],
        "criterion_kind": ["quality", "social_value", "quality"],
        "criterion_weight": ["50", "10", ""],
        "criterion_scale": ["5", "", ""],
        "criterion_pass_mark": ["2", "", ""],
        "criterion_question": ["How will you do it?", "What else?", ""],
        "criterion_words": ["500", "", ""],
        "method": "lowest_over_price",
        "price_weight": "40",
        "threshold": "",
        "price_basis": "work_and_expenses",
        "decimals": "2",
        "tie_break": ["quality", "price", ""],
        "assessors": "1",
        "low_price": "80",
    } | changes


def drafted(page: Client, **changes: Any) -> str:
    """Begins a call-off by competition, as the buyer; its address."""
    said = {
        "title": "Evaluation",
        "route": "competition",
        "value": "9,000",
        "expenses": "£1,000",
        "months": ["3", "", "", ""],
        "amount": ["2,500.50", "", "", ""],
        "requirement": changes.pop("requirement", None) or need(),
    }
    answer = page.post("/call-offs/new", said | changes)
    assert answer.status_code == 303, answer.content[:3000]
    return str(answer["Location"]).partition("?")[0]


def planned(page: Client, **changes: Any) -> str:
    """The same with its competition planned; the address of the competition."""
    terms = {"expenses": changes.pop("expenses")} if "expenses" in changes else {}
    address = f"{drafted(page, **terms)}/competition"
    answer = page.post(f"{address}/plan", plan(**changes) | {"revision": revision(address)})
    assert answer.status_code == 303, answer.content.decode()[2000:6000]
    return address


def standing_for(page: Client, address: str) -> str:
    """A competition that stands already, for a browser in which the buyer is then signed in."""
    signed(page)
    return address


@once(standing_for)
def published(page: Client, **changes: Any) -> str:
    """The same, published, with an assessor and a moderator; the buyer is signed in at the end."""
    address = planned(signed(page), **changes)
    taken(page, address, "publish")
    for email, organisation, role in (
        (ASSESSOR, "council", "viewer"),
        (MODERATOR, "council", "viewer"),
        (OTHER, "dogwood", "editor"),
    ):
        if not User.objects.filter(email=email).exists():
            colleague(email, organisation, role)
    for email, part in ((ASSESSOR, "assessor"), (MODERATOR, "moderator")):
        taken(page, address, "add_person", user=User.objects.get(email=email).reference, part=part)
    return address


def acting(email: str) -> Actor:
    return person(User.objects.get(email=email))


def call_off_of(address: str) -> CallOff:
    return CallOff.objects.get(reference=address.split("/")[2])


def revision(address: str) -> int:
    return call_off_of(address).revision


def sent(page: Client, address: str, do: str, **fields: Any) -> Any:
    """Sends the form of a step of the competition, made from it as it is now."""
    return page.post(address, {"do": do, "revision": revision(address), **fields})


def taken(page: Client, address: str, do: str, **fields: Any) -> None:
    """The same, which must be done."""
    answer = sent(page, address, do, **fields)
    assert answer.status_code == 303, (do, answer.status_code, answer.content.decode()[2000:6000])


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The server's clock stands at a moment."""
    with patch("django.utils.timezone.now", return_value=moment):
        yield


def past(address: str) -> datetime:
    """The moment of the competition's deadline, from which on nothing is taken."""
    deadline = Competition.objects.get(call_off=call_off_of(address)).deadline
    assert deadline is not None
    return deadline


def closed_by_the_clock(address: str) -> None:
    """What the sweep does with this one once its deadline has passed; others stay out."""
    with at(past(address)):
        assert close_competition(call_off_of(address).reference, past(address))


def tender_of(address: str, supplier: str) -> Tender:
    """A supplier's tender as it stands."""
    return Tender.objects.get(
        competition__call_off=call_off_of(address),
        invitation__asked__appointment__supplier__reference=supplier,
    )


def tendered(address: str, email: str, supplier: str, rate: str, answer: str = "We ask everybody.") -> None:
    """A supplier's tender, submitted: ten days of G2 at a rate."""
    actor, tender = person(User.objects.get(email=email)), tender_of(address, supplier)
    content = {
        "team": [{"grade": "G2", "days": "10", "rate": rate, "people": f"Ann {answer}"}],
        "answers": {"method": answer, "social-value": answer},
    }
    written = write_tender(actor, tender.reference, tender.revision, content)
    submit_tender(actor, tender.reference, written.revision)


def closed(page: Client, alder: str = "600.00", dogwood: str = "500.00", **changes: Any) -> str:
    """A competition that both have tendered for, past its deadline; the buyer is signed in at the end."""
    address = published(page, **changes)
    tendered(address, LEAD, "alders", alder)
    tendered(address, OTHER, "dogwood", dogwood)
    closed_by_the_clock(address)
    return address


def opened(page: Client, **changes: Any) -> str:
    """The same, opened, with the interests of assessor and moderator declared."""
    address = closed(page, **changes)
    one = call_off_of(address)
    open_tenders(acting("buyer@example.org"), one.reference, one.revision)
    for email in (ASSESSOR, MODERATOR):
        declare_interests(acting(email), one.reference, conflict=False)
    return address


def scored(page: Client, address: str, do: str, supplier: str, criterion: str, score: str, why: str) -> Any:
    """Sends the form of a score (`do` assess) or of an agreed one (agree)."""
    tender = tender_of(address, supplier)
    name = "note" if do == "assess" else "reason"
    fields = {f"{do}-score-{criterion}": score, f"{do}-{name}-{criterion}": why}
    return page.post(f"/tenders/{tender.reference}", {"do": do} | fields)


@once(standing_for)
def evaluated(page: Client, **changes: Any) -> str:
    """The same, ranked: Alder with 4 and 3, Dogwood with 3 and 4; the buyer is signed in at the end."""
    address = opened(page, **changes)
    given = [("alders", "method", "4"), ("alders", "social-value", "3"), ("dogwood", "method", "3"),
             ("dogwood", "social-value", "4")]  # fmt: skip
    for supplier, criterion, score in given:
        tender, why = tender_of(address, supplier).reference, f"{criterion} is worth {score}."
        assess(acting(ASSESSOR), tender, criterion, int(score), why)
    signed(page, MODERATOR)
    for supplier, criterion, score in given:
        answer = scored(page, address, "agree", supplier, criterion, score, f"{criterion} is worth {score}.")
        assert answer.status_code == 303, answer.content.decode()[2000:5000]
    signed(page)
    taken(page, address, "conclude")
    return address


def invitation_of(address: str, supplier: str = "alders") -> str:
    """The address of a supplier's invitation."""
    found = Invitation.objects.get(
        competition__call_off=call_off_of(address), asked__appointment__supplier__reference=supplier
    )
    return f"/invitations/{found.reference}"


def written(page: Client, invitation: str, do: str, **changes: Any) -> Any:
    """Sends the form of the tender: ten days of G2 at 600 and both answers, unless `changes` say otherwise."""
    found = Tender.objects.get(invitation__reference=invitation.split("/")[2])
    said = {
        "rate": ["£600"],
        "people": ["Ann"],
        "expenses": "",
        "option": [""],
        "answer-method": "We ask everybody.",
        "answer-social-value": "We hire nearby.",
    }
    return page.post(f"{invitation}/tender", {"do": do, "revision": found.revision} | said | changes)


def answered(page: Client, invitation: str, do: str, **fields: Any) -> Any:
    """Sends a form of the invitation's page, made from its tender as it is now, or the form of a question."""
    found = Tender.objects.filter(invitation__reference=invitation.split("/")[2]).first()
    address = f"{invitation}/question" if do == "ask" else invitation
    return page.post(address, {"do": do, "revision": found.revision if found else 0, **fields})


def fetched(page: Client, address: str) -> bytes:
    """The bytes of a file that may be read."""
    answer: Any = page.get(address)
    assert (answer.status_code, answer["Content-Disposition"].startswith("attachment")) == (200, True)
    content: bytes = answer.getvalue()
    return content
