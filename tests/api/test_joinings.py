"""Applications to join through the API: who is answered what, what is shown, validators, repeats, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.joining import withdraw_joining
from procurement.models import Appointment, Event, Joining, Offering, Supplier, SupplierMember
from tests.api import calling_off
from tests.api.buying import BUYER
from tests.api.calling_off import acting
from tests.api.conftest import Asker, TokenMaker, asks
from tests.api.joining import OFFERS, OWNER, brought, people

LIST, LEAVE = "/api/v1/joinings/", "/api/v1/suppliers/larch/members/alder/leave/"
SCOPES = "joinings:read joinings:write"
WHO: dict[str, Asker] = {
    "nobody": "",
    "firm": "brightwater",
    "firm's viewer": "brightwater-reader",
    "lead": "larch",
    "lead's viewer": "larch-reader",
    "lead's administrator": "larch-chief",
    "member": "alder",
    "member's administrator": "alder-chief",
    "framework owner": "owner",
    "framework owner's viewer": "owner-reader",
    "other framework owner": "other-owner",
    "other firm": "partner",
    "buyer": "chief",
    "operator": "operator",
    "firm's token": ("brightwater", SCOPES),
    "firm's reading token": ("brightwater", "joinings:read"),
    "firm's token without scope": ("brightwater", "offers:read offers:write"),
    "lead's token": ("larch", SCOPES),
    "member's token": ("alder", SCOPES),
    "owner's token": (OWNER, SCOPES),
    "owner's token without scope": (OWNER, "frameworks:write"),
    "buyer's token": (BUYER, "call_offs:read call_offs:write"),
}
FIRM = ("firm", "firm's token")
LEAD = ("lead", "lead's administrator", "lead's token")
OF_OWNER = ("framework owner", "owner's token")
READERS = (
    *FIRM, *LEAD, *OF_OWNER, "firm's viewer", "firm's reading token", "lead's viewer", "framework owner's viewer",
)  # fmt: skip
SUBJECTS = ("firm's viewer", "firm's reading token")
"""Who reads the firm's draft beside those who write it."""
REASON = {"reason": "Because."}

MOVES: tuple[tuple[str, str, str, Any, tuple[str, ...], tuple[str, ...]], ...] = (
    ("JOINING", "PATCH", "", {"statement": "More."}, FIRM, (*FIRM, *SUBJECTS)),
    ("JOINING", "POST", "submit/", {}, FIRM, (*FIRM, *SUBJECTS)),
    ("SUBMITTED", "POST", "agree/", {}, LEAD, READERS),
    ("AGREED", "POST", "check/", {}, OF_OWNER, READERS),
    ("CHECKED", "POST", "admit/", {}, OF_OWNER, READERS),
    ("SUBMITTED", "POST", "refuse/", REASON, (*LEAD, *OF_OWNER), READERS),
    ("AGREED", "POST", "refuse/", REASON, OF_OWNER, READERS),
    ("SUBMITTED", "POST", "withdraw/", {}, FIRM, READERS),
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()
    people()


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A change of whatever is there (If-Match: *), unless the headers say otherwise."""
    told = {"If-Match": "*", "Idempotency-Key": "k1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    content = "" if body is None else json.dumps(body)
    return client.generic(method, path, content, content_type="application/json", headers=told)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(Joining.objects.order_by("pk").values("revision", "status", "statement", "offers", "reason")),
        list(SupplierMember.objects.order_by("pk").values("supplier", "partner", "left_on")),
        [one.objects.count() for one in (Offering, Appointment, Supplier)],
    ]


@pytest.mark.whole
@pytest.mark.parametrize(("way", "method", "path", "body", "may", "see"), MOVES)
def test_who_may_move_an_application(
    way: str, method: str, path: str, body: Any, may: tuple[str, ...], see: tuple[str, ...],
    person: Callable[[str], Client], token: TokenMaker,
) -> None:  # fmt: skip
    one = f"{LIST}{brought(way).reference}/{path}"
    before = kept()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        # Taken back, so that the next finds it as it was.
        with transaction.atomic():
            answer = send(client, method, one, body, **headers)
            expected = 401 if who == "nobody" else 200 if who in may else 403 if who in see else 404
            assert answer.status_code == expected, (who, answer.content)
            assert (kept() == before) is (who not in may), who
            transaction.set_rollback(True)


@pytest.mark.parametrize("way", ["JOINING", "SUBMITTED"])
def test_who_reads_an_application(way: str, person: Callable[[str], Client], token: TokenMaker) -> None:
    reference = brought(way).reference
    see = (*FIRM, *SUBJECTS) if way == "JOINING" else READERS
    none = {
        "buyer", "operator", "buyer's token", "firm's token without scope", "owner's token without scope",
    }  # fmt: skip
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        answer = client.get(f"{LIST}{reference}/", headers=headers)
        assert answer.status_code == (401 if who == "nobody" else 200 if who in see else 404), who
        listed = client.get(LIST, headers=headers)
        assert listed.status_code == (401 if who == "nobody" else 403 if who in none else 200), who
        if listed.status_code == 200:
            found = [one["reference"] for one in listed.json()["results"]]
            assert found == [reference][: who in see], who


def test_who_begins_an_application(person: Callable[[str], Client], token: TokenMaker) -> None:
    body = {"partner": "brightwater", "lot": "xd1~1", "supplier": "larch", "offers": OFFERS}
    before = kept()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        with transaction.atomic():
            answer = send(client, "POST", LIST, body, **headers)
            expected = {"nobody": 401} | dict.fromkeys(FIRM, 201) | dict.fromkeys(SUBJECTS, 403)
            assert answer.status_code == expected.get(who, 404), (who, answer.content)
            assert (kept() == before) is (who not in FIRM), who
            transaction.set_rollback(True)


def test_who_leaves_a_consortium(person: Callable[[str], Client], token: TokenMaker) -> None:
    before = kept()
    may = ("member's administrator", "member's token")
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        with transaction.atomic():
            answer = send(client, "POST", LEAVE, {}, **headers)
            expected = {"nobody": 401, "member": 403} | dict.fromkeys(may, 200)
            assert answer.status_code == expected.get(who, 404), (who, answer.content)
            assert (kept() == before) is (who not in may), who
            transaction.set_rollback(True)


def test_a_member_leaves_once_and_the_lead_does_not(person: Callable[[str], Client]) -> None:
    before = kept()
    led = send(person("larch-chief"), "POST", "/api/v1/suppliers/larch/members/larch/leave/", {})
    assert (led.status_code, kept()) == (409, before)
    client = person("alder-chief")
    first, again = (send(client, "POST", LEAVE, {}) for _ in range(2))
    assert first.json()["partner"] == {"reference": "alder", "name": "Alder Research"}
    assert first.json()["left_on"] is not None
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    assert send(client, "POST", LEAVE, {}, Idempotency_Key="k2").status_code == 404


def test_from_draft_to_member(person: Callable[[str], Client]) -> None:
    firm, lead, owner = person("brightwater"), person("larch"), person("owner")
    begun = send(firm, "POST", LIST, {"partner": "brightwater", "lot": "xd1~1", "supplier": "larch"})
    assert begun.status_code == 201, begun.content
    one, told = begun["Location"], begun.json()
    assert begun["ETag"] == firm.get(one)["ETag"]
    assert (told["partner"], told["supplier"], told["lot"]) == (
        {"reference": "brightwater", "name": "Brightwater Advisory"},
        {"reference": "larch", "name": "Larch Consortium"},
        {"reference": "xd1~1", "name": "Evaluation", "number": "1"},
    )
    assert told["available_actions"] == ["edit", "submit", "withdraw"]
    assert told["line"] == {
        "stations": [
            {"status": "draft", "label": "Draft", "place": "here"},
            {"status": "submitted", "label": "Submitted", "place": "ahead"},
            {"status": "agreed", "label": "Agreed by the lead", "place": "ahead"},
            {"status": "checked", "label": "Checked by the framework owner", "place": "ahead"},
            {"status": "joined", "label": "Joined", "place": "ahead"},
        ],
        "ended": None,
        "next": {"who": ["member"], "steps": ["submit"], "by": None},
    }
    empty = send(firm, "POST", f"{one}submit/", {}, If_Match=begun["ETag"])
    assert (empty.status_code, [each["pointer"] for each in empty.json()["errors"]]) == (
        422, ["/statement", "/offers"],
    )  # fmt: skip
    said = send(firm, "PATCH", one, {"statement": "We evaluate.", "offers": OFFERS}, If_Match=begun["ETag"])
    assert said.json()["offers"] == OFFERS
    assert said["ETag"] == firm.get(one)["ETag"]
    for client, step, status, actions in (
        (firm, "submit", "submitted", ["withdraw"]),
        (lead, "agree", "agreed", []),
        (owner, "check", "checked", ["admit", "refuse"]),
        (owner, "admit", "joined", []),
    ):
        tag = client.get(one)["ETag"] if step != "submit" else said["ETag"]
        moved = send(client, "POST", f"{one}{step}/", {}, If_Match=tag)
        assert moved.status_code == 200, moved.content
        assert (moved.json()["status"], moved.json()["available_actions"]) == (status, actions)
        assert moved["ETag"] == client.get(one)["ETag"]
    last = firm.get(one).json()
    assert (last["line"]["ended"], {each["place"] for each in last["line"]["stations"]}) == (
        "joined", {"done"},
    )  # fmt: skip
    members = firm.get("/api/v1/suppliers/larch/").json()["members"]
    assert {each["partner"]["reference"] for each in members} == {"alder", "brightwater", "larch"}


def test_before_the_lead_has_agreed_nobody_is_offered_the_check(person: Callable[[str], Client]) -> None:
    one = f"{LIST}{brought('SUBMITTED').reference}/"
    assert person("owner").get(one).json()["available_actions"] == ["refuse"]
    assert person("larch").get(one).json()["available_actions"] == ["agree", "refuse"]
    before = kept()
    refused = send(person("owner"), "POST", f"{one}check/", {})
    assert (refused.status_code, refused.json()["code"], kept()) == (409, "conflict", before)


def test_a_firm_by_itself_meets_no_lead(person: Callable[[str], Client]) -> None:
    client, owner = person("alder"), person("owner")
    body = {"partner": "alder", "lot": "xd1~1", "statement": "We research.", "offers": OFFERS}
    begun = send(client, "POST", LIST, body)
    assert (begun.status_code, begun.json()["supplier"]) == (201, None)
    one = begun["Location"]
    assert [each["status"] for each in begun.json()["line"]["stations"]] == [
        "draft", "submitted", "checked", "joined",
    ]  # fmt: skip
    assert send(client, "POST", f"{one}submit/", {}).json()["line"]["next"]["who"] == ["framework owner"]
    assert send(owner, "POST", f"{one}check/", {}).json()["available_actions"] == ["admit", "refuse"]
    assert send(owner, "POST", f"{one}admit/", {}).json()["status"] == "joined"


def test_every_change_needs_if_match_and_every_post_a_key(person: Callable[[str], Client]) -> None:
    for way, method, path, body, may, _ in MOVES:
        with transaction.atomic():
            client = person(str(WHO[may[0]]))
            one = f"{LIST}{brought(way).reference}/{path}"
            before = kept()
            bare = send(client, method, one, body, If_Match="")
            assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required"), path
            stale = send(client, method, one, body, If_Match='"9-0a"')
            assert (stale.status_code, stale.json()["code"]) == (412, "stale"), path
            if method == "POST":
                bare = send(client, method, one, body, Idempotency_Key="")
                assert (bare.status_code, bare.json()["code"]) == (400, "idempotency_key_missing"), path
            assert kept() == before, path
            transaction.set_rollback(True)


def test_a_repeated_post_is_done_once_and_answered_alike(person: Callable[[str], Client]) -> None:
    client = person("brightwater")
    body = {"partner": "brightwater", "lot": "xd1~1", "supplier": "larch", "offers": OFFERS, "statement": "x"}
    first, again = (send(client, "POST", LIST, body) for _ in range(2))
    assert (again.status_code, again.json(), again["ETag"]) == (201, first.json(), first["ETag"])
    assert Joining.objects.count() == 1
    for _ in range(2):
        moved = send(client, "POST", f"{first['Location']}submit/", {}, If_Match=first["ETag"])
        assert (moved.status_code, moved.json()["revision"]) == (200, 2)
    before = kept()
    other = send(client, "POST", LIST, body, Idempotency_Key="k2")
    assert (other.status_code, kept()) == (409, before)


@pytest.mark.parametrize(
    ("path", "body", "status", "pointers"),
    [
        ("", {"partner": "brightwater", "lot": "xd1~9"}, 422, ["/lot"]),
        ("", {"partner": "brightwater", "lot": "xd1~1", "supplier": "none"}, 422, ["/supplier"]),
        ("", {"partner": "brightwater", "lot": 5}, 400, ["/lot"]),
        ("", {"partner": "brightwater", "lot": "xd1~1", "colour": 1}, 400, ["/colour"]),
        ("", {"partner": "brightwater", "lot": "xd1~1", "supplier": "larch", "offers": "x"}, 400, ["/offers"]),
        ("", {"partner": "brightwater", "lot": "xd1~1", "supplier": "larch", "statement": 5}, 400,
         ["/statement"]),
        ("{}/", {"status": "joined"}, 400, ["/status"]),
        ("{}/", {"offers": [{"specialism": "xd1~1~1", "colour": 1}]}, 400, ["/offers/0/colour"]),
        ("{}/", {"offers": [{"specialism": "rm6309~7~1"}]}, 422, ["/offers/0/specialism"]),
        ("{}/submit/", {"lot": "xd1~1"}, 400, ["/lot"]),
        ("{}/refuse/", {"reason": 5}, 400, ["/reason"]),
    ],
)  # fmt: skip
def test_faults_are_named_by_pointer(
    path: str, body: Any, status: int, pointers: list[str], person: Callable[[str], Client]
) -> None:
    one = LIST + (path.format(brought("JOINING").reference) if path else "")
    before = kept()
    answer = send(person("brightwater"), "PATCH" if path == "{}/" else "POST", one, body)
    assert answer.status_code == status, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert kept() == before


def test_lists_are_narrowed_and_take_as_many_queries_for_many_as_for_one(
    person: Callable[[str], Client],
) -> None:
    client, counts = person("owner"), []
    for many in (1, 3):
        for _ in range(many):
            joining = brought("SUBMITTED")
            withdraw_joining(acting("brightwater"), joining.reference, joining.revision)
        for path in (LIST, f"{LIST}{joining.reference}/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    open_one = brought("SUBMITTED").reference
    asked = "?status=submitted&partner=brightwater&supplier=larch&lot=xd1~1"
    assert [one["reference"] for one in client.get(LIST + asked).json()["results"]] == [open_one]
    for none in ("?status=joined", "?partner=alder", "?supplier=brightwater", "?lot=rm6309~7"):
        assert client.get(LIST + none).json()["count"] == 0
    assert client.get(f"{LIST}?colour=red").status_code == 400
