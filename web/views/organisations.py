"""Organisations as whoever runs the service lets them in: the list, one of them with its first invitation and the
domains of its addresses, and the form.

Journey: /administration/organisations/new (POST) -> procurement/actions/organisation_edits.py -> its page, where its
first administrator is invited (actions/member_invitations.py). To everybody else these pages are not there (404).
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.member_invitations import invite_member, sent_by_nobody_there
from procurement.actions.members import administrators
from procurement.actions.organisation_edits import create_organisation, edit_organisation
from procurement.errors import Fault, Refused
from procurement.models import EmailDomain, Membership, Organisation
from procurement.permissions import Actor
from procurement.querysets import OrganisationQuerySet
from web.administering import Administrator, administrator, only
from web.changing import sent_revision
from web.doing import Change, Refusal, do, refusal_of
from web.faults import FieldFault, lowered
from web.framework_form import fields_of, said_by, typed_from
from web.meanwhile import REFUSED, differing
from web.once import done_once
from web.organisation_form import DONE, kinds_of, table_of, told, typed_at_first, written_beside
from web.pages import render
from web.paging import listed
from web.saying import done_said, said
from web.views.members import ANCHORS, OF_MEMBERS, SHOWN, faults_told, standing, unanswered
from web.views.members import DONE as OF_PEOPLE

LONGEST: Final = 100
"""Characters of a name that is searched for."""


def _invite(actor: Actor, organisation: str, _: int, sent: QueryDict) -> object:
    role = Membership.Role.ADMINISTRATOR
    return invite_member(actor, organisation, sent.get("email", ""), sent.get("full_name", ""), role)


CHANGES: Final[dict[str, Change]] = {
    "invite": _invite,
    **{
        name: OF_MEMBERS[name]
        for name in ("send_again", "withdraw_invitation", "add_domain", "remove_domain")
    },
}


@never_cache
@login_required
@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Every organisation by name, or those whose name holds what is searched for."""
    _letter_in(request)
    name = " ".join(request.GET.get("name", "").split())[:LONGEST]
    rows = OrganisationQuerySet(Organisation).told().order_by("name", "reference")
    rows = rows.filter(name__icontains=name) if name else rows
    own = administrators().filter(organisation=OuterRef("pk"))
    page = listed(request, rows.annotate(administered=Exists(own)))
    return render(
        request,
        "organisations.html",
        "administration",
        name=name,
        rows=[(one, told(one)) for one in page.rows],
        pages=page.pages,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_data(request: HttpRequest, reference: str) -> HttpResponse:
    """One organisation, with who is invited to administer it while nobody does, or was and has not answered, and its
    domains; POST invites or changes these: 422 where it breaks a rule, 409 where something is in the way, 403 once
    people of its own invite.
    """
    who = _letter_in(request)
    body = _found(reference)
    here = reverse("web:organisation-data", args=[body.reference])
    faults, status = list[FieldFault](), 200
    if request.method == "POST":
        done = do(request, who.actor, body.reference, CHANGES, ANCHORS, here)
        if not isinstance(done, Refusal):
            return done
        faults, status = faults_told(done, request.POST), done.status
    many = administrators().filter(organisation=body).count()
    invitations = standing(sent_by_nobody_there(body)) if many else unanswered(body)
    return render(
        request,
        "organisation_data.html",
        "administration",
        status_code=status,
        here=here,
        organisation=body,
        told=told(body),
        administrators=many,
        invitations=invitations[:SHOWN],
        more_invitations=len(invitations) > SHOWN,
        domains=EmailDomain.objects.filter(organisation=body),
        typed=request.POST.dict() if faults else {},
        done=done_said(request, {**OF_PEOPLE, **DONE}),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_organisation(request: HttpRequest) -> HttpResponse:
    """An organisation that is not there yet."""
    return _form(request, _letter_in(request), None)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_form(request: HttpRequest, reference: str) -> HttpResponse:
    """Says fields of an organisation anew."""
    return _form(request, _letter_in(request), _found(reference))


def _form(request: HttpRequest, who: Administrator, body: Organisation | None) -> HttpResponse:
    """The form, or what came of it: 422 where it breaks a rule, 409 where it was made from an older state."""
    table = table_of(kinds_of(body) if body else (), new=body is None)
    sent, faults, status = request.POST, list[FieldFault](), 200

    def act() -> str:
        fields = said_by(table, sent, new=body is None)
        if body is None:
            return f"{_place(create_organisation(who.actor, fields))}?done=made"
        return f"{_place(edit_organisation(who.actor, body.reference, sent_revision(sent), fields))}?done=changed"

    def at_field(fault: Fault) -> FieldFault:
        name = fault.pointer.strip("/").partition("/")[0]
        label = said(table[name].label) if name in table else ""
        return FieldFault(name, f"{label}: {lowered(fault.message)}")

    if request.method == "POST":
        try:
            return done_once(request, who.actor, act)
        except Refused as refused:
            subject = ("organisation", body.reference if body else "")
            refusal = refusal_of(who.actor, refused, subject, lambda found: list(map(at_field, found)))
            beside = differing(written_beside(sent, body)) if refusal.stale and body else []
            faults, status = [*refusal.faults, *beside], refusal.status
    typed: dict[str, Any] = typed_from(table, sent) if status in REFUSED else typed_at_first(body)
    crumbs = [
        (_("Administration"), reverse("web:administration")),
        (_("Organisations"), reverse("web:organisations")),
        *([(body.name, _place(body))] if body else []),
    ]
    title = _("Change %(name)s") % {"name": body.name} if body else _("A new organisation")
    return render(
        request,
        "framework_part.html",
        "administration",
        status_code=status,
        form={"title": title, "crumbs": crumbs, "revision": body.revision if body else 0, "remove": None},
        here=request.path,
        fields=fields_of(table, typed, [], new=body is None),
        faults=faults,
    )


def _letter_in(request: HttpRequest) -> Administrator:
    who = administrator(request)
    only(who.organisations)
    return who


def _found(reference: str) -> Organisation:
    found = OrganisationQuerySet(Organisation).told().filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _place(body: Organisation) -> str:
    return reverse("web:organisation-data", args=[body.reference])
