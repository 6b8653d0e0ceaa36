"""Processes are killed and services go away in the middle of a purchase: nothing is lost, out of order or doubled.

With processes of their own, on a database of their own, at a real queue and a real customer's server.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.given import broker
from tests.platform.killed import MOVE, SWEEP, asked, delivered, held, whole
from tests.platform.supervised import free_port
from tests.receiving import Customer, customer
from tests.search.engines import KINDS, ElasticsearchIndexing
from tests.search.stage import ROOT, Stage, until

pytestmark = [pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(1200)]

AWAY: Final = 60.0
"""Seconds that the queue is away: longer than a worker waits between two tries to come back, so that a minute would
show nothing else.
"""
PURCHASES: Final = 4

WORLD = """
import json, secrets, sys
from datetime import timedelta
from django.utils import timezone
from oauth2_provider.models import AccessToken
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.models import Application, Organisation
from procurement.permissions import SYSTEM
from tests.bought import drafted, make_market
market = make_market()
register_webhook(SYSTEM, WebhookDraft({url!r}, ["call_off.", "offer."], organisation="shire"))
def token(organisation, scopes):
    body = Organisation.objects.get(reference=organisation)
    application = Application.objects.create(
        name="test", organisation=body, client_type="confidential", authorization_grant_type="client-credentials"
    )
    until = timezone.now() + timedelta(hours=2)
    told = {{"token": secrets.token_hex(16), "expires": until, "scope": scopes}}
    return AccessToken.objects.create(application=application, **told).token
print(json.dumps({{
    "buyer": token("shire", "call_offs:write call_offs:read"), "oak": token("oak", "offers:write"),
    "call_offs": [drafted(market.buyer).reference for _ in range({count})],
}}))
"""
LATER = """
from django.utils import timezone
from procurement.actions.deliveries import LEASE, deliver_due
deliver_due(timezone.now() + LEASE)
"""
CLOSES = """
from procurement.actions.deliveries import LEASE
from procurement.models import Offer
closes = max(Offer.objects.values_list("reply_by", flat=True))
print(closes.isoformat(), (closes + 2 * LEASE).isoformat())
"""


NOBODY: Final = "http://127.0.0.1:1"
EDIT = """
from django.test import Client
from procurement.actions.profiles import update_profile
from procurement.models import Partner
from procurement.permissions import SYSTEM
from search.models import IndexRequest
from search.tasks import index_sweep
update_profile(SYSTEM, "yew", Partner.objects.get(reference="yew").revision, {"summary": "Sea kelp."})
try:
    index_sweep()
except Exception as error:
    print(type(error).__name__)
print(Client(SERVER_NAME="127.0.0.1").get("/api/v1/listings/?q=kelp").status_code, IndexRequest.objects.count() > 0)
"""
FOUND = """
from django.test import Client
from search.models import IndexRequest
from search.tasks import index_sweep
index_sweep()
found = Client(SERVER_NAME="127.0.0.1").get("/api/v1/listings/?q=kelp").json()
print([one["partner"]["reference"] for one in found["results"]], IndexRequest.objects.count())
"""


@contextmanager
def world(stage: Stage, count: int) -> Iterator[tuple[dict[str, Any], Customer]]:
    """A buyer with so many drafts of direct awards, whose customer's server hears of them."""
    with customer() as receiver:
        yield json.loads(stage.run(WORLD.format(url=receiver.url, count=count)).splitlines()[-1]), receiver


def send(reference: str) -> tuple[str, str, Any]:
    return "buyer", f"call-offs/{reference}/offers/", {}


def test_while_the_queue_is_away_all_goes_on_and_afterwards_all_is_told_once(stage: Stage) -> None:
    stage.start_queue()
    worker = stage.start_general()
    with world(stage, PURCHASES) as (known, receiver):
        first, *others = known["call_offs"]
        assert [one[0] for one in asked(stage, known, [send(first)])] == [201]
        before = delivered(stage)
        stage.kill(stage.queue)
        began = time.monotonic()
        steps = [one for name in others for one in (send(name), ("oak", f"offers/{name}~1/accept/", {}))]
        told = asked(stage, known, [("oak", f"offers/{first}~1/accept/", {}), *steps])
        assert [one[0] for one in told] == [200, *[201, 200] * len(others)]
        assert max(one[1] for one in told[1:]) < 15
        meanwhile = held(stage)
        assert meanwhile["pending"] > 0
        assert meanwhile["inbox"] == before["inbox"]
        time.sleep(max(0.0, AWAY - (time.monotonic() - began)))
        stage.start_queue()
        # As the clock does each minute.
        stage.run(SWEEP)
        found = delivered(stage)
        assert worker.poll() is None
    whole(found, receiver)
    assert Counter(found["types"])["offer.sent"] == Counter(found["types"])["offer.accepted"] == PURCHASES
    print(
        f"\nqueue away for {AWAY:.0f} s: {len(told)} requests, {found['owed']} messages, {len(found['hooks'])} webhooks"
    )


@contextmanager
def web(stage: Stage, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """One web process that waits long for the queue, under its master."""
    words = ["-m", "gunicorn", "config.wsgi", "--workers", "1", "--threads", "2", "--timeout", "120"]
    with (stage.data / "web.out").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *words, "--no-control-socket", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env={**stage.environment, "BROKER_SECONDS": "60"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    stage.groups.append(process)
    try:
        until(lambda: answers(port), 240, "the web does not answer")
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as asking:
            asking.request("GET", "/api/v1/health/live/")
            return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_web_process_killed_between_commit_and_nudge_has_its_messages_sent_by_the_sweep(
    stage: Stage,
) -> None:
    """The queue takes the connection and says nothing, so that the process hangs in its nudge when it is killed."""
    with world(stage, 1) as (known, receiver), closing(socket.create_server(("127.0.0.1", 0))) as silent:
        kept, port = stage.environment, free_port()
        scheme = urlsplit(broker() or "redis:").scheme
        stage.environment = {**kept, "BROKER_URL": f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/0"}
        path = f"/api/v1/call-offs/{known['call_offs'][0]}/offers/"
        headers = {
            "Authorization": f"Bearer {known['buyer']}", "If-Match": "*", "Idempotency-Key": "once",
            "Content-Type": "application/json",
        }  # fmt: skip
        with web(stage, port) as master:
            asking = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            asking.request("POST", path, b"{}", headers)
            until(lambda: "offer.sent" in held(stage)["types"], 180, "it was not committed")
            children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            with pytest.raises((OSError, http.client.HTTPException)):
                asking.getresponse()
            asking.close()
            # Whoever asked asks again under the same key, and is told what was done.
            until(lambda: answers(port), 180, "the web did not come back")
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as again:
                again.request("POST", path, b"{}", headers)
                answer = again.getresponse()
                assert (answer.status, answer.headers["Idempotency-Replayed"]) == (201, "true")
        stage.environment = kept
        lost = held(stage)
        assert (lost["types"].count("offer.sent"), receiver.got) == (1, [])
        assert lost["pending"] == lost["owed"] + len(lost["hooks"]) + mails(stage) > 0
        stage.start_queue()
        stage.start_general()
        stage.run(SWEEP)
        whole(delivered(stage), receiver)
        # Another sweep finds nothing to do.
        stage.run("from procurement.tasks import sweep_deliveries\nsweep_deliveries()")
        whole(held(stage), receiver)


def mails(stage: Stage) -> int:
    """E-mails that are owed."""
    code = "from procurement.models import Delivery\nprint(Delivery.objects.filter(channel='email').count())"
    return int(stage.run(code))


@pytest.mark.parametrize(
    ("at", "committed", "left"),
    [
        pytest.param(1, True, 2, id="between two"),
        pytest.param(2, False, 2, id="within the second"),
        pytest.param(3, True, 0, id="after the last"),
    ],
)
def test_a_worker_killed_while_it_moves_what_is_due_moves_each_once(
    stage: Stage, at: int, committed: bool, left: int
) -> None:
    """The worker of `make run`, at the moment at which every offer's window closes."""
    stage.start_queue()
    with world(stage, 3) as (known, receiver):
        told = asked(stage, known, [send(one) for one in known["call_offs"]])
        assert [one[0] for one in told] == [201] * 3
        closes, leased, here = *stage.run(CLOSES).splitlines()[-1].split(), stage.data / "here"

        def moving(now: str, at: int) -> subprocess.Popen[bytes]:
            said = {"now": now, "type": "offer.expired", "at": at, "committed": committed, "here": str(here)}
            (stage.data / "stopping").write_text(json.dumps(said))
            stage.environment = {**stage.environment, "STOPPING": str(stage.data / "stopping")}
            return stage.start_general("--include", "tests.platform.stopping")

        worker = moving(closes, at)
        stage.run(MOVE)
        until(here.exists, 90, "no offer expired")
        os.killpg(worker.pid, signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
        after = held(stage)
        assert after["types"].count("offer.expired") == 3 - left
        # Its other process had one message in its hands at most, which is anybody's once its lease is over.
        assert len(after["begun"]) <= 1
        another = moving(leased, 0)
        for _ in range(2):
            stage.run(MOVE)
        until(lambda: held(stage)["types"].count("offer.expired") == 3, 90, "not moved")
        # As the clock does each minute.
        for task in (MOVE, SWEEP):
            stage.run(task)
        found = delivered(stage)
        assert another.poll() is None
    twice = sum(count == 2 for count in Counter(one.id for one in receiver.got).values())
    assert twice <= after["begun"].count("webhook")
    whole(found, receiver, twice=twice)
    assert found["types"].count("offer.expired") == 3


def test_a_worker_killed_while_it_delivers_sends_again_what_was_not_answered_and_nothing_else(
    stage: Stage,
) -> None:
    """The customer takes what comes and says nothing, so that the worker is killed while it waits for an answer."""
    stage.start_queue()
    worker = stage.start_general()
    with world(stage, PURCHASES) as (known, receiver), ThreadPoolExecutor(1) as beside:
        stage.run(SWEEP)
        before = len(delivered(stage)["hooks"])
        assert len(receiver.got) == before
        receiver.arrived.clear()
        receiver.silent.set()
        asking = beside.submit(asked, stage, known, [send(one) for one in known["call_offs"]])
        assert receiver.arrived.wait(240)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        unanswered = len(receiver.got) - before
        receiver.silent.clear()
        assert [one[0] for one in asking.result()] == [201] * PURCHASES
        begun = held(stage)["begun"]
        # Each of the worker's two processes had one message in its hands at most.
        assert 1 <= unanswered <= begun.count("webhook") <= len(begun) <= 2
        stage.start_general()
        stage.run(SWEEP)
        # What nobody had begun goes out; what was begun is nobody else's while its lease holds.
        found = until(
            lambda: now if (now := held(stage))["pending"] == len(begun) else None, 240, "not delivered"
        )
        assert found["begun"] == begun
        assert len(receiver.got) == len({one.id for one in receiver.got})
        stage.run(LATER)
        found = delivered(stage)
    whole(found, receiver, twice=unanswered)
    tries, again = Counter(attempts for _, attempts in found["hooks"]), begun.count("webhook")
    assert tries == {1: len(found["hooks"]) - again, 2: again}
    print(f"\nworker killed in {unanswered} of {tries.total()} webhooks, {found['owed']} messages of inboxes")


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, stage: Stage) -> Iterator[dict[str, str]]:
    """Where the index of the stage is, of each kind of engine in turn."""
    if request.param == "embedded":
        yield {}
        return
    service = ElasticsearchIndexing(request.getfixturevalue("search_node"))
    yield {"SEARCH_URL": service.address, "SEARCH_PREFIX": service.prefix}
    service.remove()


def test_while_the_engine_is_away_purchases_go_on_and_the_index_catches_up(
    stage: Stage, engine: dict[str, str]
) -> None:
    stage.start_queue()
    with world(stage, 2) as (known, receiver):
        kept = {**stage.environment, **engine}
        stage.environment = kept
        stage.manage("rebuild_index")
        stage.environment = {**kept, "SEARCH_URL": NOBODY}
        stage.start_general()
        assert stage.run(EDIT).splitlines()[-1] == "503 True"
        steps = [
            one
            for name in known["call_offs"]
            for one in (send(name), ("oak", f"offers/{name}~1/accept/", {}))
        ]
        steps += [
            ("buyer", f"call-offs/{name}/award/", {"conflicts": "None known."}) for name in known["call_offs"]
        ]
        assert [one[0] for one in asked(stage, known, steps)] == [201, 200, 201, 200, 200, 200]
        found = delivered(stage)
        assert found["types"].count("call_off.awarded") == 2
        stage.environment = kept
        assert stage.run(FOUND).splitlines()[-1] == "['yew'] 0"
        assert "agrees" in stage.manage("check_index").stdout
    whole(found, receiver)
