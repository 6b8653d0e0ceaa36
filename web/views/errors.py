"""The pages for what went wrong, in plain words. None of them asks the database for anything, but the one
with a form that somebody signed in sent without its token.

Django calls them, and names the arguments.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from redis import RedisError

from procurement.models import User
from procurement.passing import AGAIN as PASSES
from procurement.passing import passing
from web.buying import NoOrganisation
from web.changing import of_our_page
from web.kept_form import KEPT, form_of, opened
from web.pages import render

AGAIN: Final = 30
"""Seconds after which it may be tried again."""

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(request, 400, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(request, 403, "permission_denied")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form sent without its token: mostly a page left open past the end of the session. A sign-in in another tab
    makes the tokens of every page that was open before it worthless: such a form is shown again, to be sent once it is
    read. Only where the browser says that it is of our own page: what another site wrote is put before nobody.
    """
    if not of_our_page(request) or not isinstance(request.user, User):
        return _page(request, 403, "form_expired")
    # Sign-in itself may be what was open in the other tab, with a form that it carries.
    carried = request.POST.get(KEPT, "")
    kept = opened(carried, request.user) if carried else form_of(request)
    if kept is None:
        return _page(request, 403, "form_expired")
    response = render(
        request, "kept_form.html", status_code=403, kept=kept, following=kept.address, ended=bool(carried)
    )
    add_never_cache_headers(response)
    return response


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 404, "no_organisation" if isinstance(exception, NoOrganisation) else "page_not_found"
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it within the failure's own handler; of one that passes it is said when to come again."""
    if not passing(sys.exception()):
        return _page(request, 500, "server_error")
    response = _page(request, 503, "come_again")
    response["Retry-After"] = str(PASSES)
    return response


def address_too_long(request: HttpRequest) -> HttpResponse:
    """A search that is too long for an address; the web server calls it (config/web_worker.py)."""
    return _page(request, 414, "address_too_long")


def body_too_long(request: HttpRequest, file: int) -> HttpResponse:
    """A form that is longer than any of its page, where a `file` may have so many bytes (0: none is taken)."""
    return _page(request, 413, "body_too_long", megabytes=file // 1024 // 1024)


def search_unavailable(request: HttpRequest, section: str, retry_after: int) -> HttpResponse:
    """The index cannot be read: this part of the pages alone is down (`retry_after` in seconds)."""
    response = render(request, "errors/search_unavailable.html", section, status_code=503, bare=True)
    response["Retry-After"] = str(retry_after)
    return response


class InPlainWords:
    """Says as a page what Django answers with nothing: that an address is no page (a form was sent there by somebody
    who had to sign in again meanwhile), and that the cache is away. Attempts to sign in are counted in it, so that
    nobody signs in then; whoever is signed in stays it, and nothing else of the pages needs it. An address or a form
    with a NUL is answered here: no database that is to look for what it names takes one, and nobody types one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 405 or not isinstance(response, HttpResponse) or response.content:
            return response
        told = _page(request, 405, "no_page")
        told["Allow"] = response["Allow"]
        return told

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, kwargs: Mapping[str, object]
    ) -> HttpResponse | None:
        if request.resolver_match is None or "web" not in request.resolver_match.namespaces:
            return None
        if any(isinstance(part, str) and "\0" in part for part in kwargs.values()):
            return page_not_found(request)
        asked = request.META.get("QUERY_STRING", "")
        # What was sent is read by now: its token stands in it.
        sent = (one for name, values in request.POST.lists() for one in (name, *values))
        return bad_request(request) if "%00" in asked or any("\0" in one for one in (asked, *sent)) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RedisError):
            return None
        log.error("the cache cannot be reached: %s", type(exception).__name__)
        response = _page(request, 503, "not_now")
        response["Retry-After"] = str(AGAIN)
        return response


def _page(request: HttpRequest, status: int, name: str, **said: Any) -> HttpResponse:
    return render(request, f"errors/{name}.html", status_code=status, bare=True, **said)
