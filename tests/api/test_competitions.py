"""Competitions through the API: who is answered what, refusals that change nothing, queries counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.closing import open_tenders
from procurement.actions.due import move_due
from procurement.actions.files import add_tender_file
from procurement.actions.tenders import submit_tender, withdraw_tender
from procurement.models import CallOff, Event, Tender
from tests.api import competing
from tests.api.buying import BUYER, CALLING_OFF
from tests.api.calling_off import acting
from tests.api.conftest import Asker, TokenMaker, asks
from tests.competed import MARKER, at, past_deadline

CALL_OFFS, TENDERS, INVITATIONS = "/api/v1/call-offs/{}/", "/api/v1/tenders/{}/", "/api/v1/invitations/{}/"
WHO: dict[str, Asker] = {
    "nobody": "",
    "editor": "buyer",
    "viewer": "reader",
    "assessor": "first",
    "moderator": "moderator",
    "other buyer": "neighbour",
    "lead": "larch",
    "member": "alder",
    "other supplier": "brightwater",
    "operator": "operator",
    "token": (BUYER, CALLING_OFF),
    "reading token": (BUYER, "call_offs:read"),
    "supplier's token": ("larch", "offers:read offers:write"),
}
BUYERS = ("editor", "viewer", "assessor", "moderator", "token", "reading token")
OWNERS, LEADS = ("editor", "token"), ("lead", "supplier's token")
REASON = {"reason": "Because."}
CONTENT = {"answers": {"method": "Otherwise."}}
# What it is about, method, address, body, who may, who sees it and may not (403); everybody else meets a 404.
MOVES: tuple[tuple[str, str, str, Any, tuple[str, ...], tuple[str, ...]], ...] = (
    ("PLANNED", "PUT", CALL_OFFS + "competition/", {"standstill": True}, OWNERS, BUYERS),
    ("PLANNED", "POST", CALL_OFFS + "competition/preview/", {}, BUYERS, BUYERS),
    ("PLANNED", "POST", CALL_OFFS + "competition/publish/", {}, OWNERS, BUYERS),
    ("CLOSED", "POST", CALL_OFFS + "open-tenders/", {}, OWNERS, BUYERS),
    ("AGREED", "POST", CALL_OFFS + "conclude/", {}, (*OWNERS, "moderator", "assessor"), BUYERS),
    ("LAPSED", "POST", CALL_OFFS + "evaluate-again/", REASON, (*OWNERS, "moderator", "assessor"), BUYERS),
    ("EVALUATED", "POST", CALL_OFFS + "intend/", {}, OWNERS, BUYERS),
    ("EVALUATED", "POST", CALL_OFFS + "award/", {"conflicts": "None."}, OWNERS, BUYERS),
    ("UNSIGNED_AWARD", "POST", CALL_OFFS + "not-sign/", {"reason": "They will not."}, OWNERS, BUYERS),
    ("OPENED", "POST", CALL_OFFS + "declarations/", {"conflict": False}, ("editor", "assessor", "moderator"), BUYERS),
    ("TENDER", "PUT", TENDERS, CONTENT, LEADS, ()),
    ("WRITTEN", "POST", TENDERS + "submit/", {}, LEADS, ()),
    ("WRITTEN", "POST", TENDERS + "withdraw/", REASON, LEADS, ()),
    ("INVITATION", "POST", INVITATIONS + "clarifications/", {"question": "Where?"}, LEADS, (*BUYERS,)),
    ("SCORABLE", "POST", TENDERS + "assessments/", {"criterion": "method", "score": 3, "note": "So."},
     ("assessor",), (*BUYERS, *LEADS)),
    ("SUBMITTED", "POST", TENDERS + "disqualify/", REASON | {"ground": "not_compliant"}, OWNERS,
     (*BUYERS, *LEADS)),
    ("DISQUALIFIED", "POST", TENDERS + "reinstate/", REASON, OWNERS, (*BUYERS, *LEADS)),
)  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def contest(market: None, module_database: None) -> None:
    competing.place_contest()


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def send(client: Client, method: str, path: str, body: Any, **headers: str) -> Any:
    told = {"If-Match": "*", "Idempotency-Key": "k1"} | headers
    return client.generic(method, path, json.dumps(body), content_type="application/json", headers=told)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values("revision", "status")),
        list(Tender.objects.order_by("pk").values("revision", "status", "draft")),
    ]


@pytest.mark.whole
def test_who_may_move_what(person: Callable[[str], Client], token: TokenMaker) -> None:
    wanted = {move[0] for move in MOVES}
    # In the order of MADE: what is closed first closes nothing of what is published after it.
    things = {kind: make() for kind, make in competing.MADE.items() if kind in wanted}
    before = kept()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        for kind, method, path, body, may, see in MOVES:
            one = path.format(things[kind])
            # Taken back, so that the next finds it as it was.
            with transaction.atomic():
                answer = send(client, method, one, body, **headers)
                transaction.set_rollback(who in may)
            expected = (
                {401} if who == "nobody" else {200, 201} if who in may else {403} if who in see else {404}
            )
            if kind == "INVITATION" and who == "member":
                # It is a member of the supplier, and neither wanted nor let.
                expected = {404}
            assert answer.status_code in expected, (who, one, answer.content)
            assert kept() == before, (who, one)


def test_a_competition_takes_as_many_queries_for_many_as_for_one(person: Callable[[str], Client]) -> None:
    counts = []
    for _ in range(2):
        call_off = competing.evaluated()
        tender = call_off.competition.tenders.order_by("pk").first()
        places = [
            ("buyer", CALL_OFFS.format(call_off.reference) + "competition/"),
            ("buyer", CALL_OFFS.format(call_off.reference) + "ranking/"),
            ("buyer", CALL_OFFS.format(call_off.reference) + "people/"),
            ("buyer", "/api/v1/tenders/"),
            ("larch", "/api/v1/invitations/"),
            ("larch", "/api/v1/tenders/"),
            ("larch", INVITATIONS.format(tender.invitation.reference)),
            ("larch", TENDERS.format(tender.reference)),
        ]
        for who, place in places:
            client = person(who)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(place).status_code in (200, 404), place
            counts.append(len(queries))
    assert counts[:8] == counts[8:]


def test_the_deadline_is_by_when_suppliers_act(person: Callable[[str], Client]) -> None:
    call_off = competing.published()
    told = person("buyer").get(CALL_OFFS.format(call_off.reference)).json()
    plan = person("buyer").get(CALL_OFFS.format(call_off.reference) + "competition/").json()
    assert told["line"]["next"] == {
        "who": ["lead supplier"],
        "steps": ["draft", "submit"],
        "by": plan["deadline"],
    }
    assert told["available_actions"] == ["cancel", "fail"]
    assert plan["available_actions"] == ["extend", "amend", "answer"]
    assert (plan["invited_count"], plan["declined_count"]) == (2, 0)


def test_whoever_scores_is_told_of_until_all_is_agreed(person: Callable[[str], Client]) -> None:
    evaluating, concluded = competing.opened(), competing.evaluated()
    for call_off, turn in (
        (evaluating, {"who": ["assessor"], "steps": ["assess"], "by": None}),
        (concluded, {"who": ["owner"], "steps": ["intend", "award"], "by": None}),
    ):
        told = person("buyer").get(CALL_OFFS.format(call_off.reference)).json()
        assert (told["line"]["next"], told["blocking"]) == (turn, [])


def test_a_tender_that_was_taken_back_before_the_deadline_was_never_submitted_for_the_buyer(
    person: Callable[[str], Client], token: TokenMaker
) -> None:
    call_off = competing.published()
    tender = competing.written(call_off, rate="391.17", answer=MARKER)
    lead = acting("larch")
    file = add_tender_file(lead, tender.reference, tender.revision, "q.txt", "quality", [b"q"])
    tender.refresh_from_db()
    submit_tender(lead, tender.reference, tender.revision)
    tender.refresh_from_db()
    withdraw_tender(lead, tender.reference, tender.revision, "We are busy elsewhere.")
    other = competing.written(call_off, "brightwater")
    submit_tender(acting("brightwater"), other.reference, other.revision)
    with at(past_deadline(call_off)):
        move_due()
    open_tenders(competing.buyer(), call_off.reference, competing.again(call_off).revision)
    one = TENDERS.format(tender.reference)
    for known in ("buyer", "reader", (BUYER, CALLING_OFF)):
        client, headers = asks(known, person, token)
        answer = client.get(one, headers=headers)
        told = answer.json()
        assert (told["status"], told["reason"]) == ("withdrawn", "We are busy elsewhere.")
        assert (told["submitted"], told["draft"], told["receipts"], told["files"]) == (None, None, None, [])
        assert not [secret for secret in (MARKER, "391.17", "3911.70") if secret in answer.content.decode()]
        assert client.get(f"{one}files/", headers=headers).json()["results"] == []
        assert client.get(f"/api/v1/files/{file.reference}/", headers=headers).status_code == 404
    own = person("larch").get(one).json()
    assert (own["submitted"]["number"], own["submitted"]["content"]["answers"]) == (1, {"method": MARKER})
    assert [each["reference"] for each in own["files"]] == [file.reference]


def test_a_refusal_to_disqualify_says_what_was_not_done_and_the_state_comes_first(
    person: Callable[[str], Client],
) -> None:
    opened = competing.MADE["SUBMITTED"]()
    before = kept()
    client = person("buyer")
    answer = send(client, "POST", TENDERS.format(opened) + "disqualify/", {"ground": "zzz"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "The tender was not disqualified.")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/ground"]
    answer = send(client, "POST", TENDERS.format(opened) + "disqualify/", {"ground": "not_compliant"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "The tender was not disqualified.")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/reason"]
    assert kept() == before
    body = REASON | {"ground": "not_compliant"}
    assert send(client, "POST", TENDERS.format(opened) + "disqualify/", body).status_code == 200
    before = kept()
    headers = {"Idempotency-Key": "k2"}
    answer = send(client, "POST", TENDERS.format(opened) + "disqualify/", {"ground": "zzz"}, **headers)
    told = "The tender is disqualified: disqualify is not possible."
    assert (answer.status_code, answer.json()["detail"]) == (409, told)
    assert kept() == before
