"""Call-offs through the API: who is answered what, what is shown, validators, repeats, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from procurement.actions.limits import set_limit
from procurement.models import BuyerLimit, CallOff, Contract, Event, Offer
from tests.api import calling_off
from tests.api.buying import BUYER
from tests.api.calling_off import TERMS, acting, drafted, need, ordered
from tests.api.conftest import Asker, TokenMaker, asks
from tests.bought import begin

LIST, OFFERS, CONTRACTS = "/api/v1/call-offs/", "/api/v1/offers/", "/api/v1/contracts/"
LIMIT, JSON = f"/api/v1/organisations/{BUYER}/limit/", "application/json"
WHO: dict[str, Asker] = {
    "nobody": "",
    "editor": "buyer",
    "viewer": "reader",
    "approver": "approver",
    "administrator": "chief",
    "other buyer": "neighbour",
    "lead": "larch",
    "wanted partner": "alder",
    "other supplier": "brightwater",
    "operator": "operator",
    "token": (BUYER, "call_offs:read call_offs:write requirements:read shortlists:read"),
    "reading token": (BUYER, "call_offs:read"),
    "approving token": (BUYER, "call_offs:read call_offs:approve"),
    "token without scope": (BUYER, "read shortlists:write"),
    "supplier's token": ("larch", "offers:read offers:write"),
    "supplier's reading token": ("larch", "offers:read"),
    "supplier's token without scope": ("larch", "call_offs:read call_offs:write"),
}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A change of whatever is there (If-Match: *), unless the headers say otherwise."""
    told = {"If-Match": "*", "Idempotency-Key": "k1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    content = "" if body is None else json.dumps(body)
    return client.generic(method, path, content, content_type=JSON, headers=told)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values("revision", "status", "title", "terms")),
        list(Offer.objects.order_by("pk").values("revision", "status")),
        list(Contract.objects.order_by("pk").values("revision", "status", "identifiers")),
        list(BuyerLimit.objects.values("approval_from_minor")),
    ]


def buyers_read(good: int) -> dict[str, int]:
    """Reads of what is the buyer's alone."""
    seen = {"editor", "viewer", "approver", "administrator", "token", "reading token", "approving token"}
    return {who: 401 if who == "nobody" else good if who in seen else 404 for who in WHO}


def buyers_write(*may: str, unseen: int = 404) -> dict[str, int]:
    """Moves of the buyer's: 0 is for those who may."""
    told = buyers_read(403)
    return {who: 0 if who in may else status if status != 404 else unseen for who, status in told.items()}


EDITORS = ("editor", "approver", "administrator", "token")
APPROVERS = ("approver", "administrator", "approving token")
SUPPLIERS = ("lead", "wanted partner", "supplier's token", "supplier's reading token")
BOTH_READ = buyers_read(200) | dict.fromkeys(SUPPLIERS, 200)
OF_BUYER = buyers_write(*EDITORS) | dict.fromkeys(SUPPLIERS, 403)
OF_LEAD = buyers_write() | dict.fromkeys(SUPPLIERS, 403) | {"lead": 0, "supplier's token": 0}
REASON = {"reason": "Because."}

MOVES: tuple[tuple[str, str, str, Any, int, dict[str, int]], ...] = (
    ("CALL_OFF", "PATCH", LIST + "{}/", {"title": "Another"}, 200, buyers_write(*EDITORS)),
    ("CALL_OFF", "POST", LIST + "{}/offers/", {}, 201, buyers_write(*EDITORS)),
    ("CALL_OFF", "POST", LIST + "{}/cancel/", REASON, 200, buyers_write(*EDITORS)),
    ("TO_APPROVE", "POST", LIST + "{}/ask-approval/", {}, 200, buyers_write(*EDITORS)),
    ("TO_APPROVE", "POST", LIST + "{}/approve/", {}, 200, buyers_write(*APPROVERS)),
    ("TO_APPROVE", "POST", LIST + "{}/send-back/", REASON, 200, buyers_write(*APPROVERS)),
    ("DECLINED", "POST", LIST + "{}/fail/", REASON, 200, buyers_write(*EDITORS)),
    ("ACCEPTED", "POST", LIST + "{}/award/", {"conflicts": "None."}, 200, buyers_write(*EDITORS)),
    ("AWARDED", "POST", LIST + "{}/undo/", REASON, 200, buyers_write(*APPROVERS)),
    ("SENT", "POST", OFFERS + "{}/accept/", {}, 200, OF_LEAD),
    ("SENT", "POST", OFFERS + "{}/decline/", REASON, 200, OF_LEAD),
    ("SENT", "POST", OFFERS + "{}/withdraw/", REASON, 200, OF_BUYER),
    ("SENT", "POST", OFFERS + "{}/extend/", {"reply_by": calling_off.MADE["LONGER"]()}, 200, OF_BUYER),
    ("UNSIGNED_OFFER", "POST", OFFERS + "{}/not-sign/", REASON, 200, OF_BUYER),
    ("CONTRACT", "POST", CONTRACTS + "{}/sign/", {}, 200, OF_BUYER | {"lead": 0, "supplier's token": 0}),
    ("CONTRACT", "PATCH", CONTRACTS + "{}/", {"identifiers": {"notice": "N1"}}, 200, OF_BUYER),
    ("CONTRACT", "PUT", CONTRACTS + "{}/indicators/", {"no_indicators": "One report."}, 200, OF_BUYER),
    ("ACTIVE", "POST", CONTRACTS + "{}/extend/", {}, 200, OF_BUYER),
    ("ACTIVE", "POST", CONTRACTS + "{}/complete/", {}, 200, OF_BUYER),
    ("COMPLETE", "POST", CONTRACTS + "{}/reopen/", REASON, 200, OF_BUYER),
    ("ACTIVE", "POST", CONTRACTS + "{}/terminate/", REASON, 200, OF_BUYER),
)


def made(kind: str) -> str:
    return drafted().reference if kind == "CALL_OFF" else str(calling_off.MADE[kind]())


@pytest.mark.whole
def test_who_may_move_what(person: Callable[[str], Client], token: TokenMaker) -> None:
    things = {kind: made(kind) for kind in dict.fromkeys(move[0] for move in MOVES)}
    before = kept()
    assert sum(bool(answers[who]) for who in WHO for *_, answers in MOVES) == 278
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        for kind, method, path, body, good, answers in MOVES:
            one = path.format(things[kind])
            # Taken back, so that the next finds it as it was.
            with transaction.atomic():
                answer = send(client, method, one, body, **headers)
                transaction.set_rollback(not answers[who])
            assert answer.status_code == (answers[who] or good), (who, one, answer.content)
        assert kept() == before, who


@pytest.mark.whole
def test_who_reads_what(person: Callable[[str], Client], token: TokenMaker) -> None:
    contract = calling_off.active()
    call_off, offer = contract.call_off.reference, contract.call_off.offers.get().reference
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        own, both = buyers_read(200)[who], BOTH_READ[who]
        for path in ("", "offers/", "history/"):
            assert client.get(f"{LIST}{call_off}/{path}", headers=headers).status_code == own, (who, path)
        for path in (
            f"{OFFERS}{offer}/",
            f"{OFFERS}{offer}/order-form/",
            f"{CONTRACTS}{contract.reference}/",
        ):
            assert client.get(path, headers=headers).status_code == both, (who, path)
        assert client.get(LIMIT, headers=headers).status_code == own, who
        listed = client.get(LIST, headers=headers)
        expected = {"nobody": 401, "other buyer": 200}.get(who, 403 if own == 404 else 200)
        assert listed.status_code == expected, who
        if expected == 200:
            assert [one["reference"] for one in listed.json()["results"]] == [call_off][: own == 200], who
        for path in (OFFERS, CONTRACTS):
            listed = client.get(path, headers=headers)
            strange = {"nobody": 401, "other buyer": 200, "other supplier": 200}
            assert listed.status_code == strange.get(who, 403 if both == 404 else 200), (who, path)
            if listed.status_code == 200:
                assert listed.json()["count"] == (both == 200), who


def test_who_begins_a_call_off(person: Callable[[str], Client], token: TokenMaker) -> None:
    body = {"title": "Mine", "route": "direct_award", "requirement": need(), "shortlist": ordered()}
    before = kept()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        # Taken back, so that the next finds it as it was.
        with transaction.atomic():
            answer = send(client, "POST", LIST, body, **headers)
            transaction.set_rollback(who in EDITORS)
        # Another buyer's requirement is unknown, not forbidden.
        refused = {"nobody": 401, "other buyer": 422}.get(who, 403)
        assert answer.status_code == (201 if who in EDITORS else refused), (who, answer.content)
        assert kept() == before, who


@pytest.mark.parametrize("who", list(WHO))
def test_who_sets_the_limit(who: str, person: Callable[[str], Client], token: TokenMaker) -> None:
    client, headers = asks(WHO[who], person, token)
    expected = buyers_write("administrator", "approving token")[who] or 200
    before = kept()
    answer = send(client, "PUT", LIMIT, {"approval_from": "5000.00"}, **headers)
    assert answer.status_code == expected, answer.content
    if expected != 200:
        assert send(client, "DELETE", LIMIT, **headers).status_code == expected
        assert kept() == before
        return
    amount = {"amount": "5000.00", "currency": "GBP", "vat": "excluded"}
    assert answer.json() == {"organisation": BUYER, "approval_from": amount}
    event = Event.objects.latest("position")
    assert (event.type, event.changes) == ("organisation.limit_set", {"approval_from": 500_000})
    send(client, "PUT", LIMIT, {"approval_from": "5000.00"}, **headers)
    assert Event.objects.latest("position") == event
    assert send(client, "DELETE", LIMIT, **headers).json()["approval_from"] is None
    assert client.get(LIMIT, headers=headers).json()["approval_from"] is None
    assert not BuyerLimit.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"approval_from": 5}, 400, "/approval_from"),
        ({"approval_from": "much"}, 422, "/approval_from"),
        ({"approval_from": ""}, 422, "/approval_from"),
        ({"approval_from": None}, 422, "/approval_from"),
        ({"approval_from": "5.00", "colour": 1}, 400, "/colour"),
    ],
)
def test_a_limit_that_is_no_amount_is_refused(
    body: Any, status: int, pointer: str, person: Callable[[str], Client]
) -> None:
    answer = send(person("chief"), "PUT", LIMIT, body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert not BuyerLimit.objects.exists()


def test_only_the_lead_is_noted_as_having_read(person: Callable[[str], Client]) -> None:
    reference = calling_off.sent().reference
    for name, status in (("buyer", "sent"), ("alder", "sent"), ("larch", "viewed"), ("larch", "viewed")):
        answer = send(person(name), "POST", f"{OFFERS}{reference}/view/", {}, If_Match="")
        assert (answer.status_code, answer.json()["status"]) == (200, status), name
    assert person("brightwater").get(f"{OFFERS}{reference}/").status_code == 404
    assert Offer.objects.get().revision == 2


def test_from_draft_to_contract(person: Callable[[str], Client]) -> None:
    client, lead = person("buyer"), person("larch")
    body = {
        "title": "Evaluation", "route": "direct_award", "requirement": need(), "shortlist": ordered(), "terms": TERMS,
    }  # fmt: skip
    answer = send(client, "POST", LIST, body)
    assert answer.status_code == 201, answer.content
    one, told = answer["Location"], answer.json()
    assert answer["ETag"] == client.get(one)["ETag"]
    assert told["ocid"].endswith(told["reference"].lower())
    assert told["terms"]["extensions"] == [{"months": 3, "amount": "500.00"}]
    larch, bright = told["suppliers"]
    pounds = {"currency": "GBP", "vat": "excluded"}
    assert larch == {
        "position": 1,
        "supplier": {"reference": "larch", "name": "Larch Consortium"},
        "fictional": False,
        "partners": [{"reference": "alder", "name": "Alder Research"}],
        "price": {"amount": "4000.00", **pounds},
        "total": {"amount": "4600.00", **pounds},
        "unpriced": [],
        "offer": None,
    } | {"is_next": True, "passed_over": []}
    assert (bright["position"], bright["total"]["amount"]) == (2, "5600.00")
    assert told["greatest_total"] == {"amount": "5600.00", **pounds}
    assert told["approval"] == {"asked": False, "approved_at": None, "up_to": None, "sent_back": None}
    assert (told["blocking"], told["contract"], told["offers"]) == ([], None, [])
    assert told["available_actions"] == ["edit", "send_offer", "cancel"]
    assert told["line"] == {
        "stations": [
            {"status": "draft", "label": "Draft", "place": "here"},
            {"status": "out", "label": "Out to suppliers", "place": "ahead"},
            {"status": "awarded", "label": "Awarded", "place": "ahead"},
            {"status": "contracted", "label": "Contracted", "place": "ahead"},
        ],
        "ended": None,
        "next": {"who": ["owner"], "steps": ["send_offer"], "by": None},
    }
    sent = send(client, "POST", f"{one}offers/", {"supplier": "larch"}, If_Match=answer["ETag"])
    assert sent.status_code == 201, sent.content
    offer = sent["Location"]
    assert offer == f"{OFFERS}{told['reference']}~1/"
    assert sent["ETag"] == client.get(offer)["ETag"]
    assert sent.json()["available_actions"] == ["extend", "withdraw"]
    assert sent.json()["total"]["amount"] == "4600.00"
    seen = lead.get(offer)
    assert seen.json()["available_actions"] == ["view", "accept", "decline"]
    turn = client.get(one).json()["line"]["next"]
    assert (turn["who"], turn["steps"]) == (["lead supplier"], ["accept", "decline"])
    assert turn["by"] == seen.json()["reply_by"]
    taken = send(lead, "POST", f"{offer}accept/", {}, If_Match=seen["ETag"])
    assert (taken.status_code, taken.json()["status"]) == (200, "accepted")
    told = client.get(one)
    assert told.json()["available_actions"] == ["award", "cancel"]
    made = send(client, "POST", f"{one}award/", {"conflicts": "None known."}, If_Match=told["ETag"])
    assert made.status_code == 200, made.content
    assert (made.json()["status"], made.json()["conflicts"]) == ("awarded", "None known.")
    assert made.json()["contract"]["value"]["amount"] == "4100.00"
    assert made["ETag"] == client.get(one)["ETag"]
    contract = f"{CONTRACTS}{made.json()['contract']['reference']}/"
    for asker in (client, lead):
        before = asker.get(contract)
        assert "sign" in before.json()["available_actions"]
        signed = send(asker, "POST", f"{contract}sign/", {}, If_Match=before["ETag"])
        assert signed.status_code == 200, signed.content
    assert signed.json()["status"] == "active"
    steps = client.get(contract).json()["available_actions"]
    assert steps == ["identify", "set_indicators", "extend", "terminate"]
    extended = send(client, "POST", f"{contract}extend/", {})
    assert (extended.json()["status"], extended.json()["value"]["amount"]) == ("extended", "4600.00")
    assert extended.json()["options"][0]["taken"] is True
    named = send(client, "PATCH", contract, {"identifiers": {"notice": "N-1", "purchase_order": None}})
    assert named.json()["identifiers"] == {"notice": "N-1", "purchase_order": None, "buyer_reference": None}
    assert send(client, "POST", f"{contract}complete/", {}).status_code == 409
    begin(Contract.objects.get())
    assert send(client, "POST", f"{contract}complete/", {}).json()["status"] == "complete"
    last = client.get(one).json()
    assert (last["line"]["ended"], {each["place"] for each in last["line"]["stations"]}) == (
        "contracted", {"done"},
    )  # fmt: skip
    history = [each["type"] for each in client.get(f"{one}history/").json()["results"]]
    assert history == [
        "contract.completed", "contract.identified", "contract.extended", "call_off.contracted",
        "contract.concluded", "contract.signed", "contract.signed", "call_off.awarded", "offer.accepted",
        "offer.sent", "call_off.drafted",
    ]  # fmt: skip


def test_what_is_missing_is_told_and_asked_for_when_it_goes_out(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    answer = send(
        client, "POST", LIST, {"title": "Evaluation", "route": "direct_award", "requirement": need()}
    )
    assert answer.status_code == 201
    told = answer.json()
    pointers = ["/terms/mechanism", "/terms/reason", "/shortlist"]
    assert [each["pointer"] for each in told["blocking"]] == pointers
    assert (told["suppliers"], told["greatest_total"], told["shortlist"]) == ([], None, None)
    before = kept()
    sent = send(client, "POST", f"{answer['Location']}offers/", {})
    assert (sent.status_code, [each["pointer"] for each in sent.json()["errors"]]) == (422, pointers)
    assert kept() == before
    mended = send(client, "PATCH", answer["Location"], {"shortlist": ordered(), "terms": TERMS})
    assert (mended.status_code, mended.json()["blocking"]) == (200, [])
    assert mended["ETag"] == client.get(answer["Location"])["ETag"]


def test_a_supplier_without_a_price_says_why(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    body = {"title": "x", "route": "direct_award", "requirement": need("G4"), "shortlist": ordered()}
    told = send(client, "POST", LIST, body | {"terms": TERMS}).json()
    assert {(one["price"], one["total"]) for one in told["suppliers"]} == {(None, None)}
    assert all(one["unpriced"][0]["message"] for one in told["suppliers"])
    assert told["greatest_total"] is None
    assert told["blocking"] == told["suppliers"][0]["unpriced"]


def test_an_approval_is_asked_for_given_and_falls(person: Callable[[str], Client]) -> None:
    set_limit(acting("chief"), BUYER, "4000.00")
    one = f"{LIST}{drafted().reference}/"
    client, approver = person("buyer"), person("approver")
    told = client.get(one).json()
    assert told["approval"]["asked"] is True
    assert told["available_actions"] == ["edit", "ask_approval", "cancel"]
    assert [each["status"] for each in told["line"]["stations"]][:2] == ["draft", "approved"]
    assert told["line"]["next"] == {"who": ["approver"], "steps": ["approve"], "by": None}
    refused = send(client, "POST", f"{one}offers/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert approver.get(one).json()["available_actions"][1:4] == ["ask_approval", "approve", "send_back"]
    asked = send(client, "POST", f"{one}ask-approval/", {}, Idempotency_Key="k0").json()
    assert (asked["status"], asked["line"]["next"]["steps"]) == ("draft", ["approve"])
    given = send(approver, "POST", f"{one}approve/", {}).json()
    assert (given["status"], given["approval"]["up_to"]["amount"]) == ("approved", "5600.00")
    assert client.get(one).json()["available_actions"] == ["edit", "send_offer", "cancel"]
    fallen = send(client, "PATCH", one, {"title": "Another"}).json()
    assert (fallen["status"], fallen["approval"]["approved_at"]) == ("draft", None)
    # Whoever wrote any of it does not approve it.
    assert send(approver, "PATCH", one, {"title": "Ours"}).status_code == 200
    assert "approve" not in approver.get(one).json()["available_actions"]
    assert send(approver, "POST", f"{one}approve/", {}, Idempotency_Key="k2").status_code == 403
    assert send(person("chief"), "POST", f"{one}approve/", {}).status_code == 200


def test_every_change_needs_if_match_and_every_post_a_key(person: Callable[[str], Client]) -> None:
    things: dict[str, str] = {}
    for kind, method, path, body, _, answers in MOVES:
        who = next(who for who in WHO if not answers[who])
        client = person("chief" if who in APPROVERS else str(WHO[who]))
        one = path.format(things.get(kind) or things.setdefault(kind, made(kind)))
        before = kept()
        bare = send(client, method, one, body, If_Match="")
        assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required"), path
        stale = send(client, method, one, body, If_Match='"9-0a"')
        assert (stale.status_code, stale.json()["code"]) == (412, "stale"), path
        if method == "POST":
            bare = send(client, method, one, body, Idempotency_Key="")
            assert (bare.status_code, bare.json()["code"]) == (400, "idempotency_key_missing"), path
        assert kept() == before, path
        BuyerLimit.objects.all().delete()


def test_a_repeated_post_is_done_once_and_answered_alike(person: Callable[[str], Client]) -> None:
    client, lead, one = person("buyer"), person("larch"), f"{LIST}{drafted().reference}/"
    tag = client.get(one)["ETag"]
    first = send(client, "POST", f"{one}offers/", {}, If_Match=tag)
    again = send(client, "POST", f"{one}offers/", {}, If_Match=tag)
    assert (again.status_code, again.json(), again["ETag"]) == (201, first.json(), first["ETag"])
    assert again["Idempotency-Replayed"] == "true"
    other = send(client, "POST", f"{one}offers/", {}, If_Match="*")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    for _ in range(2):
        assert (
            send(lead, "POST", f"{first['Location']}accept/", {}, If_Match=first["ETag"]).status_code == 200
        )
    assert (Offer.objects.count(), Offer.objects.get().revision) == (1, 2)


@pytest.mark.parametrize(
    ("kind", "method", "path", "body", "status", "pointers"),
    [
        ("", "POST", LIST, {"title": 5, "route": "direct_award", "requirement": "{need}"}, 400, ["/title"]),
        ("", "POST", LIST, {"title": "x", "route": "direct_award", "requirement": 7}, 400, ["/requirement"]),
        ("", "POST", LIST, {"title": "x", "route": "raffle", "requirement": "{need}"}, 422, ["/route"]),
        ("", "POST", LIST, {"title": "x", "route": "direct_award"}, 422, ["/requirement"]),
        ("", "POST", LIST, {"colour": "red"}, 400, ["/colour"]),
        ("", "POST", LIST, {"title": "x", "route": "direct_award", "requirement": "{need}",
                            "terms": {"value": "1.234", "colour": 1}}, 400, ["/terms/colour", "/terms/value"]),
        ("", "POST", LIST, {"title": "x", "route": "direct_award", "requirement": "{need}",
                            "terms": []}, 400, ["/terms"]),
        ("", "POST", LIST, {"title": "x", "route": "direct_award", "requirement": "{need}",
                            "shortlist": "SL-1999-0001"}, 422, ["/shortlist"]),
        ("CALL_OFF", "PATCH", LIST + "{}/", {"status": "awarded"}, 400, ["/status"]),
        ("CALL_OFF", "PATCH", LIST + "{}/", {"terms": {"reply_days": 0}}, 422, ["/terms/reply_days"]),
        ("CALL_OFF", "POST", LIST + "{}/cancel/", {}, 422, ["/reason"]),
        ("CALL_OFF", "POST", LIST + "{}/cancel/", {"reason": 5}, 400, ["/reason"]),
        ("CALL_OFF", "POST", LIST + "{}/offers/", {"to": "larch"}, 400, ["/to"]),
        ("ACCEPTED", "POST", LIST + "{}/award/", {"conflicts": " "}, 422, ["/conflicts"]),
        ("SENT", "POST", OFFERS + "{}/withdraw/", {}, 422, ["/reason"]),
        ("SENT", "POST", OFFERS + "{}/extend/", {}, 422, ["/reply_by"]),
        ("SENT", "POST", OFFERS + "{}/extend/", {"reply_by": "2020-01-01T00:00:00Z"}, 422, ["/reply_by"]),
        ("CONTRACT", "PATCH", CONTRACTS + "{}/", {"identifiers": {"colour": "x"}}, 400, ["/identifiers/colour"]),
        ("CONTRACT", "PATCH", CONTRACTS + "{}/", {"identifiers": {"notice": 5}}, 400, ["/identifiers/notice"]),
        ("CONTRACT", "PATCH", CONTRACTS + "{}/", {"identifiers": None}, 400, ["/identifiers"]),
    ],
)  # fmt: skip
def test_faults_are_named_by_pointer(
    kind: str,
    method: str,
    path: str,
    body: Any,
    status: int,
    pointers: list[str],
    person: Callable[[str], Client],
) -> None:
    if "requirement" in body and body["requirement"] == "{need}":
        body = body | {"requirement": need()}
    one = path.format(made(kind)) if kind else path
    before = kept()
    answer = send(person("buyer"), method, one, body)
    assert answer.status_code == status, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert kept() == before


def test_what_is_not_there_is_a_404(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    for path in (f"{LIST}CO-1999-0001/", f"{OFFERS}CO-1999-0001~1/", f"{CONTRACTS}CT-1999-0001/"):
        assert client.get(path).status_code == 404
    assert client.get("/api/v1/organisations/nobody/limit/").status_code == 404
    assert send(client, "POST", f"{LIST}CO-1999-0001/cancel/", REASON).status_code == 404


def test_public_notices_are_counted_down_drafted_and_kept(person: Callable[[str], Client]) -> None:
    reference = calling_off.active(expenses="300000.00").reference
    path, today = f"{CONTRACTS}{reference}/", timezone.localdate()
    buyer = person("buyer")
    shown = buyer.get(path).json()
    first = [(one["key"], one["status"], one["days_left"]) for one in shown["notices"]][:2]
    assert first == [("uk6", "published", None), ("uk7", "due", 29)]
    assert shown["no_notices"] == ""
    assert "publish_notice" in shown["available_actions"]
    draft = buyer.get(f"{path}notices/uk7/").json()
    assert draft["due_on"] == (today + timedelta(days=29)).isoformat()
    assert draft["value"]["without_vat"] == "304500.00"
    for who in ("larch", "alder", "neighbour"):
        assert person(who).get(f"{path}notices/uk7/").status_code == 404
    assert buyer.get(f"{path}notices/uk9-1/").status_code == 404
    said = {"number": "2026/S 000-1", "published_on": today.isoformat()}
    before = kept()
    for who, status in (("larch", 403), ("brightwater", 404), ("reader", 403)):
        assert send(person(who), "POST", f"{path}notices/uk7/publish/", said).status_code == status
    stale = {"If-Match": '"1-x"'}
    assert send(buyer, "POST", f"{path}notices/uk7/publish/", said, **stale).status_code == 412
    assert send(buyer, "POST", f"{path}notices/uk7/publish/", {"number": "1"}).status_code == 400
    ahead = said | {"published_on": (today + timedelta(days=1)).isoformat()}
    assert send(buyer, "POST", f"{path}notices/uk7/publish/", ahead).status_code == 422
    assert send(buyer, "POST", f"{path}notices/uk7/publish/", said | {"colour": "blue"}).status_code == 400
    assert kept() == before
    told = send(buyer, "POST", f"{path}notices/uk7/publish/", said, Idempotency_Key="k2")
    assert told.status_code == 200
    [_, made, *_] = told.json()["notices"]
    assert (made["status"], {name: made[name] for name in said}) == ("published", said)
    again = send(buyer, "POST", f"{path}notices/uk7/publish/", said, Idempotency_Key="k2")
    assert again.json() == told.json()
    call_off = buyer.get(f"{LIST}{shown['call_off']['reference']}/").json()
    assert [one["key"] for one in call_off["notices"]] == ["uk6", "uk7", "uk10-1", "uk11"]
    assert call_off["line"]["next"]["steps"] == []
