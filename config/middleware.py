"""Around every request: whose it is behind a proxy, a number, one line in the log and one count, and the content
security policy.

Both are as small as they can be, for every search pays for them: the libraries' own took 0.6 ms of a request.
"""

from __future__ import annotations

import ipaddress
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.counted import request_ended

logger = structlog.get_logger("calloff.request")
SPECIAL = ("_csp_config", "_csp_update", "_csp_replace", "_csp_exempt", "_csp_config_ro", "_csp_update_ro")
"""What a decorator of django-csp leaves on a response whose policy is its own."""
REACHED = (303, 304)
"""Beside 200 to 299: a change was made, and nothing has changed since. Any other answer may be given before anybody has
looked for what the address names, such as the way to the sign-in."""


class BehindProxy:
    """The address of whoever asks is what the proxy in front says: the last of X-Forwarded-For, which the proxy itself
    adds. What stands before it anybody can send. Limits and locks are for each address, and would be one for all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        # Where none is told, or what no proxy says, the proxy's own address stays.
        with suppress(ValueError):
            request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(told))
        return self.get_response(request)


class RequestLog:
    """Gives a request its number, which its log lines and the tasks that it starts carry; logs and counts its
    end.

    The line names the route and the object that was reached. Neither a person, an address of a machine nor
    anything typed stands in it: no query string, and no path that led nowhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            took = time.perf_counter() - began
            status, match = response.status_code, request.resolver_match
            method, route = request.method or "", match.route if match else ""
            request_ended(method, route, status, took)
            line = {"method": method, "route": route, "status": status, "ms": round(took * 1000, 1)}
            if match and "reference" in match.kwargs and (status < 300 or status in REACHED):
                line["reference"] = match.kwargs["reference"]
            logger.info("request", **line)
            return response
        finally:
            structlog.contextvars.clear_contextvars()


class ContentSecurityPolicy(CSPMiddleware):
    """django-csp with the policy of the settings put together once, where a response asks for no other."""

    standard = ""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        made = response.__dict__
        if getattr(request, "_csp_nonce", None) or any(name in made for name in SPECIAL):
            return super().process_response(request, response)
        self.standard = self.standard or build_policy()
        if HEADER not in response:
            response[HEADER] = self.standard
        return response
