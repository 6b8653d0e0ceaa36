"""The OpenAPI document, computed: parameters from their tables, bodies from serializers, problems from what a
view does.

A view's method is told by `@operation(...)`; everything else (path, query and header parameters, security,
the problems that any address may answer) follows from the view. Every operation carries a curl line, which a
test runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.utils import Direction
from rest_framework.serializers import BaseSerializer

from api.errors import CONTENT_TYPE
from api.views import ApiView
from procurement.models.base import REFERENCE_LENGTH
from procurement.permissions import SCOPES

Method = TypeVar("Method", bound=Callable[..., Any])
JSON: Final = "application/json"
ORIGIN: Final = "http://127.0.0.1:8000"

COLUMN_SIZES: Final = (2**15 - 1, 2**31 - 1, 2**63 - 1)
PROBLEMS: Final[dict[int, str]] = {
    400: "Malformed: an unknown parameter or field, or one that cannot be read. `errors` names each.",
    401: "Nobody is signed in, or the access token is unknown or has expired.",
    403: "Whoever asks may see this but not do it.",
    404: "There is nothing here, or nothing that whoever asks may see.",
    405: "The address does not take this method; `Allow` names those it takes.",
    409: "The object's state does not allow this.",
    410: "What the link leads to is no more, or never was.",
    412: "The object has changed since it was read.",
    413: "The body is too large.",
    415: "The body's media type is not one that this address takes.",
    422: "Well formed, but it breaks a rule. `errors` names each.",
    428: "If-Match is missing.",
    429: "Too many requests; `Retry-After` says when to come again.",
    503: "Search or the database cannot answer now; `Retry-After` says when to come again.",
}

FAULT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer into the body (RFC 6901)"},
        "parameter": {"type": "string", "description": "The query parameter"},
        "header": {"type": "string"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "additionalProperties": False,
}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Names the problem for programs; it does not change."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
    },
}
SECURITY: Final[dict[str, dict[str, Any]]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A person, signed in."},
    "integration": {
        "type": "oauth2",
        "description": "An integration: an access token by client credentials.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token/", "scopes": SCOPES}},
    },
}
REFERENCE_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": 2 * REFERENCE_LENGTH}
PATH_PARAMETERS: Final = {
    "reference": "The object's reference.",
    "listing": "The reference of a listing.",
    "operation": "The reference of an operation.",
    "delivery": "The reference of a delivery: its `webhook-id`.",
    "partner": "The reference of a partner.",
    "user": "The reference of a person.",
    "domain": "What stands after the @ of addresses.",
    "part": "Their part.",
    "invitation": "The reference of an invitation.",
    "document": "The reference of a document.",
    "file": "The reference of a file.",
    "notice": "The key of a notice within its contract, such as `uk7`.",
    "number": "Which of several, from 1.",
}
PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "number": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
}
RATE_LIMIT: Final = {
    "RateLimit": {
        "description": 'What is left: `"search";r=599;t=42`',
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": 'What may be spent: `"search";q=600;w=60`',
        "schema": {"type": "string"},
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What the schema cannot see in a view's method.

    `answer` is a serializer, a JSON Schema, or None for no body; `listed` wraps it as a page of a list.
    `body` maps media types to serializers or JSON Schemas. `scope` is what an integration needs, None where
    reading is public. `problems` are the statuses beyond those that every address may answer. `example` is
    what follows the origin in the curl line, or a whole line that begins with `curl`.
    """

    summary: str
    example: str
    answer: type[BaseSerializer[Any]] | Mapping[str, Any] | None = None
    status: int = 200
    listed: bool = False
    verb: str = ""
    """What the operation is called where `get`, `list`, `create`, `update` and `delete` do not say it."""
    body: Mapping[str, Any] = field(default_factory=dict)
    scope: str | None = None
    either: str = ""
    """The scope with which an integration of the other side does the same."""
    people: bool = False
    """Whether people alone do it, and no integration."""
    problems: tuple[int, ...] = ()
    media_type: str = JSON
    files: tuple[str, ...] = ()
    """Further media types that it may answer with, each a file."""
    headers: tuple[str, ...] = ()
    other: Mapping[int, Any] = field(default_factory=dict)
    """Further statuses that answer with a body that is no problem."""

    def curl(self) -> str:
        return self.example if self.example.startswith("curl") else f"curl '{ORIGIN}{self.example}'"


def operation(**told: Any) -> Callable[[Method], Method]:
    """Tell the schema about a view's method."""

    def attach(method: Method) -> Method:
        method.operation = Operation(**told)  # type: ignore[attr-defined]
        return method

    return attach


class Schema(AutoSchema):
    """Builds each operation from the view and what `@operation` tells about its method."""

    view: ApiView  # type: ignore[override]

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        self.registry, self.path, self.path_regex, self.path_prefix = registry, path, path_regex, path_prefix
        self.method = method.upper()
        handler = getattr(self.view, method.lower())
        told: Operation | None = getattr(handler, "operation", None)
        if told is None:
            return None
        self._component("Fault", FAULT)
        self._component("Problem", PROBLEM)
        for name, scheme in SECURITY.items():
            self._component(name, scheme, ResolvedComponent.SECURITY_SCHEMA)
        built: dict[str, Any] = {
            "operationId": self._operation_id(told),
            "summary": told.summary,
            "description": _paragraphs(handler.__doc__ or type(self.view).__doc__ or ""),
            "tags": [path.removeprefix("/api/v1/").partition("/")[0].partition(".")[0] or "index"],
            "parameters": self._told_parameters(told),
        }
        if told.body:
            content = {media: {"schema": self._schema(each, "request")} for media, each in told.body.items()}
            built["requestBody"] = {"required": True, "content": content}
        built["security"] = self._security(told)
        built["responses"] = self._responses(told)
        built["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": told.curl()}]
        return built

    def _operation_id(self, told: Operation) -> str:
        path = self.path.removeprefix("/api/v1/").strip("/").replace(".", "_").replace("-", "_")
        steps = [step for step in path.split("/") if not step.startswith("{")]
        verb = {
            "GET": "list" if told.listed else "get",
            "PATCH": "update",
            "POST": "create",
            "DELETE": "delete",
        }
        return "_".join([*steps, told.verb or verb[self.method]])

    def _told_parameters(self, told: Operation) -> list[dict[str, Any]]:
        built = []
        for name, meaning in PATH_PARAMETERS.items():
            if f"{{{name}}}" in self.path:
                built.append(
                    _parameter(name, "path", meaning, PATH_SCHEMAS.get(name, REFERENCE_SCHEMA), True)
                )
        if self.method == "GET":
            built += [_query(each) for each in self.view.parameters]
        if "If-Match" in told.headers:
            meaning = "The ETag that was read (or `*`)."
            built.append(_parameter("If-Match", "header", meaning, {"type": "string"}, True))
        if "Idempotency-Key" in told.headers:
            key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
            built.append(
                _parameter("Idempotency-Key", "header", "New for each request, such as a UUID.", key, True)
            )
        if self.method != "GET":
            built += [_query(each) for each in getattr(self.view, "write_parameters", ())]
        return built

    def _security(self, told: Operation) -> list[dict[str, list[str]]]:
        if told.people:
            return [{"session": []}]
        scopes = [[scope] for scope in (told.scope, told.either) if scope] or [[]]
        known: list[dict[str, list[str]]] = [{"session": []}, *({"integration": one} for one in scopes)]
        return known if told.scope else [{}, *known]

    def _responses(self, told: Operation) -> dict[str, Any]:
        good: dict[str, Any] = {"description": told.summary}
        if self.view.kind:
            good["headers"] = dict(RATE_LIMIT)
        if told.answer is not None:
            schema = self._schema(told.answer, "response")
            if told.listed:
                schema = self._page(schema)
            binary = {"schema": {"type": "string", "format": "binary"}}
            good["content"] = {told.media_type: {"schema": schema}} | dict.fromkeys(told.files, binary)
        responses = {str(told.status): good}
        for status, answer in told.other.items():
            content = {told.media_type: {"schema": self._schema(answer, "response")}}
            responses[str(status)] = {"description": told.summary, "content": content}
        if self.method == "GET" and "validator" in told.headers:
            good.setdefault("headers", {})["ETag"] = {
                "description": "For If-None-Match and If-Match.",
                "schema": {"type": "string"},
            }
            responses["304"] = {"description": "Unchanged since the ETag in If-None-Match."}
        statuses = {400, 401, 429, *told.problems} if self.view.kind else {400, 401}
        if "{reference}" in self.path:
            statuses.add(404)
        if self.method != "GET":
            statuses |= {403, 413, 415, 503}
        problem = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for status in sorted(statuses):
            responses[str(status)] = {"description": PROBLEMS[status], "content": problem}
        return responses

    def _page(self, item: dict[str, Any]) -> dict[str, Any]:
        name = f"{item['$ref'].rpartition('/')[2]}Page"
        link = {"type": ["string", "null"], "format": "uri"}
        self._component(
            name,
            {
                "type": "object",
                "required": ["count", "next", "previous", "results"],
                "properties": {
                    "count": {"type": "integer", "minimum": 0},
                    "next": link,
                    "previous": link,
                    "results": {"type": "array", "items": item, "maxItems": 100},
                },
            },
        )
        return {"$ref": f"#/components/schemas/{name}"}

    def _schema(self, told: Any, direction: Direction) -> dict[str, Any]:
        if isinstance(told, Mapping):
            return dict(told)
        resolved: dict[str, Any] = self.resolve_serializer(told, direction).ref
        return resolved

    def _component(self, name: str, schema: dict[str, Any], kind: str = ResolvedComponent.SCHEMA) -> None:
        self.registry.register_on_missing(ResolvedComponent(name=name, type=kind, schema=schema, object=name))  # type: ignore[no-untyped-call]


def share_enums(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Name each closed list once: a parameter whose values are those of a component refers to it."""
    schemas = result["components"]["schemas"]
    named = {tuple(schema["enum"]): name for name, schema in schemas.items() if "enum" in schema}
    for path in result["paths"].values():
        for each in path.values():
            for parameter in each.get("parameters", ()):
                _share(parameter["schema"], named)
    return result


def _share(schema: dict[str, Any], named: Mapping[tuple[str, ...], str]) -> None:
    for place in (schema, schema.get("items", {})):
        name = named.get(tuple(place.get("enum", ())))
        if name is not None:
            for key in ("type", "enum"):
                del place[key]
            place["$ref"] = f"#/components/schemas/{name}"


def forget_column_sizes(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Takes out the largest numbers that a column holds: they differ by database, and nobody promised them."""
    _forget_sizes(result.get("components", {}))
    return result


def _forget_sizes(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("maximum") in COLUMN_SIZES:
            del schema["maximum"]
            schema.pop("format", None)
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            _forget_sizes(part)


def _query(told: Any) -> dict[str, Any]:
    schema = dict(told.schema)
    if getattr(told, "repeated", False):
        schema = {"type": "array", "items": schema}
    built = _parameter(told.name, "query", told.description, schema, getattr(told, "required", False))
    if getattr(told, "example", None) is not None:
        built["example"] = told.example
    return built


def _parameter(name: str, place: str, meaning: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    built = {"name": name, "in": place, "description": meaning, "schema": schema}
    return built | {"required": True} if required else built


def _paragraphs(docstring: str) -> str:
    return "\n\n".join(" ".join(each.split()) for each in docstring.split("\n\n"))
