"""The API against its own schema: generated requests, no 500, every answer as the schema tells it.

A small sample runs with every test run, a larger one with `make test-all`; each prints how large it was.
"""

from __future__ import annotations

import json
from collections import Counter

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.v1.documents import schema_bytes
from config.wsgi import application
from tests.api.conftest import TokenMaker

SMALL, LARGE = 3, 60
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

schema = schemathesis.openapi.from_dict(json.loads(schema_bytes()))
schema.app = application
asked: Counter[str] = Counter()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def sample(size: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=size,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )


def tried(case: schemathesis.Case, secret: str) -> None:
    """One generated request, sent and judged."""
    if case.method != "GET":
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}"}
    response = case.call()
    asked[f"{response.status_code // 100}xx"] += 1
    case.validate_response(response, checks=CHECKS)


@schema.parametrize()
@sample(SMALL)
def test_a_few_generated_requests_to_each_address(case: schemathesis.Case, token: TokenMaker) -> None:
    tried(case, token("calloff-operations", "imports:write partners:write"))


@pytest.mark.fuzz
@pytest.mark.timeout(600)
@schema.parametrize()
@sample(LARGE)
def test_many_generated_requests_to_each_address(case: schemathesis.Case, token: TokenMaker) -> None:
    tried(case, token("calloff-operations", "imports:write partners:write"))


@pytest.fixture(scope="module", autouse=True)
def told_how_many() -> object:
    yield
    print(f"\n{sum(asked.values())} generated requests: {dict(asked)}")
