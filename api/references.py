"""Addresses: how a reference stands in a path, and how a page names the next."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest
from django.urls import register_converter
from rest_framework.request import Request


class ReferenceConverter:
    """A reference in a path: letters, digits, dots, hyphens, underscores, tildes; what else comes
    is a 404.
    """

    regex: ClassVar[str] = r"[A-Za-z0-9](?:[A-Za-z0-9._~\-]{0,238}[A-Za-z0-9])?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")  # type: ignore[arg-type]


def linked(request: Request | HttpRequest, page: int) -> str:
    """This request's own address with another page."""
    query = request.GET.copy()
    query["page"] = str(page)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
