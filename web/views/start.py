"""The start page: what the service is, a search box, the frameworks, the ways in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from web.pages import render
from web.views.frameworks import rows


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """One query, for the frameworks and their numbers."""
    return render(request, "start.html", rows=rows())
