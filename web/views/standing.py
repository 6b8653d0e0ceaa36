"""Who stands on a framework: its suppliers' places on lots, suspended, reinstated or withdrawn for a reason; and a
firm's own suspension, which takes it out of every search.

Journey: /administration/frameworks/<framework> -> /administration/appointments/<place> (POST) ->
procurement/actions/standing.py -> event -> the index, within seconds.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.standing import STEPS, move_appointment, reinstate_partner, suspend_partner
from procurement.models import Appointment, Event, Partner, SupplierMember
from procurement.permissions import Action
from procurement.querysets_administering import AppointmentQuerySet, frameworks_of
from web.administering import Administrator, administrator, only
from web.doing import Change, Refusal, do
from web.faults import not_offered
from web.pages import render
from web.paging import listed
from web.saying import choices_said, done_said

ANCHORS: Final = {"reason": "{do}-reason"}
OF_PLACES: Final[dict[str, Change]] = {
    step: lambda actor, reference, revision, sent, step=step: move_appointment(  # type: ignore[misc]
        actor, reference, revision, step, sent.get("reason", "")
    )
    for step in STEPS
}
OF_PARTNERS: Final[dict[str, Change]] = {
    "suspend": lambda actor, reference, revision, sent: suspend_partner(
        actor, reference, revision, sent.get("reason", "")
    ),
    "reinstate": lambda actor, reference, revision, sent: reinstate_partner(
        actor, reference, revision, sent.get("reason", "")
    ),
}
TOLD: Final = {
    "suspend": N_("It is suspended. Searches leave it out within seconds, and no invitation names it."),
    "reinstate": N_("It is reinstated. Searches find it within seconds."),
    "withdraw": N_("The place is withdrawn."),
}
RECENT: Final = 10


@never_cache
@login_required
@require_safe
def places(request: HttpRequest, reference: str) -> HttpResponse:
    """Every place on a framework's lots, by supplier; 404 for whoever does not run it, 400 for a status that there is
    not.
    """
    who = administrator(request)
    framework = frameworks_of(who.actor, Action.MANAGE_SUPPLIERS).filter(reference=reference).first()
    if framework is None:
        raise Http404
    rows = AppointmentQuerySet(Appointment).filter(lot__framework=framework).told()
    status = request.GET.get("status", "")
    statuses = [("", _("Any status")), *choices_said(Appointment.Status.choices)]
    faults = not_offered("status", _("Status"), statuses, status)
    rows = rows.none() if faults else rows.filter(status=status) if status else rows
    named = request.GET.get("q", "").strip()
    if named:
        rows = rows.filter(supplier__name__icontains=named[:100])
    page = listed(request, rows)
    return render(
        request,
        "places.html",
        "administration",
        status_code=400 if faults else 200,
        framework=framework,
        rows=page.rows,
        pages=page.pages,
        status=status,
        named=named,
        statuses=statuses,
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, reference: str) -> HttpResponse:
    """One place with its members and what became of it, or a step of it: 422 without a reason, 409 where it was changed
    or its status does not allow it.
    """
    who = administrator(request)
    found = _place(who, reference)
    faults, status_code = [], 200
    if request.method == "POST":
        here = reverse("web:place", args=[reference])
        done = do(request, who.actor, reference, OF_PLACES, ANCHORS, here, ("appointment", reference))
        if not isinstance(done, Refusal):
            return done
        found, faults, status_code = _place(who, reference), done.faults, done.status
    members = SupplierMember.objects.filter(supplier=found.supplier, left_on=None).select_related(
        "partner__organisation", "partner__published"
    )
    return render(
        request,
        "place.html",
        "administration",
        status_code=status_code,
        place=found,
        members=list(members.order_by("role", "partner__reference")),
        suspends=who.suspends,
        steps=[step for step, (sources, *_) in STEPS.items() if found.status in sources],
        history=_history(reference),
        done=done_said(request, TOLD),
        typed=request.POST.dict(),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def partner_standing(request: HttpRequest, reference: str) -> HttpResponse:
    """Whether a firm is shown at all, and the step to change it: 422 without a reason, 409 where it was changed."""
    who = administrator(request)
    only(who.suspends)
    found = _partner(reference)
    faults, status_code = [], 200
    if request.method == "POST":
        here = reverse("web:partner-standing", args=[reference])
        done = do(request, who.actor, reference, OF_PARTNERS, ANCHORS, here, ("partner", reference))
        if not isinstance(done, Refusal):
            return done
        found, faults, status_code = _partner(reference), done.faults, done.status
    return render(
        request,
        "partner_standing.html",
        "administration",
        status_code=status_code,
        partner=found,
        name=found.own_name,
        history=_history(reference),
        done=done_said(request, TOLD),
        typed=request.POST.dict(),
        faults=faults,
    )


def _place(who: Administrator, reference: str) -> Appointment:
    found = AppointmentQuerySet(Appointment).managed_by(who.actor).told().filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _partner(reference: str) -> Partner:
    found = Partner.objects.select_related("organisation", "published").filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _history(subject: str) -> list[tuple[Event, str]]:
    """The newest events of a place or a firm that carry a reason, with it."""
    rows = Event.objects.filter(subject=subject, type__in=[*_TYPES]).order_by("-position")[:RECENT]
    return [(row, str(row.changes.get("reason", ""))) for row in rows]


_TYPES: Final = {kind for *_, kind in STEPS.values()} | {"partner.suspended", "partner.reinstated"}
