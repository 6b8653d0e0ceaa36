"""A form that was sent after its session had ended: signed, into the page that asks to sign in, and offered again to
the same person once they have signed in.

No store holds it (docs/decisions/0024): the browser that wrote it carries it, from page to page, for an hour. Who wrote
it is told by a signed cookie, set at a sign-in and taken away at a sign-out; without it nothing is kept. What passed
the check against forged requests alone comes here, or what the browser says that our own page sent, and nothing is sent
again but by a button of whoever reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from procurement.models import User
from web.changing import unled
from web.meanwhile import OF_EVERY_STEP
from web.saying import said

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
"""Characters from which on a value can be written on."""
IN_NAMES: Final = re.compile(r"[-_:]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A field as whoever sends it again reads it: its name in words, "" where nobody wrote into it, and whether it is
    `long` enough to be written on.
    """

    name: str
    value: str
    label: str
    long: bool


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where it was sent, and its fields in their order."""

    address: str
    fields: tuple[tuple[str, str], ...]

    def rows(self) -> list[Field]:
        """Every field: nobody is to send again what they have not seen."""
        return [
            Field(name, value, _in_words(name), len(value) > LONG or "\n" in value)
            if name not in OF_EVERY_STEP
            else Field(name, value, "", long=False)
            for name, value in self.fields
        ]

    def step(self) -> str:
        """What the form asks to be done, in words; "" where it is the only form of its page."""
        return _in_words(dict(self.fields).get("do", ""))


def _in_words(name: str) -> str:
    words = " ".join(IN_NAMES.sub(" ", name).split())
    return said(words[:1].upper() + words[1:])


def form_of(request: HttpRequest) -> KeptForm | None:
    """What was sent; None where it is not to be shown again: it holds a secret or a file, or too much."""
    match = request.resolver_match
    if request.FILES or match is None or match.namespace != "web" or match.url_name in NEVER:
        return None
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    size = sum(len(part.encode()) for field in fields for part in field)
    if size > MOST or not SECRET.isdisjoint(name for name, _value in fields):
        return None
    return KeptForm(unled(request.get_full_path()), tuple(fields))


def kept_of(request: HttpRequest) -> str:
    """What was sent, signed, for `opened`; "" where it is not to be kept, and where nobody is known to have written
    it.
    """
    author = request.get_signed_cookie(AUTHOR, "", salt=SALT, max_age=KNOWN)
    form = form_of(request) if author else None
    return (
        "" if form is None else signing.dumps([author, form.address, form.fields], salt=SALT, compress=True)
    )


def opened(text: str, user: User) -> KeptForm | None:
    """What `kept_of` made of a form of this person; None where it is somebody else's, too old or made up."""
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
