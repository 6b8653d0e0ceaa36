"""What administrators look after: the hub, dead letters, the event log and whether its chain holds.

Journey: /administration/dead-letters (POST) -> procurement/actions/dead_letters.py -> the outbox's next sweep.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.dead_letters import redrive, redrive_all
from procurement.actions.events import verify
from procurement.errors import Conflict, NotFound, NotPermitted
from procurement.models import Appointment, Chain, Delivery, Event, RateProposal
from procurement.permissions import Action, can
from procurement.querysets import DeliveryQuerySet
from procurement.querysets_rate_proposals import RateProposalQuerySet
from web.administering import Administrator, administrator, only
from web.buying import names_of
from web.changing import see_other
from web.faults import FieldFault
from web.once import done_once
from web.pages import render
from web.paging import listed
from web.saying import done_said

DONE: Final = {
    "one": N_("It is tried again within a minute."),
    "all": N_("All of them are tried again within a minute."),
}
SEALED: Final = frozenset({"invitation", "tender"})
"""Subjects of events whose actors' organisations would tell who tenders, and who scores."""


@never_cache
@login_required
@require_safe
def administration(request: HttpRequest) -> HttpResponse:
    """The parts that are there for whoever asks, with what waits in each (at most five queries beside who asks)."""
    who = administrator(request)
    managed = who.frameworks(Action.MANAGE_SUPPLIERS).order_by("number") if who.manages else None
    places = Appointment.objects.filter(status=Appointment.Status.SUSPENDED)
    suspended = (
        dict(places.values_list("lot__framework").annotate(count=Count("pk")).order_by())
        if managed is not None
        else {}
    )
    today = timezone.localdate()
    return render(
        request,
        "administration.html",
        "administration",
        root=True,
        who=who,
        frameworks=[(one, one.status_on(today), suspended.get(one.pk, 0)) for one in managed or ()],
        dead=DeliveryQuerySet(Delivery).dead().count() if who.dead_letters else 0,
        position=_end() if who.log else 0,
        proposed=_proposed(who) if who.rates else 0,
    )


def _proposed(who: Administrator) -> int:
    rows = RateProposalQuerySet(RateProposal).seen_by(who.actor)
    return rows.filter(status=RateProposal.Status.SUBMITTED).count()


def _end() -> int:
    return Chain.objects.filter(pk=1).values_list("position", flat=True).first() or 0


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dead_letters(request: HttpRequest) -> HttpResponse:
    """What was given up, newest first; or one of them, or all, tried again. 409 where one is not dead any more or its
    webhook is disabled.
    """
    who = administrator(request)
    only(who.dead_letters)
    fault, status = "", 200
    if request.method == "POST":
        wanted = request.POST.get("delivery", "")
        here = reverse("web:dead-letters")

        def act() -> str:
            redrive(who.actor, wanted)
            return f"{here}?done=one"

        try:
            if wanted:
                return done_once(request, who.actor, act)
            # In many short transactions, as it may be of thousands: pressed again, none is left.
            redrive_all(who.actor)
            return see_other(f"{here}?done=all")
        except NotFound as refused:
            raise Http404 from refused
        except NotPermitted as refused:
            raise PermissionDenied from refused
        except Conflict as refused:
            fault, status = refused.message.rstrip("."), 409
    page = listed(request, DeliveryQuerySet(Delivery).dead().told().order_by("-pk"))
    return render(
        request,
        "dead_letters.html",
        "administration",
        status_code=status,
        rows=page.rows,
        pages=page.pages,
        redrives=can(who.actor, Action.REDRIVE),
        done=done_said(request, DONE),
        faults=[FieldFault("", fault)] if fault else [],
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def event_log(request: HttpRequest) -> HttpResponse:
    """The log, newest first; POST walks all of it and says whether its chain holds (it changes nothing, and takes about
    a second for 20,000 events). Colleagues are named, others by their organisation.
    """
    who = administrator(request)
    only(who.log)
    walked = request.method == "POST"
    broken = verify() if walked else None
    page = listed(request, Event.objects.order_by("-position"))
    return render(
        request,
        "event_log.html",
        "administration",
        rows=_told(who, page.rows),
        pages=page.pages,
        end=_end(),
        walked=walked,
        broken=broken,
    )


def _told(who: Administrator, events: Iterable[Event]) -> list[tuple[Event, str]]:
    """Each event with who acted, as the reader may know it (at most four queries): of a competition's tenders no
    organisation, which would tell before the deadline who tenders.
    """
    rows = list(events)
    own = list(who.actor.organisations())
    names = names_of(own, {one.actor for one in rows if one.subject_type not in SEALED}, None)
    sealed = names_of(own, {one.actor for one in rows if one.subject_type in SEALED})
    nobody = _("Somebody else")
    taking_part = _("Somebody with a part in the competition")
    told = []
    for one in rows:
        name = sealed[one.actor] if one.subject_type in SEALED else names[one.actor]
        hidden = one.subject_type in SEALED and name == nobody
        told.append((one, taking_part if hidden else name))
    return told
