"""Webhooks of an organisation on its pages: registered with a secret that is shown once, changed, tried, sent again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from procurement.kept_secrets import opened
from procurement.models import Delivery, Event, IdempotencyRecord, WebhookEndpoint
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE
from tests.web.reading import read, wrong
from tests.web.test_once import key_on

LIST = "/organisations/council/webhooks"
CHIEF = "chief@example.org"
SAID = {
    "do": "register",
    "url": "https://hooks.example.org/x",
    "event_types": "offer.\r\ncontract.concluded\r\n",
}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


@pytest.fixture(autouse=True)
def chief(page: Client) -> Client:
    colleague(CHIEF, "council", "administrator")
    return signed(page, CHIEF)


def registered(page: Client, **changes: str) -> str:
    """A webhook; its address."""
    answer = page.post(LIST, SAID | changes)
    assert answer.status_code == 200, answer.content[:2000]
    return f"/webhooks/{WebhookEndpoint.objects.latest('pk').reference}"


def step(page: Client, address: str, do: str, **sent: str) -> Any:
    row = WebhookEndpoint.objects.get(reference=address.rpartition("/")[2])
    return page.post(address, {"do": do, "revision": row.revision, **sent})


def changed(page: Client, address: str, **sent: str) -> Any:
    """Sends the form of its own page by which a webhook is changed."""
    row = WebhookEndpoint.objects.get(reference=address.rpartition("/")[2])
    return page.post(f"{address}/change", {"do": "change", "revision": row.revision, **sent})


def state() -> list[Any]:
    return [
        Event.objects.count(),
        list(WebhookEndpoint.objects.order_by("pk").values()),
        list(Delivery.objects.order_by("pk").values()),
    ]


def test_a_secret_is_shown_in_one_answer_and_stands_nowhere_else(page: Client) -> None:
    sent = SAID | {"once": key_on(page, LIST), "revision": "0"}
    answer = page.post(LIST, sent)
    assert (answer.status_code, answer["Cache-Control"].count("no-store")) == (200, 1)
    (secret,) = SECRET.findall(answer.content.decode())
    row = WebhookEndpoint.objects.get()
    assert opened(row.secret) == secret
    assert row.event_types == ["offer.", "contract.concluded"]
    after = state()
    again = page.post(LIST, sent)
    assert (again.status_code, again["Location"]) == (303, f"{LIST}?done=register")
    assert state() == after
    for address in (again["Location"], f"/webhooks/{row.reference}"):
        assert not SECRET.search(page.get(address).content.decode()), address
    kept = IdempotencyRecord.objects.latest("pk")
    assert secret.encode() not in bytes(kept.body)


def test_the_form_names_a_few_types_and_how_all_begin_only_where_one_looks(page: Client) -> None:
    shown = read(page.get(LIST))
    hint = shown.one("div", id="event_types-hint").text
    assert hint.startswith("One to a line, such as call_off. or contract.concluded.")
    assert len(hint) < 140
    (more,) = shown.all("details")
    assert "call_off., claim., clarification., contract." in more.text


def test_a_new_secret_is_shown_once_too_and_the_one_before_is_good_for_a_day(page: Client) -> None:
    address = registered(page)
    answer = step(page, address, "rotate")
    (secret,) = SECRET.findall(answer.content.decode())
    row = WebhookEndpoint.objects.get()
    assert opened(row.secret) == secret
    shown = page.get(address).content.decode()
    assert "The secret before is good until" in shown
    assert not SECRET.search(shown)
    before = state()
    assert page.post(address, {"do": "rotate", "revision": 1}).status_code == 409
    assert state() == before


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(page: Client) -> None:
    before = state()
    answer = page.post(
        LIST, SAID | {"url": "http://hooks.example.org", "event_types": "weather.", "description": HOSTILE}
    )
    assert answer.status_code == 422
    assert {anchor for _, anchor in wrong(read(answer))} == {"#url", "#event_types"}
    assert HOSTILE not in answer.content.decode()
    assert state() == before
    address = registered(page)
    before = state()
    wrongly = changed(page, address, url="", event_types="offer.", description="Mine")
    assert (wrongly.status_code, [anchor for _, anchor in wrong(read(wrongly))]) == (422, ["#url"])
    assert read(wrongly).one("input", id="description").attributes["value"] == "Mine"
    for one, do in ((address, "dance"), (address, "change"), (f"{address}/change", "test")):
        assert page.post(one, {"do": do}).status_code == 404
    assert state() == before


def test_one_is_tried_and_what_was_sent_is_sent_again(page: Client) -> None:
    address = registered(page)
    assert step(page, address, "test")["Location"] == f"{address}?done=test"
    row = Delivery.objects.get(endpoint__isnull=False)
    assert read(page.get(address)).all("input", name="delivery") == []
    before = state()
    assert step(page, address, "replay", delivery=row.reference).status_code == 409
    assert step(page, address, "replay", delivery="none").status_code == 404
    assert state() == before
    Delivery.objects.filter(pk=row.pk).update(status="dead", last_status=503, last_error="It answered 503.")
    shown = page.get(address).content.decode()
    assert "webhook.tested" in shown
    assert "answered 503" in shown
    assert step(page, address, "replay", delivery=row.reference).status_code == 303
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("pending", 0)


def test_one_is_disabled_made_active_changed_and_deleted(page: Client) -> None:
    address = registered(page)
    assert step(page, address, "disable").status_code == 303
    assert WebhookEndpoint.objects.get().disabled_because == "asked"
    assert step(page, address, "test").status_code == 409
    assert step(page, address, "enable").status_code == 303
    done = changed(page, address, url=SAID["url"], event_types="claim.", description="Claims")
    assert (done.status_code, done["Location"]) == (303, f"{address}?done=change")
    assert WebhookEndpoint.objects.get().event_types == ["claim."]
    assert page.post(address, {"do": "delete", "revision": 1}).status_code == 409
    gone = step(page, address, "delete")
    assert (gone.status_code, gone["Location"]) == (303, f"{LIST}?done=delete")
    assert page.get(address).status_code == 404


def test_they_are_seen_by_the_own_people_and_managed_by_administrators_alone(page: Client) -> None:
    address = registered(page)
    for email, status in (
        ("buyer@example.org", 200),
        ("alder@example.org", 404),
        ("nobody@example.org", 404),
    ):
        signed(page, email)
        before = state()
        for one, do in (
            (LIST, SAID),
            (address, {"do": "test"}),
            (address, {"do": "rotate", "revision": "1"}),
            (f"{address}/change", SAID | {"do": "change", "revision": "1"}),
        ):
            looks = 403 if status == 200 and one.endswith("/change") else status
            assert page.get(one).status_code == looks, (email, one)
            assert page.post(one, do).status_code == (403 if status == 200 else 404), (email, one)
        assert state() == before
        if status == 200:
            assert read(page.get(address)).all("input", name="do") == []
    page.logout()
    assert page.get(address).status_code == 302


def test_where_a_webhook_is_changed_stands_no_other_button(page: Client) -> None:
    address = registered(page)
    assert read(page.get(address)).all("input", id="url") == []
    shown = read(page.get(f"{address}/change"))
    assert shown.one("input", id="url").attributes["value"] == SAID["url"]
    assert [one.attributes["value"] for one in shown.all("input", name="do")] == ["change"]
