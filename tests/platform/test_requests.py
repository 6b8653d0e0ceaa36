"""What surrounds every request: headers, and one line in the log that names nobody."""

from __future__ import annotations

import json

import pytest
import structlog
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from config.logging import logging_settings, to_json
from config.middleware import BehindProxy, ContentSecurityPolicy, RequestLog

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def directives(response: HttpResponse) -> set[str]:
    return set(response["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("192.0.2.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 2001:DB8::7", "2001:db8::7"),
        ("", "127.0.0.1"),
        ("203.0.113.9, unknown", "127.0.0.1"),
        ("203.0.113.9, <script>", "127.0.0.1"),
    ],
)
def test_behind_a_proxy_the_address_is_the_last_that_is_told(forwarded: str, address: str) -> None:
    asked = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)
    told = BehindProxy(lambda request: HttpResponse(request.META["REMOTE_ADDR"]))(asked)
    assert told.content.decode() == address


@pytest.mark.django_db
def test_a_page_carries_the_policy_and_closes_what_it_does_not_use(client: Client) -> None:
    response = client.get("/admin/login/")
    assert directives(response) == POLICY
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "geolocation=()" in response["Permissions-Policy"]


def test_a_view_may_widen_its_own_policy_and_no_other() -> None:
    def plain(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    around = ContentSecurityPolicy(plain)
    widened = ContentSecurityPolicy(csp_update({"img-src": ["data:"]})(plain))
    request = RequestFactory().get("/")
    assert directives(around(request)) == POLICY
    assert directives(widened(request)) == POLICY - {"img-src 'self'"} | {"img-src 'self' data:"}
    assert directives(around(request)) == POLICY


def test_a_response_that_brings_its_policy_keeps_it() -> None:
    def own(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "default-src 'self'"})

    assert directives(ContentSecurityPolicy(own)(RequestFactory().get("/"))) == {"default-src 'self'"}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What is logged of requests."""
    kept: list[dict[str, object]] = []

    def keep(_logger: object, _method: str, line: dict[str, object]) -> str:
        kept.append(line)
        return ""

    sink = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[structlog.contextvars.merge_contextvars, keep],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"),
    )
    monkeypatch.setattr("config.middleware.logger", sink)
    return kept


def test_a_request_is_one_line_that_names_nobody(lines: list[dict[str, object]]) -> None:
    log = RequestLog(lambda _request: HttpResponse(status=404))
    for _ in range(2):
        log(RequestFactory().get("/api/v1/listings/?q=vision", REMOTE_ADDR="203.0.113.9"))
    assert [line["status"] for line in lines] == [404, 404]
    assert lines[0].keys() == {"event", "method", "route", "status", "ms", "request_id"}
    assert "vision" not in json.dumps(lines)
    assert lines[0]["request_id"] != lines[1]["request_id"]
    assert "203.0.113.9" not in json.dumps(lines)


@pytest.mark.django_db
def test_what_was_typed_into_an_address_that_leads_to_the_sign_in_is_not_logged(
    lines: list[dict[str, object]], client: Client
) -> None:
    assert client.get("/requirements/jane.roe@example.org").status_code == 302
    assert [(line["route"], line["status"]) for line in lines] == [("requirements/<str:reference>", 302)]
    assert "jane.roe" not in json.dumps(lines)


@pytest.mark.parametrize(
    ("status", "named"),
    [(200, True), (204, True), (303, True), (304, True), (301, False), (302, False), (404, False), (500, False),
     (503, False)],
)  # fmt: skip
def test_a_reference_is_logged_where_one_was_reached(
    lines: list[dict[str, object]], status: int, named: bool
) -> None:
    def answering(request: HttpRequest) -> HttpResponse:
        request.resolver_match = resolve("/requirements/RQ-2026-0001")
        return HttpResponse(status=status)

    RequestLog(answering)(RequestFactory().get("/"))
    assert [line.get("reference") for line in lines] == ["RQ-2026-0001" if named else None]


def test_a_failing_view_leaves_no_number_behind() -> None:
    def broken(_request: HttpRequest) -> HttpResponse:
        raise LookupError

    with pytest.raises(LookupError):
        RequestLog(broken)(RequestFactory().get("/"))
    assert structlog.contextvars.get_contextvars() == {}


def test_a_log_line_is_json_whatever_it_holds() -> None:
    assert json.loads(to_json({"event": "x", "what": {1}})) == {"event": "x", "what": "{1}"}
    assert logging_settings("INFO", readable=False)["root"] == {"handlers": ["stderr"], "level": "INFO"}
