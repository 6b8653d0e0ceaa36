"""A form that was sent after its session had ended: sealed into the page that asks to sign in, and offered again to
the same person once they have signed in.

No store holds it (docs/decisions/0024): the browser that wrote it carries it, from page to page, for an hour. Who wrote
it is told by a signed cookie, set at a sign-in and taken away at a sign-out; without it nothing is kept. What passed
the check against forged requests alone comes here, and nothing is sent again but by a button of whoever reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from procurement.models import User
from web.meanwhile import OF_EVERY_STEP

KEPT: Final = "kept"
"""The field that carries it."""
AUTHOR: Final = "author"
"""The cookie that names who signed in last, signed."""
SALT: Final = "web.kept_form"
KNOWN: Final = timedelta(days=3)
"""So long after a sign-in a form that was left open is still known to be theirs."""
GOOD: Final = timedelta(hours=1)
"""So long one may take to sign in."""
MOST: Final = 50_000
"""Bytes of names and values: the page that offers it again stays small."""
NEVER: Final = frozenset(
    {
        "sign-in", "enter-code", "second-step", "password", "set-password", "register", "set-up-account",
        "member-invitation", "sign-out", "unsubscribe",
    }
)  # fmt: skip
"""Pages (by their name in web/urls.py) whose fields hold passwords and codes, or that ask for no session."""
SECRET: Final = frozenset({"password", "again", "code"})
"""Fields that hold one, wherever they stand."""
LONG: Final = 40
"""Characters from which on a value is shown to be read again."""


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where it was sent, and its fields in their order."""

    address: str
    fields: tuple[tuple[str, str], ...]

    def rows(self) -> list[tuple[str, str, bool]]:
        """Each field with whether it is shown: what was written at some length, and not what was chosen."""
        return [
            (name, value, name not in OF_EVERY_STEP and (len(value) > LONG or "\n" in value))
            for name, value in self.fields
        ]


def sealed(request: HttpRequest) -> str:
    """What was sent, for `opened`; "" where it is not to be kept: nobody is known to have written it, it holds a
    secret or a file, or too much.
    """
    match = request.resolver_match
    author = request.get_signed_cookie(AUTHOR, "", salt=SALT, max_age=KNOWN)
    if not author or request.FILES or match is None or match.namespace != "web" or match.url_name in NEVER:
        return ""
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    size = sum(len(part.encode()) for field in fields for part in field)
    if size > MOST or not SECRET.isdisjoint(name for name, _value in fields):
        return ""
    return signing.dumps([author, request.get_full_path(), fields], salt=SALT, compress=True)


def opened(text: str, user: User) -> KeptForm | None:
    """What `sealed` made of a form of this person; None where it is somebody else's, too old or made up."""
    try:
        author, address, fields = signing.loads(text, salt=SALT, max_age=GOOD)
    except signing.BadSignature:
        return None
    if author != user.reference:
        return None
    return KeptForm(address, tuple((name, value) for name, value in fields))


def note_author(request: HttpRequest, response: HttpResponseBase) -> None:
    """Notes at a sign-in who wrote what this browser sends from now on; a sign-out takes the note away."""
    if not request.session.modified:
        return
    if SESSION_KEY in request.session and isinstance(request.user, User):
        response.set_signed_cookie(
            AUTHOR,
            request.user.reference,
            salt=SALT,
            max_age=KNOWN,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    elif AUTHOR in request.COOKIES:
        response.delete_cookie(AUTHOR, samesite="Lax")
