"""A worker that is killed while it sends: the message comes once more under the same id, and no third time.

With processes of their own, on a database of their own, at a real server.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.given import ROOT
from tests.prepared import Prepared
from tests.receiving import customer

pytestmark = [pytest.mark.kill, pytest.mark.timeout(600)]

SET_UP = "import django; django.setup(); import json, sys; from datetime import timedelta; "
OWE = (
    SET_UP
    + """
from django.db import transaction
from procurement.actions.events import Happening, record_many
from procurement.actions.organisations import OrganisationDraft, save_organisations
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.permissions import SYSTEM
save_organisations(SYSTEM, [OrganisationDraft("shire", "Shire", capabilities=frozenset({"buyer"}))])
_, secret = register_webhook(SYSTEM, WebhookDraft(sys.argv[1], ["partner."]))
with transaction.atomic():
    record_many(SYSTEM, [Happening("partner.suspended", "partner", name, {}, {}) for name in ("oak", "ash")])
print(json.dumps(secret))
"""
)
WORK = (
    SET_UP
    + """
from django.utils import timezone
from procurement.actions.deliveries import LEASE, deliver_due
from procurement.models import Delivery
tried, _ = deliver_due(timezone.now() + (LEASE if sys.argv[1] == "later" else timedelta()))
rows = Delivery.objects.order_by("pk").values_list("reference", "status", "attempts")
print(json.dumps([tried, [list(row) for row in rows]]))
"""
)


@pytest.fixture
def environment(prepared: Prepared, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of an installation with an empty database."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}}
    with prepared.copied(tmp_path / "data") as given:
        yield {
            **kept,
            "DEMO": "1",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CALLOFF_DATA": str(tmp_path / "data"),
            **given,
        }


def python(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1]) if out.strip() else None


def test_a_message_that_was_being_sent_comes_once_more_under_the_same_id(environment: dict[str, str]) -> None:
    with customer() as receiver:
        secret = said(python(environment, "-c", OWE, receiver.url))
        receiver.silent.set()
        worker = python(environment, "-c", WORK, "now")
        assert receiver.arrived.wait(240)
        worker.kill()
        worker.communicate()
        assert worker.returncode == -9
        receiver.silent.clear()
        # While its lease holds nobody takes up the first; the second, which nobody had, goes out.
        tried, rows = said(python(environment, "-c", WORK, "now"))
        first, second = (row[0] for row in rows)
        assert (tried, rows) == (1, [[first, "pending", 1], [second, "sent", 1]])
        tried, rows = said(python(environment, "-c", WORK, "later"))
        assert (tried, rows) == (1, [[first, "sent", 2], [second, "sent", 1]])
        assert said(python(environment, "-c", WORK, "later"))[0] == 0
    assert [one.id for one in receiver.got] == [first, second, first]
    assert receiver.got[0].body == receiver.got[2].body
    assert [one.verified(secret)["data"]["subject"]["reference"] for one in receiver.got] == [
        "oak",
        "ash",
        "oak",
    ]
