"""Who is appointed to a framework's lots: a new supplier with its lead and members, and one supplier's members over
time, its lead and its further places.

Journey: /administration/frameworks/<framework>/appoint or /administration/suppliers/<supplier> (POST) ->
procurement/actions/consortia.py -> events -> the index, within seconds.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.consortia import (
    PlacesToGive,
    SupplierToAppoint,
    add_member,
    appoint_supplier,
    end_member,
    give_places,
    name_lead,
    owners_of,
)
from procurement.errors import Fault, Refused
from procurement.models import Appointment, Framework, Lot, Partner, Supplier, SupplierMember
from procurement.permissions import Action, Actor, can
from procurement.querysets import SupplierQuerySet
from procurement.querysets_administering import AppointmentQuerySet, frameworks_of
from procurement.references import as_they_stand
from web.administering import Administrator, administrator
from web.doing import Change, Refusal, do, refusal_of
from web.faults import FieldFault, labelled
from web.once import done_once
from web.pages import render
from web.saying import choices_said, done_said

LABELS: Final = {
    "name": N_("Name of the supplier"),
    "form": N_("Its form"),
    "lead": N_("The firm that leads it"),
    "members": N_("Its other members"),
    "lots": N_("Lots"),
    "starts_on": N_("First day"),
    "ends_on": N_("Last day"),
    "add-partner": N_("The firm that joins"),
    "add-joined_on": N_("Belongs since"),
    "end-left_on": N_("First day on which it does not belong"),
    "lead-partner": N_("The firm that leads from today on"),
    "places-lots": N_("Further lots"),
    "places-starts_on": N_("First day"),
    "places-ends_on": N_("Last day"),
}
ANCHORS: Final = {
    name: f"{{do}}-{name}" for name in ("partner", "joined_on", "left_on", "lots", "starts_on", "ends_on")
}
DONE: Final = {
    "appointed": N_(
        "The supplier is appointed. Its members are told, and searches find them within seconds."
    ),
    "add": N_("The firm belongs to the supplier. It is told, and so is the lead."),
    "end": N_("The firm's time has ended. Buyers that want it are told."),
    "lead": N_("Another firm leads. Every member is told, and buyers with something open with the supplier."),
    "places": N_("The places are given. Members are told."),
}


def firm_named(text: str) -> str:
    """The reference of the firm that somebody names by it or by the name in its profile; else what was written."""
    named = " ".join(text.split())[:250]
    if reference := as_they_stand(Partner, [named]).get(named):
        return reference
    known = Partner.objects.filter(published__name__iexact=named).values_list("reference", flat=True)[:2]
    return known[0] if len(known) == 1 else named


CHANGES: Final[dict[str, Change]] = {
    "add": lambda actor, reference, revision, sent: add_member(
        actor, reference, revision, firm_named(sent.get("partner", "")), sent.get("joined_on", "")
    ),
    "end": lambda actor, reference, revision, sent: end_member(
        actor, reference, revision, sent.get("partner", ""), sent.get("left_on", "")
    ),
    "lead": lambda actor, reference, revision, sent: name_lead(
        actor, reference, revision, firm_named(sent.get("partner", "")), stays=sent.get("stays") == "yes"
    ),
    "places": lambda actor, reference, revision, sent: give_places(
        actor, reference, revision, _sent_places(sent)
    ),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appoint(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a supplier that is new to the service, or what came of it: 422 where something is wrong."""
    who = administrator(request)
    framework = frameworks_of(who.actor, Action.MANAGE_SUPPLIERS).filter(reference=reference).first()
    if framework is None:
        raise Http404
    if request.method != "POST":
        return _form(request, framework, [])
    sent = request.POST

    def act() -> str:
        members = [firm_named(line) for line in sent.get("members", "").splitlines() if line.strip()]
        made = appoint_supplier(
            who.actor,
            SupplierToAppoint(
                sent.get("name", ""),
                sent.get("form", ""),
                firm_named(sent.get("lead", "")),
                members,
                _sent_places(sent),
            ),
        )
        return f"{reverse('web:supplier', args=[made.reference])}?done=appointed"

    def told(fault: Fault) -> FieldFault:
        return FieldFault(fault.pointer.strip("/").partition("/")[0], fault.message.rstrip("."))

    try:
        return done_once(request, who.actor, act)
    except Refused as refused:
        subject = ("framework", framework.reference)
        refusal = refusal_of(who.actor, refused, subject, lambda faults: list(map(told, faults)))
        return _form(request, framework, _ordered(refusal.faults), refusal.status)


def _ordered(faults: list[FieldFault]) -> list[FieldFault]:
    """The faults as their fields stand on the page, each with its label."""
    places = list(LABELS)
    return labelled(sorted(faults, key=lambda one: places.index(one.anchor) if one.anchor else 0), LABELS)


def _form(
    request: HttpRequest, framework: Framework, faults: list[FieldFault], status_code: int = 200
) -> HttpResponse:
    typed: dict[str, Any] = request.POST.dict()
    today = timezone.localdate()
    begin = {"starts_on": max(today, framework.starts_on).isoformat(), "form": "prime"}
    return render(
        request,
        "appoint.html",
        "administration",
        status_code=status_code,
        framework=framework,
        typed=typed or begin,
        lots=_ticked(Lot.objects.filter(framework=framework), request.POST.getlist("lots")),
        forms=choices_said(Supplier.Form.choices),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def supplier(request: HttpRequest, reference: str) -> HttpResponse:
    """A supplier with its members over time and its places, or a change of them: 422 where something is wrong, 409
    where it was changed or cannot be.
    """
    who = administrator(request)
    found = _supplier(who, reference)
    faults, status_code = [], 200
    if request.method == "POST":
        here = reverse("web:supplier", args=[reference])
        done = do(request, who.actor, reference, CHANGES, ANCHORS, here)
        if not isinstance(done, Refusal):
            return done
        found, faults, status_code = _supplier(who, reference), _ordered(done.faults), done.status
    members = list(found.members.all())
    today = timezone.localdate()
    held = {place.lot_id for place in found.appointments.all() if not place.over(today)}
    return render(
        request,
        "supplier.html",
        "administration",
        status_code=status_code,
        supplier=found,
        current=[one for one in members if one.left_on is None],
        past=_past(members),
        places=found.appointments.all(),
        changes=_changes(who.actor, found),
        alone=found.form == Supplier.Form.ALONE,
        lots=_ticked(_lots(who).exclude(pk__in=held), request.POST.getlist("lots"), framework=True),
        today=today.isoformat(),
        done=done_said(request, DONE),
        typed=request.POST.dict(),
        faults=faults,
    )


def _supplier(who: Administrator, reference: str) -> Supplier:
    """One that stands on a framework which whoever asks runs; 404 for any other."""
    mine = AppointmentQuerySet(Appointment).managed_by(who.actor)
    rows = SupplierQuerySet(Supplier).told().filter(pk__in=mine.values("supplier"))
    found = rows.filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _changes(actor: Actor, found: Supplier) -> bool:
    """Whether whoever asks runs every framework on which it stands."""
    return all(can(actor, Action.MANAGE_SUPPLIERS, owner) for owner in owners_of(found))


def _past(members: list[SupplierMember]) -> list[SupplierMember]:
    """The times that have ended, the last first."""
    return sorted(
        (one for one in members if one.left_on is not None),
        key=lambda one: (one.left_on, one.joined_on, one.pk),
        reverse=True,
    )


def _lots(who: Administrator) -> QuerySet[Lot]:
    """Lots of frameworks that have not ended and that whoever asks runs."""
    mine = frameworks_of(who.actor, Action.MANAGE_SUPPLIERS).filter(ends_on__gte=timezone.localdate())
    return Lot.objects.filter(framework__in=mine)


def _ticked(
    lots: QuerySet[Lot], chosen: list[str], *, framework: bool = False
) -> list[tuple[str, str, bool]]:
    """Lots as boxes to tick, by framework where several are meant."""
    rows = lots.select_related("framework").order_by("framework__number", "position")
    said = N_("%(framework)s lot %(lot)s %(name)s") if framework else N_("Lot %(lot)s %(name)s")
    return [
        (
            lot.reference,
            _(said) % {"framework": lot.framework.number, "lot": lot.number, "name": lot.name},
            lot.reference in chosen,
        )
        for lot in rows
    ]


def _sent_places(sent: QueryDict) -> PlacesToGive:
    return PlacesToGive(sent.getlist("lots"), sent.get("starts_on", ""), sent.get("ends_on", ""))
