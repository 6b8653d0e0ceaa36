"""Webhooks, the inbox and dead letters through the API: who is answered what, secrets told once, validators, repeats,
faults by pointer, and what is sent to a real server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.deliveries import deliver_due
from procurement.actions.events import Happening, record
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.models import Delivery, Event, IdempotencyRecord, WebhookEndpoint
from procurement.permissions import SYSTEM
from tests.api.buying import BUYER, told
from tests.api.conftest import Asker, TokenMaker, asks
from tests.receiving import customer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

LIST = "/api/v1/webhooks/"
INBOX = "/api/v1/inbox/"
DEAD = "/api/v1/dead-letters/"
JSON = "application/json"
SENT = {"url": "https://hooks.example.org/in", "event_types": ["partner.", "rate_card.published"]}
MANAGER: Asker = (BUYER, "webhooks:write inbox:write events:read")
WHO: dict[str, Asker] = {
    "nobody": "",
    "editor": "buyer",
    "viewer": "reader",
    "other administrator": "neighbour",
    "partner": "lead",
    "operator": "operator",
    "token": MANAGER,
    "reading token": (BUYER, "webhooks:read"),
    "token without scope": (BUYER, "events:read"),
    "partner's token": ("opm-group", "webhooks:write"),
}


def post(client: Client, path: str, body: Any, key: str = "k1", **headers: str) -> Any:
    return client.post(path, body, content_type=JSON, headers={"Idempotency-Key": key, **headers})


def patch(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.patch(path, body, content_type=JSON, headers=headers)


@pytest.fixture
def bearer(token: TokenMaker) -> dict[str, str]:
    """The headers of an integration of the buyer that manages its webhooks."""
    return {"Authorization": f"Bearer {token(*MANAGER)}"}


@pytest.mark.parametrize(
    ("who", "reads", "lists", "writes", "creates"),
    [
        ("nobody", 401, 401, 401, 401),
        ("editor", 200, 200, 403, 403),
        ("viewer", 200, 200, 403, 403),
        ("other administrator", 404, 200, 404, 201),
        ("partner", 404, 200, 404, 201),
        ("operator", 404, 200, 404, 201),
        ("token", 200, 200, 200, 201),
        ("reading token", 200, 200, 403, 403),
        ("token without scope", 404, 403, 404, 403),
        ("partner's token", 404, 200, 404, 201),
    ],
)
def test_who_is_answered_what(
    who: str,
    reads: int,
    lists: int,
    writes: int,
    creates: int,
    person: Callable[[str], Client],
    token: TokenMaker,
) -> None:
    known = told(Client(), {"Authorization": f"Bearer {token(*MANAGER)}"})
    client, headers = asks(WHO[who], person, token)
    one, sent = f"{LIST}{known['WEBHOOK']}/", known["DELIVERY"]
    before = Event.objects.count()
    assert client.get(one, headers=headers).status_code == reads
    assert client.get(f"{one}deliveries/", headers=headers).status_code == reads
    listed = client.get(LIST, headers=headers)
    assert listed.status_code == lists
    if lists == 200:
        assert listed.json()["count"] == (1 if reads == 200 else 0)
    moved = 202 if writes == 200 else writes
    assert post(client, f"{one}deliveries/{sent}/replay/", {}, **headers).status_code == moved
    assert post(client, f"{one}test/", {}, **headers).status_code == moved
    assert post(client, f"{one}rotate/", {}, **headers, **{"If-Match": "*"}).status_code == writes
    assert patch(client, one, {"description": "Ours"}, **headers, **{"If-Match": "*"}).status_code == writes
    assert post(client, LIST, SENT, **headers).status_code == creates
    assert client.delete(one, headers=headers | {"If-Match": "*"}).status_code == writes
    assert Event.objects.count() == before + (5 if writes == 200 else 0) + (1 if creates == 201 else 0)


def test_the_secret_is_told_once_and_kept_nowhere_in_clear(bearer: dict[str, str]) -> None:
    client = Client()
    made = post(client, LIST, SENT, **bearer)
    assert made.status_code == 201, made.content
    body = made.json()
    secret = body.pop("secret")
    assert secret.startswith("whsec_")
    assert made["Cache-Control"] == "no-store"
    assert (body["status"], body["event_types"], body["organisation"]["reference"]) == (
        "active", SENT["event_types"], BUYER,
    )  # fmt: skip
    read = client.get(made["Location"], headers=bearer)
    assert (read.json(), read["ETag"]) == (body, made["ETag"])
    again = post(client, LIST, SENT, **bearer)
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (
        201,
        {**body, "secret": None},
        "true",
    )
    assert WebhookEndpoint.objects.count() == 1
    rotated = post(client, f"{made['Location']}rotate/", {}, **bearer, **{"If-Match": made["ETag"]})
    assert (rotated.status_code, rotated.json()["previous_secret_until"] is None) == (200, False)
    assert rotated.json()["secret"] not in {None, secret}
    stale = post(client, f"{made['Location']}rotate/", {}, "k2", **bearer, **{"If-Match": made["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    for kept in IdempotencyRecord.objects.all():
        assert b"whsec_" not in bytes(kept.body)


def test_a_webhook_is_changed_with_its_tag(bearer: dict[str, str]) -> None:
    client = Client()
    made = post(client, LIST, SENT, **bearer)
    one = made["Location"]
    assert patch(client, one, {"status": "disabled"}, **bearer).status_code == 428
    changed = patch(client, one, {"status": "disabled"}, **bearer, **{"If-Match": made["ETag"]})
    assert (changed.status_code, changed.json()["disabled_because"]) == (200, "asked")
    assert post(client, f"{one}test/", {}, **bearer).status_code == 409
    assert client.get(f"{LIST}?status=active", headers=bearer).json()["count"] == 0
    gone = client.delete(one, headers=bearer | {"If-Match": changed["ETag"]})
    assert (gone.status_code, gone.json()["status"]) == (200, "deleted")
    assert client.get(one, headers=bearer).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "pointers"),
    [
        ({"colour": "blue"}, 400, ["/colour"]),
        ({"url": 5}, 400, ["/url"]),
        ({"url": "http://hooks.example.org/"}, 422, ["/url"]),
        ({"url": "https://169.254.169.254/latest/"}, 422, ["/url"]),
        ({"event_types": "partner."}, 400, ["/event_types"]),
        ({"event_types": []}, 422, ["/event_types"]),
        ({"event_types": ["partner.", "x."]}, 422, ["/event_types/1"]),
        ({"description": 5}, 400, ["/description"]),
    ],
)
def test_faults_are_named_by_pointer(
    bearer: dict[str, str], changes: dict[str, Any], status: int, pointers: list[str]
) -> None:
    client = Client()
    answer = post(client, LIST, SENT | changes, **bearer)
    assert answer.status_code == status, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert not WebhookEndpoint.objects.exists()
    hook, _ = register_webhook(SYSTEM, WebhookDraft(SENT["url"], ["partner."], organisation=BUYER))
    changed = patch(client, f"{LIST}{hook.reference}/", changes, **bearer, **{"If-Match": "*"})
    assert changed.status_code == status, changed.content
    assert WebhookEndpoint.objects.get().revision == 1


def test_what_is_sent_is_logged_and_sent_again(bearer: dict[str, str]) -> None:
    client = Client()
    with customer() as receiver:
        made = post(client, LIST, {"url": receiver.url, "event_types": ["partner."]}, **bearer)
        one, secret = made["Location"], made.json()["secret"]
        tried = post(client, f"{one}test/", {}, **bearer)
        assert (tried.status_code, tried.json()["status"], tried["Location"]) == (
            202, "pending", f"{one}deliveries/",
        )  # fmt: skip
        assert post(client, f"{one}test/", {}, **bearer).json() == tried.json()
        deliver_due()
        (row,) = client.get(f"{one}deliveries/?status=sent", headers=bearer).json()["results"]
        assert (row["type"], row["attempts"], row["last_status"], row["next_attempt_at"]) == (
            "webhook.tested", 1, 204, None,
        )  # fmt: skip
        assert row["reference"] == receiver.got[0].id
        again = post(client, f"{one}deliveries/{row['reference']}/replay/", {}, **bearer)
        assert (again.status_code, again.json()["status"]) == (202, "pending")
        other = post(client, f"{one}deliveries/{row['reference']}/replay/", {}, "k2", **bearer)
        assert (other.status_code, other.json()["code"]) == (409, "conflict")
        deliver_due()
    assert [one.id for one in receiver.got] == [row["reference"]] * 2
    assert receiver.got[1].verified(secret)["type"] == "webhook.tested"


def test_the_inbox_is_read_and_marked(person: Callable[[str], Client], token: TokenMaker) -> None:
    told(Client(), {"Authorization": f"Bearer {token(*MANAGER)}"})
    client = person("reader")
    (message,) = client.get(f"{INBOX}?read=false").json()["results"]
    assert (message["title"], message["type"], message["personal"]) == (
        "A webhook has a new secret", "webhook.rotated", False,
    )  # fmt: skip
    assert message["link"].startswith("/webhooks/whk_")
    assert message["event"] == Event.objects.get(type="webhook.rotated").position
    one = f"{INBOX}{message['reference']}/"
    for wrong in ({"read": "maybe"}, {}, {"read": True, "title": "x"}):
        assert patch(client, one, wrong).status_code == 400
    marked = patch(client, one, {"read": True})
    assert (marked.status_code, marked.json()["read_at"] is None) == (200, False)
    assert client.get(f"{INBOX}?read=false").json()["count"] == 0
    assert client.get(f"{INBOX}?organisation={BUYER}").json()["count"] == 1
    assert patch(client, one, {"read": False}).json()["read_at"] is None
    for who, status in (("neighbour", 404), ("lead", 404), ("operator", 404), ("", 401)):
        other = person(who)
        assert other.get(one).status_code == status
        assert patch(other, one, {"read": True}).status_code == status
    reading = {"Authorization": f"Bearer {token(BUYER, 'inbox:read')}"}
    assert Client().get(one, headers=reading).status_code == 200
    assert patch(Client(), one, {"read": True}, **reading).status_code == 403
    assert Client().get(INBOX, headers={"Authorization": f"Bearer {token(BUYER, 'read')}"}).status_code == 403
    assert client.get(one).json()["read_at"] is None


@pytest.mark.parametrize(
    ("who", "status"),
    [("nobody", 401), ("editor", 403), ("partner", 403), ("token", 403), ("operator", 202)],
)
def test_dead_letters_are_operators_and_are_tried_again(
    who: str, status: int, person: Callable[[str], Client], token: TokenMaker
) -> None:
    known = told(Client(), {"Authorization": f"Bearer {token(*MANAGER)}"})
    client, headers = asks(WHO[who], person, token)
    listed = client.get(DEAD, headers=headers)
    assert listed.status_code == (200 if status == 202 else status)
    answer = post(client, f"{DEAD}{known['DEAD_LETTER']}/redrive/", {}, **headers)
    assert answer.status_code == status
    row = Delivery.objects.get(reference=known["DEAD_LETTER"])
    assert row.status == ("pending" if status == 202 else "dead")
    if status == 202:
        (shown,) = listed.json()["results"]
        assert (shown["reference"], shown["channel"], shown["recipient"], shown["attempts"]) == (
            row.reference, "webhook", known["WEBHOOK"], 15,
        )  # fmt: skip
        assert client.get(f"{DEAD}?channel=email").json()["count"] == 0
        again = post(client, f"{DEAD}{row.reference}/redrive/", {}, "k2")
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        assert post(client, f"{DEAD}msg_none/redrive/", {}, "k3").status_code == 404


def test_lists_take_the_same_queries_whatever_they_hold(
    bearer: dict[str, str], person: Callable[[str], Client]
) -> None:
    client, counts = Client(), {}
    hook, _ = register_webhook(SYSTEM, WebhookDraft(SENT["url"], ["saved_search."], organisation=BUYER))
    told_of = {"organisation": BUYER, "listing": ["rm3745~ppl~opm-group"]}
    paths = (LIST, f"{LIST}{hook.reference}/deliveries/", INBOX)
    for round_ in (1, 2):
        for number in range(3):
            register_webhook(SYSTEM, WebhookDraft(SENT["url"], ["partner."], organisation=BUYER))
            with transaction.atomic():
                record(SYSTEM, Happening("saved_search.matched", "saved_search", f"SS-{number}", told_of, {}))
        Delivery.objects.filter(channel="webhook").update(status="dead")
        deliver_due()
        for path in paths:
            with CaptureQueriesContext(connection) as counted:
                body = client.get(path, headers=bearer).json()
            assert body["count"] == 3 * round_ + (path == LIST)
            counts.setdefault(path, []).append(len(counted))
    assert all(first == second <= 8 for first, second in counts.values()), counts
