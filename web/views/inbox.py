"""The inbox: what the own organisations and the person are told, unread first, each to be marked as read.

Journey: /inbox (POST) -> procurement/actions/inbox.py -> the page again (303). How much is unread stands beside the
link in every page's navigation (web/pages.py).
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.inbox import mark_message, mark_read
from procurement.errors import NotFound, NotPermitted
from procurement.models import InboxMessage
from procurement.permissions import Actor
from procurement.querysets import InboxQuerySet
from web.buying import actor_of
from web.changing import see_other
from web.pages import render
from web.paging import listed, page_of

OF_API: Final = {"/api/v1/operations/": "web:operation", "/api/v1/webhooks/": "web:webhook"}
"""Where the links of older messages lead, which are kept as they were told, and the pages of the same things."""


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, unread first and newest first within; or a message that is marked, or all unread ones of a page, which
    leads back to that page of the list. 404 for a message to others.
    """
    actor = actor_of(request)
    if request.method == "POST":
        return _marked(request, actor)
    rows = InboxQuerySet(InboxMessage).seen_by(actor).told()
    read = ExpressionWrapper(Q(read_at__isnull=False), output_field=BooleanField())
    ordered = rows.annotate(was_read=read).newest_first("was_read")
    page = listed(request, ordered)
    return render(
        request,
        "inbox.html",
        "inbox",
        root=True,
        rows=page.rows,
        pages=page.pages,
        page_number=page.number,
        links={one.reference: _page_of(one.link) for one in page.rows},
        unread_here=[one.reference for one in page.rows if one.read_at is None],
        several=len(actor.roles) > 1,
    )


def _page_of(link: str) -> str:
    """The page that a message's link leads to, "" where it has none."""
    for before, name in OF_API.items():
        if link.startswith(before):
            return reverse(name, args=[link.removeprefix(before).rstrip("/")])
    return link


def _marked(request: HttpRequest, actor: Actor) -> HttpResponse:
    sent = request.POST
    try:
        if shown := sent.getlist("shown"):
            mark_read(actor, shown)
        else:
            mark_message(actor, sent.get("message", ""), sent.get("read") != "no")
    except NotFound as refused:
        raise Http404 from refused
    except NotPermitted as refused:
        raise PermissionDenied from refused
    page = page_of(sent)
    return see_other(reverse("web:inbox") + (f"?page={page}" if page > 1 else ""))
