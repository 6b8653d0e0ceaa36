"""The link in a saved search's e-mails that stops them, for whoever holds it: nobody need sign in.

A person opens it and confirms by one button; a mail program posts to it at once (RFC 8058), with no cookie and thus
no token of ours: the signature in the address is what permits it.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from procurement.actions.saved_searches import unsubscribe as stop
from procurement.errors import NotFound
from procurement.models import SavedSearch
from procurement.unsubscribing import reference_in
from web.pages import render


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Asks on GET, which mail programs follow by themselves, and stops them on POST; 404 for a link that is none of
    ours or whose search is kept no longer.
    """
    # In the query string, which no log keeps.
    token = request.GET.get("token", "")
    reference = reference_in(token)
    search = SavedSearch.objects.filter(reference=reference, status=SavedSearch.Status.OPEN).first()
    if reference is None or search is None:
        raise Http404
    if request.method == "POST":
        try:
            search = stop(reference)
        except NotFound as missing:
            raise Http404 from missing
    response = render(
        request,
        "unsubscribe.html",
        search=search,
        token=token,
        stopped=search.alerts == SavedSearch.Alerts.NONE,
    )
    # Whoever is led on from here must not be shown the link.
    response["Referrer-Policy"] = "no-referrer"
    return response
