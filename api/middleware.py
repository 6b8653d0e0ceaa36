"""The outermost step of every request to the API: no error leaves it in another form than a problem document.

Views answer problems themselves. What goes wrong before or around them (an address that does not exist, a
refused host or CSRF token, a failure in another middleware) reaches this middleware as a page and leaves it
as a problem. Pages of the site pass untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve

from api.errors import CODES, Problem, plain
from procurement.passing import AWAY

SEARCHES: Final = ("/api/v1/listings/", "/api/v1/rates")
PREFIXES: Final = ("/api/", "/oauth/")
KEPT: Final = frozenset({"application/problem+json", "application/json"})

DETAILS: Final[dict[int, str]] = {
    400: "The request is malformed.",
    403: "The request was refused.",
    404: "There is nothing at this address, or nothing that you may see.",
    405: "This address does not take this method.",
    413: "The request is larger than this address takes.",
    500: "Something failed on our side. It has been logged.",
    503: AWAY,
}


class ProblemMiddleware:
    """Makes a problem of every error under /api/ and /oauth/ that is not yet one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path.startswith(PREFIXES):
            return response
        if response.headers.get("Content-Type", "").partition(";")[0] in KEPT:
            return response
        status = (
            response.status_code
            if response.status_code in CODES
            else 400
            if response.status_code < 500
            else 500
        )
        problem = plain(Problem(status, DETAILS.get(status, DETAILS[400])))
        for name in ("Allow", "Retry-After", "WWW-Authenticate", "Set-Cookie"):
            if name in response.headers:
                problem.headers[name] = response.headers[name]
        return problem


@lru_cache(maxsize=64)
def _resolved(path: str) -> ResolverMatch:
    """What answers an address of a search: nearly all ask the same two, and all routes are looked through for each."""
    return resolve(path)


class AnonymousSearch:
    """Answers a search by nobody in particular without sessions, CSRF, sign-in and messages.

    A request without a cookie and without credentials has no use for them, and searches are most of what is
    asked. What the skipped middleware does for such a request is done here: the host is checked, the length
    is stated.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        if (
            request.method not in {"GET", "HEAD"}
            or "HTTP_COOKIE" in meta
            or "HTTP_AUTHORIZATION" in meta
            or not request.path_info.startswith(SEARCHES)
        ):
            return self.get_response(request)
        try:
            match = _resolved(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.get_host()
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        return response
