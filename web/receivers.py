"""Notes in the session at its beginning whether a buyer signed in, so that no later page asks the database for its
navigation. It shows links and permits nothing.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from procurement.models import Capability, User

BUYER: Final = "buyer"
"""In the session: whether pages lead to what buyers keep, and offer to keep it (every role of a buyer may)."""


@receiver(user_logged_in, dispatch_uid="web.receivers")
def remember_buyer(request: HttpRequest, user: User, **_: object) -> None:
    """One query at each signing in."""
    kinds = Capability.objects.filter(kind=Capability.Kind.BUYER, organisation__memberships__user=user)
    request.session[BUYER] = kinds.exists()
