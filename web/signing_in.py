"""Between the password and the code: who is half signed in, for how long, and where they were going."""

from __future__ import annotations

import time
from typing import Final

from django.contrib.auth import login
from django.http import HttpRequest

from procurement.actions.second_steps import has_second_step
from procurement.models import User

HALF: Final = "half_signed_in"
"""In the session of somebody whose password was right: reference, until when (Unix seconds), where they were going."""
SECONDS: Final = 600
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, user: User, following: str) -> bool:
    """Signs in whoever has proved the password; False where a code is to be asked first, which goes on to `following`.

    Only what was proved counts: the session is a new one, and nobody until the code was right.
    """
    if not has_second_step(user):
        login(request, user, backend=BACKEND)
        return True
    request.session.flush()
    request.session[HALF] = [user.reference, int(time.time()) + SECONDS, following]
    request.session.set_expiry(SECONDS)
    return False


def half_signed_in(request: HttpRequest) -> tuple[User, str] | None:
    """Whose code is asked, and where they were going; None where nobody's is, or it took too long."""
    reference, until, following = request.session.get(HALF, ("", 0, ""))
    if time.time() > until:
        return None
    user = User.objects.filter(reference=reference, is_active=True).first()
    return None if user is None else (user, following)


def wholly(request: HttpRequest, user: User) -> None:
    """Signs in whoever has proved the code too."""
    request.session.flush()
    login(request, user, backend=BACKEND)
