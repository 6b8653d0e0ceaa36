"""One contract, as both of its sides see it: signed, named by others, extended, complete or terminated."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.contracts import IDENTIFIERS, contract_parts
from procurement.actions.public_notices import notice_of
from procurement.available import contract_steps, signed_by
from procurement.call_off_checks import signing_faults
from procurement.errors import Fault, NotFound
from procurement.indicators import indicators_of, lacking, period_of, to_assess, to_publish
from procurement.models import Contract
from procurement.notice_draft import notice_draft
from procurement.notice_facts import contract_facts, contract_notices
from procurement.order_form import outcomes_told
from procurement.permissions import Actor
from procurement.public_notices import (
    DueNotice,
    told_before,
    told_first,
    told_of_end,
    told_terminated,
    why_none,
)
from procurement.querysets_call_offs import ContractQuerySet, buying
from procurement.states import Part
from web.buying import actor_of
from web.call_off_changes import DONE, OF_CONTRACTS
from web.doing import Refusal, do
from web.faults import FieldFault
from web.meanwhile import CONFLICT, REFUSED, Written, differing
from web.pages import render
from web.saying import choices_said, done_said, said

ANCHORS = {
    "reason": "{do}-reason",
    "identifiers": "notice",
    "number": "number",
    "published_on": "published-on",
}


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


@never_cache
@login_required
@require_safe
def notice(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """A notice of the own contract as a draft, to be kept as a file."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if found.call_off.organisation_id not in buying(actor):
        raise Http404
    try:
        due = notice_of(found, key, timezone.localdate())
    except NotFound as refused:
        raise Http404 from refused
    return draft_file(found.reference, found, due)


def draft_file(reference: str, contract: Contract, due: DueNotice) -> JsonResponse:
    """The draft of a notice as a file, named by what it is of."""
    draft = notice_draft(contract, due)
    answer = JsonResponse(draft, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{reference}-{due.key}.json"'
    return answer


def _seen(actor: Actor, reference: str) -> Contract:
    found = ContractQuerySet(Contract).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _unsignable(contract: Contract) -> list[Fault]:
    """What keeps it from being signed today, as its call-off tells it and a signature would be refused with."""
    asked = contract.call_off.suppliers.select_related("appointment__supplier").get(
        appointment=contract.appointment_id
    )
    return signing_faults(contract.call_off, asked, contract.value_minor, timezone.localdate())


def _page(
    request: HttpRequest, actor: Actor, found: Contract, faults: Iterable[FieldFault], status_code: int = 200
) -> HttpResponse:
    wrong, sent = list(faults), request.POST
    if status_code == CONFLICT and sent.get("do") == "identify":
        wrong += differing(
            Written(kind, said(label), sent.get(kind, ""), found.identifiers.get(kind, ""))
            for kind, label in IDENTIFIERS.items()
        )
    parts = contract_parts(actor, found)
    buying = parts - {Part.LEAD, Part.MEMBER}
    today = timezone.localdate()
    notices = contract_notices(found, today)
    indicators = indicators_of(found)
    waiting = to_publish(notices, indicators)
    periods = to_assess(notices, indicators)
    before = told_before(notices, found.taken + 1)
    unsigned = found.status == Contract.Status.UNSIGNED
    first = told_first(notices) if unsigned else None
    unset = lacking(found, indicators) if unsigned else ""
    actions = contract_steps(
        found.status,
        parts,
        signed=signed_by(found),
        options_left=len(found.options) - found.taken,
        starts_on=found.starts_on,
        ends_on=found.ends_on,
        on=today,
        to_publish=bool(waiting),
        to_tell=before is not None,
        to_tell_first=first is not None or bool(unset),
        end_told=told_of_end(notices) is not None,
        termination_told=told_terminated(notices) is not None,
        to_assess=bool(periods),
    )
    blocking = _unsignable(found) if "sign" in actions else []
    return render(
        request,
        "contract.html",
        "call-offs" if buying else "offers",
        status_code=status_code,
        contract=found,
        buying=bool(buying),
        actions=frozenset(actions) - ({"sign"} if blocking else set()),
        blocking=blocking,
        outcomes=outcomes_told(found.call_off),
        identifiers=choices_said(IDENTIFIERS.items()),
        notices=notices,
        no_notices="" if notices else said(why_none(contract_facts(found))),
        before=before if before is not None and "publish_notice" in actions else None,
        first=first if "publish_notice" in actions else None,
        unset=bool(unset) and "set_indicators" in actions,
        indicators=indicators,
        periods=[(one, *period_of(one)) for one in periods] if "assess" in actions else [],
        waiting=[(one.key, _(one.rule.name)) for one in waiting],
        today=today,
        done=done_said(request, DONE),
        typed=request.POST.dict() if status_code in REFUSED else {},
        faults=wrong,
    )
