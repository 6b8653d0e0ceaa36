"""Who may do what through the API: one table of method, path, who asks and what they are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import TokenMaker, asks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

PROFILE = "/api/v1/partners/opm-group/"
IMPORTS = "/api/v1/imports/?dry_run=true"
PUBLIC = (
    "/api/v1/frameworks/", "/api/v1/lots/rm3745~5/", "/api/v1/specialisms/", "/api/v1/grades/",
    "/api/v1/organisations/opm-group/", PROFILE, "/api/v1/suppliers/ppl/", "/api/v1/rate-cards/rm3745~ppl/",
    "/api/v1/listings/?q=evaluation", "/api/v1/listings/rm3745~ppl~opm-group/", "/api/v1/rates/",
    "/api/v1/rates.csv",
    "/api/v1/comparisons/?listing=rm3745~ppl~opm-group&listing=rm3745~ppl~scie",
    "/api/v1/", "/api/v1/health/live/", "/api/v1/schema/", "/api/v1/docs/",
)  # fmt: skip

# Who asks: "" nobody, a person of the demonstration, or an organisation and the scopes of its token.
NOBODY = ""
WHO = {
    "nobody": NOBODY,
    "own editor": "partner",
    "own viewer": "viewer",
    "lead of the consortium": "lead",
    "buyer": "buyer",
    "operator": "operator",
    "own token": ("opm-group", "partners:write"),
    "own token without scope": ("opm-group", "read"),
    "own token of another scope": ("opm-group", "imports:write contacts:read"),
    "another's token": ("ppl", "partners:write"),
    "buyer's token": ("leeds-city-council", "partners:write contacts:read"),
    "operator's token": ("calloff-operations", "imports:write partners:write"),
}
TABLE: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("PATCH", PROFILE, {
        "nobody": 401, "own editor": 200, "own viewer": 403, "lead of the consortium": 403,
        "buyer": 403, "operator": 403,
        "own token": 200, "own token without scope": 403, "own token of another scope": 403,
        "another's token": 403,
        "buyer's token": 403, "operator's token": 403,
    }),
    ("POST", IMPORTS, {
        "nobody": 401, "own editor": 403, "lead of the consortium": 403, "buyer": 403, "operator": 202,
        "own token": 403, "own token of another scope": 403, "buyer's token": 403, "operator's token": 202,
    }),
    ("GET", "/api/v1/operations/", {
        "nobody": 401, "own editor": 200, "buyer": 200, "operator": 200, "own token": 403,
        "operator's token": 200,
    }),
    ("GET", "/api/v1/operations/OP-2020-000001/", {"nobody": 401, "buyer": 404, "operator": 404}),
    ("DELETE", "/api/v1/operations/OP-2020-000001/", {"nobody": 401, "buyer": 404, "operator": 404}),
)  # fmt: skip
ROWS = [(method, path, who, status) for method, path, answers in TABLE for who, status in answers.items()]


@pytest.mark.parametrize(("method", "path", "who", "status"), ROWS)
def test_table(
    method: str, path: str, who: str, status: int, person: Callable[[str], Client], token: TokenMaker
) -> None:
    client, headers = asks(WHO[who], person, token)
    sent: dict[str, Any] = {}
    if method == "PATCH":
        sent = {"data": {"summary": "A new summary."}, "content_type": "application/json"}
        headers |= {"If-Match": client.get(PROFILE)["ETag"]}
    if method == "POST":
        sent = {
            "data": b'{"reference": "opm-group", "name": "OPM Group"}\n',
            "content_type": "application/x-ndjson",
        }
        headers |= {"Idempotency-Key": "one"}
    before = Client().get(PROFILE).content
    response = getattr(client, method.lower())(path, headers=headers, **sent)
    assert response.status_code == status, response.content
    if status >= 400:
        assert response["Content-Type"] == "application/problem+json"
        assert Client().get(PROFILE).content == before
    if status == 401:
        assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", PUBLIC)
def test_reading_is_public(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("who", "told"),
    [("nobody", False), ("buyer", True), ("own editor", True), ("operator", True), ("buyer's token", True),
     ("own token", False), ("own token without scope", False), ("own token of another scope", True)],
)  # fmt: skip
def test_contacts_are_for_people_and_tokens_that_may_read_them(
    who: str, told: bool, person: Callable[[str], Client], token: TokenMaker
) -> None:
    client, headers = asks(WHO[who], person, token)
    one = client.get(PROFILE, headers=headers)
    many = client.get("/api/v1/partners/?supplier=ppl", headers=headers)
    assert ("contacts" in one.json()) is told
    assert {"contacts" in each for each in many.json()["results"]} == {told}
    assert "private" in one["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(one["Vary"].split(", "))


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense", "Bearer \xff"])
def test_a_credential_that_is_not_known_is_a_401_even_where_reading_is_public(
    client: Client, header: str
) -> None:
    for path in ("/api/v1/frameworks/", "/api/v1/listings/"):
        response = client.get(path, headers={"Authorization": header})
        assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
        assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_a_person_needs_the_csrf_token_to_change_anything(person: Callable[[str], Client]) -> None:
    client = person("partner")
    client.handler.enforce_csrf_checks = True
    tag = client.get(PROFILE)["ETag"]
    response = client.patch(
        PROFILE, {"summary": "x"}, content_type="application/json", headers={"If-Match": tag}
    )
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert client.get(PROFILE)["ETag"] == tag


def test_a_token_in_the_address_is_not_taken(client: Client, token: TokenMaker) -> None:
    secret = token("opm-group", "partners:write")
    response = client.patch(
        f"{PROFILE}?access_token={secret}", {"summary": "x"}, content_type="application/json"
    )
    assert response.status_code in {400, 401}


def test_a_token_that_lacks_the_scope_is_told_which(client: Client, token: TokenMaker) -> None:
    headers = {"Authorization": f"Bearer {token('leeds-city-council', 'read')}"}
    answer = client.get("/api/v1/call-offs/", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert answer.json()["detail"].endswith("The access token lacks the scope call_offs:read.")
    assert answer["WWW-Authenticate"] == (
        'Bearer realm="calloff", error="insufficient_scope", scope="call_offs:read"'
    )


def test_a_person_who_may_not_is_told_of_no_scope(person: Callable[[str], Client]) -> None:
    answer = person("lead").get("/api/v1/call-offs/")
    assert (answer.status_code, "scope" in answer.json()["detail"]) == (403, False)
    assert "WWW-Authenticate" not in answer
