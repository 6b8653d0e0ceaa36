"""Notes in the session at its beginning what its owner is told of it.

What somebody may do, and which parts of the navigation they are led to, is not noted: it may change while the session
lasts (web/pages.py asks for it).
"""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from web.sessions import describe


@receiver(user_logged_in, dispatch_uid="web.receivers")
def note_sign_in(request: HttpRequest, **_: object) -> None:
    """No query."""
    describe(request.session, request)
