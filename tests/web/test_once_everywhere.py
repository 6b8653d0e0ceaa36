"""Every form that keeps something carries a one-time key, and those that a firm or a buyer writes long into are done
once by a double click.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client

from procurement.models import (
    CallOff,
    Competition,
    Event,
    MembershipRequest,
    ProfileVersion,
    Tender,
    TenderRevision,
)
from tests.web.buying import colleague, signed
from tests.web.competing import LEAD, drafted, invitation_of, plan, published
from tests.web.reading import Page, read
from web import environment as module

TEMPLATES: Final = Path(module.__file__).parent / "jinja2"
FORM: Final = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)
NOBODY: Final = "nobody is signed in whose keys it could be"
SHOWN_ONCE: Final = "a code is good once, and what it makes is shown once: no second sending may be led to it"
WITHOUT: Final = {
    "macros/furniture.html": (1, "signing out ends what keys belong to"),
    "sign_in.html": (1, NOBODY),
    "enter_code.html": (1, NOBODY),
    "password.html": (1, NOBODY),
    "set_password.html": (1, NOBODY),
    "register.html": (1, NOBODY),
    "set_up_account.html": (1, NOBODY),
    "unsubscribe.html": (1, NOBODY),
    "member_invitation.html": (3, "its address is a secret, which no record of a key may hold"),
    "second_step.html": (2, SHOWN_ONCE),
    "inbox.html": (2, "says how messages are to be marked, which is the same twice"),
    "event_log.html": (1, "looks and changes nothing"),
    "kept_form.html": (1, "carries the key of the form that it sends again"),
    "match_parts.html": (1, "leads to a form and keeps nothing"),
    "requirement.html": (1, "leads to a form and keeps nothing"),
}
"""Forms without a key: how many of a template, and why."""


def test_every_form_carries_a_key_or_has_a_reason() -> None:
    found = {}
    for path in sorted(TEMPLATES.rglob("*.html")):
        bare = [one for one in FORM.findall(path.read_text()) if "once_input()" not in one]
        if bare:
            found[str(path.relative_to(TEMPLATES))] = len(bare)
    assert found == {name: many for name, (many, _) in WITHOUT.items()}


def test_every_form_that_is_sent_is_looked_at() -> None:
    opened = sum(path.read_text().count('method="post"') for path in TEMPLATES.rglob("*.html"))
    assert opened == sum(len(FORM.findall(path.read_text())) for path in TEMPLATES.rglob("*.html")) > 50


def form_at(page: Client, address: str) -> dict[str, Any]:
    """What the page's form would send as it stands."""
    shown: Page = read(page.get(address))
    sent: dict[str, list[str]] = {}
    for one in shown.elements:
        name = one.attributes.get("name", "")
        if one.tag == "textarea":
            sent.setdefault(name, []).append(one.text)
        elif one.tag == "input" and one.attributes.get("type") in ("text", "hidden", "datetime-local"):
            sent.setdefault(name, []).append(one.attributes.get("value", ""))
        elif one.tag == "input" and "checked" in one.attributes:
            sent.setdefault(name, []).append(one.attributes["value"])
    return dict(sent)


def twice(page: Client, address: str, sent: dict[str, Any]) -> str:
    """Sends a form twice, as a double click does; where both are led."""
    assert sent["once"], sent
    first = page.post(address, sent)
    assert first.status_code == 303, first.content.decode()[2000:5000]
    events = Event.objects.count()
    second = page.post(address, sent)
    assert (second.status_code, second["Location"], Event.objects.count()) == (303, first["Location"], events)
    return str(first["Location"])


@pytest.fixture
def invitation(page: Client) -> str:
    found = invitation_of(published(page))
    signed(page, LEAD)
    page.get(found)
    return found


def answers(page: Client, invitation: str, **changes: Any) -> dict[str, Any]:
    form = form_at(page, f"{invitation}/tender")
    said = {
        "rate": ["600"],
        "people": ["Ann"],
        "answer-method": "We ask.",
        "answer-social-value": "We hire nearby.",
    }
    return {"once": form["once"][-1], "revision": form["revision"][-1]} | said | changes


@pytest.mark.parametrize("do", ["draft", "submit"])
def test_a_tender_that_is_sent_twice_is_kept_and_submitted_once(
    page: Client, invitation: str, do: str
) -> None:
    location = twice(page, f"{invitation}/tender", answers(page, invitation, do=do))
    assert location == f"{invitation}?done={do}"
    assert TenderRevision.objects.count() == (1 if do == "submit" else 0)


def test_a_tender_that_is_refused_is_kept_as_a_draft_and_refused_alike_when_it_is_sent_again(
    page: Client, invitation: str
) -> None:
    sent = answers(page, invitation, do="submit", rate=["9,999"])
    told = []
    for _ in range(2):
        answer = page.post(f"{invitation}/tender", sent)
        told.append((answer.status_code, read(answer).texts("a", href="#rate-1")))
    assert told[0][0] == 422
    assert told[0][1]
    assert told[1] == told[0]
    assert TenderRevision.objects.count() == 0
    tender = Tender.objects.get(invitation__reference=invitation.rpartition("/")[2])
    assert tender.draft["answers"]["method"] == "We ask."


def test_a_profile_that_is_sent_twice_is_published_once(page: Client) -> None:
    signed(page, LEAD)
    versions = ProfileVersion.objects.count()
    form = form_at(page, "/profile/alder")
    ticked = read(page.get("/profile/alder"))
    chosen = [one.attributes["value"] for one in ticked.all("option") if "selected" in one.attributes]
    sent = form | {
        "once": form["once"][-1],
        "summary": "We evaluate.",
        "ownership": chosen[0],
        "size": chosen[1],
    }
    assert twice(page, "/profile/alder", sent) == "/profile/alder?saved=yes"
    assert ProfileVersion.objects.count() == versions + 1


def test_offerings_that_are_taken_off_twice_are_taken_off_once(page: Client) -> None:
    address = "/firms/alder/offerings/rm1~1~alders"
    signed(page, LEAD)
    form = form_at(page, address)
    kept = {"once": form["once"][-1], "revision": form["revision"][-1]}
    assert twice(page, address, form | kept) == f"{address}?saved=yes"
    gone = {"once": "another", "revision": form_at(page, address)["revision"][-1], "sure": "yes"}
    assert twice(page, address, gone) == "/firms/alder?done=taken_off"


def test_a_competition_that_is_planned_twice_is_planned_once(page: Client) -> None:
    address = f"{drafted(signed(page))}/competition"
    one = CallOff.objects.get()
    sent = plan() | {"once": form_at(page, f"{address}/plan")["once"][-1], "revision": one.revision}
    assert twice(page, f"{address}/plan", sent) == f"{address}?done=planned"
    assert Competition.objects.count() == 1


def test_who_asks_twice_to_act_for_an_organisation_has_asked_once(page: Client) -> None:
    colleague("asks@example.org", "district", "viewer")
    signed(page, "asks@example.org")
    sent = {"do": "ask", "organisation": "alder", "once": "a-key"}
    assert twice(page, "/account/organisations", sent) == "/account/organisations?done=ask"
    assert MembershipRequest.objects.count() == 1
