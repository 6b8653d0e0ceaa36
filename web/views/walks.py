"""The pages of the guided walks: each question under an address of its own, and the two answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import RedirectView

from procurement.actions.requirements import create_requirement
from procurement.errors import Invalid
from procurement.permissions import Action
from search.engines.base import EngineUnavailable
from search.index import engine
from web.address import Address
from web.buying import Bodies, actor_of, bodies
from web.changing import see_other
from web.faults import FieldFault
from web.finder import ROUTES, Given, requirement_of, unserved_in, way_for
from web.once import done_once
from web.pages import render
from web.readiness import readiness_of
from web.results import shortened
from web.saying import labels_said
from web.views.errors import search_unavailable
from web.walk import Question, Walk, address_of, fault_in, given_in, shown, stopped_at, unknown_in
from web.walks import FINDER, OUTCOMES, READINESS, WALKS

TITLE_LENGTH = 80


def addresses() -> list[URLPattern]:
    """A path for each question and each answer, so that requests are counted by question."""
    found = []
    for walk in WALKS:
        first = f"{walk.path}/{walk.questions[0].name}"
        found.append(path(walk.path[1:], RedirectView.as_view(url=first, query_string=True), name=walk.name))
        found += [
            path(f"{walk.path[1:]}/{one.name}", _asking(walk, one), name=f"{walk.name}-{one.name}")
            for one in walk.questions
        ]
    return [
        *found,
        path(f"{FINDER.path[1:]}/answer", found_way, name="finder-answer"),
        path(f"{READINESS.path[1:]}/answer", readiness, name="readiness-answer"),
    ]


def _asking(walk: Walk, question: Question) -> Callable[[HttpRequest], HttpResponse]:
    @require_safe
    def ask(request: HttpRequest) -> HttpResponse:
        """The question, with what is wrong with an answer that it has already; one before it that was passed by or is
        answered wrongly comes first.
        """
        given = given_in(walk, request.GET)
        if unknown := unknown_in(walk, request.GET):
            return _question(request, walk, question, given, unknown)
        stop = stopped_at(walk, given)
        before = walk.questions[: walk.questions.index(question)]
        if stop is not None and stop[0] in before:
            return _stopped(request, walk, stop, given)
        held = given.get(question.name)
        fault = None if held is None else fault_in(question, held)
        return _question(request, walk, question, given, [fault] if fault else [])

    return ask


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def found_way(request: HttpRequest) -> HttpResponse:
    """The framework, lot, route and next step; POST keeps the requirement for a buyer and goes on to the call-off."""
    given = given_in(FINDER, request.GET)
    if unknown := unknown_in(FINDER, request.GET):
        return _question(request, FINDER, FINDER.questions[-1], given, unknown)
    if (stop := stopped_at(FINDER, given)) is not None:
        return _stopped(request, FINDER, stop, given)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    body = bodies(actor_of(request), Action.WRITE_REQUIREMENT)
    try:
        answer = way_for(given, engine(), timezone.localdate())
        unserved = unserved_in(given, answer, engine(), timezone.localdate())
    except EngineUnavailable as down:
        return search_unavailable(request, "", down.retry_after)
    faults: list[FieldFault] = []
    if request.method == "POST" and answer.best is not None:
        organisation = body.chosen(request.POST.get("organisation", ""))
        if organisation is None:
            faults = [FieldFault("organisation", _("Organisation: say for which one it is kept"))]
        elif answer.best.fit.weak and request.POST.get("sure") != "yes":
            faults = [FieldFault("sure", _("Whether the lot is right: say that it is for what you need"))]
        else:
            route = answer.best.ways.route
            title = shortened(" ".join(given["need"][0].split()), TITLE_LENGTH)

            def keep() -> str:
                kept = create_requirement(body.actor, requirement_of(given, answer), organisation)
                pairs = (("requirement", kept.reference), ("route", route), ("title", title))
                paid = (("pays", OUTCOMES),) if answer.outcomes else ()
                return str(Address("/call-offs/new", (*pairs, *paid)))

            try:
                return done_once(request, body.actor, keep)
            except Invalid as refused:
                faults = [FieldFault("", one.message.rstrip(".")) for one in refused.faults]
    return _answered(
        request, FINDER, given, body, faults, answer=answer, unserved=unserved, routes=labels_said(ROUTES)
    )


@require_safe
def readiness(request: HttpRequest) -> HttpResponse:
    """What a firm lacks for a lot, or for any, and the ways to join (twelve queries at most)."""
    given = given_in(READINESS, request.GET)
    if unknown := unknown_in(READINESS, request.GET):
        return _question(request, READINESS, READINESS.questions[-1], given, unknown)
    if (stop := stopped_at(READINESS, given)) is not None:
        return _stopped(request, READINESS, stop, given)
    return _answered(request, READINESS, given, None, [], found=readiness_of(given, timezone.localdate()))


def _stopped(
    request: HttpRequest, walk: Walk, stop: tuple[Question, FieldFault | None], given: Given
) -> HttpResponse:
    """Back to a question that was left out, or the question again with what is wrong with its answer."""
    question, fault = stop
    if fault is None:
        return see_other(address_of(walk, question.name, given))
    return _question(request, walk, question, given, [fault])


def _question(
    request: HttpRequest, walk: Walk, question: Question, given: Given, faults: list[FieldFault]
) -> HttpResponse:
    values = given.get(question.name, ())
    others = {name: kept for name, kept in given.items() if name != question.name}
    place, options = walk.questions.index(question), question.options()
    return render(
        request,
        "walk_question.html",
        "",
        status_code=400 if faults else 200,
        walk=walk.told(),
        question=question.told(),
        place=place + 1,
        back=address_of(walk, walk.questions[place - 1].name, given) if place else "",
        action=f"{walk.path}/{walk.after(question, given)}",
        kept=[(name, value) for name, several in others.items() for value in several or ("",)],
        values=values,
        options=list(options.items()),
        ticks=[(value, label, value in values) for value, label in options.items()],
        faults=faults,
    )


def _answered(
    request: HttpRequest,
    walk: Walk,
    given: Given,
    body: Bodies | None,
    faults: list[FieldFault],
    **context: Any,
) -> HttpResponse:
    said = [
        (_(one.title), shown(one, given[one.name]), address_of(walk, one.name, given))
        for one in walk.questions
    ]
    return render(
        request,
        f"{walk.name}_answer.html",
        "",
        status_code=422 if faults else 200,
        walk=walk.told(),
        said=said,
        here=address_of(walk, "answer", given),
        organisations=list(body.choices) if body else [],
        faults=faults,
        **context,
    )
