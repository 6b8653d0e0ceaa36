"""E-mails about accounts that are owed; procurement/actions/account_mail_queue.py sends them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from procurement.models.base import REFERENCE_LENGTH


class AccountMail(models.Model):
    """An e-mail about an account that is owed, until it is sent: its row goes then.

    `about` is the reference of a person, a registration or an invitation, empty where an address has no account;
    `number` that of an invitation's sending, 1 or 0 for a second step that is on or off. What it says is put together
    when it is sent: no address, link or token stands here. Whoever tries it moves `next_attempt_at` on first.
    """

    class Kind(models.TextChoices):
        PASSWORD = "password", "The link to set a password"
        REGISTRATION = "registration", "The link to set up an account"
        INVITATION = "invitation", "An invitation to act for an organisation"
        SECOND_STEP = "second_step", "The second step was turned on or off"

    kind = models.CharField(max_length=12, choices=Kind)
    about = models.CharField(max_length=REFERENCE_LENGTH, blank=True)
    number = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
