"""A file is taken once, however often it is sent, and followed as an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.actions.operations import uploads
from procurement.models import IdempotencyRecord, Operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

IMPORTS = "/api/v1/imports/"
ROW = b'{"reference": "opm-group", "name": "OPM Group"}\n'


@pytest.fixture
def operator(person: Callable[[str], Client]) -> Client:
    return person("operator")


def post(client: Client, body: bytes = ROW, key: str | None = "one", query: str = "", **more: Any) -> Any:
    sent = {"content_type": "application/x-ndjson", **more}
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"{IMPORTS}{query}", body, headers=headers, **sent)


def kept() -> tuple[int, int, int]:
    return Operation.objects.count(), IdempotencyRecord.objects.count(), len(list(uploads().iterdir()))


def test_a_file_is_taken_and_its_operation_told(operator: Client) -> None:
    response = post(operator, query="?dry_run=true")
    assert response.status_code == 202
    told = response.json()
    assert (told["kind"], told["status"], told["cancellable"]) == ("import_partners", "queued", True)
    assert response["Location"] == f"/api/v1/operations/{told['reference']}/"
    assert operator.get(response["Location"]).json() == told
    assert [each["reference"] for each in operator.get("/api/v1/operations/").json()["results"]] == [
        told["reference"]
    ]
    made = Operation.objects.get(reference=told["reference"])
    assert made.parameters["options"] == {"dry_run": True}


def test_the_same_request_again_is_answered_again_and_done_once(operator: Client) -> None:
    first = post(operator)
    before = kept()
    again = post(operator)
    assert (again.status_code, again.json(), again["Location"]) == (202, first.json(), first["Location"])
    assert (again["Idempotency-Replayed"], first.get("Idempotency-Replayed")) == ("true", None)
    assert kept() == before


@pytest.mark.parametrize(("body", "query"), [(ROW + ROW, ""), (ROW, "?dry_run=true")])
def test_a_key_that_was_used_for_something_else_is_refused(operator: Client, body: bytes, query: str) -> None:
    post(operator)
    before = kept()
    response = post(operator, body, query=query)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert kept() == before


def test_another_key_is_another_request(operator: Client) -> None:
    assert post(operator, key="one").json()["reference"] != post(operator, key="two").json()["reference"]


def test_a_key_belongs_to_who_used_it(operator: Client, token: Callable[..., str]) -> None:
    mine = post(operator)
    headers = {
        "Authorization": f"Bearer {token('calloff-operations', 'imports:write')}",
        "Idempotency-Key": "one",
    }
    other = Client().post(IMPORTS, ROW, content_type="application/x-ndjson", headers=headers)
    assert (other.status_code, other.get("Idempotency-Replayed")) == (202, None)
    assert other.json()["reference"] != mine.json()["reference"]


@pytest.mark.parametrize("key", [None, "", "  ", "a b", "é", "x" * 256])
def test_a_request_without_a_proper_key_is_refused(operator: Client, key: str | None) -> None:
    before = kept()
    response = post(operator, key=key)
    assert response.status_code == 400
    assert response.json()["errors"][0]["header"] == "Idempotency-Key"
    assert kept() == before


def test_a_refusal_leaves_its_key_free(operator: Client) -> None:
    assert post(operator, b"").status_code in {400, 422}
    assert IdempotencyRecord.objects.count() == 0
    assert post(operator).status_code == 202


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("?dry_run=yes", "dry_run"), ("?colour=red", "colour"), ("?partial=1", "partial"),
     ("?dry_run=true&dry_run=true", "dry_run"), ("?name=" + "a" * 201, "name")],
)  # fmt: skip
def test_a_wrong_option_is_named(operator: Client, query: str, parameter: str) -> None:
    before = kept()
    response = post(operator, query=query)
    assert response.status_code == 400
    assert [each["parameter"] for each in response.json()["errors"]] == [parameter]
    assert kept() == before


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "application/zip"])
def test_a_file_of_another_kind_is_a_415(operator: Client, content_type: str) -> None:
    assert post(operator, content_type=content_type).status_code == 415


def test_a_file_that_is_too_long_is_a_413(operator: Client, settings: Any) -> None:
    settings.API_IMPORT_MAX_BYTES = 10
    before = kept()
    assert post(operator).status_code == 413
    assert kept() == before


def test_an_operation_is_cancelled_once(operator: Client) -> None:
    place = post(operator)["Location"]
    cancelled = operator.delete(place)
    assert (cancelled.status_code, cancelled.json()["status"], cancelled.json()["cancellable"]) == (
        200, "cancelled", False,
    )  # fmt: skip
    again = operator.delete(place)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_an_operation_is_its_own_organisations(operator: Client, person: Callable[[str], Client]) -> None:
    place = post(operator)["Location"]
    for other in ("buyer", "partner"):
        assert person(other).get(place).status_code == 404
        assert person(other).delete(place).status_code == 404
        assert person(other).get("/api/v1/operations/").json()["count"] == 0
    assert Operation.objects.get().status == "queued"
