"""An account for whoever asks with an address that is theirs: a link is sent, and whoever follows it has proved that.

Every address gets the same answer in the same time; one that has an account is sent the link to set its password. The
queue is told a reference, never an address.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from procurement.actions.account_mail import owe_account_mail, send_account_mail
from procurement.actions.members import EMAIL_LENGTH
from procurement.actions.new_account import checked_name
from procurement.actions.passwords import AGAIN, send_link
from procurement.errors import Fault, Invalid
from procurement.models import AccountMail, Registration, User

SALT: Final = "calloff.registration"
BODY: Final = (
    "Somebody asked for an account at Calloff with this address.\n\n"
    "Set it up here within {hours} hours:\n{link}\n\n"
    "If it was not you, do nothing: without the link there is no account.\n"
)


def ask_to_register(email: str) -> None:
    """Has a link sent to the address. Raises Invalid where it is none."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        address = ""
    if not address or len(address) > EMAIL_LENGTH:
        fault = Fault("/email", "shape", "Enter an email address such as name@example.org.")
        raise Invalid("No account was asked for.", (fault,))
    now = timezone.now()
    with transaction.atomic():
        try:
            with transaction.atomic():
                asked, new = Registration.objects.get_or_create(email=address, defaults={"asked_at": now})
        except IntegrityError:  # another asks with it at this moment, and is sent the link
            return
        if new or asked.asked_at <= now - AGAIN:
            Registration.objects.filter(pk=asked.pk).update(asked_at=now)
            owe_account_mail(AccountMail.Kind.REGISTRATION, asked.reference)


def send_registration(reference: str) -> bool:
    """Sends the link, or that to set a password where there is an account; False where nobody asks any more."""
    asked = Registration.objects.filter(reference=reference).first()
    if asked is None:
        return False
    user = User.objects.filter(email=asked.email).first()
    if user is not None:
        return send_link(user.reference)
    path = reverse("web:set-up-account", args=[signing.dumps(asked.reference, salt=SALT)])
    body = BODY.format(hours=settings.PASSWORD_RESET_TIMEOUT // 3600, link=f"{settings.PUBLIC_URL}{path}")
    send_account_mail(asked.email, "Calloff: set up your account", body)
    return True


def address_of_link(token: str) -> str | None:
    """Whose link it is, None where it is used, too old or made up."""
    try:
        reference = signing.loads(token, salt=SALT, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        return None
    return Registration.objects.filter(reference=reference).values_list("email", flat=True).first()


def register(token: str, full_name: str, password: str) -> User | None:
    """The account of whoever holds the link; None where that is used, too old or made up. Raises Invalid."""
    email = address_of_link(token)
    if email is None:
        return None
    name = checked_name(email, full_name, password)
    with transaction.atomic():
        used, _ = Registration.objects.filter(email=email).delete()
        if not used or User.objects.filter(email=email).exists():
            return None
        return User.objects.create_user(email, password, full_name=name)
