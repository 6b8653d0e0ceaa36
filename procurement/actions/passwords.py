"""The link by which somebody sets a password, for a first or a forgotten one: sent by e-mail after commit, good for the
hours of PASSWORD_RESET_TIMEOUT and until it is used.

The address that asks gets the same answer whether it has an account, in the same time: the worker is told of either,
and sends.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import caches
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from redis import RedisError

from procurement.actions.account_mail import owe_account_mail, send_account_mail
from procurement.models import AccountMail, Session, User

AGAIN: Final = timedelta(minutes=10)
"""An address that asked is sent nothing more for so long: nobody's mailbox is filled from here."""
BODY: Final = (
    "Somebody asked for a password for this address at Calloff.\n\n"
    "Set it here within {hours} hours:\n{link}\n\n"
    "If it was not you, do nothing: without the link nothing changes.\n"
)


def ask_link(email: str) -> None:
    """Has the link sent to an address that has an account; to any other nothing is sent, and nobody is told. Which has
    been asked for within AGAIN is sent nothing, whoever it is: the answer takes as long.
    """
    address = email.strip().lower()
    asked = f"password:{hashlib.sha256(address.encode()).hexdigest()}"
    try:
        if not caches["attempts"].add(asked, True, AGAIN.total_seconds()):
            return
    except (OSError, RedisError):
        # Without the cache nobody signs in by a password they know; the link does not wait for a count as well.
        pass
    user = User.objects.filter(email=address, is_active=True).first()
    # Owed to nobody too, so that it takes as long.
    owe_account_mail(AccountMail.Kind.PASSWORD, user.reference if user is not None else "")


def send_link(reference: str) -> bool:
    """Sends the link to a person; False where there is none any more."""
    user = User.objects.filter(reference=reference, is_active=True).first()
    if user is None:
        return False
    key = urlsafe_base64_encode(force_bytes(user.reference))
    path = reverse("web:set-password", args=[key, default_token_generator.make_token(user)])
    body = BODY.format(hours=settings.PASSWORD_RESET_TIMEOUT // 3600, link=f"{settings.PUBLIC_URL}{path}")
    send_account_mail(user.email, "Calloff: set your password", body)
    return True


def set_password(user: User, password: str) -> None:
    """Sets it once it was found good, and ends every session of the person: whoever knew the one before may hold it."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        Session.objects.filter(user=user).delete()


def person_of_link(key: str, token: str) -> User | None:
    """Whose link it is, None where it is used, too old or made up."""
    try:
        reference = urlsafe_base64_decode(key).decode()
    except (ValueError, UnicodeDecodeError):
        return None
    user = User.objects.filter(reference=reference, is_active=True).first()
    return user if user is not None and default_token_generator.check_token(user, token) else None
