"""The API against its own schema: generated requests, no 500, every answer as the schema tells it.

Half of the requests keep to the schema, half break it. With every test run one operation of each kind (collection and
method) is asked a few times, with `make test-all` every operation many times; each prints how large its sample was.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from _pytest.mark import ParameterSet
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from procurement.models import Organisation
from tests.api.buying import teller
from tests.api.conftest import TokenMaker
from tests.api.described import SCHEMA

REFERENCES = {
    "frameworks": ["rm3745", "rm6309", "none"],
    "lots": ["rm3745~5", "none"],
    "specialisms": ["rm3745~5~1", "none"],
    "grades": ["rm3745~5~g3", "none"],
    "organisations": ["opm-group", "leeds-city-council", "none"],
    "partners": ["opm-group", "brightwater", "none"],
    "suppliers": ["ppl", "brightwater", "none"],
    "rate-cards": ["rm3745~ppl", "rm6309~brightwater", "none"],
    "listings": ["rm3745~ppl~opm-group", "rm6309~brightwater~brightwater", "none"],
    "operations": ["OP-2026-000001", "none"],
    "requirements": ["REQ-2026-0001", "none"],
    "shortlists": ["SL-2026-0001", "none"],
    "matches": ["MATCH-2026-0001", "none"],
    "measures": ["in-work", "none"],
    "outcome-plans": ["CO-2026-0001~outcomes", "none"],
    "claims": ["CL-2026-0001", "none"],
    "joinings": ["JA-2026-0001", "none"],
    "rate-proposals": ["RP-2026-0001", "none"],
}
SMALL, LARGE = 2, 60
"""Requests to each operation in each mode."""
SEED = 2026

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

asked: Counter[str] = Counter()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def told_how_many() -> Iterator[None]:
    """Says how large the sample was, and puts back what `keeping_the_connection` took away."""
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    print(f"\n{sum(asked.values())} generated requests: {dict(sorted(asked.items()))}")


def keeping_the_connection(environ: dict[str, object], start_response: object) -> object:
    """The application, on the connection that holds the test's transaction, as Django's test client
    does it.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    return application(environ, start_response)


def told() -> dict[str, Any]:
    """The schema with real references in its paths, so that requests reach what lies behind them."""
    document = copy.deepcopy(SCHEMA)
    for path, methods in document["paths"].items():
        for each in methods.values():
            for parameter in each["parameters"]:
                kind = {"reference": path.split("/")[3]}.get(parameter["name"], f"{parameter['name']}s")
                if parameter["in"] == "path" and kind in REFERENCES:
                    parameter["schema"] = {"type": "string", "enum": REFERENCES[kind]}
    return document


@schemathesis.serializer("application/x-ndjson")
def as_it_is(ctx: schemathesis.SerializationContext, value: object) -> dict[str, object]:
    """A file's bytes, or whatever a request that breaks the schema holds instead."""
    return {"data": value if isinstance(value, bytes) else str(getattr(value, "data", value)).encode()}


def asked_of(path: str, method: str, described: dict[str, Any]) -> Iterator[ParameterSet]:
    """How an operation is asked: within the schema, and beside it where there is more than the path to break."""
    in_query = any(parameter["in"] == "query" for parameter in described["parameters"])
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        if mode is GenerationMode.POSITIVE or in_query or "requestBody" in described:
            yield pytest.param((path, method.upper()), mode, id=f"{method.upper()} {path} {mode.value}")


ALL = [
    each
    for path, methods in SCHEMA["paths"].items()
    for method, described in methods.items()
    for each in asked_of(path, method, described)
]


def one_of_each_kind() -> list[ParameterSet]:
    """Of each collection and method one operation, asked in one way: always the same ones."""
    kinds: dict[tuple[str, str], list[ParameterSet]] = {}
    for each in ALL:
        path, method = each.values[0]
        kinds.setdefault((path.split("/")[3], method), []).append(each)
    choice = random.Random(SEED)
    return [choice.choice(found) for found in kinds.values()]


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], schemathesis.APIOperation]:
    """Every operation, by its path and method."""
    schema = schemathesis.openapi.from_dict(told())
    schema.app = keeping_the_connection
    known = [found.ok() for found in schema.get_all_operations()]
    return {(operation.path, operation.method.upper()): operation for operation in known}


def secret_for(operation: schemathesis.APIOperation, token: TokenMaker) -> str:
    """A token that may do it; of another firm where the one that would is none of this market's."""
    body, scopes = teller(operation.path, operation.method)
    known = Organisation.objects.filter(reference=body).exists()
    return token(body if known else "opm-group", scopes)


def try_out(operation: schemathesis.APIOperation, mode: GenerationMode, size: int, secret: str) -> None:
    """Sends `size` generated requests to one operation and judges each answer."""

    @hypothesis.settings(
        max_examples=size,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def one(case: schemathesis.Case) -> None:
        if case.method != "GET":
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}", "If-Match": "*"}
        response = case.call()
        asked[f"{response.status_code // 100}xx"] += 1
        case.validate_response(response, checks=CHECKS)

    one()


@pytest.mark.whole
@pytest.mark.parametrize(("known", "mode"), one_of_each_kind())
def test_a_few_generated_requests(
    known: tuple[str, str],
    mode: GenerationMode,
    operations: dict[tuple[str, str], schemathesis.APIOperation],
    token: TokenMaker,
) -> None:
    try_out(operations[known], mode, SMALL, secret_for(operations[known], token))


@pytest.mark.fuzz
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("known", "mode"), ALL)
def test_many_generated_requests(
    known: tuple[str, str],
    mode: GenerationMode,
    operations: dict[tuple[str, str], schemathesis.APIOperation],
    token: TokenMaker,
) -> None:
    try_out(operations[known], mode, LARGE, secret_for(operations[known], token))


@pytest.mark.fuzz
def test_every_operation_is_asked(operations: dict[tuple[str, str], schemathesis.APIOperation]) -> None:
    assert {each.values[0] for each in ALL} == set(operations)
