"""The schema tells the truth: it is valid, it is the one committed, and its examples do what they say.

What the examples name is made once for all of them; each undoes what it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.validation import validate_schema
from pytest_django import DjangoDbBlocker

from api.v1.documents import schema_bytes
from procurement.actions.operations import start_import
from procurement.models import User
from procurement.permissions import person
from tests.api import joining, keeping, outcomes, proposing
from tests.api.administering import administered
from tests.api.buying import buying, teller
from tests.api.calling_off import calling_off
from tests.api.competing import FILES, competing, place_contest
from tests.api.conftest import TokenMaker, token_for
from tests.api.curl import run
from tests.api.described import SCHEMA, SNAPSHOT
from tests.competed import after


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in SCHEMA["paths"].items():
        for method, told in methods.items():
            yield path, method, told


OPERATIONS = [pytest.param(path, method, told, id=f"{method} {path}") for path, method, told in operations()]


def resolver() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": SCHEMA["components"]}
    )


def conforms(value: Any, schema: dict[str, Any]) -> None:
    """Raises where the value is not what the schema tells."""
    whole = {"components": SCHEMA["components"], **schema}
    jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


@pytest.mark.long
def test_the_schema_is_valid_openapi_3_1() -> None:
    assert SCHEMA["openapi"].startswith("3.1.")
    validate_schema(SCHEMA)


def test_the_committed_schema_is_the_one_that_the_code_tells() -> None:
    assert json.loads(schema_bytes()) == SCHEMA, f"`make schema` writes {SNAPSHOT.name} anew"


@pytest.mark.parametrize(("path", "method", "told"), OPERATIONS)
def test_every_operation_tells_all_that_a_reader_needs(path: str, method: str, told: dict[str, Any]) -> None:
    assert told["summary"]
    assert told["description"]
    assert told["operationId"]
    assert told["x-codeSamples"][0]["source"].startswith("curl ")
    assert {"400", "401"} <= set(told["responses"])
    for status, answer in told["responses"].items():
        if status >= "4" and (path, status) != ("/api/v1/health/ready/", "503"):
            assert list(answer["content"]) == ["application/problem+json"]
    for parameter in told.get("parameters", ()):
        assert parameter["description"]
        schema = parameter["schema"].get("items", parameter["schema"])
        bounded = {"enum", "$ref", "maxLength", "pattern", "maximum", "format"} & set(schema)
        assert bounded or schema["type"] == "boolean" or parameter["name"] == "If-Match", parameter


def test_operations_have_names_of_their_own() -> None:
    names = [told["operationId"] for _, _, told in operations()]
    assert len(names) == len(set(names))


def test_each_closed_list_is_named_once() -> None:
    """No component and no parameter repeats the values of another: an enum is spelt in one place."""
    lists = [tuple(schema["enum"]) for schema in SCHEMA["components"]["schemas"].values() if "enum" in schema]
    assert len(lists) == len(set(lists))
    named = set(lists)
    for path, _, told in operations():
        for parameter in told.get("parameters", ()):
            schema = parameter["schema"].get("items", parameter["schema"])
            assert tuple(schema.get("enum", ())) not in named, (path, parameter["name"])


@pytest.fixture(scope="module")
def made(market: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """What the examples name, made once; each example undoes what it does."""
    with django_db_blocker.unblock(), transaction.atomic():
        operator = person(User.objects.get(email="operator@example.org"))
        begun = start_import(operator, "import_partners", [b"{}\n"], "partners.jsonl", {"dry_run": True})
        client = Client()
        variables = buying(client, token_for) | {
            "ETAG": client.get("/api/v1/partners/opm-group/")["ETag"],
            "KEY": "6f1f0d3c",
            "OPERATION": begun.reference,
            "CLARIFY": after(days=7),
            "DEADLINE": after(days=14),
            "LATER": after(days=30),
        }
        place_contest()
        joining.people()
        outcomes.people()
        yield variables | competing() | outcomes.outcomes_made() | calling_off() | administered()
        transaction.set_rollback(True)


@pytest.mark.whole
@pytest.mark.django_db
@pytest.mark.parametrize(("path", "method", "told"), OPERATIONS)
def test_every_example_does_what_it_says(
    path: str, method: str, told: dict[str, Any], made: dict[str, str], token: TokenMaker
) -> None:
    source = told["x-codeSamples"][0]["source"]
    variables = (
        made
        | joining.joining_of(source)
        | proposing.proposal_of(source)
        | keeping.kept_of(source)
        | {"TOKEN": token(*teller(path, method))}
    )
    files = FILES | {
        "rates.csv": proposing.RATES,
        "partners.jsonl": b'{"reference": "opm-group", "name": "OPM Group"}\n',
    }
    response = run(source, variables, files)
    good = next(status for status in told["responses"] if status.startswith("2"))
    assert str(response.status_code) == good, getattr(response, "content", b"")[:500]
    if good == "204":
        assert response.content == b""
        return
    media = response["Content-Type"].partition(";")[0]
    schema = told["responses"][good]["content"][media]["schema"]
    if media == "application/json":
        body = json.loads(response.content)
        conforms(body, schema)
        assert body.get("results", True), "the example finds nothing"
        assert body.get("count", 1) > 0
