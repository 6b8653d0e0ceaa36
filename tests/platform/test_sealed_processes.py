"""What the processes of `make run` write down and send while a tender is sealed: a marker in it stands in no line of
the web's and the worker's logs, at their most talkative, and in no webhook.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.competed import MARKER
from tests.given import fresh_database
from tests.platform.supervised import free_port
from tests.receiving import customer
from tests.search.stage import ROOT, Stage, until

pytestmark = [pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(600)]

RATE: Final = "391.17"
SECRETS: Final = re.compile(rf"{MARKER}|(?<![0-9a-f.])(?:391\.17|3,?911\.70|391170|39117)(?![0-9a-f])")
"""The marker, and a rate and its amount in pounds and in pence; not where digits stand by chance in a digest."""
WORLD: Final = """
import json, secrets
from datetime import timedelta
from django.utils import timezone
from oauth2_provider.models import AccessToken
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.event_types import EVENT_TYPES
from procurement.models import Application, Organisation
from procurement.permissions import SYSTEM
from tests.competed import make_contest, published, tender_of
call_off = published(make_contest())
everything = sorted({{name.partition(".")[0] + "." for name in EVENT_TYPES}})
def token(organisation, scopes):
    body = Organisation.objects.get(reference=organisation)
    register_webhook(SYSTEM, WebhookDraft({url!r}, everything, organisation=organisation))
    application = Application.objects.create(
        name="test", organisation=body, client_type="confidential", authorization_grant_type="client-credentials"
    )
    told = {{"token": secrets.token_hex(16), "expires": timezone.now() + timedelta(hours=2), "scope": scopes}}
    return AccessToken.objects.create(application=application, **told).token
print(json.dumps({{
    "tender": tender_of(call_off, "oak").reference,
    "oak": token("oak", "offers:read offers:write"),
    "shire": token("shire", "offers:read call_offs:read"),
}}))
"""
HELD: Final = """
import json
from procurement.models import Delivery, Event
print(json.dumps({
    "pending": Delivery.objects.filter(status="pending").count(),
    "hooks": Delivery.objects.filter(channel="webhook", status="sent").count(),
    "types": sorted(set(Event.objects.filter(subject_type="tender").values_list("type", flat=True))),
}))
"""
SWEEP: Final = "from config.celery import app\napp.send_task('procurement.tasks.sweep_deliveries')"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty database, a queue, and processes that log all that they can."""
    with fresh_database() as environment:
        made = Stage(tmp_path / "data", {"LOG_LEVEL": "DEBUG", **environment})
        made.data.mkdir()
        made.environment["LOG_LEVEL"] = "DEBUG"
        try:
            made.manage("migrate", "-v0")
            made.start_queue()
            yield made
        finally:
            made.end()


@contextmanager
def web(stage: Stage) -> Iterator[int]:
    """The web as `make run` starts it, at a port of its own."""
    port = free_port()
    with (stage.data / "web.out").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"],
            cwd=ROOT,
            env={**stage.environment, "WEB_BIND": f"127.0.0.1:{port}"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    stage.groups.append(process)
    try:
        until(lambda: asked(port, "GET", "/api/v1/health/live/", "") == 200, 90, "the web does not answer")
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def asked(port: int, method: str, path: str, token: str, body: Any = None, key: str = "") -> int:
    """What it is answered; 0 while nobody listens. A body is JSON, or the bytes of a form's file."""
    headers = {"Authorization": f"Bearer {token}", "If-Match": "*", "Idempotency-Key": key or path}
    if isinstance(body, bytes):
        headers["Content-Type"] = "multipart/form-data; boundary=edge"
    elif body is not None:
        body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as asking:
            asking.request(method, path, body, headers if token else {})
            return asking.getresponse().status
    except OSError:
        return 0


def leaks(text: bytes) -> list[str]:
    return SECRETS.findall(text.decode(errors="replace"))


def test_neither_process_writes_down_a_word_of_a_tender_and_no_webhook_tells_one(stage: Stage) -> None:
    worker = stage.start_general(level="DEBUG")
    with customer() as receiver, web(stage) as port:
        known = json.loads(stage.run(WORLD.format(url=receiver.url)).splitlines()[-1])
        own = f"/api/v1/tenders/{known['tender']}/"
        team = [
            {"grade": "G1", "days": "10", "rate": RATE, "people": MARKER},
            {"grade": "G3", "days": "2.5", "rate": "850.00", "people": MARKER},
        ]
        content = {"team": team, "answers": {"method": MARKER, "social": MARKER}}
        file = (
            '--edge\r\nContent-Disposition: form-data; name="part"\r\n\r\nquality\r\n--edge\r\n'
            f'Content-Disposition: form-data; name="file"; filename="{MARKER}.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{MARKER}\r\n--edge--\r\n"
        )
        steps: tuple[tuple[str, str, Any, int], ...] = (
            ("PUT", own, {"team": MARKER}, 400),
            ("PUT", f"{own}?{MARKER}", content, 400),
            ("PUT", own, content | {"price": "1.00"}, 200),
            ("POST", f"{own}submit/", {}, 422),
            ("PUT", own, content, 200),
            ("POST", f"{own}files/", file.encode(), 201),
            ("POST", f"{own}submit/", {}, 201),
            ("POST", f"{own}withdraw/", {"reason": MARKER}, 200),
            ("PUT", own, content, 200),
            ("POST", f"{own}submit/", {}, 201),
            ("GET", own, None, 200),
        )
        told = [
            asked(port, method, path, known["oak"], body, str(number))
            for number, (method, path, body, _) in enumerate(steps)
        ]
        assert told == [status for *_, status in steps]
        assert asked(port, "GET", own, known["shire"]) == 404
        stage.run(SWEEP)
        found = until(
            lambda: now if not (now := json.loads(stage.run(HELD).splitlines()[-1]))["pending"] else None,
            120,
            "not delivered",
        )
        assert worker.poll() is None
    assert {"tender.submitted", "tender.withdrawn"} <= set(found["types"])
    assert len(receiver.got) == found["hooks"] > 0
    assert not [one for got in receiver.got for one in leaks(got.body + repr(got.headers).encode())]
    written = {name: (stage.data / f"{name}.out").read_bytes() for name in ("web", "general")}
    # They were talkative: each request and each task stands there.
    assert written["web"].count(b'"route":"api/v1/tenders/') >= len(steps)
    assert written["general"].count(b'"event":"task_succeeded"') > 0
    assert {name: leaks(text) for name, text in written.items()} == {"web": [], "general": []}
