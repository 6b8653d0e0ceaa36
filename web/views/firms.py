"""A firm's own page: whether its profile is fresh, how it fares, the suppliers that it belongs to and where their rates
stand; and the versions of its profile with what changed from one to the next.

Journey: /firms/<partner> (POST) -> procurement/actions/profiles.py (the firm stands by its profile) or leaving.py (it
belongs to a consortium no longer) -> event -> index.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.leaving import leave_supplier
from procurement.actions.profiles import confirm_profile
from procurement.card_places import card_places
from procurement.errors import Conflict, NotFound
from procurement.finds import found_by_month, found_lately
from procurement.listing_facts import facts_of
from procurement.models import Appointment, Offering, Partner, ProfileVersion, Supplier, SupplierMember
from procurement.performance import performance, suppliers_of
from procurement.permissions import Action, Actor, can
from web.buying import actor_of
from web.doing import Change, Refusal, do
from web.pages import render
from web.paging import listed
from web.profile_changes import changed_fields
from web.saying import done_said

SAVED: Final = {
    "confirm": N_("The profile is confirmed as of today. Buyers see the day."),
    "leave": N_(
        "The firm belongs to the supplier no longer. Whoever wants it in what is open has been told."
    ),
    "taken_off": N_("You offer nothing more on that lot. Search leaves it out within seconds."),
}


def _leave(actor: Actor, reference: str, _revision: int, sent: QueryDict) -> object:
    """Needs no revision: a membership ends once, and one that has ended is told to be gone."""
    try:
        return leave_supplier(actor, sent.get("supplier", ""), reference)
    except NotFound as gone:
        raise Conflict(_("The firm does not belong to that supplier any more.")) from gone


OF_FIRMS: Final[dict[str, Change]] = {
    "confirm": lambda actor, reference, revision, _: confirm_profile(actor, reference, revision),
    "leave": _leave,
}


@dataclass(frozen=True, slots=True)
class FoundLine:
    """How often a listing was found lately. `name` is its framework and supplier, its key where neither is there any
    more; `shown`: buyers find it today.
    """

    listing: str
    name: str
    lots: tuple[str, ...]
    shown: bool
    searches: int
    matches: int


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def firm(request: HttpRequest, reference: str) -> HttpResponse:
    """The firm's page for anybody of the firm, 404 for others; or its word that the profile is right as it is or that
    the firm leaves a consortium.
    """
    actor = actor_of(request)
    found = _own(actor, reference)
    faults, status = [], 200
    if request.method == "POST":
        done = do(
            request,
            actor,
            reference,
            OF_FIRMS,
            {},
            reverse("web:firm", args=[reference]),
            ("partner", reference),
        )
        if not isinstance(done, Refusal):
            return done
        found, faults, status = _own(actor, reference), done.faults, done.status
    today = timezone.localdate()
    places = suppliers_of(found)
    keys = [one.supplier_id for one in places]
    age = (today - found.confirmed_on).days if found.confirmed_on else None
    return render(
        request,
        "firm.html",
        "account",
        status_code=status,
        partner=found,
        name=found.own_name,
        age=age,
        stale=found.published is not None and (age is None or age >= settings.CONFIRM_AFTER_DAYS),
        today=today,
        proposes=can(actor, Action.PROPOSE_RATES, found.organisation_id),
        edits=can(actor, Action.UPDATE_PROFILE, found.organisation_id),
        leaves=can(actor, Action.LEAVE_SUPPLIER, found.organisation_id),
        figures=performance(found, actor, today),
        months=found_by_month(found.reference, today),
        lately=_found(found.reference, today),
        suppliers=_suppliers(places, keys, today),
        offered=set(Offering.objects.filter(partner=found).values_list("appointment", flat=True)),
        done=done_said(request, SAVED),
        faults=faults,
    )


@never_cache
@login_required
@require_safe
def versions(request: HttpRequest, reference: str) -> HttpResponse:
    """Every version of a firm's profile, newest first; for anybody of the firm, 404 for others."""
    found = _own(actor_of(request), reference)
    page = listed(request, ProfileVersion.objects.filter(partner=found).order_by("-number"))
    return render(
        request,
        "versions.html",
        "account",
        partner=found,
        name=found.own_name,
        rows=page.rows,
        pages=page.pages,
    )


@never_cache
@login_required
@require_safe
def version(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """What one version changed from the one before it, field by field; all of it for the first."""
    found = _own(actor_of(request), reference)
    two = list(ProfileVersion.objects.filter(partner=found, number__lte=number).order_by("-number")[:2])
    if not two or two[0].number != number:
        raise Http404
    shown, before = two[0], two[1] if len(two) > 1 else None
    return render(
        request,
        "version.html",
        "account",
        partner=found,
        name=found.own_name,
        version=shown,
        before=before,
        changed=changed_fields(before, shown),
    )


def _own(actor: Actor, reference: str) -> Partner:
    found = Partner.objects.select_related("organisation", "published").filter(reference=reference).first()
    if found is None or not can(actor, Action.SEE_ASKED, found.organisation_id):
        raise Http404
    return found


def _found(reference: str, today: date) -> list[FoundLine]:
    """The firm's listings that were found lately, each by its framework, lots and supplier (six queries)."""
    lately = found_lately(reference, today)
    facts = facts_of([one.listing for one in lately], today, cards=False)
    lines = []
    for one in lately:
        what = facts[one.listing]
        name = one.listing
        if what.framework is not None and what.supplier is not None:
            name = f"{what.framework.number} {what.framework.name}, {what.supplier.name}"
        lots = tuple(dict.fromkeys(each.appointment.lot.number for each in what.offerings))
        lines.append(FoundLine(one.listing, name, lots, what.shown, one.searches, one.matches))
    return lines


def _suppliers(places: list[SupplierMember], keys: list[int], today: date) -> list[dict[str, Any]]:
    """Each supplier with its current members, its places on lots, and where its cards stand (two queries for all, and
    those of `card_places` for each)."""
    members: dict[int, list[SupplierMember]] = {}
    for one in (
        SupplierMember.objects.filter(supplier__in=keys, left_on=None)
        .select_related("partner__organisation", "partner__published")
        .order_by("role", "partner__reference")
    ):
        members.setdefault(one.supplier_id, []).append(one)
    lots: dict[int, list[Appointment]] = {}
    for place in (
        Appointment.objects.filter(supplier__in=keys)
        .select_related("lot__framework")
        .order_by("lot__framework__number", "lot__position")
    ):
        lots.setdefault(place.supplier_id, []).append(place)
    return [
        {
            "supplier": one.supplier,
            "lead": one.role == SupplierMember.Role.LEAD,
            "leavable": one.role != SupplierMember.Role.LEAD and one.supplier.form != Supplier.Form.ALONE,
            "since": one.joined_on,
            "members": [
                (member.partner.own_name, member.role == SupplierMember.Role.LEAD)
                for member in members[one.supplier_id]
            ],
            "places": lots.get(one.supplier_id, []),
            "cards": card_places(one.supplier_id, today),
        }
        for one in places
    ]
