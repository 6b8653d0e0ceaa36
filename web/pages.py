"""Renders a page: the template, what the page says, and what every page shows (who is signed in, where we
are).
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.jinja2 import Jinja2

from procurement.models import InboxMessage, Membership
from web.receivers import ADMINISTRATOR, BUYER, FIRM


def render(
    request: HttpRequest,
    template: str,
    section: str = "",
    *,
    status_code: int = 200,
    root: bool = False,
    bare: bool = False,
    **context: Any,
) -> HttpResponse:
    """The page as a response.

    `section` is the part of the navigation that it belongs to, `root` whether it is that part's own page.
    A `bare` page
    does not ask who is signed in: an error page must not need the database.
    """
    engine = engines["jinja2"]
    assert isinstance(engine, Jinja2)
    page = engine.get_template(template).render(
        {
            "section": section,
            "section_root": root,
            "person": None if bare else _person(request),
            "unread": 0 if bare else _unread(request),
            "buyer": not bare and buys(request),
            "firm": not bare and supplies(request),
            "administrator": not bare and administers(request),
            **context,
        },
        request,
    )
    return HttpResponse(page, status=status_code)


def _unread(request: HttpRequest) -> int:
    """How many messages of the inbox wait for somebody who is signed in; one query."""
    if not request.user.is_authenticated:
        return 0
    own = Membership.objects.filter(user=request.user).values("organisation")
    waiting = InboxMessage.objects.filter(organisation__in=own, read_at=None)
    return waiting.filter(Q(user=None) | Q(user=request.user)).count()


def _person(request: HttpRequest) -> Any:
    """Who is signed in, False for nobody."""
    return request.user if request.user.is_authenticated else False


def buys(request: HttpRequest) -> bool:
    """Whether somebody who is signed in acts for a buyer, as it was when they signed in."""
    return request.user.is_authenticated and bool(request.session.get(BUYER))


def supplies(request: HttpRequest) -> bool:
    """Whether somebody who is signed in acts for a partner firm, as it was when they signed in."""
    return request.user.is_authenticated and bool(request.session.get(FIRM))


def administers(request: HttpRequest) -> bool:
    """Whether somebody who is signed in acts for a framework's owner or runs the service, as it was when they signed
    in.
    """
    return request.user.is_authenticated and bool(request.session.get(ADMINISTRATOR))
