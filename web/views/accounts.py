"""Signing in and out by session, and the page of one's own account.

Journey: /sign-in (POST) -> web/signing_in.py -> where one was going, or /sign-in/code first.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procurement.actions.member_invitations import invitations_to
from procurement.actions.second_steps import has_second_step
from procurement.models import Membership, Partner, User
from procurement.permissions import Action, Actor, can, person
from web.changing import see_other, unled
from web.faults import FieldFault, by_anchor
from web.kept_form import KEPT
from web.lost_forms import gone_on
from web.pages import render
from web.saying import done_said
from web.signing_in import LOST, sign_in
from web.views.second_step import code_asked

SHOWN: Final = 20
DONE: Final = {
    "accept": N_("You act for the organisation."),
    "leave": N_("You act for the organisation no more."),
    "remove": N_("You act for the organisation no more."),
    "password": N_("Your new password is set."),
}


class SignIn(LoginView):
    """One message for every wrong pair of address and password, so that nobody learns which addresses
    have accounts.
    """

    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:  # type: ignore[override] # Django's own takes no request; its stubs say it does.
        """Where one was going; nobody is told there that something was done. "" for this page itself, on which nobody
        who is signed in stays.
        """
        going = unled(super().get_redirect_url())
        return "" if urlsplit(going).path == self.request.path else going

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user, following = form.get_user(), self.get_success_url()
        assert isinstance(user, User)
        lost = LOST in self.request.POST
        if sign_in(self.request, user, following, lost=lost):
            return gone_on(self.request, user, following)
        return code_asked(self.request) if KEPT in self.request.POST else see_other(reverse("web:enter-code"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form: AuthenticationForm = kwargs.get("form") or self.get_form()
        faults = _faults(form)
        return {
            "section": "sign-in",
            "section_root": True,
            "person": False,
            "buyer": False,
            "firm": False,
            "administrator": False,
            "faults": faults,
            "messages": by_anchor(faults),
            "email": form.data.get("username", ""),
            "next": self.get_redirect_url(),
            "kept": self.request.POST.get(KEPT, ""),
            "lost": LOST in (self.request.POST if self.request.method == "POST" else self.request.GET),
        }


def staff_sign_in(request: HttpRequest) -> HttpResponse:
    """Where Django's admin sends whoever may not see it: to the one sign-in, which asks for the second step too."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return see_other(f"{reverse('web:sign-in')}?{request.GET.urlencode()}")


class SignOut(LogoutView):
    """By POST alone: a link or a picture on another site must not sign anybody out."""

    http_method_names = ["post", "options"]


def _faults(form: AuthenticationForm) -> list[FieldFault]:
    if not form.is_bound or form.is_valid():
        return []
    blank = [
        FieldFault(anchor, message)
        for anchor, message in (
            ("username", _("Enter your email address")),
            ("password", _("Enter your password")),
        )
        if not form.data.get(anchor, "").strip()
    ]
    return blank or [FieldFault("username", _("The email address or the password is wrong"))]


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who is signed in, for which organisations, and the page of their own firm."""
    assert request.user.is_authenticated
    actor = person(request.user)
    memberships = list(
        Membership.objects.filter(user=request.user)
        .select_related("organisation")
        .order_by("organisation__name")
    )
    partners = {
        partner.organisation_id: partner
        for partner in Partner.objects.filter(
            organisation__in=[membership.organisation_id for membership in memberships]
        )
    }
    return render(
        request,
        "account.html",
        "account",
        invitations=list(invitations_to(request.user)[:SHOWN]),
        done=done_said(request, DONE),
        second_step=has_second_step(request.user),
        joins=any(can(actor, Action.SEE_JOININGS, key) for key in actor.organisations()),
        proposes=any(can(actor, Action.SEE_RATE_PROPOSALS, key) for key in actor.organisations()),
        buys=any(can(actor, Action.SEE_SAVED_SEARCHES, key) for key in actor.organisations()),
        memberships=[
            (
                membership.organisation.name,
                membership.organisation.reference,
                _(membership.get_role_display()),
                _own_firm(partners.get(membership.organisation_id), actor),
                can(actor, Action.SEE_WEBHOOKS, membership.organisation_id),
                can(actor, Action.SEE_CALL_OFFS, membership.organisation_id),
            )
            for membership in memberships
        ],
    )


def _own_firm(partner: Partner | None, actor: Actor) -> str:
    """The reference of the firm if the actor belongs to it, else ""."""
    if partner is None or not can(actor, Action.SEE_ASKED, partner.organisation_id):
        return ""
    return partner.reference
