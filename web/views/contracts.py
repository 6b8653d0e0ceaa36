"""One contract, as both of its sides see it: signed, named by others, extended, complete or terminated."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.contracts import IDENTIFIERS, contract_parts
from procurement.models import Contract
from procurement.parts import buyer_parts, supplier_parts
from procurement.permissions import Actor
from procurement.querysets_call_offs import ContractQuerySet
from procurement.states import CONTRACTS, Part
from web.buying import actor_of
from web.call_off_changes import DONE, OF_CONTRACTS
from web.doing import Refusal, do
from web.faults import FieldFault, by_anchor
from web.pages import render

ANCHORS = {"reason": "{do}-reason", "identifiers": "notice"}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contract(request: HttpRequest, reference: str) -> HttpResponse:
    """One contract, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:contract", args=[found.reference])
    done = do(request, actor, found.reference, OF_CONTRACTS, ANCHORS, here)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


def _seen(actor: Actor, reference: str) -> Contract:
    found = ContractQuerySet(Contract).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, actor: Actor, found: Contract, faults: Iterable[FieldFault], status_code: int = 200
) -> HttpResponse:
    wrong = list(faults)
    buying = buyer_parts(actor, found.call_off)
    actions = set(CONTRACTS.available(found.status, contract_parts(actor, found)))
    mine = {Part.OWNER: found.buyer_signed_at} if Part.OWNER in buying else {}
    if Part.LEAD in supplier_parts(actor, found.appointment):
        mine[Part.LEAD] = found.supplier_signed_at
    if all(mine.values()):
        actions.discard("sign")
    if found.taken >= len(found.options):
        actions.discard("extend")
    return render(
        request,
        "contract.html",
        "call-offs" if buying else "offers",
        status_code=status_code,
        contract=found,
        buying=bool(buying),
        actions=frozenset(actions),
        identifiers=IDENTIFIERS.items(),
        done=DONE.get(request.GET.get("done", ""), "") if request.method == "GET" else "",
        typed=request.POST.dict() if status_code == 422 else {},
        faults=wrong,
        messages=by_anchor(wrong),
    )
