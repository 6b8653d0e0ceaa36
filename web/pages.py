"""Renders a page: the template, what the page says, and what every page shows (who is signed in, where we
are).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.jinja2 import Jinja2

from procurement.models import Capability, InboxMessage, Membership, User
from web.faults import FieldFault, by_anchor
from web.signing_in import told_lost

HELD: Final = "_standing"
"""Where a request keeps what its reader is."""
ADMINISTRATORS: Final = frozenset({Capability.Kind.FRAMEWORK_OWNER, Capability.Kind.OPERATOR})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the organisations of whoever reads a page are, and how many messages of their inbox wait."""

    kinds: frozenset[str]
    unread: int


NOBODY: Final = Standing(frozenset(), 0)


def render(
    request: HttpRequest,
    template: str,
    section: str = "",
    *,
    status_code: int = 200,
    root: bool = False,
    bare: bool = False,
    faults: Iterable[FieldFault] = (),
    **context: Any,
) -> HttpResponse:
    """The page as a response.

    `section` is the part of the navigation that it belongs to, `root` whether it is that part's own page. A `bare` page
    does not ask who is signed in: an error page must not need the database. `faults` are what is wrong with the form
    that was sent, for the summary and, as `messages`, for each field.
    """
    wrong = list(faults)
    engine = engines["jinja2"]
    assert isinstance(engine, Jinja2)
    page = engine.get_template(template).render(
        {
            "section": section,
            "section_root": root,
            "person": None if bare else _person(request),
            "unread": 0 if bare else standing_of(request).unread,
            "buyer": not bare and buys(request),
            "firm": not bare and supplies(request),
            "administrator": not bare and administers(request),
            "lost": not bare and told_lost(request),
            "faults": wrong,
            "messages": by_anchor(wrong),
            **context,
        },
        request,
    )
    return HttpResponse(page, status=status_code)


def _person(request: HttpRequest) -> Any:
    """Who is signed in, False for nobody."""
    return request.user if request.user.is_authenticated else False


def buys(request: HttpRequest) -> bool:
    """Whether somebody who is signed in acts for a buyer now."""
    return Capability.Kind.BUYER in standing_of(request).kinds


def supplies(request: HttpRequest) -> bool:
    """Whether somebody who is signed in acts for a partner firm now."""
    return Capability.Kind.PARTNER in standing_of(request).kinds


def administers(request: HttpRequest) -> bool:
    """Whether somebody who is signed in acts for a framework's owner or runs the service now."""
    return not standing_of(request).kinds.isdisjoint(ADMINISTRATORS)


def standing_of(request: HttpRequest) -> Standing:
    """What the reader is now, read once for a request: one query for somebody who is signed in, none for anybody else.

    Never kept in the session: whoever joins, leaves or is removed finds the next page as it then is.
    """
    held = getattr(request, HELD, None)
    if not isinstance(held, Standing):
        held = _standing(request.user) if isinstance(request.user, User) else NOBODY
        setattr(request, HELD, held)
    return held


def _standing(user: User) -> Standing:
    waiting = InboxMessage.objects.filter(Q(user=None) | Q(user=user), read_at=None)
    counted = waiting.filter(organisation=OuterRef("organisation")).order_by().values("organisation")
    unread = Coalesce(Subquery(counted.annotate(many=Count("pk")).values("many")), 0)
    rows = Membership.objects.filter(user=user).values_list(
        "organisation", "organisation__capabilities__kind", unread
    )
    found = list(rows)
    return Standing(
        frozenset(kind for _key, kind, _many in found if kind),
        sum({key: many for key, _kind, many in found}.values()),
    )
