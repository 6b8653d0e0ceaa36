"""Between the password and the code: who is half signed in, for how long, and where they were going; and that a form
which somebody sent whose session had ended was not kept, which sign-in and the page after it say.
"""

from __future__ import annotations

import time
from typing import Final

from django.contrib.auth import login
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from procurement.actions.second_steps import has_second_step
from procurement.models import User

HALF: Final = "password_proved"
"""In the session of somebody whose password was right: reference, until when (Unix seconds), where they were going, and
a digest of the password, as another one ends it."""
LOST: Final = "lost"
"""In the address and the form of sign-in, then in the session: what they had sent before was not kept."""
SECONDS: Final = 600
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, user: User, following: str, *, lost: bool = False) -> bool:
    """Signs in whoever has proved the password; False where a code is to be asked first, which goes on to `following`.
    `lost`: the page after it says that what they had sent before was not kept.

    Only what was proved counts: the session is a new one, and nobody until the code was right.
    """
    if not has_second_step(user):
        login(request, user, backend=BACKEND)
        if lost:
            request.session[LOST] = True
        return True
    request.session.flush()
    until = int(time.time()) + SECONDS
    request.session[HALF] = [user.reference, until, following, user.get_session_auth_hash()]
    if lost:
        request.session[LOST] = True
    request.session.set_expiry(SECONDS)
    return False


def half_signed_in(request: HttpRequest) -> tuple[User, str] | None:
    """Whose code is asked, and where they were going; None where nobody's is, it took too long, or the password that
    they proved is theirs no more.
    """
    reference, until, following, proved = request.session.get(HALF, ("", 0, "", ""))
    if time.time() > until:
        return None
    user = User.objects.filter(reference=reference, is_active=True).first()
    if user is None or not constant_time_compare(proved, user.get_session_auth_hash()):
        return None
    return user, following


def wholly(request: HttpRequest, user: User) -> None:
    """Signs in whoever has proved the code too."""
    lost = LOST in request.session
    request.session.flush()
    login(request, user, backend=BACKEND)
    if lost:
        request.session[LOST] = True


def told_lost(request: HttpRequest) -> bool:
    """Whether the page is to say that what its reader had sent was not kept: once, to whoever has signed in since."""
    return request.user.is_authenticated and bool(request.session.pop(LOST, False))
