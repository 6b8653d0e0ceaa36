"""Frameworks as data: one with its lots, a lot with its specialisms and grades, and a form for each of them.

Journey: /administration/frameworks/<framework>/data -> a form (POST) -> procurement/actions/framework_edits.py ->
event -> the index, within seconds. To whoever does not keep the framework these pages are not there (404).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.framework_edits import (
    add_grade,
    add_lot,
    add_specialism,
    create_framework,
    edit_framework,
    edit_grade,
    edit_lot,
    edit_specialism,
    move_lot,
    remove_grade,
    remove_lot,
    remove_specialism,
)
from procurement.errors import Fault, Refused
from procurement.framework_fields import AS_FRAMEWORK, AS_GRADE, AS_LOT, AS_SPECIALISM, Field
from procurement.models import Framework, Grade, Lot, Specialism
from procurement.permissions import Action, Actor
from web.administering import Administrator, administrator, only
from web.changing import sent_revision
from web.doing import Change, Refusal, do, refusal_of
from web.faults import FieldFault, lowered
from web.framework_form import DONE, fields_of, owners_of, said_by, told_of, typed_from, typed_of, written
from web.meanwhile import REFUSED, differing
from web.once import done_once
from web.pages import render
from web.saying import done_said, said

Say = Callable[[Actor, int, dict[str, Any]], object]
Crumbs = list[tuple[str, str]]
HUB: Final = "web:administration"
NEW_SPECIALISM: Final = N_("A new specialism of lot %(lot)s of %(framework)s")
NEW_GRADE: Final = N_("A new grade of lot %(lot)s of %(framework)s")


def _up(actor: Actor, _: str, revision: int, sent: QueryDict) -> object:
    return move_lot(actor, sent.get("lot", ""), revision, "up")


def _down(actor: Actor, _: str, revision: int, sent: QueryDict) -> object:
    return move_lot(actor, sent.get("lot", ""), revision, "down")


MOVED: Final[dict[str, Change]] = {"up": _up, "down": _down}


@dataclass(frozen=True, slots=True)
class Form:
    """A form's page: what it is called, its fields, what it does, and where it leads (`back`); `revision` is that of
    the framework whose reference is `framework`. `remove` takes the part away.
    """

    title: str
    table: Mapping[str, Field]
    say: Say
    back: str
    crumbs: Crumbs
    framework: str = ""
    revision: int = 0
    row: Framework | Lot | Specialism | Grade | None = None
    remove: Callable[[Actor, int], object] | None = None
    left: str = ""
    """Where taking away leads."""
    begin: Mapping[str, Any] = field(default_factory=dict)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_framework(request: HttpRequest) -> HttpResponse:
    """A framework that is not there yet; it gets its lots on its own page."""
    who = _keeper(request)
    owners = owners_of(who.actor)
    begin = {
        "owner": owners[0][0] if len(owners) == 1 else "",
        "region_scheme": "ITL2025",
        "regime": "pa2023",
    }
    return _form(
        request,
        who,
        Form(
            _("A new framework"),
            AS_FRAMEWORK,
            lambda actor, _, said: create_framework(actor, said),
            "",
            [(_("Administration"), reverse(HUB))],
            begin=begin,
        ),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def framework_data(request: HttpRequest, reference: str) -> HttpResponse:
    """A framework as it stands, with its lots (at most six queries beside who asks); POST moves one of them up or down:
    409 where it is stale or the lot stands at that end.
    """
    who = _keeper(request)
    found = _framework(who, reference)
    faults, status = list[FieldFault](), 200
    if request.method == "POST":
        if not found.lots.filter(reference=request.POST.get("lot", "")).exists():
            raise Http404
        done = do(
            request, who.actor, found.reference, MOVED, {}, _data(found), ("framework", found.reference)
        )
        if not isinstance(done, Refusal):
            return done
        faults, status, found = done.faults, done.status, _framework(who, reference)
    return render(
        request,
        "framework_data.html",
        "administration",
        status_code=status,
        faults=faults,
        here=_data(found),
        framework=found,
        told=[
            *told_of(AS_FRAMEWORK, found, ("reference", "owner", "description")),
            (_("Owner"), found.owner.name),
        ],
        lots=list(found.lots.order_by("position")),
        done=done_said(request, DONE),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def framework_form(request: HttpRequest, reference: str) -> HttpResponse:
    """Says a framework's fields anew."""
    who = _keeper(request)
    found = _framework(who, reference)

    def say(actor: Actor, revision: int, said: dict[str, Any]) -> object:
        return edit_framework(actor, found.reference, revision, said)

    title = _("Change %(framework)s") % {"framework": found.number}
    return _form(
        request,
        who,
        Form(title, AS_FRAMEWORK, say, _data(found), _crumbs(found), found.reference, found.revision, found),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_lot(request: HttpRequest, reference: str) -> HttpResponse:
    """One more lot of a framework."""
    who = _keeper(request)
    found = _framework(who, reference)

    def say(actor: Actor, revision: int, said: dict[str, Any]) -> object:
        return add_lot(actor, found.reference, revision, said)

    title = _("A new lot of %(framework)s") % {"framework": found.number}
    return _form(
        request,
        who,
        Form(title, AS_LOT, say, _data(found), _crumbs(found), found.reference, found.revision),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD"])
def lot_data(request: HttpRequest, reference: str) -> HttpResponse:
    """A lot as it stands, with its specialisms and grades."""
    who = _keeper(request)
    lot = _lot(who, reference)
    return render(
        request,
        "lot_data.html",
        "administration",
        lot=lot,
        crumbs=_crumbs(lot.framework),
        told=told_of(AS_LOT, lot, ("number", "name", "description")),
        specialisms=list(lot.specialisms.order_by("position")),
        grades=list(lot.grades.order_by("rank")),
        done=done_said(request, DONE),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lot_form(request: HttpRequest, reference: str) -> HttpResponse:
    """Says a lot's fields anew, or takes it away."""
    who = _keeper(request)
    lot = _lot(who, reference)
    return _form(
        request,
        who,
        Form(
            _("Change lot %(lot)s of %(framework)s") % _named(lot),
            AS_LOT,
            lambda actor, revision, said: edit_lot(actor, lot.reference, revision, said),
            _place(lot),
            _crumbs(lot.framework, lot),
            lot.framework.reference,
            lot.framework.revision,
            lot,
            lambda actor, revision: remove_lot(actor, lot.reference, revision),
            _data(lot.framework),
        ),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_specialism(request: HttpRequest, reference: str) -> HttpResponse:
    """One more specialism of a lot."""
    return _new_part(request, reference, NEW_SPECIALISM, AS_SPECIALISM, add_specialism)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_grade(request: HttpRequest, reference: str) -> HttpResponse:
    """One more grade of a lot."""
    return _new_part(request, reference, NEW_GRADE, AS_GRADE, add_grade)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def specialism_form(request: HttpRequest, reference: str) -> HttpResponse:
    """Says a specialism anew, or takes it away."""
    found = Specialism.objects.filter(reference=reference).first()
    return _part(request, found, AS_SPECIALISM, edit_specialism, remove_specialism)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def grade_form(request: HttpRequest, reference: str) -> HttpResponse:
    """Says a grade anew, or takes it away."""
    found = Grade.objects.filter(reference=reference).first()
    return _part(request, found, AS_GRADE, edit_grade, remove_grade)


def _new_part(
    request: HttpRequest,
    reference: str,
    title: str,
    table: Mapping[str, Field],
    add: Callable[[Actor, str, int, Mapping[str, Any]], object],
) -> HttpResponse:
    who = _keeper(request)
    lot = _lot(who, reference)
    return _form(
        request,
        who,
        Form(
            _(title) % _named(lot),
            table,
            lambda actor, revision, said: add(actor, lot.reference, revision, said),
            _place(lot),
            _crumbs(lot.framework, lot),
            lot.framework.reference,
            lot.framework.revision,
        ),
    )


def _part(
    request: HttpRequest,
    found: Specialism | Grade | None,
    table: Mapping[str, Field],
    edit: Callable[[Actor, str, int, Mapping[str, Any]], object],
    remove: Callable[[Actor, str, int], None],
) -> HttpResponse:
    who = _keeper(request)
    if found is None:
        raise Http404
    lot, part = _lot(who, found.lot.reference), found
    return _form(
        request,
        who,
        Form(
            _("Change %(name)s on lot %(lot)s") % {"name": found.name[:80], "lot": lot.number},
            table,
            lambda actor, revision, said: edit(actor, part.reference, revision, said),
            _place(lot),
            _crumbs(lot.framework, lot),
            lot.framework.reference,
            lot.framework.revision,
            part,
            lambda actor, revision: remove(actor, part.reference, revision),
            _place(lot),
        ),
    )


def _form(request: HttpRequest, who: Administrator, form: Form) -> HttpResponse:
    """The page of a form, or what came of it: 422 where it breaks a rule, 409 where it is stale or something is in the
    way.
    """
    if request.method != "POST":
        return _page(request, who, form, [], 200)
    sent = request.POST
    revision = sent_revision(sent) if form.revision else 0

    def act() -> str:
        if sent.get("do") == "remove" and form.remove is not None:
            form.remove(who.actor, revision)
            return f"{form.left}?done=removed"
        made = form.say(who.actor, revision, said_by(form.table, sent, new=form.row is None))
        if isinstance(made, Framework) and not form.back:
            return f"{_data(made)}?done=made"
        return (
            f"{_place(made) if isinstance(made, Lot) else form.back}?done={'changed' if form.row else 'made'}"
        )

    def told(fault: Fault) -> FieldFault:
        name = fault.pointer.strip("/").partition("/")[0]
        label = said(form.table[name].label) if name in form.table else ""
        return FieldFault(name, f"{label}: {lowered(fault.message)}")

    try:
        return done_once(request, who.actor, act)
    except Refused as refused:
        subject = ("framework", form.framework)
        refusal = refusal_of(who.actor, refused, subject, lambda faults: list(map(told, faults)))
        stale = refusal.stale and form.row is not None and sent.get("do") != "remove"
        beside = differing(written(form.table, sent, form.row)) if stale and form.row is not None else []
        return _page(request, who, form, [*refusal.faults, *beside], refusal.status)


def _page(
    request: HttpRequest, who: Administrator, form: Form, faults: list[FieldFault], status_code: int
) -> HttpResponse:
    if status_code in REFUSED and request.POST.get("do") != "remove":
        typed = typed_from(form.table, request.POST)
    else:
        typed = typed_of(form.table, form.row) if form.row else dict(form.begin)
    owners = owners_of(who.actor) if form.table is AS_FRAMEWORK else []
    return render(
        request,
        "framework_part.html",
        "administration",
        status_code=status_code,
        form=form,
        here=request.path,
        fields=fields_of(form.table, typed, owners, new=form.row is None),
        faults=faults,
    )


def _keeper(request: HttpRequest) -> Administrator:
    who = administrator(request)
    only(who.keeps)
    return who


def _framework(who: Administrator, reference: str) -> Framework:
    rows = who.frameworks(Action.MANAGE_FRAMEWORK).select_related("owner")
    found = rows.filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _lot(who: Administrator, reference: str) -> Lot:
    rows = Lot.objects.select_related("framework__owner")
    found = rows.filter(reference=reference, framework__in=who.frameworks(Action.MANAGE_FRAMEWORK)).first()
    if found is None:
        raise Http404
    return found


def _data(framework: Framework) -> str:
    return reverse("web:framework-data", args=[framework.reference])


def _place(lot: Lot) -> str:
    return reverse("web:lot-data", args=[lot.reference])


def _crumbs(framework: Framework, lot: Lot | None = None) -> Crumbs:
    crumbs = [(_("Administration"), reverse(HUB)), (framework.number, _data(framework))]
    return [*crumbs, (_("Lot %(lot)s") % {"lot": lot.number}, _place(lot))] if lot else crumbs


def _named(lot: Lot) -> dict[str, str]:
    return {"lot": lot.number, "framework": lot.framework.number}
