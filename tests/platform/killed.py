"""What tests of killed processes look at: requests made by a process of its own, what is kept, and that all that was
owed was delivered once.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.receiving import Customer
from tests.search.stage import Stage, until

ASK = """
import json, sys, time
from django.test import Client
steps = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {steps!r}
told = []
for name, path, body in steps:
    headers = {{"Authorization": "Bearer " + {tokens!r}[name], "If-Match": "*", "Idempotency-Key": path}}
    began = time.monotonic()
    answer = Client(SERVER_NAME="127.0.0.1").post(
        "/api/v1/" + path, json.dumps(body), content_type="application/json", headers=headers)
    told.append([answer.status_code, time.monotonic() - began])
print(json.dumps(told))
"""
SWEEP = "from config.celery import app\napp.send_task('procurement.tasks.sweep_deliveries')"
HELD = """
import json
from procurement.actions.events import verify
from procurement.models import Delivery, Event, InboxMessage
rows = Delivery.objects.order_by("event_id", "pk")
inbox = {}
for one in InboxMessage.objects.select_related("delivery", "organisation").order_by("-delivery__event_id", "-pk"):
    inbox.setdefault(one.organisation.reference, []).append(one.delivery.event_id)
print(json.dumps({
    "chain": verify() is None,
    "pending": rows.filter(status="pending").count(),
    "begun": list(rows.filter(status="pending", attempts=1).values_list("channel", flat=True)),
    "hooks": [[one.reference, one.attempts] for one in rows.filter(channel="webhook")],
    "owed": rows.filter(channel="inbox").count(),
    "mails": rows.filter(channel="email", status="sent").count(),
    "inbox": inbox,
    "types": list(Event.objects.order_by("position").values_list("type", flat=True)),
}))
"""
MOVE = "from config.celery import app\napp.send_task('procurement.tasks.sweep_deadlines')"


def asked(stage: Stage, known: dict[str, Any], steps: list[tuple[str, str, Any]]) -> list[list[float]]:
    """Has these requests made by a web process of their own: what each was answered, and in how many seconds."""
    tokens = {name: told for name, told in known.items() if isinstance(told, str)}
    told: list[list[float]] = json.loads(stage.run(ASK.format(tokens=tokens, steps=steps)).splitlines()[-1])
    return told


def held(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stage.run(HELD).splitlines()[-1])
    return found


def delivered(stage: Stage, seconds: float = 240) -> dict[str, Any]:
    """All that is kept, once nothing waits any more."""
    return dict(
        until(lambda: found if not (found := held(stage))["pending"] else None, seconds, "not delivered")
    )


def whole(found: dict[str, Any], receiver: Customer, *, twice: int = 0) -> None:
    """Sees that everything that was owed was delivered, once, and stands in order for everybody."""
    assert found["chain"]
    assert sum(len(one) for one in found["inbox"].values()) == found["owed"] > 0
    for positions in found["inbox"].values():
        assert positions == sorted(set(positions), reverse=True)
    ids = Counter(one.id for one in receiver.got)
    assert set(ids) == {name for name, _ in found["hooks"]}
    assert sorted(ids.values()) == [1] * (len(ids) - twice) + [2] * twice
    # What came twice came with the same content.
    assert len({(one.id, one.body) for one in receiver.got}) == len(ids)
