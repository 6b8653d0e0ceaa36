"""docs/events.md is true: its curl lines do what they say, its receiver takes what is really sent, and its numbers are
the program's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from standardwebhooks import WebhookVerificationError

from procurement.actions.deliveries import FIRST_REST, LONGEST_REST, deliver_due
from procurement.actions.standing import suspend_partner
from procurement.actions.webhooks import MOST_KEPT, OVERLAP, WebhookDraft, register_webhook, replay_delivery
from procurement.event_types import PUBLIC
from procurement.models import Delivery, Partner
from procurement.permissions import SYSTEM
from tests.api.buying import BUYER, SCOPES, buying
from tests.api.conftest import TokenMaker
from tests.api.curl import run
from tests.receiving import customer

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def test_every_curl_line_answers(client: Client, token: TokenMaker) -> None:
    variables = buying(client, token) | {
        "BUYER": token(BUYER, SCOPES),
        "OPERATOR": token("calloff-operations", "admin:write"),
        "KEY": "0b5f3c1e",
    }
    lines = [line for line in DOCUMENT.splitlines() if line.startswith("curl ")]
    assert len(lines) == 11
    for line in lines:
        if "/dead-letters/" in line:
            # The replay before has taken it up.
            Delivery.objects.filter(reference=variables["DEAD_LETTER"]).update(status="dead")
        response = run(line, variables)
        assert response.status_code in {200, 201, 202}, (line, response.content)
        told = response.json()
        assert told.get("results", True), line


def test_its_receiver_takes_each_message_once_and_refuses_what_is_not_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    known: dict[str, Any] = {}
    exec(compile(program, "docs/events.md", "exec"), known)  # noqa: S102 - it is our own document
    with customer() as receiver:
        hook, secret = register_webhook(SYSTEM, WebhookDraft(receiver.url, ["partner."], organisation=BUYER))
        revision = Partner.objects.get(reference="brightwater").revision
        suspend_partner(SYSTEM, "brightwater", revision, "Late.")
        deliver_due()
        replay_delivery(SYSTEM, hook.reference, hook.deliveries.get().reference)
        deliver_due()
    assert len(receiver.got) == 2
    for got in receiver.got:
        assert known["receive"](secret, got.headers, got.body) == 204
    assert capsys.readouterr().out == "partner.suspended brightwater\n"
    with pytest.raises(WebhookVerificationError):
        known["receive"](secret, receiver.got[0].headers, receiver.got[0].body + b" ")


def test_its_numbers_are_the_programs() -> None:
    assert f"{MOST_KEPT} for an organisation" in DOCUMENT
    assert f"good for {OVERLAP.total_seconds() / 3600:.0f} hours" in DOCUMENT
    assert (FIRST_REST.total_seconds(), LONGEST_REST.days) == (30, 1)
    assert f"{settings.DELIVERY_ATTEMPTS} times in all" in DOCUMENT
    rests = [min(FIRST_REST * 2**attempt, LONGEST_REST) for attempt in range(settings.DELIVERY_ATTEMPTS - 1)]
    assert 2 < sum(one.total_seconds() for one in rests) * 0.75 / 86_400 < 3.5
    assert (settings.WEBHOOK_FAILING_DAYS, settings.WEBHOOK_SECONDS) == (5, 10)
    for kind in (
        "organisation",
        "partner",
        "supplier",
        "appointment",
        "offering",
        "rate_card",
        "framework",
        "regions",
    ):
        assert any(name.startswith(f"{kind}.") for name in PUBLIC)
