"""Validators of what is read and written: ETag, If-None-Match (304), If-Match (428 when missing, 412 when
stale).

The tag of an object that people edit is `"<revision>-<digest>"`: the revision decides whether a write is
stale, the digest of the body whether a copy is still the same, though another object that it shows has
changed. What has no revision is tagged by its digest alone.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from rest_framework.request import Request

from api.errors import Problem, fault
from procurement.revisions import ANY

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAGS: Final = re.compile(
    r'\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*'
)


def tag(body: bytes, revision: int | None = None) -> str:
    """The strong entity tag of this body."""
    digest = hashlib.blake2b(body, digest_size=9).hexdigest()
    return f'"{digest}"' if revision is None else f'"{revision}-{digest}"'


def unchanged(request: Request, current: str) -> bool:
    """Whether If-None-Match names the current tag (compared weakly, as RFC 9110 says for it)."""
    header = request.META.get("HTTP_IF_NONE_MATCH", "").strip()
    return header == "*" or current.strip('"') in {each for _, each in _TAG.findall(header)}


def revision_meant(request: Request) -> int:
    """The revision that a change is meant for, by If-Match: the one that was read, for `*` whichever stands when the
    change is made (RFC 9110, section 13.1.1), behind others that are made at the same time. Raises Problem 400, 412,
    428.

    Where several tags are listed the newest counts: the action refuses unless it is the current one.
    """
    header = request.META.get("HTTP_IF_MATCH", "").strip()
    if not header:
        raise Problem(
            428,
            "Send If-Match with the ETag of what you read, so that nobody's change is lost.",
            errors=[fault("missing", "If-Match is missing.", header="If-Match")],
        )
    if header == "*":
        return ANY
    if not _TAGS.fullmatch(header):
        raise Problem(
            400,
            "If-Match is not a list of entity tags.",
            errors=[
                fault("malformed", 'If-Match takes tags in quotes, such as "7-0a1b".', header="If-Match")
            ],
        )
    revisions = [
        int(number)
        for weak, each in _TAG.findall(header)
        if not weak and (number := each.partition("-")[0]).isascii() and number.isdigit() and len(number) < 10
    ]
    if not revisions:
        raise Problem(412, "None of the tags in If-Match is of this object as it is now.")
    return max(revisions)
