"""The signed part of the link that stops a saved search's e-mails: whoever holds it may do that and nothing else.

It does not expire: an old e-mail's link must still work (RFC 8058). It stands under the installation's SECRET_KEY.
"""

from __future__ import annotations

from typing import Final

from django.core.signing import BadSignature, Signer

SALT: Final = "calloff.saved-search.unsubscribe"


def token_for(reference: str) -> str:
    """The token of a saved search, safe in an address."""
    return Signer(salt=SALT).sign(reference)


def reference_in(token: str) -> str | None:
    """The saved search that a token is for, None where it is not one of ours."""
    try:
        return Signer(salt=SALT).unsign(token)
    except BadSignature:
        return None
