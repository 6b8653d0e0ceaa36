"""Texts that are kept so that the database alone does not tell them: the secrets that webhooks are signed with.

A secret must be used again, so it cannot be hashed. It is encrypted (Fernet: AES and an HMAC) under a key made of
SECRET_KEY; SECRET_KEY_FALLBACKS still open what they sealed (docs/decisions/0013-webhook-secrets.md).
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class Unreadable(Exception):  # noqa: N818 - says what is so
    """What is kept was sealed under a SECRET_KEY that is neither the present one nor a fallback."""


def sealed(text: str) -> str:
    """The text as it may be kept."""
    return _box().encrypt(text.encode()).decode()


def opened(kept: str) -> str:
    """The text that was sealed. Raises Unreadable."""
    try:
        return _box().decrypt(kept.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("Sealed under another SECRET_KEY; name that one in SECRET_KEY_FALLBACKS.") from error


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_key(one)) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    digest = salted_hmac("calloff.kept_secrets", "", secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
