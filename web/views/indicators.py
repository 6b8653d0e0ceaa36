"""A contract's key performance indicators, and the assessment of a period: a form each, for the buyer alone.

What stands is shown on the contract's own page, to both sides. Every change is a form with the revision that it was
made from, answered with a redirect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.indicators import assess_contract, set_indicators
from procurement.actions.public_notices import notice_of
from procurement.errors import Fault, Invalid, NotFound, Refused, Stale
from procurement.indicators import (
    MOST,
    assessed,
    indicators_asked,
    indicators_of,
    of_performance,
    period_of,
    void,
)
from procurement.models import Contract, Indicator
from procurement.notice_facts import contract_facts
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.public_notices import DueNotice
from procurement.querysets_call_offs import ContractQuerySet
from procurement.states import CONTRACTS, Part
from web.buying import actor_of
from web.changing import sent_revision
from web.doing import refusal_of
from web.faults import FieldFault
from web.indicator_form import (
    MORE,
    empty_row,
    faults_of,
    fixed,
    padded,
    rating_choices,
    ratings_from,
    ratings_left,
    ratings_of,
    ratings_typed,
    ratings_written,
    read,
    typed_from,
    typed_of,
    written,
)
from web.meanwhile import CONFLICT, Written, conflict
from web.once import done_once
from web.pages import render


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def indicators(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of the list: 403 for who does not own the call-off, 422 where it breaks a rule, 409 where the contract
    was changed meanwhile. Its button for more rows keeps nothing.
    """
    actor = actor_of(request)
    found = _owned(actor, reference)
    sent = request.POST
    if request.method != "POST":
        stand = indicators_of(found)
        return _list(request, found, stand, typed_of(stand, found.no_indicators or ""), ())
    if sent.get("do") == "rows":
        stand = indicators_of(found)
        return _list(request, found, stand, typed_from(sent, MORE), (), revision=sent_revision(sent))

    def act() -> Contract:
        return set_indicators(actor, found.reference, sent_revision(sent), read(sent))

    def stands(now: Contract) -> list[Written]:
        return written(typed_from(sent), typed_of(indicators_of(now), now.no_indicators or ""))

    def told(faults: Iterable[Fault]) -> list[FieldFault]:
        return faults_of(faults, empty_row(sent))

    done, wrong, status = _kept(request, actor, found, "set_indicators", act, stands, told)
    if done is not None:
        return done
    found = _owned(actor, reference)
    made_from = None if status == CONFLICT else sent_revision(sent)
    return _list(request, found, indicators_of(found), typed_from(sent), wrong, status, made_from)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def assess(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """The form of a period's ratings, by the key of its notice: 404 where no such notice is asked for, else as for the
    list.
    """
    actor = actor_of(request)
    found = _owned(actor, reference)
    notice, rows = _notice(found, key), indicators_of(found)
    sent = request.POST
    if request.method != "POST":
        return _ratings(request, found, notice, rows, ratings_of(rows, notice), ())

    def act() -> Contract:
        said = ratings_from(sent, rows)
        return assess_contract(actor, found.reference, sent_revision(sent), notice.key, said)

    def stands(now: Contract) -> list[Written]:
        held = indicators_of(now)
        return ratings_written(ratings_typed(sent, held), ratings_of(held, notice))

    done, wrong, status = _kept(request, actor, found, "assess", act, stands, faults_of)
    if done is not None:
        return done
    found = _owned(actor, reference)
    notice, rows = _notice(found, key), indicators_of(found)
    made_from = None if status == CONFLICT else sent_revision(sent)
    wrong += ratings_left(sent, rows)
    return _ratings(request, found, notice, rows, ratings_typed(sent, rows), wrong, status, made_from)


def _kept(
    request: HttpRequest,
    actor: Actor,
    contract: Contract,
    name: str,
    act: Callable[[], Contract],
    stands: Callable[[Contract], list[Written]],
    told: Callable[[Iterable[Fault]], list[FieldFault]],
) -> tuple[HttpResponse | None, list[FieldFault], int]:
    """Keeps what the form says and leads to the contract, or says why it was refused."""

    def keep() -> str:
        act()
        return f"{reverse('web:contract', args=[contract.reference])}?done={name}"

    try:
        return done_once(request, actor, keep), [], 303
    except Stale:
        now = _owned(actor, contract.reference)
        return None, conflict(actor, ("contract", contract.reference), stands(now)), CONFLICT
    except Refused as refused:
        if isinstance(refused, Invalid) and refused.faults:
            return None, told(refused.faults), 422
        refusal = refusal_of(actor, refused, ("contract", contract.reference), told)
        return None, refusal.faults, refusal.status


def _owned(actor: Actor, reference: str) -> Contract:
    found = ContractQuerySet(Contract).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    if Part.OWNER not in buyer_parts(actor, found.call_off):
        raise PermissionDenied
    return found


def _notice(contract: Contract, key: str) -> DueNotice:
    try:
        found = notice_of(contract, key, timezone.localdate())
    except NotFound as refused:
        raise Http404 from refused
    if not of_performance(found) or contract_facts(contract).entered_on is None:
        raise Http404
    return found


def _list(
    request: HttpRequest,
    contract: Contract,
    stand: Sequence[Indicator],
    typed: dict[str, Any],
    faults: Iterable[FieldFault],
    status_code: int = 200,
    revision: int | None = None,
) -> HttpResponse:
    """The form; `revision` is that from which what stands in it was made, where that is not the newest."""
    # A form may have been made before others were set.
    typed["indicators"] = padded(typed["indicators"], len(stand))
    for one in stand:
        # Those that were assessed come first: every indicator is at once.
        if assessed(one):
            typed["indicators"][one.position - 1] = {"name": one.name, "target": one.target}
    return render(
        request,
        "indicators.html",
        "call-offs",
        status_code=status_code,
        contract=contract,
        revision=contract.revision if revision is None else revision,
        open=CONTRACTS.step("set_indicators", contract.status) is not None and not void(contract),
        asked=indicators_asked(contract_facts(contract)),
        fixed=fixed(stand),
        more=len(typed["indicators"]) < MOST,
        typed=typed,
        faults=faults,
    )


def _ratings(
    request: HttpRequest,
    contract: Contract,
    notice: DueNotice,
    rows: Sequence[Indicator],
    typed: Sequence[dict[str, str]],
    faults: Iterable[FieldFault],
    status_code: int = 200,
    revision: int | None = None,
) -> HttpResponse:
    """The form; `revision` as of the list's."""
    first, last = period_of(notice, rows)
    return render(
        request,
        "assess.html",
        "call-offs",
        status_code=status_code,
        contract=contract,
        revision=contract.revision if revision is None else revision,
        notice=notice,
        first_day=first,
        last_day=last,
        rows=list(zip(rows, typed, strict=True)),
        open=bool(rows) and notice.waits,
        choices=rating_choices(),
        faults=faults,
    )
