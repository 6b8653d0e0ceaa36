"""Counts what an answer of the pages shows (search/finds.py), unless a partner firm looks at itself and its rivals."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from search.finds import Kind, finds
from web.pages import supplies


def count_shown(request: HttpRequest, listings: Iterable[str], kind: Kind) -> None:
    """Counts these listings (references) as shown; no query, no write."""
    if finds.counting and request.method != "HEAD" and not supplies(request):
        finds.shown(listings, kind, request.headers.get("User-Agent", ""))
