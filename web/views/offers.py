"""What a supplier was asked: the list of a firm's offers, and one with its order form and the answer.

The lead answers; the partners that are wanted read it; the buyer reads and withdraws. To others it is not there (404).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.awards import supplier_signed
from procurement.actions.offers import view_offer
from procurement.available import offer_steps
from procurement.models import Offer
from procurement.parts import buyer_parts, supplier_parts
from procurement.permissions import Action, Actor
from procurement.querysets_call_offs import OfferQuerySet
from procurement.states import Part
from web.buying import actor_of, require_buyer
from web.call_off_changes import DONE_OF_OFFERS, OF_OFFERS
from web.competition_form import local
from web.doing import Refusal, do
from web.faults import FieldFault
from web.meanwhile import REFUSED
from web.pages import render
from web.paging import listed
from web.saying import done_said

ANCHORS = {"reason": "{do}-reason", "reply_by": "reply_by"}


@never_cache
@login_required
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """What the own firms were asked, newest first."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_ASKED)
    rows = OfferQuerySet(Offer).asked_of(actor).told().order_by("-pk")
    page = listed(request, rows)
    return render(
        request,
        "offers.html",
        "offers",
        root=True,
        rows=page.rows,
        pages=page.pages,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, reference: str) -> HttpResponse:
    """One offer, or an answer to it: 422 where it breaks a rule, 409 where it is stale or of the wrong state.

    That the lead supplier has read it is noted the first time that its page is opened.
    """
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        if found.status == Offer.Status.SENT and Part.LEAD in supplier_parts(actor, found.asked.appointment):
            view_offer(actor, found.reference)
            found = _seen(actor, reference)
        return _page(request, actor, found, ())
    here = reverse("web:offer", args=[found.reference])
    done = do(request, actor, found.reference, OF_OFFERS, ANCHORS, here)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


def _seen(actor: Actor, reference: str) -> Offer:
    found = OfferQuerySet(Offer).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _named(found: Offer, partners: list[str]) -> list[str]:
    """The firms that an order form names by their references."""
    names = {one.reference: one.shown_name for one in found.asked.partners.all()}
    return [names.get(one, one) for one in partners]


def _page(
    request: HttpRequest, actor: Actor, found: Offer, faults: Iterable[FieldFault], status_code: int = 200
) -> HttpResponse:
    wrong, order = list(faults), json.loads(found.document)
    buying = buyer_parts(actor, found.call_off)
    parts = buying | supplier_parts(actor, found.asked.appointment)
    contract = found.call_off.contracts.filter(appointment=found.asked.appointment_id).first()
    return render(
        request,
        "offer.html",
        "call-offs" if buying else "offers",
        status_code=status_code,
        offer=found,
        order=order,
        partners=_named(found, order["partners"]),
        contract=contract,
        until=local(found.reply_by),
        sent_with=datetime.fromisoformat(order["reply_by"]),
        buying=bool(buying),
        today=timezone.localdate(),
        actions=frozenset(
            offer_steps(
                found.status,
                found.call_off.status,
                parts,
                found.reply_by,
                timezone.now(),
                supplier_signed(found.call_off),
            )
        ),
        done=done_said(request, DONE_OF_OFFERS),
        typed=request.POST.dict() if status_code in REFUSED else {},
        faults=wrong,
    )
