"""Setting a password by the link that was sent, and asking for the link; both answer alike whether an address has an
account.

Journey: /password (POST) -> procurement/actions/passwords.py -> the worker's e-mail -> /password/<key>/<token> ->
signed in.
"""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from procurement.actions import passwords
from procurement.actions.passwords import ask_link, person_of_link
from web.changing import led_by, see_other
from web.faults import FieldFault
from web.pages import render
from web.signing_in import sign_in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Where the link is asked for; the answer is the same for every address."""
    faults = []
    if request.method == "POST":
        if email := request.POST.get("email", "").strip():
            with transaction.atomic():
                ask_link(email)
            return see_other(f"{reverse('web:password')}?asked=yes")
        faults = [FieldFault("email", _("Enter your email address"))]
    return render(
        request,
        "password.html",
        "sign-in",
        status_code=422 if faults else 200,
        asked=led_by(request, "asked") == "yes",
        faults=faults,
    )


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """The form that sets it, or that: 410 for a link that is used, too old or made up, 422 for a password that is too
    weak. Whoever has set it is signed in, after a code where their second step is on, and every
    other session of theirs ends."""
    user = person_of_link(key, token)
    if user is None:
        return render(request, "password_gone.html", "sign-in", status_code=410)
    faults = []
    if request.method == "POST":
        new = request.POST.get("password", "")
        try:
            password_validation.validate_password(new, user)
        except ValidationError as refused:
            faults = [FieldFault("password", message.rstrip(".")) for message in refused.messages]
        if new != request.POST.get("again", ""):
            faults.append(FieldFault("again", _("The two passwords differ")))
        if not faults:
            passwords.set_password(user, new)
            here = f"{reverse('web:account')}?done=password"
            return see_other(here if sign_in(request, user, here) else reverse("web:enter-code"))
    return render(
        request,
        "set_password.html",
        "sign-in",
        status_code=422 if faults else 200,
        email=user.email,
        here=request.path,
        faults=faults,
    )
