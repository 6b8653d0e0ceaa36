"""Webhooks: registered, signed and sent to a real server, refused where they may not go, disabled where nobody takes
them, sent again under the same id.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from procurement.actions.deliveries import deliver_due
from procurement.actions.events import Happening, record
from procurement.actions.requirements import create_requirement
from procurement.actions.webhooks import (
    WebhookDraft,
    change_webhook,
    delete_webhook,
    register_webhook,
    replay_delivery,
    rotate_secret,
    try_webhook,
)
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.event_types import OFTEN, examples_of, matching
from procurement.kept_secrets import Unreadable, opened, sealed
from procurement.models import Capability, Event, InboxMessage, WebhookEndpoint
from procurement.permissions import SYSTEM, Actor
from procurement.webhooks import Undeliverable, post, wrong_with
from tests.receiving import Customer, customer
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db

SUSPENDED = Happening("partner.suspended", "partner", "yew", {}, {"suspended": True, "reason": "Late."})


@pytest.fixture
def admin() -> Actor:
    make_buyers("shire", "borough")
    return editor_of("shire", "administrator")


@pytest.fixture
def receiver() -> Iterator[Customer]:
    with customer() as told:
        yield told


def registered(admin: Actor, url: str, *patterns: str) -> tuple[WebhookEndpoint, str]:
    return register_webhook(admin, WebhookDraft(url, list(patterns or ("partner.",))))


def happen(*happenings: Happening) -> None:
    with transaction.atomic():
        for each in happenings or (SUSPENDED,):
            record(SYSTEM, each)


def states(endpoint: WebhookEndpoint) -> list[tuple[str, int, int | None, str]]:
    return list(
        endpoint.deliveries.order_by("pk").values_list("status", "attempts", "last_status", "last_error")
    )


def test_an_event_arrives_signed_as_the_specification_says(admin: Actor, receiver: Customer) -> None:
    endpoint, secret = registered(admin, receiver.url, "requirement.", "partner.suspended")
    create_requirement(admin, {"text": "Help with sight loss."})
    happen()
    assert deliver_due()[0] == 2
    own, public = receiver.got
    event = Event.objects.get(type="requirement.created")
    said = own.verified(secret)
    assert said["type"] == "requirement.created"
    assert said["data"]["position"] == event.position
    assert said["data"]["subject"] == {"type": "requirement", "reference": event.subject}
    assert said["data"]["references"] == {"organisation": "shire"}
    assert said["data"]["actor"] == admin.reference
    # Of a public event neither who did it nor why.
    told = public.verified(secret)["data"]
    assert (told["actor"], told["changes"]) == (None, {"suspended": True})
    assert own.headers["user-agent"] == "Calloff-Webhooks/1"
    assert own.headers["content-type"] == "application/json"
    assert [one.id for one in receiver.got] == list(
        endpoint.deliveries.order_by("pk").values_list("reference", flat=True)
    )
    with pytest.raises(WebhookVerificationError):
        replace(own, body=own.body.replace(b"shire", b"share")).verified(secret)
    assert states(endpoint) == [("sent", 1, 204, "")] * 2


def test_a_failure_is_tried_again_under_the_same_id_with_the_same_body(
    admin: Actor, receiver: Customer
) -> None:
    endpoint, secret = registered(admin, receiver.url)
    receiver.answers = [503, 302, 204]
    receiver.location = receiver.url
    happen()
    now = timezone.now()
    for _ in range(3):
        assert deliver_due(now)[0] == 1
        now += timedelta(minutes=10)
    # A redirect is a failure, and nothing goes where it leads.
    assert len(receiver.got) == 3
    assert {one.id for one in receiver.got} == {endpoint.deliveries.get().reference}
    assert len({one.body for one in receiver.got}) == 1
    assert receiver.got[2].verified(secret)["type"] == "partner.suspended"
    assert states(endpoint) == [("sent", 3, 204, "")]
    assert WebhookEndpoint.objects.get().failing_since is None


def test_while_an_endpoint_fails_its_other_messages_wait_with_the_first(
    admin: Actor, receiver: Customer
) -> None:
    endpoint, _ = registered(admin, receiver.url)
    receiver.answers = [500, 204]
    happen(*[SUSPENDED] * 5)
    now = timezone.now()
    deliver_due(now)
    assert len(receiver.got) == 1
    assert states(endpoint)[0] == ("pending", 1, 500, "It answered 500.")
    assert WebhookEndpoint.objects.get().failing_since == now
    deliver_due(now + timedelta(minutes=1))
    assert len(receiver.got) == 6
    assert {status for status, *_ in states(endpoint)} == {"sent"}


def test_gone_disables_at_once_and_its_organisation_is_told(admin: Actor, receiver: Customer) -> None:
    endpoint, _ = registered(admin, receiver.url)
    receiver.answers = [410]
    happen(SUSPENDED, SUSPENDED)
    deliver_due()
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_because, len(receiver.got)) == ("disabled", "gone", 1)
    assert [status for status, *_ in states(endpoint)] == ["dead", "dead"]
    event = Event.objects.get(type="webhook.disabled")
    assert (event.references, event.changes) == ({"organisation": "shire"}, {"because": "gone"})
    deliver_due()
    message = InboxMessage.objects.get()
    assert message.title == "A webhook was disabled"
    assert "is sent nothing more. It answered 410 Gone. What was not delivered is kept" in message.text
    happen()
    assert endpoint.deliveries.count() == 2
    # Its organisation takes it up again and has the messages sent that were lost.
    receiver.answers = [200]
    change_webhook(admin, endpoint.reference, endpoint.revision, {"status": "active"})
    for row in endpoint.deliveries.all():
        replay_delivery(admin, endpoint.reference, row.reference)
    deliver_due()
    assert [status for status, *_ in states(endpoint)] == ["sent", "sent"]


def test_days_of_failure_disable_and_a_day_does_not(admin: Actor, receiver: Customer) -> None:
    registered(admin, receiver.url)
    receiver.answers = [500]
    happen()
    now = timezone.now()
    for days, status in ((0, "active"), (1.1, "active"), (4.9, "active"), (5.1, "disabled")):
        deliver_due(now + timedelta(days=days))
        assert WebhookEndpoint.objects.get().status == status, days
    assert WebhookEndpoint.objects.get().disabled_because == "failing"


def test_a_rotated_secret_signs_beside_the_one_before_for_a_day(admin: Actor, receiver: Customer) -> None:
    endpoint, before = registered(admin, receiver.url)
    _, after = rotate_secret(admin, endpoint.reference, 1)
    happen()
    deliver_due()
    assert receiver.got[0].verified(before) == receiver.got[0].verified(after)
    assert len(receiver.got[0].headers["webhook-signature"].split()) == 2
    _, newest = rotate_secret(admin, endpoint.reference, 2)
    happen()
    deliver_due()
    with pytest.raises(WebhookVerificationError):
        receiver.got[1].verified(before)
    assert receiver.got[1].verified(after) == receiver.got[1].verified(newest)
    WebhookEndpoint.objects.update(previous_until=timezone.now())
    happen()
    deliver_due()
    with pytest.raises(WebhookVerificationError):
        receiver.got[2].verified(after)
    assert receiver.got[2].verified(newest)


def test_a_replay_goes_out_under_the_same_id(admin: Actor, receiver: Customer) -> None:
    endpoint, secret = registered(admin, receiver.url)
    happen()
    deliver_due()
    row = endpoint.deliveries.get()
    replay_delivery(admin, endpoint.reference, row.reference)
    with pytest.raises(Conflict):
        replay_delivery(admin, endpoint.reference, row.reference)
    deliver_due()
    first, second = receiver.got
    assert first.id == second.id == row.reference
    assert first.verified(secret) == second.verified(secret)
    event = Event.objects.get(type="webhook.replayed")
    assert event.references == {"organisation": "shire", "delivery": row.reference}
    with pytest.raises(NotFound):
        replay_delivery(admin, endpoint.reference, "msg_other")


def test_a_trial_goes_to_that_endpoint_alone_whatever_it_asks_for(admin: Actor, receiver: Customer) -> None:
    endpoint, secret = registered(admin, receiver.url, "match.")
    registered(admin, receiver.url, "webhook.")
    deliver_due()
    receiver.got.clear()
    assert try_webhook(admin, endpoint.reference).endpoint == endpoint
    deliver_due()
    assert [one.verified(secret)["type"] for one in receiver.got] == ["webhook.tested"]


def test_secrets_are_kept_sealed_and_nowhere_in_clear(admin: Actor, settings: Any) -> None:
    endpoint, secret = registered(admin, "https://hooks.example.org/in")
    assert secret.startswith("whsec_")
    endpoint.refresh_from_db()
    assert secret not in endpoint.secret
    assert opened(endpoint.secret) == secret
    assert all(secret not in str((event.changes, event.references)) for event in Event.objects.all())
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable):
        opened(endpoint.secret)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert opened(endpoint.secret) == secret
    assert opened(sealed("x")) == "x"


def test_a_secret_that_cannot_be_opened_is_a_failure_that_says_so(
    admin: Actor, receiver: Customer, settings: Any
) -> None:
    endpoint, _ = registered(admin, receiver.url)
    settings.SECRET_KEY = "another"
    happen()
    deliver_due()
    assert states(endpoint) == [("pending", 1, None, "Its secret was sealed under another SECRET_KEY.")]
    assert receiver.got == []


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://hooks.example.org/in?key=1", True),
        ("https://hooks.example.org:8443/in", True),
        ("https://8.8.8.8/in", True),
        ("http://hooks.example.org/in", False),
        ("ftp://hooks.example.org/in", False),
        ("https://user:secret@hooks.example.org/in", False),
        ("https://hooks.example.org/in#part", False),
        ("https://", False),
        ("https:///in", False),
        ("hooks.example.org/in", False),
        ("https://hooks.example.org:0/", False),
        ("https://hooks.example.org:99999/", False),
        ("https://[::1/in", False),
        ("https://hooks.example.org/a b", False),
        ("https://hooks.example.org/\n", False),
        ("https://localhost/in", False),
        ("https://api.localhost/in", False),
        ("http://127.0.0.1/in", False),
        ("https://127.9.9.9/in", False),
        ("https://[::1]/in", False),
        ("https://10.0.0.1/in", False),
        ("https://192.168.1.1/in", False),
        ("https://172.16.0.1/in", False),
        ("https://100.64.0.1/in", False),
        ("https://169.254.169.254/latest/meta-data/", False),
        ("https://[fe80::1]/in", False),
        ("https://[fd00::1]/in", False),
        ("https://[fec0::1]/in", False),
        ("https://[64:ff9b::a9fe:a9fe]/in", False),
        ("https://[64:ff9b::808:808]/in", True),
        ("https://[2002:a00:1::]/in", False),
        ("https://[::ffff:10.0.0.1]/in", False),
        ("https://224.0.0.1/in", False),
        ("https://[ff02::1]/in", False),
        ("https://0.0.0.0/in", False),
        ("https://2130706433/in", False),
        ("https://0x7f000001/in", False),
        ("https://0177.0.0.1/in", False),
        ("https://10.1/in", False),
        ("https://localhost./in", False),
        ("https://10.0.0.1./in", False),
        ("https://8.8.8.8./in", True),
        ("https://7.example.org/in", True),
        ("https://hooks.example.org/" + "a" * 500, False),
        (5, False),
        (None, False),
    ],
)
def test_which_addresses_are_taken(url: object, taken: bool, settings: Any) -> None:
    settings.WEBHOOK_LOOPBACK = False
    assert (wrong_with(url) == "") is taken
    settings.WEBHOOK_LOOPBACK = True
    loopback = str(url).startswith(
        ("https://localhost", "https://api.localhost", "http://127", "https://127", "https://[::1]")
    )
    assert (wrong_with(url) == "") is (taken or loopback)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "172.31.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0",
     "224.0.0.1", "::1", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"],
)  # fmt: skip
def test_a_name_that_leads_inside_our_network_is_not_spoken_to(
    address: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_LOOPBACK = False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = (address, 443, 0, 0) if ":" in address else (address, 443)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", found)])

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr("urllib3.util.connection.create_connection", never)
    with pytest.raises(Undeliverable, match="leads inside our own network"):
        post("https://innocent.example.org/in", b"{}", {})


def test_loopback_is_refused_unless_the_settings_allow_it(
    admin: Actor, receiver: Customer, settings: Any
) -> None:
    endpoint, _ = registered(admin, receiver.url)
    settings.WEBHOOK_LOOPBACK = False
    happen()
    deliver_due()
    assert receiver.got == []
    assert states(endpoint) == [("pending", 1, None, "This address is inside our own network.")]
    with pytest.raises(Invalid) as refusal:
        registered(admin, receiver.url)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/url", "address")]


def test_a_redirect_into_our_network_is_not_followed(admin: Actor, receiver: Customer) -> None:
    endpoint, _ = registered(admin, receiver.url)
    with customer() as inside:
        receiver.answers, receiver.location = [307], inside.url
        happen()
        deliver_due()
        assert inside.got == []
    assert states(endpoint) == [("pending", 1, 307, "It answered 307.")]


def test_a_body_without_end_and_silence_cost_little(admin: Actor, receiver: Customer, settings: Any) -> None:
    endpoint, _ = registered(admin, receiver.url)
    receiver.body = b"x" * 20_000_000
    happen()
    deliver_due()
    assert states(endpoint) == [("sent", 1, 204, "")]
    settings.WEBHOOK_SECONDS = 0.2
    receiver.silent.set()
    happen()
    deliver_due()
    assert states(endpoint)[1] == ("pending", 1, None, "It did not answer in time.")


def test_neither_a_proxy_nor_a_netrc_of_the_environment_is_used(
    admin: Actor, receiver: Customer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    registered(admin, receiver.url)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login us password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with customer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        happen()
        deliver_due()
        assert proxy.got == []
    assert "authorization" not in receiver.got[0].headers


def test_who_may_register_and_what_is_refused(admin: Actor) -> None:
    url = "https://hooks.example.org/in"
    for actor in (editor_of("shire"), editor_of("shire", "viewer"), Actor("usr_nobody")):
        with pytest.raises(NotPermitted):
            registered(actor, url)
    with pytest.raises(NotPermitted):
        register_webhook(admin, WebhookDraft(url, ["partner."], organisation="borough"))
    for patterns, faults in (
        ([], [("/event_types", "required")]),
        ("partner.", [("/event_types", "type")]),
        (["partner.", "nothing.", 5], [("/event_types/1", "unknown_value"), ("/event_types/2", "type")]),
    ):
        with pytest.raises(Invalid) as refusal:
            register_webhook(admin, WebhookDraft(url, patterns))
        assert [(one.pointer, one.code) for one in refusal.value.faults] == faults
    assert not WebhookEndpoint.objects.exists()
    for _ in range(20):
        registered(admin, url)
    with pytest.raises(Invalid, match="cannot be kept"):
        registered(admin, url)
    assert WebhookEndpoint.objects.count() == 20


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("contract.conclude", "did you mean contract.concluded?"),
        ("Call_off.", "did you mean call_off.?"),
        ("zzzz", "such as contract.concluded"),
    ],
)
def test_a_type_that_there_is_not_is_told_with_the_one_that_is_most_like_it(
    admin: Actor, asked: str, meant: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        register_webhook(admin, WebhookDraft("https://hooks.example.org/in", [asked]))
    (fault,) = refusal.value.faults
    assert meant in fault.message
    assert len(fault.message) < 120


def test_examples_for_each_kind_of_organisation_are_types_that_there_are() -> None:
    assert set(OFTEN) == set(Capability.Kind)
    for kind in (*OFTEN, ""):
        often = examples_of([kind] if kind else [])
        assert 1 < len(often) < 4
        assert all(matching([one]) for one in often)


def test_a_webhook_is_changed_and_deleted_by_its_own_administrators(admin: Actor, receiver: Customer) -> None:
    endpoint, _ = registered(admin, receiver.url)
    one = endpoint.reference
    with pytest.raises(Stale):
        change_webhook(admin, one, 7, {"description": "Ours"})
    with pytest.raises(NotFound):
        change_webhook(editor_of("borough", "administrator"), one, 1, {"description": "Ours"})
    with pytest.raises(NotPermitted):
        change_webhook(editor_of("shire"), one, 1, {"description": "Ours"})
    assert change_webhook(admin, one, 1, {"url": receiver.url}).revision == 1
    changed = change_webhook(admin, one, 1, {"description": "Ours", "status": "disabled"})
    assert (changed.revision, changed.status, changed.disabled_because) == (2, "disabled", "asked")
    with pytest.raises(Conflict):
        try_webhook(admin, one)
    happen()
    assert not endpoint.deliveries.exists()
    change_webhook(admin, one, 2, {"status": "active"})
    happen()
    ended = delete_webhook(admin, one, 3)
    assert (ended.status, ended.secret) == ("deleted", "")
    assert states(endpoint) == [("dropped", 0, None, "The webhook was deleted.")]
    assert deliver_due()[0] == 0
    assert receiver.got == []
    with pytest.raises(NotFound):
        delete_webhook(admin, one, 4)
    assert list(Event.objects.filter(subject=one).order_by("position").values_list("type", flat=True)) == [
        "webhook.registered",
        "webhook.changed",
        "webhook.changed",
        "webhook.deleted",
    ]
