"""The second step of signing in: set up with an authenticator, asked at each sign-in, turned off with a code.

Somebody without their phone enters one of the recovery codes, each good for once; without these too, an operator takes
the step away (`manage.py remove_second_step`). Whose step changed is told by e-mail.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from typing import Final
from urllib.parse import quote, urlencode

from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP

from procurement.actions.account_mail import owe_account_mail, send_account_mail
from procurement.errors import Conflict, Fault, Invalid
from procurement.kept_secrets import Unreadable, opened, sealed
from procurement.models import AccountMail, RecoveryCode, SecondStep, User

KEY_BYTES: Final = 20
CODES: Final = 10
CODE_BYTES: Final = 10
TOLERANCE: Final = 1
"""Codes of the thirty seconds before and after are taken too: clocks differ (RFC 6238, 5.2)."""
WRONG: Final = "That code is wrong, or was used before."
TOO_SOON: Final = "No code is looked at yet."
UNREADABLE: Final = (
    "The key of your authenticator can no longer be read here, which is no fault of yours. Enter a recovery code, or "
    "ask whoever runs the service to take the second step away."
)
"""Its SECRET_KEY was changed without SECRET_KEY_FALLBACKS."""

SUBJECTS: Final = {
    True: "Calloff: a second step protects your account",
    False: "Calloff: the second step of your account is off",
}
BODY: Final = "{what}\n\nIf it was not you, set a new password and tell whoever runs the service.\n"
WHAT: Final = {
    True: "From now on a code of your authenticator is asked when you sign in.",
    False: "From now on your password alone signs you in.",
}


log: Final = logging.getLogger(__name__)


def has_second_step(user: User) -> bool:
    """Whether a code is asked when this person signs in."""
    return SecondStep.objects.filter(user=user, confirmed=True).exists()


def begin_second_step(user: User) -> SecondStep:
    """A new key to be scanned, in place of one that was never confirmed. Raises Conflict where the step is on."""
    with transaction.atomic():
        _locked(user)
        if has_second_step(user):
            raise Conflict("The second step is on already.")
        key = secrets.token_bytes(KEY_BYTES)
        SecondStep.objects.filter(user=user).delete()
        begun: SecondStep = SecondStep.objects.create(user=user, sealed_key=sealed(key.hex()))
    return begun


def provisioning(step: SecondStep) -> str:
    """The address that authenticators read (`otpauth://`), as their makers agreed on it."""
    label = quote(f"Calloff:{step.user.email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': typed_key(step), 'issuer': 'Calloff'})}"


def typed_key(step: SecondStep) -> str:
    """The key as somebody types it who cannot scan: base 32. Raises Unreadable."""
    return base64.b32encode(bytes.fromhex(opened(step.sealed_key))).decode()


def confirm_second_step(user: User, code: str) -> list[str]:
    """Turns the step on by a first code of the authenticator; answers the recovery codes, which are shown this once.

    Raises Invalid for a wrong code; Conflict where nothing was begun, or the step is on.
    """
    with transaction.atomic():
        _locked(user)
        step = SecondStep.objects.filter(user=user).first()
        if step is None or step.confirmed:
            raise Conflict("Nothing waits to be confirmed.")
        why = _wanting(step, code)
        if not why:
            step.confirmed = True
            step.save()
            codes = _new_codes(step)
            _tell(user, on=True)
    if why:
        raise _refused(step, why)
    return codes


def enter_second_step(user: User, code: str) -> None:
    """Takes a code of the authenticator, or a recovery code, for a sign-in. Raises Invalid for a wrong one, and for any
    while the person has to wait after wrong ones.
    """
    with transaction.atomic():
        step = _step(user)
        why = _wanting(step, code)
    # After commit: a wrong code must count.
    if why:
        raise _refused(step, why)


def renew_recovery_codes(user: User, code: str) -> list[str]:
    """New recovery codes in place of the old. Raises as `enter_second_step` does."""
    enter_second_step(user, code)
    with transaction.atomic():
        return _new_codes(_step(user))


def turn_off_second_step(user: User, code: str) -> None:
    """Raises as `enter_second_step` does."""
    enter_second_step(user, code)
    remove_second_step(user)


def remove_second_step(user: User) -> bool:
    """Without a code: what an operator does for somebody who has lost both. False where there is none."""
    with transaction.atomic():
        removed, _ = SecondStep.objects.filter(user=user, confirmed=True).delete()
        if removed:
            _tell(user, on=False)
    return bool(removed)


def tell_of_second_step(reference: str, on: bool) -> bool:
    """Writes to the person; False where there is none any more."""
    user = User.objects.filter(reference=reference, is_active=True).first()
    if user is None:
        return False
    send_account_mail(user.email, SUBJECTS[on], BODY.format(what=WHAT[on]))
    return True


def _locked(user: User) -> None:
    User.objects.select_for_update().get(pk=user.pk)


def _step(user: User) -> SecondStep:
    """Locked, so that a code that is sent twice at once is taken once."""
    step: SecondStep | None = SecondStep.objects.select_for_update().filter(user=user, confirmed=True).first()
    if step is None:
        raise Conflict("The second step is off.")
    return step


def _wanting(step: SecondStep, code: str) -> str:
    """Why the code is not taken, "" for a right one, noted so that it is not right again; a wrong one makes the next
    wait.
    """
    if step.waits_until() is not None:
        return TOO_SOON
    plain = code.replace(" ", "").replace("-", "").upper()
    try:
        taken = _is_of_now(step, plain) or _is_recovery(step, plain)
    except Unreadable:
        log.exception("the key of a second step cannot be read")
        return UNREADABLE
    step.note(taken=taken)
    return "" if taken else WRONG


def _is_of_now(step: SecondStep, code: str) -> bool:
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return False
    clock = TOTP(bytes.fromhex(opened(step.sealed_key)))
    clock.time = timezone.now().timestamp()
    if not clock.verify(int(code), TOLERANCE, step.last_step + 1):
        return False
    step.last_step = clock.t()
    step.save(update_fields=["last_step"])
    return True


def _is_recovery(step: SecondStep, code: str) -> bool:
    removed, _ = RecoveryCode.objects.filter(second_step=step, digest=_digest(code)).delete()
    return bool(removed)


def _refused(step: SecondStep, why: str) -> Invalid:
    if until := step.waits_until():
        seconds = max(1, round((until - timezone.now()).total_seconds()))
        why = f"{why} Wait {seconds} second{'s' if seconds > 1 else ''} before the next."
    return Invalid("The code was not taken.", (Fault("/code", "wrong", why),))


def _new_codes(step: SecondStep) -> list[str]:
    step.codes.all().delete()
    plain = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode() for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(second_step=step, digest=_digest(one)) for one in plain)
    return ["-".join(one[at : at + 4] for at in range(0, len(one), 4)) for one in plain]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _tell(user: User, *, on: bool) -> None:
    owe_account_mail(AccountMail.Kind.SECOND_STEP, user.reference, int(on))
