"""The second step of signing in, and setting it up, renewing its recovery codes and turning it off.

Journey: /sign-in (POST) -> web/signing_in.py -> /sign-in/code -> procurement/actions/second_steps.py -> signed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import segno
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods
from markupsafe import Markup

from procurement.actions.second_steps import (
    begin_second_step,
    confirm_second_step,
    enter_second_step,
    provisioning,
    renew_recovery_codes,
    turn_off_second_step,
    typed_key,
)
from procurement.errors import Conflict, Invalid
from procurement.kept_secrets import Unreadable
from procurement.models import RecoveryCode, SecondStep, User
from web.changing import led_by, see_other
from web.faults import FieldFault
from web.kept_form import KEPT
from web.lost_forms import gone_on, sign_in_asked
from web.pages import render
from web.signing_in import half_signed_in, wholly


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest) -> HttpResponse:
    """Asks whoever has given the password for a code; 422 for a wrong one."""
    half = half_signed_in(request)
    if half is None:
        return _begun_anew(request)
    user, following = half
    faults = []
    if request.method == "POST":
        try:
            enter_second_step(user, request.POST.get("code", ""))
        except Invalid as refused:
            faults = _faults(refused)
        except Conflict:
            # Taken away by an operator meanwhile.
            return _begun_anew(request, following)
        else:
            wholly(request, user)
            return gone_on(request, user, following)
    return code_asked(request, faults)


def _begun_anew(request: HttpRequest, following: str = "") -> HttpResponse:
    """Sign-in from its beginning, with what it carries of a form that was sent before."""
    if kept := request.POST.get(KEPT, ""):
        return sign_in_asked(request, kept, following)
    return see_other(reverse("web:sign-in"))


def code_asked(request: HttpRequest, faults: Sequence[FieldFault] = ()) -> HttpResponse:
    """The form that asks for the code, with what sign-in carries of a form that was sent before."""
    return render(
        request,
        "enter_code.html",
        "sign-in",
        status_code=422 if faults else 200,
        kept=request.POST.get(KEPT, ""),
        faults=faults,
    )


@never_cache
@login_required
@sensitive_post_parameters("code")
@sensitive_variables("codes")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Whether it is on, and what can be done with it; the recovery codes are in the answer that made them alone."""
    user = request.user
    assert isinstance(user, User)
    faults: list[FieldFault] = []
    codes: list[str] = []
    status = 200
    if request.method == "POST":
        done = request.POST.get("do", "")
        if done not in CHANGES:
            raise Http404
        try:
            codes = CHANGES[done](user, request.POST.get("code", ""))
        except Invalid as refused:
            faults, status = _faults(refused, "code-off" if done == "off" else "code"), 422
        except Conflict as refused:
            faults, status = [FieldFault("", refused.message.rstrip("."))], 409
        else:
            if not codes:
                return see_other(f"{reverse('web:second-step')}?done={done}")
    step = SecondStep.objects.filter(user=user).select_related("user").first()
    waiting, key = (step, "") if step is not None and not step.confirmed else (None, "")
    if waiting is not None:
        try:
            key = typed_key(waiting)
        except Unreadable:
            # Sealed under an earlier SECRET_KEY and never confirmed: it is set up anew.
            waiting = None
    return render(
        request,
        "second_step.html",
        "account",
        status_code=status,
        on=step is not None and step.confirmed,
        key=key,
        picture=_picture(waiting) if waiting is not None else "",
        codes=codes,
        left=RecoveryCode.objects.filter(second_step=step).count() if step is not None else 0,
        done=led_by(request),
        faults=faults,
    )


def _begin(user: User, _: str) -> list[str]:
    begin_second_step(user)
    return []


def _turn_off(user: User, code: str) -> list[str]:
    turn_off_second_step(user, code)
    return []


CHANGES: Final[dict[str, Callable[[User, str], list[str]]]] = {
    "begin": _begin,
    "confirm": confirm_second_step,
    "renew": renew_recovery_codes,
    "off": _turn_off,
}
"""By the form's name; each answers recovery codes where it made any."""


def _faults(refused: Invalid, anchor: str = "code") -> list[FieldFault]:
    return [FieldFault(anchor, fault.message.rstrip(".")) for fault in refused.faults]


def _picture(step: SecondStep) -> Markup:
    """The QR code, drawn into the page: no other address may hold the key, and nothing else may be fetched."""
    drawn = segno.make(provisioning(step), error="m").svg_inline(
        scale=5, border=4, svgclass=None, lineclass=None, light="#fff"
    )
    return Markup(drawn)  # noqa: S704 - the library's own drawing of our own address
