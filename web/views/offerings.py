"""What a firm offers on a lot: where it does each specialism, and which of its case studies show it.

Journey: /firms/<partner>/offerings/<place> (POST) -> procurement/actions/offerings.py -> event -> the index.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.offerings import NATIONAL, OfferingDraft, Placement, update_offerings
from procurement.errors import Invalid, NotFound, NotPermitted, Stale
from procurement.models import Appointment, Offering, Partner, Region
from procurement.permissions import Action, Actor, can
from web.buying import actor_of
from web.changing import led_by, sent_revision
from web.faults import FieldFault
from web.meanwhile import CONFLICT, Written, conflict
from web.once import done_before, done_once
from web.pages import render

SURE: Final = "sure"
"""The field that says that what is no longer ticked goes: to have it back takes the word of lead and owner."""


@dataclass(frozen=True, slots=True)
class Row:
    """One specialism ("" where it is not stated) with its choices: (value, label, chosen)."""

    reference: str
    name: str
    offered: bool
    regions: tuple[tuple[str, str, bool], ...]
    evidence: tuple[tuple[str, str, bool], ...]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offerings(request: HttpRequest, reference: str, place: str) -> HttpResponse:
    """The form, or the change: 404 for all but the firm's people, 403 for its viewers' changes, 422 where it breaks a
    rule, 409 where the firm was changed meanwhile.
    """
    actor = actor_of(request)
    # What was taken off the lot altogether leaves no page of it: a second sending finds where the first was led.
    if request.method == "POST" and (before := done_before(request, actor)) is not None:
        return before
    partner, appointment, own = _own(actor, reference, place)
    if request.method != "POST":
        return _page(request, actor, partner, appointment, _rows(partner, appointment, own, None))
    sent = request.POST
    rows = _rows(partner, appointment, own, sent)
    gone = [one.name for one in rows if not one.offered]
    if gone and sent.get(SURE) != "yes" and can(actor, Action.UPDATE_PROFILE, partner.organisation_id):
        return _page(request, actor, partner, appointment, rows, [_unsure(gone)], 422, gone)

    def act() -> str:
        placement = _placement(partner, appointment, own, sent)
        update_offerings(actor, reference, sent_revision(sent), placement)
        if len(gone) == len(rows):
            # Nothing is left on this lot, and with it no page of it.
            return f"{reverse('web:firm', args=[reference])}?done=taken_off"
        return f"{reverse('web:offerings', args=[reference, place])}?saved=yes"

    try:
        return done_once(request, actor, act)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        partner, appointment, own = _own(actor, reference, place)
        rows = _rows(partner, appointment, own, sent)
        gone = [one.name for one in rows if not one.offered]
        wrong = conflict(
            actor, ("partner", reference), _written(rows, _rows(partner, appointment, own, None))
        )
        return _page(request, actor, partner, appointment, rows, wrong, CONFLICT, gone)
    except Invalid as refused:
        faults = [_fault(fault.pointer, fault.message, rows) for fault in refused.faults]
        return _page(request, actor, partner, appointment, rows, faults, 422, gone)


def _unsure(gone: Iterable[str]) -> FieldFault:
    names = ", ".join(gone)
    return FieldFault(SURE, _("Say that you no longer offer this: %(names)s") % {"names": names})


def _own(actor: Actor, reference: str, place: str) -> tuple[Partner, Appointment, list[Offering]]:
    """The firm, the place, and everything that the firm offers within that supplier on that framework."""
    partner = Partner.objects.select_related("published", "organisation").filter(reference=reference).first()
    if partner is None or not can(actor, Action.SEE_ASKED, partner.organisation_id):
        raise Http404
    appointment = (
        Appointment.objects.filter(reference=place).select_related("supplier", "lot__framework").first()
    )
    if appointment is None:
        raise Http404
    own = list(
        Offering.objects.filter(
            partner=partner,
            appointment__supplier=appointment.supplier_id,
            appointment__lot__framework=appointment.lot.framework_id,
        )
        .select_related("appointment__lot", "specialism")
        .order_by("specialism__position", "pk")
    )
    if not any(one.appointment_id == appointment.pk for one in own):
        raise Http404
    return partner, appointment, own


def _rows(
    partner: Partner, appointment: Appointment, own: Iterable[Offering], sent: QueryDict | None
) -> list[Row]:
    """What the form shows: what was sent where it was refused, else what is offered (one query)."""
    here = [one for one in own if one.appointment_id == appointment.pk]
    held = {code for one in here for code in one.regions}
    scheme = appointment.lot.framework.region_scheme
    regions = list(
        Region.objects.filter(Q(scheme=scheme, level=1) | Q(code__in=held) | Q(code=NATIONAL))
        .order_by("level", "name")
        .values_list("code", "name")
    )
    studies = (
        [(one["key"], one["title"]) for one in partner.published.case_studies] if partner.published else []
    )
    rows = []
    for number, one in enumerate(here):
        reference = one.specialism.reference if one.specialism else ""
        at = None if sent is None else _sent_at(sent, reference, number)
        rows.append(
            Row(
                reference,
                one.specialism.name if one.specialism else _("Which specialisms is not stated"),
                sent is None or at is None or sent.get(f"offered-{at}") == "yes",
                _chosen(
                    regions, one.regions if sent is None or at is None else sent.getlist(f"regions-{at}")
                ),
                _chosen(
                    studies, one.evidence if sent is None or at is None else sent.getlist(f"evidence-{at}")
                ),
            )
        )
    return rows


def _sent_at(sent: QueryDict, specialism: str, number: int) -> int | None:
    """Under which number the form that was sent had a specialism: another one may have come or gone since. None where
    it had it not.
    """
    if "specialism-0" not in sent:
        return number
    named = takewhile(lambda at: f"specialism-{at}" in sent, count())
    return next((at for at in named if sent[f"specialism-{at}"] == specialism), None)


def _chosen(known: Iterable[tuple[str, str]], chosen: Iterable[str]) -> tuple[tuple[str, str, bool], ...]:
    picked = set(chosen)
    return tuple((value, label, value in picked) for value, label in known)


def _placement(
    partner: Partner, appointment: Appointment, own: Iterable[Offering], sent: QueryDict
) -> Placement:
    """The whole of what the firm offers there: this lot as the form says, first, then the other lots as they are."""
    drafts, number = [], 0
    for one in sorted(own, key=lambda one: one.appointment_id != appointment.pk):
        specialism = one.specialism.reference if one.specialism else None
        if one.appointment_id != appointment.pk:
            drafts.append(OfferingDraft(one.appointment.lot.reference, specialism))
            continue
        if sent.get(f"offered-{number}") == "yes":
            drafts.append(
                OfferingDraft(
                    appointment.lot.reference,
                    specialism,
                    tuple(sent.getlist(f"regions-{number}")),
                    tuple(sent.getlist(f"evidence-{number}")),
                )
            )
        number += 1
    return Placement(
        appointment.lot.framework.reference, appointment.supplier.reference, partner.reference, tuple(drafts)
    )


def _written(rows: list[Row], standing: list[Row]) -> list[Written]:
    """What was ticked of each specialism beside what stands now."""
    found = []
    for at, (mine, now) in enumerate(zip(rows, standing, strict=True)):
        offered = [["yes"] if one.offered else [] for one in (mine, now)]
        found.append(Written(f"offered-{at}", mine.name, offered[0], offered[1], {"yes": _("offered")}))
        for part, written, stands in (
            ("regions", mine.regions, now.regions),
            ("evidence", mine.evidence, now.evidence),
        ):
            values = [[value for value, _label, chosen in one if chosen] for one in (written, stands)]
            labels = {value: label for value, label, _chosen in stands}
            told = _("%(name)s, where") if part == "regions" else _("%(name)s, case studies")
            found.append(Written(f"{part}-{at}", told % {"name": mine.name}, values[0], values[1], labels))
    return found


def _fault(pointer: str, message: str, rows: list[Row]) -> FieldFault:
    """Where a fault of a draft belongs: a draft's number counts only what is offered, other lots' last."""
    number, part = (*pointer.split("/"), "", "", "")[2:4]
    offered = [at for at, row in enumerate(rows) if row.offered]
    if number.isdigit() and int(number) < len(offered) and part in ("regions", "evidence"):
        at = offered[int(number)]
        return FieldFault(f"{part}-{at}", f"{rows[at].name}: {message[0].lower()}{message[1:].rstrip('.')}")
    return FieldFault("", message.rstrip("."))


def _page(
    request: HttpRequest,
    actor: Actor,
    partner: Partner,
    appointment: Appointment,
    rows: list[Row],
    faults: Iterable[FieldFault] = (),
    status_code: int = 200,
    gone: Iterable[str] = (),
) -> HttpResponse:
    return render(
        request,
        "offerings.html",
        "account",
        status_code=status_code,
        partner=partner,
        name=partner.own_name,
        place=appointment,
        rows=rows,
        gone=list(gone),
        edits=can(actor, Action.UPDATE_PROFILE, partner.organisation_id),
        saved=led_by(request, "saved") == "yes",
        faults=faults,
    )
