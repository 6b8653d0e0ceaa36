"""Where somebody is signed in, and ending each or all others.

Journey: /account/sessions (POST) -> the session's row removed -> the page again; the browser that held it is signed out
at its next request.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.models import Session
from web.buying import actor_of
from web.changing import led_by
from web.once import done_once
from web.pages import render
from web.paging import listed
from web.sessions import REFERENCE


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """One's own alone: 404 for another's, as for one that has ended."""
    assert request.user.is_authenticated
    here = request.session.get(REFERENCE)
    own = Session.objects.filter(user=request.user, expire_date__gt=timezone.now())

    def act() -> str:
        others = own.exclude(reference=here)
        if request.POST.get("do") == "end-others":
            others.delete()
            return f"{reverse('web:sessions')}?done=others"
        ended, _ = others.filter(reference=request.POST.get("session", "")).delete()
        if not ended:
            raise Http404
        return f"{reverse('web:sessions')}?done=one"

    if request.method == "POST":
        return done_once(request, actor_of(request), act)
    page = listed(request, own.defer("session_data").order_by("-signed_in_at", "reference"))
    return render(
        request,
        "sessions.html",
        "account",
        rows=page.rows,
        pages=page.pages,
        here=here,
        others=own.exclude(reference=here).exists(),
        done=led_by(request),
    )
