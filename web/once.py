"""A form that is sent twice, by a double click or a reload, is done once: each form that keeps something carries a
one-time key, and the second sending is led to where the first was (procurement/once.py).

What the form says belongs to its key: whoever goes back, writes something else and sends it again means something else.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from markupsafe import Markup

from procurement.once import Kept, Sent, answered, fingerprint, once
from procurement.permissions import Actor
from web.changing import SEE_OTHER, see_other

FIELD: Final = "once"
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_SAID: Final = {FIELD, "csrfmiddlewaretoken"}


def once_input() -> Markup:
    """The hidden field with a new key."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, secrets.token_urlsafe(16))


def done_before(request: HttpRequest, actor: Actor) -> HttpResponse | None:
    """Where the first sending of this form was led; None where this is the first."""
    sent = _sent(request, actor)
    before = answered(sent) if sent is not None else None
    return None if before is None else see_other(before.headers["Location"])


def done_once(request: HttpRequest, actor: Actor, act: Callable[[], str]) -> HttpResponse:
    """Carries out `act`, which says where the browser is led, or leads it where the first sending of this form was.
    A form without a key is carried out. All of `act` is one transaction. Raises what `act` raises.
    """
    sent = _sent(request, actor)
    if sent is None:
        with transaction.atomic():
            return see_other(act())
    said = sent.fingerprint
    done = once(sent, act, lambda address: Kept(SEE_OTHER, said, headers={"Location": address}))
    return see_other(done.headers["Location"] if isinstance(done, Kept) else done)


def part_once(request: HttpRequest, actor: Actor, part: str, act: Callable[[], str]) -> str:
    """Carries out a part of what a form asks (`part` names it), which stands where the rest is refused; what `act` says
    of it in a word, or what it said at the first sending. Raises what `act` raises.
    """
    sent = _sent(request, actor)
    if sent is None:
        return act()
    sent = replace(sent, key=f"{part} {sent.key}")
    done = once(sent, act, lambda word: Kept(SEE_OTHER, sent.fingerprint, body=word.encode()))
    return done.body.decode() if isinstance(done, Kept) else done


def _sent(request: HttpRequest, actor: Actor) -> Sent | None:
    key = request.POST.get(FIELD, "")
    if not _KEY.fullmatch(key):
        return None
    words = (
        part.encode()
        for name, values in sorted(request.POST.lists())
        if name not in _NOT_SAID
        for part in (name, *values)
    )
    said = fingerprint(*words, *_files(request))
    return Sent(actor.reference, f"{request.method} {request.path}", f"{key} {said}", said)


def _files(request: HttpRequest) -> Iterator[bytes]:
    """What is uploaded: of each file its field, its name and the SHA-256 of what stands in it, read piece by piece, as
    it may be larger than memory is. Another file under the same name is another sending.
    """
    for field, files in sorted(request.FILES.lists()):
        for one in files:
            digest = hashlib.sha256()
            for piece in one.chunks():
                digest.update(piece)
            one.seek(0)
            yield from (field.encode(), (one.name or "").encode(), digest.digest())
