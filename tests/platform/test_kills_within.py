"""A process is killed within the transaction that closes a competition, awards, or pays: nothing of it is left, and
done again it is done once.

With processes of their own, on a database of their own, at a real queue and a real customer's server.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.platform.killed import ASK, MOVE, SWEEP, asked, delivered, held, whole
from tests.receiving import customer
from tests.search.stage import ROOT, Stage, until

pytestmark = [pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(600)]

BOUGHT = """
import json, secrets
from datetime import timedelta
from django.utils import timezone
from oauth2_provider.models import AccessToken
from procurement.actions.claims import ClaimDraft, submit_claim, verify_claim
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.models import Application, Organisation
from procurement.permissions import SYSTEM
from tests.bought import accepted, make_market
from tests.paid import agreed, signed
from tests.world import editor_of, make_buyers
market = make_market()
make_buyers("ministry")
contract = signed(market, agreed(market, editor_of("ministry", "approver")))
day = (timezone.localdate() - timedelta(days=1)).isoformat()
claim = submit_claim(market.oak, contract.reference, contract.revision, ClaimDraft("in-work", 20, day, day, "Payroll."))
claim = verify_claim(market.buyer, claim.reference, claim.revision, 20)
offer = accepted(market)
register_webhook(SYSTEM, WebhookDraft({url!r}, ["call_off.", "claim."], organisation="shire"))
application = Application.objects.create(
    name="test", organisation=Organisation.objects.get(reference="shire"), client_type="confidential",
    authorization_grant_type="client-credentials")
token = AccessToken.objects.create(
    application=application, token=secrets.token_hex(16), expires=timezone.now() + timedelta(hours=2),
    scope="call_offs:read call_offs:write call_offs:approve")
print(json.dumps({{"buyer": token.token, "claim": claim.reference, "call_off": offer.call_off.reference}}))
"""
COMPETED = """
import json
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.permissions import SYSTEM
from tests.competed import make_contest, past_deadline, published, submitted, team
contest = make_contest()
call_off = published(contest)
register_webhook(SYSTEM, WebhookDraft({url!r}, ["call_off."], organisation="shire"))
for name, rates in (("oak", ("400.00", "900.00")), ("yew", ("500.00", "900.00"))):
    submitted(getattr(contest.market, name), call_off, name, team=team(*rates))
print(json.dumps({{"deadline": past_deadline(call_off).isoformat()}}))
"""
STANDS = """
import json
from procurement.models import (
    CallOff, Claim, Competition, Contract, Delivery, Event, Offer, OutcomePayment, Tender
)
print(json.dumps({
    "types": list(Event.objects.order_by("position").values_list("type", flat=True)),
    "owed": Delivery.objects.count(),
    "call_offs": list(CallOff.objects.order_by("pk").values_list("status", "revision", "conflicts")),
    "offers": list(Offer.objects.order_by("pk").values_list("status", "revision")),
    "contracts": list(Contract.objects.order_by("pk").values_list("status", "value_minor")),
    "claims": list(Claim.objects.order_by("pk").values_list("status", "revision")),
    "paid": list(OutcomePayment.objects.order_by("pk").values_list("minor", flat=True)),
    "closed": [one is not None for one in Competition.objects.values_list("closed_at", flat=True)],
    "tenders": list(Tender.objects.order_by("pk").values_list("status", "revision")),
}))
"""


def stands(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stage.run(STANDS).splitlines()[-1])
    return found


def stopping(stage: Stage, kind: str, now: str | None = None, at: int = 1) -> Path:
    """Has the next process that asks stand still within the transaction of the event of this type; the file that it
    then makes.
    """
    here = stage.data / f"within-{kind}"
    said = {"now": now, "type": kind, "at": at, "committed": False, "here": str(here)}
    (stage.data / "stopping").write_text(json.dumps(said))
    return here


def killed_within(stage: Stage, known: dict[str, Any], kind: str, step: tuple[str, str, Any]) -> None:
    """A process answers the request until it is within the event's transaction, and is killed there."""
    here = stopping(stage, kind)
    code = ASK.format(tokens={"buyer": known["buyer"]}, steps=[step])
    process = subprocess.Popen(
        [sys.executable, "-c", f"import django\ndjango.setup()\nimport tests.platform.stopping\n{code}"],
        cwd=ROOT,
        env={**stage.environment, "STOPPING": str(stage.data / "stopping")},
        start_new_session=True,
    )
    stage.groups.append(process)
    until(lambda: here.exists() or process.poll() is not None, 90, f"no {kind}")
    assert here.exists()
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_web_process_killed_within_an_award_or_a_payment_leaves_nothing_of_it_and_it_is_done_once(
    stage: Stage,
) -> None:
    with customer() as receiver:
        known = json.loads(stage.run(BOUGHT.format(url=receiver.url)).splitlines()[-1])
        award = ("buyer", f"call-offs/{known['call_off']}/award/", {"conflicts": "None known."})
        pay = ("buyer", f"claims/{known['claim']}/pay/", {})
        before = stands(stage)
        assert (before["offers"][-1][0], before["claims"], before["paid"]) == (
            "accepted",
            [["verified", 2]],
            [],
        )
        for kind, step in (("call_off.awarded", award), ("claim.paid", pay)):
            killed_within(stage, known, kind, step)
            assert stands(stage) == before
        # Whoever asked asks again under the same keys, and once more.
        assert [one[0] for one in asked(stage, known, [award, pay, award, pay])] == [200] * 4
        after = stands(stage)
        assert [one[0] for one in after["call_offs"]] == ["contracted", "awarded"]
        assert [one[0] for one in after["contracts"]] == ["active", "unsigned"]
        assert (after["claims"], sum(after["paid"])) == ([["paid", 3]], 200_020)
        assert len(after["paid"]) == 2
        new = after["types"][len(before["types"]) :]
        assert (new.count("call_off.awarded"), new.count("claim.paid")) == (1, 1)
        stage.start_queue()
        stage.start_general()
        stage.run(SWEEP)
        whole(delivered(stage), receiver)


def test_a_worker_killed_within_a_close_leaves_it_open_and_the_next_closes_it_once(stage: Stage) -> None:
    stage.start_queue()
    with customer() as receiver:
        known = json.loads(stage.run(COMPETED.format(url=receiver.url)).splitlines()[-1])
        before = stands(stage)
        assert (before["closed"], before["tenders"]) == ([False], [["submitted", 3], ["submitted", 3]])
        here = stopping(stage, "call_off.closed", known["deadline"])
        stage.environment = {**stage.environment, "STOPPING": str(stage.data / "stopping")}
        worker = stage.start_general("--include", "tests.platform.stopping")
        stage.run(MOVE)
        until(here.exists, 90, "nothing closed")
        os.killpg(worker.pid, signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
        assert stands(stage) == before
        stopping(stage, "call_off.closed", known["deadline"], at=0)
        another = stage.start_general("--include", "tests.platform.stopping")
        stage.run(f"{MOVE}\n{MOVE}")
        until(lambda: "call_off.closed" in held(stage)["types"], 90, "not closed")
        # As the clock does each minute.
        stage.run(f"{MOVE}\n{SWEEP}")
        found = delivered(stage)
        assert another.poll() is None
    after = stands(stage)
    assert (after["closed"], [one[0] for one in after["call_offs"]]) == ([True], ["closed"])
    assert after["tenders"] == before["tenders"]
    assert found["types"].count("call_off.closed") == 1
    whole(found, receiver)
