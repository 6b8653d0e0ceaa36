"""A need matched: asked in a form, answered on the page or kept and shown under an address of its own.

Journey: /match -> web/need_form.py -> search/matching.py -> (for a buyer) procurement/actions/matches.py ->
/matches/MATCH-2026-0001, which the buyer's colleagues may read, and from which a shortlist begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.matches import Run, keep_match
from procurement.actions.requirement_checks import missing_from
from procurement.actions.requirements import requirement_like
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.errors import Fault, Invalid
from procurement.models import Match
from procurement.permissions import Action, Actor, can
from procurement.querysets import MatchQuerySet
from procurement.requirements import RequirementContent
from procurement.team_lines import LARGEST_TEAM
from search.engines.base import EngineUnavailable
from search.index import engine
from search.matching import Matched, MatchOptions, match
from search.need import Mode
from search.ranks import MODES, WEIGHTS
from web.address import Address
from web.buying import Bodies, actor_of, bodies, require_buyer
from web.faults import FieldFault
from web.fictional import fictional_listings
from web.finding import count_shown
from web.match_answer import answer_of, asked_for, named_in
from web.need_choices import need_choices
from web.need_form import LABELS, ROWS, NeedForm
from web.once import done_before, done_once
from web.pages import render
from web.paging import listed
from web.requirement_page import TITLE_LENGTH, beginning, places_of
from web.results import shortened
from web.saying import labels_said
from web.shortlist_page import begun_at
from web.views.errors import search_unavailable

SHOWN: Final = 20
BESIDE_MANY: Final = 10
"""Results that stand beside a form with many rows, so that the page stays small."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def need(request: HttpRequest) -> HttpResponse:
    """The form, or its answer. A need is pasted paragraphs: longer than servers take an address to be, and nothing to
    stand in a history or a log. So it is sent by POST, which is also what keeping an answer asks for; what is kept has
    an address of its own, and what is not leaves no trace.

    422 where the need cannot be taken, 503 where the index cannot be read.
    """
    body = bodies(actor_of(request), Action.KEEP_MATCH)
    if request.method != "POST":
        return _form(request, NeedForm.sent(request.GET), body)
    form = NeedForm.sent(request.POST)
    if reference := request.POST.get("take", ""):
        return _form(request, form.taking(reference), body)
    if request.POST.get("do") == "choices":
        return _form(request, form.settled(), body)
    if request.POST.get("do") == "rows":
        return _form(request, replace(form, more=ROWS), body)
    organisation = body.chosen(form.organisation)
    if organisation is not None and (before := done_before(request, body.actor)) is not None:
        return before
    try:
        content = _content(form, body, organisation)
        weights = form.chosen_weights()[0]
        size = BESIDE_MANY if organisation is None and form.is_long() else SHOWN
        options = MatchOptions(timezone.localdate(), mode=cast(Mode, form.mode), weights=weights, size=size)
        found = match(content, options, engine())
    except Invalid as refused:
        return _form(request, form, body, form.faults(refused.faults))
    except EngineUnavailable as down:
        return search_unavailable(request, "match", down.retry_after)
    count_shown(request, (one["reference"] for one in found.answer["results"]), "matches")
    if organisation is None:
        return _form(request, form, body, answer=found)
    run = Run(found.ranking, found.model, engine().name, found.generation, found.seed, options.on)

    def keep() -> str:
        row = keep_match(body.actor, organisation, content, found.answer, run)
        return reverse("web:kept-match", args=[row.reference])

    return done_once(request, body.actor, keep)


def _content(form: NeedForm, body: Bodies, organisation: str | None) -> RequirementContent:
    """What is asked for. Raises Invalid, also for what the requirement itself says nothing about."""
    faults = form.chosen_weights()[1]
    if form.mode not in MODES:
        faults.append(Fault("/mode", "unknown_value", _("Choose one of the orders.")))
    if body.choices and organisation is None:
        faults.append(Fault("/organisation", "required", _("Say for which organisation you ask.")))
    try:
        content = form.content()
        faults += missing_from(content)
    except Invalid as refused:
        raise Invalid(refused.message, (*refused.faults, *faults)) from refused
    if faults:
        raise Invalid(_("The need cannot be taken as it is."), tuple(faults))
    return content


def _form(
    request: HttpRequest,
    form: NeedForm,
    body: Bodies,
    faults: Iterable[FieldFault] = (),
    answer: Matched | None = None,
) -> HttpResponse:
    """The form as it was sent, with what is wrong or with its answer."""
    choices = need_choices(form)
    linked = choices.linked(faults)
    told = None if answer is None else answer_of(answer.answer, (form.lot, *form.specialisms))
    return render(
        request,
        "match.html",
        "match",
        status_code=422 if linked else 200,
        root=True,
        form=form,
        choices=choices,
        organisations=body.several,
        keeps=bool(body.choices),
        largest_team=LARGEST_TEAM,
        answer=told,
        fictional=frozenset() if told is None else fictional_listings(told.listings),
        again=form.pairs(),
        labels=labels_said(LABELS),
        faults=linked,
    )


@never_cache
@login_required
@require_safe
def matches(request: HttpRequest) -> HttpResponse:
    """The matches that the own organisation has kept, newest first. 404 for whoever acts for no buyer."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_MATCHES)
    rows = MatchQuerySet(Match).seen_by(actor).told().order_by("-pk")
    page = listed(request, rows)
    shown = [(row, shortened(" ".join(row.content["text"].split()), TITLE_LENGTH)) for row in page.rows]
    return render(request, "matches.html", "match", rows=shown, pages=page.pages)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def kept(request: HttpRequest, reference: str) -> HttpResponse:
    """A match as it was run, from the database alone; POST begins a shortlist of the listings that are ticked, or takes
    what was needed on to a call-off. 404 for everybody but the organisation that asked.
    """
    actor = actor_of(request)
    row = MatchQuerySet(Match).seen_by(actor).told(answer=True).filter(reference=reference.upper()).first()
    if row is None:
        raise Http404
    if request.method != "POST":
        return _kept(request, actor, row, (), _title(row), ())
    if request.POST.get("do") == "buy":
        return _bought(request, actor, row)
    chosen = tuple(dict.fromkeys(request.POST.getlist("listing")))
    title = request.POST.get("title", "")
    if not chosen:
        wrong = [FieldFault("listings", _("Choose at least one listing"))]
        return _kept(request, actor, row, chosen, title, wrong)
    draft = ShortlistDraft(title, organisation=row.organisation.reference, match=row.reference, chosen=chosen)
    try:
        return done_once(request, actor, lambda: begun_at(create_shortlist(actor, draft)))
    except Invalid as refused:
        faults = [
            FieldFault("title", f"{_('Title')}: {fault.message}")
            if fault.pointer == "/title"
            else FieldFault("listings", fault.message)
            for fault in refused.faults
        ]
        return _kept(request, actor, row, chosen, title, faults)


def _bought(request: HttpRequest, actor: Actor, row: Match) -> HttpResponse:
    """Leads to a new call-off on the need, which is kept as a requirement where none says the same yet."""
    if not can(actor, Action.WRITE_REQUIREMENT, row.organisation_id):
        raise PermissionDenied
    shortlist = request.POST.get("shortlist", "")

    def keep() -> str:
        requirement = requirement_like(actor, row.organisation.reference, row.content)
        on = Address(reverse("web:new-call-off")).put(
            {"requirement": requirement.reference, "shortlist": shortlist, "title": _title(row)}
        )
        return str(on)

    try:
        return done_once(request, actor, keep)
    except Invalid as refused:
        faults = [FieldFault("", one.message.rstrip(".")) for one in refused.faults]
        return _kept(request, actor, row, (), _title(row), faults)


def _kept(
    request: HttpRequest,
    actor: Actor,
    row: Match,
    chosen: Iterable[str],
    title: str,
    faults: Iterable[FieldFault],
) -> HttpResponse:
    wrong = list(faults)
    told = answer_of(row.answer, (row.content["lot"], *row.content["specialisms"]))
    return render(
        request,
        "kept_match.html",
        "match",
        status_code=422 if wrong else 200,
        match=row,
        text=row.content["text"],
        asked=asked_for(row.content, named_in(row.answer) | places_of(row.content)),
        answer=told,
        fictional=fictional_listings(told.listings),
        again=NeedForm.of(
            row.content, row.answer.get("mode", "balanced"), row.answer.get("weights", WEIGHTS)
        ).pairs(),
        may_begin=can(actor, Action.EDIT_SHORTLIST, row.organisation_id),
        may_buy=can(actor, Action.WRITE_REQUIREMENT, row.organisation_id),
        chosen=set(chosen),
        title=title,
        faults=wrong,
    )


def _title(row: Match) -> str:
    """What a shortlist of it may be called: the beginning of the need."""
    return beginning(row.content["text"])
