"""Imports of partners by a file of JSON Lines, and of rate cards by a sheet: checked first or loaded, carried out by
the worker, with what is wrong by row and field.

Journey: /administration/imports or /administration/rate-imports (POST) -> procurement/actions/operations.py -> the
worker -> the import's own page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.evidence import EVIDENCE
from procurement.actions.operations import KINDS, LARGEST_ON_A_FORM, cancel, start_import, visible
from procurement.actions.rate_cells import FIELDS
from procurement.errors import Conflict, Fault, Invalid, NotPermitted
from procurement.models import Framework, Operation
from web.administering import Administrator, administrator, only
from web.bodies import takes_file
from web.buying import actor_of
from web.faults import FieldFault
from web.once import done_once
from web.pages import render
from web.paging import listed
from web.rate_headings import of_headings_said
from web.saying import choices_said

KIND: Final = "import_partners"
RATES: Final = "import_rates"
BASES: Final = (
    ("published", N_("Published: buyers order at these rates")),
    ("illustrative", N_("Illustrative: no offer was made at them")),
)
CURRENCY_WORDS: Final = {"GBP": N_("Pounds"), "EUR": N_("Euros"), "USD": N_("US dollars")}
UNIT_WORDS: Final = {"": N_("That of the framework"), "day": N_("A day"), "hour": N_("An hour")}
ON_A_FORM: Final = {
    "say which sheet to read": N_("say on the form which one to read"),
    "create suppliers to have it made": N_("the form can have it made"),
}
"""Words of the command to those of the page."""
HEADING_LENGTH: Final = 200
ENDED: Final = (Operation.Status.SUCCEEDED, Operation.Status.FAILED, Operation.Status.CANCELLED)
SHOWN: Final = 100
"""So many rows with an error are shown; the rest are counted."""


@takes_file(LARGEST_ON_A_FORM)
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
    """How far an import is and what came of it, for whoever is told of its end; POST stops it before it writes anything
    (403 for who reads alone, 409 once it has).
    """
    who = administrator(request)
    found = visible(who.actor).filter(reference=reference, kind__in=KINDS).first()
    if found is None:
        raise Http404
    faults, status = [], 200
    if request.method == "POST":

        def act() -> str:
            cancel(who.actor, reference)
            return reverse("web:import", args=[reference])

        try:
            return done_once(request, who.actor, act)
        except NotPermitted as refused:
            raise PermissionDenied from refused
        except Conflict as refused:
            faults, status = [FieldFault("", refused.message.rstrip("."))], 409
    told = found.result or found.problem or {}
    errors = list(map(_mended, told.get("errors") or []))
    return render(
        request,
        "import.html",
        "administration",
        status_code=status,
        operation=found,
        imports=who.imports,
        ended=found.status in ENDED,
        options=found.parameters.get("options", {}),
        title=_title(told),
        errors=[_cell(one) for one in errors[:SHOWN]],
        more=max(0, len(errors) + told.get("more", {}).get("errors", 0) - SHOWN),
        odd=[_cell(one) for one in told.get("warnings", [])[:SHOWN]],
        heads=[
            (card["reference"], field, held["before"], held["after"])
            for card in told.get("cards", [])[:SHOWN]
            for field, held in card.get("card", {}).items()
        ],
        lines=[_line(one) for one in told.get("lines", [])[:SHOWN]],
        further=max(0, len(told.get("lines", [])) + told.get("more", {}).get("lines", 0) - SHOWN),
        faults=faults,
    )


@never_cache
@login_required
@require_safe
def operation(request: HttpRequest, reference: str) -> HttpResponse:
    """Leads to the page of long work, whatever work it is: the message that it has ended names the operation alone. 404
    for whoever may not follow it.
    """
    found = visible(actor_of(request)).filter(reference=reference).first()
    if found is None:
        raise Http404
    if found.kind == EVIDENCE:
        return redirect("web:evidence", found.parameters["shortlist"], found.reference)
    return redirect("web:import", found.reference)


@takes_file(LARGEST_ON_A_FORM)
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rate_import(request: HttpRequest) -> HttpResponse:
    """The form of an import of rate cards: 422 where no file or framework came."""
    who = administrator(request)
    only(who.imports)
    if request.method != "POST":
        return _rates_page(request, [])
    sent, file = request.POST, request.FILES.get("file")
    framework = Framework.objects.filter(reference=sent.get("framework", "")).first()
    faults = []
    if not isinstance(file, UploadedFile):
        faults.append(FieldFault("file", _("Choose the file to import")))
    if framework is None:
        faults.append(FieldFault("framework", _("Choose the framework that the rates are of")))
    if not isinstance(file, UploadedFile) or framework is None:
        return _rates_page(request, faults, 422)
    options = _rate_options(sent) | {"framework": framework.reference}

    def begin() -> str:
        begun = start_import(who.actor, RATES, file.chunks(), file.name or "rates.csv", options)
        return reverse("web:import", args=[begun.reference])

    try:
        return done_once(request, who.actor, begin)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except Invalid as refused:
        faults = [FieldFault("file", one.message.rstrip(".")) for one in refused.faults]
        return _rates_page(request, faults, 422)


def _rate_options(sent: QueryDict) -> dict[str, Any]:
    """What the form says but for its framework; a value that no choice has is as the first one."""
    headings = {name: sent.get(f"heading-{name}", "").strip()[:HEADING_LENGTH] for name in FIELDS}
    return {
        "headings": {name: heading for name, heading in headings.items() if heading},
        "basis": _known(sent.get("basis", ""), [name for name, _label in BASES]),
        "currency": _known(sent.get("currency", ""), list(CURRENCY_WORDS)),
        "unit": _known(sent.get("unit", ""), list(UNIT_WORDS)),
        "sheet": sent.get("sheet", "").strip()[:HEADING_LENGTH],
        "create_suppliers": sent.get("create_suppliers") == "yes",
        "strict": sent.get("strict") == "yes",
        "dry_run": sent.get("what") != "load",
        "partial": sent.get("partial") == "yes",
    }


def _known(value: str, choices: Sequence[str]) -> str:
    return value if value in choices else choices[0]


def _rates_page(request: HttpRequest, faults: list[FieldFault], status_code: int = 200) -> HttpResponse:
    frameworks = Framework.objects.order_by("number").values_list("reference", "number", "name")
    return render(
        request,
        "rate_import.html",
        "administration",
        status_code=status_code,
        frameworks=[
            ("", _("Choose a framework")),
            *((one, f"{number} {name}") for one, number, name in frameworks),
        ],
        fields=[(name, name.replace("_", " "), meaning) for name, meaning in choices_said(FIELDS.items())],
        bases=choices_said(BASES),
        currencies=choices_said(CURRENCY_WORDS.items()),
        units=choices_said(UNIT_WORDS.items()),
        typed=request.POST.dict(),
        faults=faults,
    )


def _title(told: Mapping[str, Any]) -> str:
    """What the whole of it comes to; a fault of a heading stands among the errors alone."""
    if any(str(one.get("pointer", "")).startswith("/map/") for one in told.get("errors") or []):
        return _("The columns of the file cannot be told apart. Nothing was imported.")
    return _on_a_form(str(told.get("outcome") or told.get("title") or ""))


def _on_a_form(message: str) -> str:
    """What was said to whoever gives a command, as it is done on the form."""
    for command, form in ON_A_FORM.items():
        message = message.replace(command, _(form))
    return message


def _mended(error: dict[str, Any]) -> dict[str, Any]:
    """A fault of a heading as a person can mend it on a page."""
    if not str(error.get("pointer", "")).startswith("/map/"):
        return error
    fault = of_headings_said(Fault(error["pointer"], error["code"], error["message"]))
    return {"pointer": fault.pointer.removeprefix("/map"), "message": fault.message}


def _line(change: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """A line that changes: its card, what it is called, what becomes of it, the values before and after, and the day
    from which on it is so, "" for at once.
    """
    named = " ".join(one for one in (change["key"], change["role"], change["grade"] or change["lot"]) if one)
    values = "; ".join(
        f"{name.replace('_', ' ')}: {held['before'] or '–'} → {held['after'] or '–'}"
        for name, held in change["values"].items()
    )
    return change["card"], named, change["change"], values, change.get("begins_on") or ""


def _cell(error: dict[str, Any]) -> tuple[str, str, str]:
    """An error as (line of the file or "", field, what is wrong)."""
    field = str(error.get("pointer", "")).strip("/").replace("/", " ")
    return str(error.get("line", "")), field, _on_a_form(str(error.get("message", "")))


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
    )
