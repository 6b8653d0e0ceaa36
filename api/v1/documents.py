"""The API about itself: its schema as JSON, and a page that shows it and tries it out, without anything from
elsewhere.
"""

from __future__ import annotations

import threading
from typing import Final

import orjson
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.views import ApiView

COLLECTIONS: Final = (
    "frameworks", "lots", "specialisms", "grades", "organisations", "partners", "suppliers", "rate-cards",
    "listings", "listing-suggestions", "rates", "rate-suggestions", "rates-csv",
    "comparisons", "comparisons-csv", "comparisons-xlsx", "quotes", "teams",
    "requirements", "matches", "shortlists", "saved-searches", "call-offs", "offers", "contracts",
    "joinings", "rate-proposals", "measures", "outcome-plans",
    "invitations", "tenders",
    "imports", "operations",
    "events", "webhooks", "inbox", "dead-letters",
    "live", "ready", "schema", "docs",
)  # fmt: skip
"""The addresses that a reader can begin with, by the names of api/v1/urls.py."""

_made: dict[str, bytes] = {}
_lock: Final = threading.Lock()


def schema_bytes() -> bytes:
    """The schema as JSON, made once in each process."""
    with _lock:
        if "schema" not in _made:
            generator = SchemaGenerator()  # type: ignore[no-untyped-call]
            _made["schema"] = orjson.dumps(
                generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
            )
        return _made["schema"]


class Start(ApiView):
    """Where everything else is: the address of each collection, by name."""

    @operation(
        summary="The addresses of version 1",
        answer={
            "type": "object",
            "required": [name.replace("-", "_") for name in COLLECTIONS],
            "additionalProperties": {"type": "string", "format": "uri"},
        },
        verb="index",
        headers=("validator",),
        example="/api/v1/",
    )
    def get(self, request: Request) -> Response:
        self.asked(request)
        return Response(
            {
                name.replace("-", "_"): request.build_absolute_uri(reverse(f"api:{name}"))
                for name in COLLECTIONS
            }
        )


class SchemaDocument(ApiView):
    """This document: OpenAPI 3.1."""

    @operation(
        summary="The OpenAPI document",
        answer={"type": "object"},
        headers=("validator",),
        example="/api/v1/schema/",
    )
    def get(self, request: Request) -> Response:
        self.asked(request)
        return Response(schema_bytes())


@csp_update({"style-src": ["'unsafe-inline'"], "img-src": ["data:"]})
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The page that shows the schema. Its viewer sets styles in the page, hence the wider policy
    here alone.
    """
    return render(request, "api/docs.html")
