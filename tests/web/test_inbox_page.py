"""The inbox on the pages: unread first, marked as read, seen by nobody else; what waits stands in the navigation."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.deliveries import deliver_due
from procurement.models import Event, InboxMessage
from tests.guards import unguarded
from tests.web.buying import colleague, signed
from tests.web.calling_off import sent_to_alder, step
from tests.web.reading import read


def told(page: Client) -> tuple[str, str]:
    """Two messages to the buyer: an order form was declined, another accepted; the links of the two."""
    first, declined = sent_to_alder(signed(page))
    second, accepted = sent_to_alder(page)
    signed(page, "alder@example.org")
    assert step(page, declined, "decline", reason="No.").status_code == 303
    assert step(page, accepted, "accept").status_code == 303
    deliver_due()
    signed(page)
    return first, second


def unread(page: Client, address: str = "/inbox") -> str:
    """What the navigation says of the inbox."""
    [shown] = [one for one in read(page.get(address)).all("a") if one.attributes.get("href") == "/inbox"]
    return shown.text


def headings(page: Client) -> list[tuple[str, str]]:
    """Each message's title and whether it was read, in their order."""
    shown = read(page.get("/inbox"))
    tags = [one for one in shown.texts("strong", class_="govuk-tag") if one != "Demo"]
    return list(zip(shown.texts("h2", class_="app-panel__title"), tags, strict=True))


def test_messages_stand_unread_first_and_lead_to_what_they_are_about(page: Client) -> None:
    first, second = told(page)
    newer = f"Order accepted: “Evaluation” ({second[11:]}~1)"
    older = f"Order declined: “Evaluation” ({first[11:]}~1)"
    assert headings(page) == [(newer, "Unread"), (older, "Unread")]
    assert {one.attributes["href"] for one in read(page.get("/inbox")).all("a")} >= {first, second}
    assert unread(page) == unread(page, "/search") == "Inbox (2 unread)"
    message = InboxMessage.objects.get(title=newer)
    before = Event.objects.count()
    answer = page.post("/inbox", {"message": message.reference, "read": "yes", "page": "1"})
    assert (answer.status_code, answer["Location"]) == (303, "/inbox")
    assert headings(page) == [(older, "Unread"), (newer, "Read")]
    assert unread(page) == "Inbox (1 unread)"
    page.post("/inbox", {"message": message.reference, "read": "no"})
    assert headings(page)[0] == (newer, "Unread")
    assert Event.objects.count() == before


def test_all_unread_messages_of_a_page_are_marked_at_once_and_no_others(page: Client) -> None:
    told(page)
    shown = read(page.get("/inbox"))
    given = [one.attributes["value"] for one in shown.all("input", name="shown")]
    assert "Mark the 2 unread messages of this page as read" in shown.texts("button")
    others = InboxMessage.objects.exclude(organisation__reference="council")
    before = list(others.order_by("pk").values_list("read_at", flat=True))
    sent = {"shown": [*given, *others.values_list("reference", flat=True)], "page": "1"}
    assert page.post("/inbox", sent)["Location"] == "/inbox"
    assert {state for _, state in headings(page)} == {"Read"}
    assert unread(page) == "Inbox"
    assert before
    assert list(others.order_by("pk").values_list("read_at", flat=True)) == before
    assert read(page.get("/inbox")).all("input", name="shown") == []


@pytest.mark.parametrize(
    ("kept", "leads"),
    [
        ("/api/v1/operations/op_1/", "/operations/op_1"),
        ("/api/v1/webhooks/whk_1/", "/webhooks/whk_1"),
        ("/call-offs/CO-2026-0001", "/call-offs/CO-2026-0001"),
    ],
)
def test_a_message_that_kept_an_address_of_the_api_leads_to_the_page(
    page: Client, kept: str, leads: str
) -> None:
    told(page)
    with unguarded():
        InboxMessage.objects.filter(organisation__reference="council").update(link=kept)
    titles = {one.text for one in read(page.get("/inbox")).all("a", href=leads)}
    assert titles == set(InboxMessage.objects.filter(link=kept).values_list("title", flat=True))


def test_two_messages_of_one_title_are_told_apart(page: Client) -> None:
    told(page)
    for one in InboxMessage.objects.filter(organisation__reference="council").select_related("delivery"):
        again = one.delivery
        again.pk, again.reference, again.recipient = None, f"again-{one.pk}", f"again-{one.pk}"
        again.save()
        one.pk, one.reference, one.delivery = None, f"again-{one.pk}", again
        one.save()
    shown = read(page.get("/inbox"))
    texts = {one.attributes["id"]: one.text for one in shown.elements if "id" in one.attributes}
    regions = [
        " ".join(texts[part] for part in one.attributes["aria-labelledby"].split())
        for one in shown.all("section", class_="app-panel")
    ]
    assert len(shown.texts("h2", class_="app-panel__title")) == 4
    assert len(set(shown.texts("h2", class_="app-panel__title"))) == 2
    assert len(set(regions)) == 4
    buttons = [one for one in shown.texts("button", class_="govuk-button") if one.startswith("Mark as read")]
    assert len(set(buttons)) == 4


def test_others_see_and_mark_nothing_of_it(page: Client) -> None:
    told(page)
    message = InboxMessage.objects.filter(organisation__reference="council").first()
    assert message is not None
    colleague("other@example.org", "district", "editor")
    signed(page, "other@example.org")
    assert headings(page) == []
    assert unread(page) == "Inbox"
    assert page.post("/inbox", {"message": message.reference}).status_code == 404
    message.refresh_from_db()
    assert message.read_at is None
    page.logout()
    assert page.get("/inbox").status_code == 302


@pytest.mark.usefixtures("page")
def test_the_list_takes_the_same_number_of_queries_however_many_there_are(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    told(page)
    with django_assert_num_queries(7):
        page.get("/inbox")
    InboxMessage.objects.filter(organisation__reference="council").first()
    with django_assert_num_queries(7):
        assert len(headings(page)) == 2
