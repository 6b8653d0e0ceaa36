"""Requirements and matches through the API: who is answered what, validators, repeats, faults by pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.matches import keep_match
from procurement.actions.requirements import create_requirement
from procurement.models import Event, Requirement
from procurement.requirements import RequirementContent
from tests.api.buying import ANSWER, BUYER, NEED, RUN, askers, buyer
from tests.api.conftest import TokenMaker, asks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

LIST = "/api/v1/requirements/"
JSON = "application/json"
WHO = askers("requirements:write matches:write", "requirements:read matches:read", "read imports:write")


def post(client: Client, path: str, body: Any, key: str = "k1", **headers: str) -> Any:
    return client.post(path, body, content_type=JSON, headers={"Idempotency-Key": key, **headers})


@pytest.mark.parametrize(
    ("who", "reads", "lists", "writes", "creates"),
    [
        ("nobody", 401, 401, 401, 401),
        ("editor", 200, 200, 200, 201),
        ("viewer", 200, 200, 403, 403),
        ("other buyer", 404, 200, 404, 201),
        ("partner", 404, 403, 404, 403),
        ("operator", 404, 403, 404, 403),
        ("token", 200, 200, 200, 201),
        ("reading token", 200, 200, 403, 403),
        ("token without scope", 404, 403, 404, 403),
        ("partner's token", 404, 403, 404, 403),
    ],
)
def test_who_is_answered_what(
    who: str,
    reads: int,
    lists: int,
    writes: int,
    creates: int,
    person: Callable[[str], Client],
    token: TokenMaker,
) -> None:
    made = create_requirement(buyer(), NEED)
    match = keep_match(buyer(), None, RequirementContent.from_json(NEED), ANSWER, RUN)
    client, headers = asks(WHO[who], person, token)
    one = f"{LIST}{made.reference}/"
    before = Event.objects.count()
    assert client.get(one, headers=headers).status_code == reads
    assert client.get(f"{one}revisions/", headers=headers).status_code == reads
    assert client.get(f"/api/v1/matches/{match.reference}/", headers=headers).status_code == reads
    for path in (LIST, "/api/v1/matches/"):
        listed = client.get(path, headers=headers)
        assert listed.status_code == lists
        if lists == 200:
            assert listed.json()["count"] == (1 if reads == 200 else 0)
    written = client.patch(one, {"months": 3}, content_type=JSON, headers=headers | {"If-Match": "*"})
    assert written.status_code == writes
    withdrawn = post(client, f"{one}withdraw/", {}, **headers, **{"If-Match": "*"})
    assert withdrawn.status_code == writes
    assert post(client, LIST, NEED, "k2", **headers).status_code == creates
    done = (2 if writes == 200 else 0) + (1 if creates == 201 else 0)
    assert Event.objects.count() == before + done


def test_a_merge_patch_goes_into_objects_of_a_requirement(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    preferences = {"ownership": ["employee-owned"], "size": ["small"]}
    budget = {"amount": "9000.00", "currency": "GBP"}
    made = post(client, LIST, NEED | {"preferences": preferences, "budget": budget, "months": 6})
    assert made.status_code == 201
    changes = {"preferences": {"size": ["medium"]}, "budget": {"amount": "9500.00"}, "months": None}

    told = client.patch(
        made["Location"], changes, content_type="application/merge-patch+json", headers={"If-Match": "*"}
    )

    assert told.status_code == 200
    body = told.json()
    assert (body["preferences"]["ownership"], body["preferences"]["size"]) == (["employee-owned"], ["medium"])
    assert (body["budget"], body["months"]) == ({"amount": "9500.00", "currency": "GBP"}, None)
    whole = client.patch(
        made["Location"],
        {"preferences": {"size": ["large"]}},
        content_type=JSON,
        headers={"If-Match": told["ETag"]},
    )
    assert (whole.status_code, whole.json()["preferences"]["ownership"]) == (200, [])


def test_a_requirement_is_created_revised_and_withdrawn(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    made = post(client, LIST, NEED)
    assert made.status_code == 201
    body = made.json()
    assert made["Location"] == f"{LIST}{body['reference']}/"
    assert {name: body[name] for name in NEED} == NEED
    assert (body["status"], body["number"], body["organisation"]["reference"]) == ("open", 1, BUYER)
    read = client.get(made["Location"])
    assert read.json() == body
    assert read["Cache-Control"] == "private, no-cache"
    revised = client.patch(
        made["Location"], {"months": 9}, content_type=JSON, headers={"If-Match": read["ETag"]}
    )
    assert (revised.status_code, revised.json()["months"], revised.json()["number"]) == (200, 9, 2)
    stale = client.patch(
        made["Location"], {"months": 10}, content_type=JSON, headers={"If-Match": read["ETag"]}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    bare = client.patch(made["Location"], {"months": 10}, content_type=JSON)
    assert bare.status_code == 428
    revisions = client.get(f"{made['Location']}revisions/").json()["results"]
    assert [(one["number"], one["content"]["months"]) for one in revisions] == [(2, 9), (1, None)]
    gone = post(
        client, f"{made['Location']}withdraw/", {"reason": "No money."}, **{"If-Match": revised["ETag"]}
    )
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    assert gone["ETag"] == client.get(made["Location"])["ETag"]
    late = client.patch(
        made["Location"], {"months": 1}, content_type=JSON, headers={"If-Match": gone["ETag"]}
    )
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert client.get(f"{LIST}?status=open").json()["count"] == 0


def test_a_repeated_post_is_done_once(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    first, again = post(client, LIST, NEED), post(client, LIST, NEED)
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert Requirement.objects.count() == 1
    other = post(client, LIST, NEED | {"months": 2})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    read = client.get(first["Location"])["ETag"]
    gone = post(client, f"{first['Location']}withdraw/", {}, **{"If-Match": read})
    again = post(client, f"{first['Location']}withdraw/", {}, **{"If-Match": read})
    assert (gone.status_code, again.status_code, again["ETag"]) == (200, 200, gone["ETag"])
    missing = client.post(LIST, NEED, content_type=JSON)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("changes", "status", "pointers"),
    [
        ({"colour": "blue"}, 400, ["/colour"]),
        ({"months": "nine"}, 400, ["/months"]),
        ({"team": [{"grade": "G3", "days": 1}]}, 400, ["/team/0/days"]),
        ({"organisation": 5}, 400, ["/organisation"]),
        ({"lot": "rm6309~99", "specialisms": []}, 422, ["/lot"]),
        ({"regions": ["UKC", "TLC1"]}, 422, ["/regions/1"]),
        ({"team": [{"grade": "G99", "days": "1"}]}, 422, ["/team/0/grade"]),
        ({"must_have": {"accreditations": ["iso-9001"]}}, 422, ["/must_have/accreditations"]),
        ({"must_have": {"ownership": ["charity"]}}, 400, ["/must_have/ownership"]),
    ],
)
def test_faults_are_named_by_pointer(
    person: Callable[[str], Client], changes: dict[str, Any], status: int, pointers: list[str]
) -> None:
    answer = post(person("buyer"), LIST, NEED | changes)
    assert answer.status_code == status, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert not Requirement.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"text"', "5", "null", ""])
def test_a_body_that_is_no_object_is_refused(person: Callable[[str], Client], body: str) -> None:
    answer = post(person("buyer"), LIST, body)
    assert answer.status_code == 400


def test_a_match_is_read_with_its_answer_and_listed_without(person: Callable[[str], Client]) -> None:
    requirement = create_requirement(buyer(), NEED)
    kept = keep_match(buyer(), None, RequirementContent.from_json(NEED), ANSWER, RUN, requirement.reference)
    client = person("reader")
    one = client.get(f"/api/v1/matches/{kept.reference}/").json()
    assert one["answer"] == ANSWER
    assert one["requirement"] == {"reference": requirement.reference, "number": 1}
    assert (one["ranking"], one["on"], one["digest"]) == ("2026.1", "2026-03-01", kept.digest)
    listed = client.get(f"/api/v1/matches/?requirement={requirement.reference}").json()["results"]
    assert listed == [{name: value for name, value in one.items() if name != "answer"}]
    assert client.get("/api/v1/matches/?requirement=REQ-1999-0001").json()["count"] == 0


def test_lists_take_as_many_queries_for_many_as_for_one(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    counts = []
    for many in (1, 5):
        for _ in range(many):
            made = create_requirement(buyer(), NEED)
            keep_match(buyer(), None, RequirementContent.from_json(NEED), ANSWER, RUN, made.reference)
        for path in (LIST, "/api/v1/matches/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
