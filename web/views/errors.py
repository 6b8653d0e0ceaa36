"""The pages for what went wrong, in plain words. None of them asks the database for anything.

Django calls them, and names the arguments.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from web.pages import render


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(request, 400, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(request, 403, "permission_denied")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form sent without its token: mostly a page left open past the end of the session."""
    return _page(request, 403, "form_expired")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(request, 404, "page_not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, "server_error")


def search_unavailable(request: HttpRequest, section: str, retry_after: int) -> HttpResponse:
    """The index cannot be read: this part of the pages alone is down (`retry_after` in seconds)."""
    response = render(request, "errors/search_unavailable.html", section, status_code=503, bare=True)
    response["Retry-After"] = str(retry_after)
    return response


def _page(request: HttpRequest, status: int, name: str) -> HttpResponse:
    return render(request, f"errors/{name}.html", status_code=status, bare=True)
