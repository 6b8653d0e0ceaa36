"""A file of a competition or a tender, for whoever may read it; to others, and while it is sealed, it is not there."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procurement.actions.files import opened
from procurement.errors import NotFound
from web.buying import actor_of


@never_cache
@login_required
@require_safe
def file(request: HttpRequest, reference: str) -> FileResponse:
    """Its bytes, always to be kept and never shown in the page's own origin."""
    try:
        found, content = opened(actor_of(request), reference)
    except NotFound as refused:
        raise Http404 from refused
    return FileResponse(content, as_attachment=True, filename=found.name, content_type=found.media_type)
