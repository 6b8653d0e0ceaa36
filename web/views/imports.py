"""Imports of partners by a file of JSON Lines: checked first or loaded, carried out by the worker, with what is wrong
by row and field.

Journey: /administration/imports (POST) -> procurement/actions/operations.py -> the worker -> the import's own page.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.operations import KINDS, cancel, start_import, visible
from procurement.errors import Conflict, Invalid, NotPermitted
from procurement.models import Operation
from web.administering import Administrator, administrator, only
from web.faults import FieldFault, by_anchor
from web.once import done_once
from web.pages import render
from web.paging import listed

KIND: Final = "import_partners"
ENDED: Final = (Operation.Status.SUCCEEDED, Operation.Status.FAILED, Operation.Status.CANCELLED)
SHOWN: Final = 100
"""So many rows with an error are shown; the rest are counted."""


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The own organisation's imports, newest first, and the form of a new one: 422 where no file came or it is
    empty.
    """
    who = administrator(request)
    only(who.imports)
    if request.method != "POST":
        return _page(request, who, [])
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _page(request, who, [FieldFault("file", _("Choose the file to import"))], 422)
    options = {"dry_run": request.POST.get("what") != "load", "partial": request.POST.get("partial") == "yes"}

    def begin() -> str:
        begun = start_import(who.actor, KIND, file.chunks(), file.name or "partners.jsonl", options)
        return reverse("web:import", args=[begun.reference])

    try:
        return done_once(request, who.actor, begin)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except Invalid as refused:
        return _page(
            request, who, [FieldFault("file", one.message.rstrip(".")) for one in refused.faults], 422
        )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: HttpRequest, reference: str) -> HttpResponse:
    """How far an import is and what came of it; POST stops it before it writes anything (409 once it has)."""
    who = administrator(request)
    only(who.imports)
    found = visible(who.actor).filter(reference=reference, kind__in=KINDS).first()
    if found is None:
        raise Http404
    faults, status = [], 200
    if request.method == "POST":
        try:
            found = cancel(who.actor, reference)
        except NotPermitted as refused:
            raise PermissionDenied from refused
        except Conflict as refused:
            faults, status = [FieldFault("", refused.message.rstrip("."))], 409
    errors: list[dict[str, Any]] = (
        (found.problem or {}).get("errors") or (found.result or {}).get("errors") or []
    )
    return render(
        request,
        "import.html",
        "administration",
        status_code=status,
        operation=found,
        ended=found.status in ENDED,
        options=found.parameters.get("options", {}),
        errors=[_cell(one) for one in errors[:SHOWN]],
        more=max(0, len(errors) - SHOWN),
        faults=faults,
    )


def _cell(error: dict[str, Any]) -> tuple[str, str, str]:
    """An error as (line of the file or "", field, what is wrong)."""
    field = str(error.get("pointer", "")).strip("/").replace("/", " ")
    return str(error.get("line", "")), field, str(error.get("message", ""))


def _page(
    request: HttpRequest, who: Administrator, faults: list[FieldFault], status_code: int = 200
) -> HttpResponse:
    page = listed(request, visible(who.actor).filter(kind__in=KINDS).order_by("-pk"))
    return render(
        request,
        "imports.html",
        "administration",
        status_code=status_code,
        rows=page.rows,
        pages=page.pages,
        what=request.POST.get("what", "check"),
        partial=request.POST.get("partial") == "yes",
        faults=faults,
        messages=by_anchor(faults),
    )
