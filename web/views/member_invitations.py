"""An invitation to act for an organisation, at the link that was sent: accepted or declined by whoever holds it.

Journey: /organisation-invitations/<token> (POST) -> procurement/actions/member_invitations.py -> /account. Whoever has
an account signs in first; whoever has none sets a name and a password in the same step.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from procurement.actions.member_invitations import (
    accept_invitation,
    accept_with_new_account,
    decline_by_link,
    invitation_of_link,
)
from procurement.errors import Invalid, NotFound
from procurement.models import MemberInvitation, User
from web.changing import see_other
from web.faults import FieldFault
from web.pages import render
from web.signing_in import sign_in


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def member_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The invitation with its answers: 410 for a link that is good no more, 403 for whoever is signed in with another
    address, 422 for a name or password that cannot be taken. Nothing changes in any of these.
    """
    invited = invitation_of_link(token)
    if invited is None:
        return _gone(request)
    user = request.user if isinstance(request.user, User) else None
    if user is not None and user.email != invited.email:
        return _shown(request, invited, status=403, other=True)
    if request.method != "POST":
        return _shown(request, invited)
    done = request.POST.get("do")
    if done not in ("accept", "decline"):
        raise Http404
    if done == "decline":
        if not decline_by_link(token):
            return _gone(request)
        return render(
            request, "member_invitation_declined.html", _section(request), organisation=invited.organisation
        )
    if user is not None:
        try:
            accept_invitation(user, invited.reference)
        except NotFound:
            return _gone(request)
        return see_other(f"{reverse('web:account')}?done=accept")
    if _has_account(invited):
        return see_other(_sign_in(request))
    return _with_new_account(request, invited, token)


def _with_new_account(request: HttpRequest, invited: MemberInvitation, token: str) -> HttpResponse:
    sent, faults = request.POST, list[FieldFault]()
    if sent.get("password", "") != sent.get("again", ""):
        faults.append(FieldFault("again", _("The two passwords differ")))
    else:
        try:
            made = accept_with_new_account(token, sent.get("full_name", ""), sent.get("password", ""))
        except Invalid as refused:
            faults = [
                FieldFault(fault.pointer.strip("/"), fault.message.rstrip(".")) for fault in refused.faults
            ]
        else:
            if made is None:
                return _gone(request)
            sign_in(request, made, reverse("web:account"))
            return see_other(f"{reverse('web:account')}?done=accept")
    return _shown(request, invited, status=422, faults=faults)


def _shown(
    request: HttpRequest,
    invited: MemberInvitation,
    *,
    status: int = 200,
    other: bool = False,
    faults: list[FieldFault] | None = None,
) -> HttpResponse:
    return render(
        request,
        "member_invitation.html",
        _section(request),
        status_code=status,
        here=request.path,
        invitation=invited,
        other=other,
        account=not other and (request.user.is_authenticated or _has_account(invited)),
        sign_in=_sign_in(request),
        full_name=request.POST.get("full_name", invited.full_name),
        faults=faults or (),
    )


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "member_invitation_gone.html", _section(request), status_code=410)


def _section(request: HttpRequest) -> str:
    return "account" if request.user.is_authenticated else "sign-in"


def _has_account(invited: MemberInvitation) -> bool:
    """Told to whoever holds the link, and so the mailbox, alone."""
    return User.objects.filter(email=invited.email).exists()


def _sign_in(request: HttpRequest) -> str:
    return f"{reverse('web:sign-in')}?{urlencode({'next': request.path})}"
