"""Notes in the session at its beginning whether a buyer, a partner firm or an administrator signed in, so that no
later page asks the database for its navigation (it shows links and permits nothing), and what its owner is told of it.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from procurement.models import Capability, User
from web.sessions import describe

BUYER: Final = "buyer"
"""In the session: whether pages lead to what buyers keep, and offer to keep it (every role of a buyer may)."""
FIRM: Final = "firm"
"""In the session: whether pages lead to what partner firms are asked (every role of a firm may read it)."""
ADMINISTRATOR: Final = "administrator"
"""In the session: whether pages lead to what framework owners and operators look after."""


@receiver(user_logged_in, dispatch_uid="web.receivers")
def remember_kinds(request: HttpRequest, user: User, **_: object) -> None:
    """One query at each signing in."""
    describe(request.session, request)
    kinds = set(
        Capability.objects.filter(organisation__memberships__user=user).values_list("kind", flat=True)
    )
    request.session[BUYER] = Capability.Kind.BUYER in kinds
    request.session[FIRM] = Capability.Kind.PARTNER in kinds
    request.session[ADMINISTRATOR] = bool(kinds & {Capability.Kind.FRAMEWORK_OWNER, Capability.Kind.OPERATOR})
