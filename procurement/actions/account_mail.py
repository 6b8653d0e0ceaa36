"""E-mails about somebody's account, which go to the one address and to no organisation: links and warnings.

Each is owed by a row of the transaction that it follows from, as what events tell is (actions/outbox.py); that cannot
hold these, for an event stays and is read by others.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from django.core.mail import EmailMessage
from django.db import transaction
from django.dispatch import Signal

from procurement.models import AccountMail

account_mail_owed: Final = Signal()
"""Sent after commit; procurement/tasks.py has the worker send what is owed."""


def owe_account_mail(kind: AccountMail.Kind, about: str, number: int = 0) -> None:
    """Writes down that it is owed, and tells the worker once the transaction has ended well."""
    AccountMail.objects.create(kind=kind, about=about, number=number)
    transaction.on_commit(partial(account_mail_owed.send, sender=None), robust=True)


def send_account_mail(address: str, subject: str, body: str) -> None:
    """Sends it at once. Raises OSError where the mail server does not take it."""
    EmailMessage(
        subject=subject, body=body, to=[address], headers={"Auto-Submitted": "auto-generated"}
    ).send()
