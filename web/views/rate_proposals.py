"""Proposed rate cards: the list, a new one, and one beside the card in force with its line and every step to take.

The supplier's lead drafts and submits, the framework's owner or an operator approves or refuses; to others it is not
there (404).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.rate_comparison import RULES, STOPS
from procurement.actions.rate_proposal_lines import LARGEST_SHEET, lines_of
from procurement.actions.rate_proposals import compared, draft_rate_proposal, proposal_parts
from procurement.errors import Refused
from procurement.models import RateProposal
from procurement.models.rate_proposals import OPEN
from procurement.permissions import Action, Actor
from procurement.pricing import UNITS
from procurement.querysets_rate_proposals import RateProposalQuerySet, version_in_force
from procurement.rate_proposal_line import proposal_line
from procurement.states import RATE_PROPOSALS
from web.address import Address
from web.bodies import takes_file
from web.buying import actor_of, require_buyer
from web.changing import LEADING
from web.doing import Refusal, do, refusal_of
from web.faults import FieldFault, lowered, not_offered
from web.meanwhile import CONFLICT, REFUSED, Written, differing
from web.once import done_once
from web.pages import render
from web.paging import listed, page_of, pages
from web.rate_proposal_form import (
    DONE,
    KEEPING,
    NEW_ROWS,
    SHOWN,
    Names,
    RateField,
    anchors_of,
    cards,
    carried,
    draft_of,
    proposal_changes,
    rate_fields,
    shown_ids,
    whole,
)
from web.saying import choices_said, done_said, labels_said, said

LABELS: Final = {"valid_from": N_("Day")}


@never_cache
@login_required
@require_safe
def rate_proposals(request: HttpRequest) -> HttpResponse:
    """Those of the own supplier or under the own framework, newest first; all of one status where it asks for one, 400
    where there is no such status.
    """
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_RATE_PROPOSALS)
    rows = RateProposalQuerySet(RateProposal).seen_by(actor).told().order_by("-pk")
    status = request.GET.get("status", "")
    statuses = [("", _("Any status")), *choices_said(RateProposal.Status.choices)]
    faults = not_offered("status", _("Status"), statuses, status)
    rows = rows.none() if faults else rows.filter(status=status) if status else rows
    page = listed(request, rows)
    return render(
        request,
        "rate_proposals.html",
        "account",
        status_code=400 if faults else 200,
        rows=page.rows,
        pages=page.pages,
        status=status,
        statuses=statuses,
        faults=faults,
        may_begin=bool(cards(actor)),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_rate_proposal(request: HttpRequest) -> HttpResponse:
    """Which card is to change; the one that the address names (card) is chosen already."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_RATE_PROPOSALS)
    choices = cards(actor)
    if not choices:
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, choices, request.GET.get("card", ""), ())
    card = choices[0][0] if len(choices) == 1 else request.POST.get("card", "")
    if card not in dict(choices):
        return _form(request, choices, "", [FieldFault("card", _("Card: say which is to change"))], 422)

    def begin() -> str:
        begun = draft_rate_proposal(actor, draft_of(card))
        return f"{reverse('web:rate-proposal', args=[begun.reference])}?done=begun"

    try:
        return done_once(request, actor, begin)
    except Refused as refused:
        wrong = refusal_of(
            actor,
            refused,
            ("rate_proposal", ""),
            lambda faults: [FieldFault("card", one.message.rstrip(".")) for one in faults],
        )
        return _form(request, choices, card, wrong.faults, wrong.status)


@takes_file(LARGEST_SHEET)
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rate_proposal(request: HttpRequest, reference: str) -> HttpResponse:
    """One proposal, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:rate-proposal", args=[found.reference])
    changes, anchors = proposal_changes(request, found), anchors_of(found, request.POST)
    done = do(request, actor, found.reference, changes, anchors, here)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


def _seen(actor: Actor, reference: str) -> RateProposal:
    rows = RateProposalQuerySet(RateProposal).seen_by(actor).told()
    found = rows.filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _form(
    request: HttpRequest,
    choices: list[tuple[str, str]],
    card: str,
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    return render(
        request,
        "rate_proposal_form.html",
        "account",
        status_code=status_code,
        choices=choices,
        card=card,
        faults=faults,
    )


def _page(
    request: HttpRequest,
    actor: Actor,
    found: RateProposal,
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    steps = frozenset(RATE_PROPOSALS.available(found.status, proposal_parts(actor, found)))
    comparison, names = compared(found), Names.of(found.framework)
    before = version_in_force(found) if found.status in OPEN else found.compared
    typed = request.POST.dict() if status_code in REFUSED else {}
    beside: list[FieldFault] = []
    if status_code == CONFLICT and "edit" in steps:
        typed, beside = _again(request, found, names)
    drafts = _drafts(request, found, names, typed) if "edit" in steps else None
    ids = shown_ids(drafts["fields"]) if drafts else set()
    labels = _line_labels(found, names) if status_code == 422 else {}
    wrong = [*(_led(one, ids, labels) for one in faults), *beside]
    number, many = page_of(request.GET), len(comparison.lines)
    address = Address.of(request.path, request.GET).without("page", *LEADING)
    return render(
        request,
        "rate_proposal.html",
        "account",
        status_code=status_code,
        proposal=found,
        unit=_(UNITS[found.unit]),
        line=proposal_line(found.status, submitted=found.submitted_at is not None),
        actions=steps,
        before=before,
        counts=comparison.counts,
        rows=[
            (names.line(one.change.line), one)
            for one in comparison.lines[(number - 1) * SHOWN : number * SHOWN]
        ],
        pages=pages(address, many, number, SHOWN, many),
        rules=labels_said(RULES),
        stops=STOPS,
        stopped=len(list(comparison.stopped)),
        drafts=drafts,
        done=done_said(request, DONE),
        typed=typed,
        faults=wrong,
    )


def _again(
    request: HttpRequest, found: RateProposal, names: Names
) -> tuple[dict[str, str], list[FieldFault]]:
    """What was typed over an older state of a draft, to be shown over the newer one, and what that holds instead."""
    sent = request.POST
    if sent.get("do") not in KEEPING:
        return sent.dict(), []
    day = found.valid_from.isoformat() if found.valid_from else ""
    fields = [
        Written(name, label, sent[name], now)
        for name, label, now in (
            ("valid_from", said(LABELS["valid_from"]), day),
            ("note", _("Note"), found.note),
        )
        if name in sent
    ]
    stands: list[RateField] = _drafts(request, found, names, {})["fields"]
    typed, gone = carried(sent, stands)
    fields += [
        Written(f"rate-{one.place}", one.name, typed[f"rate-{one.place}"], one.amount)
        for one in stands
        if f"rate-{one.place}" in typed
    ]
    return typed, [*differing(fields), *gone]


def _drafts(request: HttpRequest, found: RateProposal, names: Names, typed: dict[str, str]) -> dict[str, Any]:
    """What the form of a draft shows: one page of its rates, and empty rows for new ones."""
    sent = request.POST if request.method == "POST" else request.GET
    number = whole(sent.get("rates", "")) or 1
    number = min(number, max(1, -(-len(found.lines) // SHOWN)))
    again = typed if typed.get("do") in KEEPING else {}
    return {
        "number": number,
        "last": max(1, -(-len(found.lines) // SHOWN)),
        "fields": rate_fields(found, names, (number - 1) * SHOWN, again),
        "grades": names.grade_choices(),
        "rows": [
            {what: again.get(f"new-{what}-{row}", "") for what in ("grade", "role", "amount")}
            for row in range(NEW_ROWS)
        ],
        "valid_from": again.get("valid_from", found.valid_from.isoformat() if found.valid_from else ""),
        "note": again.get("note", found.note),
    }


def _line_labels(found: RateProposal, names: Names) -> dict[str, str]:
    """How the fields of rates are called, by their ids: by the line, on whichever page of the form it stands."""
    lines = {f"rate-{place}": names.line(line) for place, line in enumerate(lines_of(found))}
    new = {f"new-amount-{row}": _("New line %(number)s") % {"number": row + 1} for row in range(NEW_ROWS)}
    return lines | new


def _led(fault: FieldFault, ids: set[str], lines: Mapping[str, str]) -> FieldFault:
    """The fault, named by its field and led to it where the page has it."""
    known = fault.anchor in ids or fault.anchor.endswith("-reason")
    if fault.anchor in lines:
        named = f"{lines[fault.anchor]}: {lowered(fault.message)}"
        return FieldFault(fault.anchor if known else "", named, fault.message)
    if fault.beside:
        return FieldFault(fault.anchor if known else "", fault.message, fault.beside)
    label = said(LABELS.get(fault.anchor, ""))
    message = f"{label}: {fault.message[0].lower()}{fault.message[1:]}" if label else fault.message
    return FieldFault(fault.anchor if known else "", message)
