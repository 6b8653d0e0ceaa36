"""A body with nothing in it, told to be of any type, on every operation that writes: an answer of the schema, never a
failure of ours.
"""

from __future__ import annotations

import json

import pytest
from django.http import HttpResponse
from django.test import Client

from procurement.models import Event, Organisation
from tests.api.buying import teller
from tests.api.conftest import TokenMaker
from tests.api.described import SCHEMA
from tests.api.test_fuzz import REFERENCES

FORM = "multipart/form-data"
ODD = ("text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "none", "")
WRITES = [
    (path, method, described)
    for path, methods in SCHEMA["paths"].items()
    for method, described in methods.items()
    if method != "get"
]
UPLOADS = [
    path for path, _, described in WRITES if FORM in described.get("requestBody", {}).get("content", {})
]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def address(path: str) -> str:
    """The path with a reference of the market for its parameter, or with one of nothing."""
    known = REFERENCES.get(path.split("/")[3], ["none"])[0]
    named = path.replace("{reference}", known).replace("{partner}", "opm-group")
    return "/".join("none" if step.startswith("{") else step for step in named.split("/"))


def send(token: TokenMaker, path: str, method: str, body: bytes, kind: str) -> HttpResponse:
    """What an operation answers to somebody who may do it, or to a firm where nobody of this market may."""
    organisation, scopes = teller(path, method)
    known = Organisation.objects.filter(reference=organisation).exists()
    secret = token(organisation if known else "opm-group", scopes)
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k", "If-Match": "*"}
    client = Client(raise_request_exception=False)
    return client.generic(method.upper(), address(path), body, content_type=kind, headers=headers)


def test_the_operations_that_take_a_form_are_these() -> None:
    assert sorted(UPLOADS) == [
        "/api/v1/call-offs/{reference}/documents/",
        "/api/v1/claims/{reference}/files/",
        "/api/v1/imports/",
        "/api/v1/rate-proposals/{reference}/file/",
        "/api/v1/tenders/{reference}/files/",
    ]


@pytest.mark.parametrize("body", [b"", b"{}"], ids=["empty", "filled"])
def test_a_file_that_is_not_sent_as_a_form_is_a_415_and_nothing_changes(
    token: TokenMaker, body: bytes
) -> None:
    before = Event.objects.count()
    answers = {(path, kind): send(token, path, "post", body, kind) for path in UPLOADS for kind in ODD}
    assert {key: one.status_code for key, one in answers.items()} == dict.fromkeys(answers, 415)
    assert {json.loads(one.content)["code"] for one in answers.values()} == {"unsupported_media_type"}
    assert Event.objects.count() == before


@pytest.mark.whole
@pytest.mark.parametrize("kind", [*ODD, f"{FORM}; boundary=b", FORM])
def test_an_empty_body_of_any_type_is_answered_by_every_operation_that_writes(
    token: TokenMaker, kind: str
) -> None:
    answers = {
        f"{method} {path}": (send(token, path, method, b"", kind).status_code, described["responses"])
        for path, method, described in WRITES
    }
    assert {asked: status for asked, (status, told) in answers.items() if str(status) not in told} == {}
