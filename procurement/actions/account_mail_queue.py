"""Sends the e-mails about accounts that are owed: each is claimed, put together, sent, and its row removed.

Journey: an action owes one (actions/account_mail.py) -> after commit, or each minute, procurement/tasks.py -> here. One
that fails is tried again as other deliveries are, as often; then it is given up, which the log says: whoever was to
have a link asks for another. Whoever is killed between sending and noting so has it sent once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from procurement.actions.deliveries import LEASE, RUN_SECONDS, rest
from procurement.actions.member_invitations import send_invitation
from procurement.actions.passwords import send_link
from procurement.actions.registering import send_registration
from procurement.actions.second_steps import tell_of_second_step
from procurement.models import AccountMail

log = structlog.get_logger(__name__)

Kind = AccountMail.Kind
SENDERS: Final[dict[str, Callable[[AccountMail], bool]]] = {
    Kind.PASSWORD: lambda mail: send_link(mail.about),
    Kind.REGISTRATION: lambda mail: send_registration(mail.about),
    Kind.INVITATION: lambda mail: send_invitation(mail.about, mail.number),
    Kind.SECOND_STEP: lambda mail: tell_of_second_step(mail.about, bool(mail.number)),
}
"""Each answers False where nobody is to be told any more, which settles it too."""


def send_owed(now: datetime | None = None, seconds: float = RUN_SECONDS) -> bool:
    """Tries what is due, what has waited longest first; whether time ran out before all was tried."""
    at, until = now or timezone.now(), time.monotonic() + seconds
    while (mail := _claimed(at)) is not None:
        _try(mail, at)
        if time.monotonic() >= until:
            return True
    return False


def _claimed(now: datetime) -> AccountMail | None:
    """One that is due, now nobody else's for a while."""
    with transaction.atomic():
        due = AccountMail.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
        # On SQLite writers take turns anyway.
        mail: AccountMail | None = due.select_for_update(skip_locked=True).first()
        if mail is not None:
            mail.attempts += 1
            mail.next_attempt_at = now + LEASE
            mail.save(update_fields=["attempts", "next_attempt_at"])
    return mail


def _try(mail: AccountMail, now: datetime) -> None:
    # Nobody else's: unless its lease has run out and somebody has tried since.
    mine = AccountMail.objects.filter(pk=mail.pk, attempts=mail.attempts)
    said = {"kind": mail.kind, "about": mail.about}
    try:
        SENDERS[mail.kind](mail)
    except Exception as error:
        # Whatever is wrong with this one, the others must not wait for it. An error's text may hold an address.
        if not isinstance(error, OSError):
            log.exception("account_mail_failed", **said)
        if mail.attempts < settings.DELIVERY_ATTEMPTS:
            mine.update(next_attempt_at=now + rest(mail.attempts))
            return
        log.error("account_mail_given_up", **said, why=type(error).__name__)
    mine.delete()
