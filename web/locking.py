"""What django-axes asks of us: which account a sign-in is for, and the page of somebody who is locked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from web.pages import render


def address_of(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The e-mail address as accounts are compared: another case is the same account, and counts as one."""
    typed = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(typed).strip().lower()


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """429, alike for an address with an account and one without."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60
    page = render(request, "locked_out.html", "sign-in", status_code=429, minutes=minutes)
    page.headers["Retry-After"] = str(minutes * 60)
    return page
