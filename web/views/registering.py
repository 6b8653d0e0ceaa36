"""An account of one's own: the address first, then name and password by the link that was sent to it.

Journey: /register (POST) -> procurement/actions/registering.py -> the worker's e-mail -> /register/<token> -> signed in
-> /account/organisations.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from procurement.actions.registering import address_of_link, ask_to_register, register
from procurement.errors import Invalid
from web.changing import led_by, see_other
from web.faults import FieldFault
from web.pages import render
from web.signing_in import sign_in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register_address(request: HttpRequest) -> HttpResponse:
    """Where an account is asked for; the answer is the same for every address."""
    faults: list[FieldFault] = []
    if request.method == "POST":
        try:
            ask_to_register(request.POST.get("email", ""))
        except Invalid as refused:
            faults = [FieldFault("email", fault.message.rstrip(".")) for fault in refused.faults]
        else:
            return see_other(f"{reverse('web:register')}?asked=yes")
    return render(
        request,
        "register.html",
        "sign-in",
        status_code=422 if faults else 200,
        asked=led_by(request, "asked") == "yes",
        typed=request.POST.get("email", "") if faults else "",
        faults=faults,
    )


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up_account(request: HttpRequest, token: str) -> HttpResponse:
    """Name and password: 410 for a link that is used, too old or made up, 422 for what cannot be taken."""
    email = address_of_link(token)
    if email is None:
        return render(request, "password_gone.html", "sign-in", status_code=410)
    faults: list[FieldFault] = []
    sent = request.POST
    if request.method == "POST":
        if sent.get("password", "") != sent.get("again", ""):
            faults.append(FieldFault("again", _("The two passwords differ")))
        try:
            user = None if faults else register(token, sent.get("full_name", ""), sent.get("password", ""))
        except Invalid as refused:
            faults += [
                FieldFault(fault.pointer.strip("/"), fault.message.rstrip(".")) for fault in refused.faults
            ]
        else:
            if user is not None:
                here = f"{reverse('web:own-organisations')}?done=made"
                sign_in(request, user, here)
                return see_other(here)
            if not faults:
                return render(request, "password_gone.html", "sign-in", status_code=410)
    return render(
        request,
        "set_up_account.html",
        "sign-in",
        status_code=422 if faults else 200,
        email=email,
        here=request.path,
        full_name=sent.get("full_name", ""),
        faults=faults,
    )
