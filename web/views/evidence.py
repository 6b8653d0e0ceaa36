"""How far an evidence pack is, and where it is downloaded once it is made.

The page does not reload itself, which would take the place away from whoever reads it with a screen reader (WCAG 2.2,
2.2.1): a link asks again. The file comes from the API's address, which knows a session, too.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procurement.actions.evidence import EVIDENCE
from procurement.models import Operation, Shortlist
from procurement.querysets import ShortlistQuerySet
from web.buying import actor_of
from web.pages import render

ENDED: Final = (Operation.Status.SUCCEEDED, Operation.Status.FAILED, Operation.Status.CANCELLED)


@never_cache
@login_required
@require_safe
def evidence(request: HttpRequest, reference: str, operation: str) -> HttpResponse:
    """404 for whoever may not see the shortlist, and for an operation that is not its own."""
    seen = ShortlistQuerySet(Shortlist).seen_by(actor_of(request))
    found = seen.filter(reference=reference.upper()).first()
    begun = Operation.objects.filter(kind=EVIDENCE, reference=operation).first()
    if found is None or begun is None or begun.parameters["shortlist"] != found.reference:
        raise Http404
    return render(
        request,
        "evidence.html",
        "shortlists",
        shortlist=found,
        operation=begun,
        ended=begun.status in ENDED,
        made=begun.result if begun.status == Operation.Status.SUCCEEDED else None,
        file=f"/api/v1/shortlists/{found.reference}/evidence-packs/{begun.reference}/",
    )
