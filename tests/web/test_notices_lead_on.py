"""What a message in the inbox is about is one click away, for everybody who is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Q
from django.test import Client
from django.urls import resolve

from procurement.actions.deliveries import deliver_due
from procurement.actions.events import Happening, record
from procurement.actions.running import run
from procurement.actions.saved_searches import SavedSearchDraft
from procurement.models import InboxMessage, Membership, Operation, User
from procurement.notices import worded
from procurement.permissions import SYSTEM, person
from search.alerts import keep
from tests.procurement.test_notices import ROWS, event
from tests.web.administering import OPERATOR, listening, make_administrators
from tests.web.buying import DOGWOOD, begin, colleague, evidence, lock, signed
from tests.web.kept import kept_pages, others_pages
from tests.web.reading import read

LINKS = sorted({worded(event(kind), notice, {}).link for kind, notice in ROWS} - {""})
ROLES = ("administrator", "editor", "viewer")
FOUND = "/search?q=evaluation&framework=rm1"


def told(kind: str, subject_type: str, subject: str, changes: dict[str, Any], **references: Any) -> str:
    """Something happens; the link of the message that tells of it."""
    with transaction.atomic():
        record(SYSTEM, Happening(kind, subject_type, subject, references, changes))
    deliver_due()
    return InboxMessage.objects.latest("pk").link


def readers(organisation: str) -> list[str]:
    """Addresses of people of an organisation, one for each role."""
    for role in ROLES:
        colleague(f"{role}-{organisation}@example.org", organisation, role)
    return [f"{role}-{organisation}@example.org" for role in ROLES]


@pytest.mark.parametrize("link", LINKS)
def test_a_message_leads_to_a_page_that_is_read(page: Client, link: str) -> None:
    assert resolve(link).namespace == "web"
    # What the table speaks of here is not there, or not the buyer's; a page that takes forms alone is a 405.
    assert signed(page).get(link).status_code in (200, 302, 403, 404)


def test_a_message_of_a_saved_search_leads_to_what_it_finds(page: Client) -> None:
    actor = person(User.objects.get(email="buyer@example.org"))
    search = keep(actor, SavedSearchDraft("Evaluators", "q=evaluation&framework=rm1"))
    everything = keep(actor, SavedSearchDraft("All", ""))
    link = told("saved_search.matched", "saved_search", search.reference, {"changed": []},
                organisation="council", listing=[DOGWOOD])  # fmt: skip
    for email in readers("council"):
        answer = signed(page, email).get(link, follow=True)
        assert (answer.redirect_chain, answer.status_code) == ([(FOUND, 302)], 200)
    assert page.get(f"/saved-searches/{everything.reference}")["Location"] == "/search"
    colleague("other@example.org", "town", "editor")
    assert signed(page, "other@example.org").get(link).status_code == 404
    page.logout()
    assert page.get(link)["Location"] == f"/sign-in?next={link}"


def test_a_message_of_a_saved_search_that_is_deleted_leads_to_those_that_are_kept(page: Client) -> None:
    actor = person(User.objects.get(email="buyer@example.org"))
    search = keep(actor, SavedSearchDraft("Evaluators", "q=evaluation"))
    address = f"/saved-searches/{search.reference}"
    assert signed(page).post(address, {"revision": "1", "delete": "yes"}).status_code == 303
    answer = page.get(address)
    assert answer.status_code == 404
    [said] = [one for one in read(answer).texts("li") if one.startswith("You changed this last, on ")]
    assert said.endswith("The search is gone already. Below are those that are still kept")


def test_messages_of_a_webhook_lead_to_its_page(page: Client) -> None:
    people, hook = readers("council"), listening("council")
    reference = hook.rpartition("/")[2]
    for kind, changes in (
        ("webhook.disabled", {"because": "gone"}),
        ("webhook.rotated", {"previous_until": "2026-04-02T09:00:00.000000Z"}),
    ):
        assert told(kind, "webhook", reference, changes, organisation="council") == hook
    assert [signed(page, email).get(hook).status_code for email in people] == [200] * 3


def test_the_message_that_an_import_has_ended_leads_to_it(page: Client) -> None:
    make_administrators()
    file = SimpleUploadedFile("firms.jsonl", b'{"reference": "elm", "name": "Elm"}')
    address = str(signed(page, OPERATOR).post("/administration/imports", {"file": file})["Location"])
    reference = address.rpartition("/")[2]
    waiting = read(page.get(address))
    assert "Stop it" in waiting.texts("button")
    for email in readers("operator"):
        shown = read(signed(page, email).get(address))
        assert ("Stop it" in shown.texts("button")) == (not email.startswith("viewer"))
    # A viewer is the last who was signed in.
    assert page.post(address).status_code == 403
    assert Operation.objects.get().status == "queued"
    assert run(reference)
    deliver_due()
    link = InboxMessage.objects.get().link
    assert link == f"/operations/{reference}"
    for email in readers("operator"):
        answer = signed(page, email).get(link, follow=True)
        assert (answer.redirect_chain, answer.status_code) == ([(address, 302)], 200)
    assert signed(page).get(link).status_code == signed(page).get(address).status_code == 404


def test_the_message_that_an_evidence_pack_is_made_leads_to_where_it_is_downloaded(page: Client) -> None:
    locked = begin(signed(page), DOGWOOD)
    lock(page, locked)
    made = evidence(page, locked)
    assert run(made.rpartition("/")[2])
    deliver_due()
    link = InboxMessage.objects.get(title__startswith="Work has").link
    for email in readers("council"):
        assert signed(page, email).get(link, follow=True).redirect_chain == [(made, 302)]
    assert signed(page, "alder@example.org").get(link).status_code == 404


@pytest.mark.whole
@pytest.mark.timeout(600)
def test_every_message_of_a_busy_market_leads_each_of_its_readers_to_a_page(page: Client) -> None:
    kept_pages(signed(page))
    others_pages(page)
    deliver_due()
    led = 0
    for user in User.objects.order_by("pk"):
        page.force_login(user, "django.contrib.auth.backends.ModelBackend")
        own = Membership.objects.filter(user=user).values("organisation")
        rows = InboxMessage.objects.filter(Q(user=user) | Q(user=None, organisation__in=own)).exclude(link="")
        for link in rows.values_list("link", flat=True).order_by("link").distinct():
            assert page.get(link, follow=True).status_code == 200, (user.email, link)
            led += 1
    print(f"{led} links of {InboxMessage.objects.count()} messages")
    assert led
