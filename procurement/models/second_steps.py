"""The second step of signing in: an authenticator on somebody's phone, and the codes for the day it is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin

from procurement.models.people import User

WAITS_MOST: Final = timedelta(minutes=15)
"""After so long a code is looked at again, however many were wrong: whoever knows the password locks nobody out."""


class SecondStep(ThrottlingMixin, Device):
    """Somebody's authenticator (time-based one-time passwords, RFC 6238: SHA-1, six digits, thirty seconds). It counts
    once a first code has confirmed it. Its key is sealed (procurement/kept_secrets.py).

    The mixin makes whoever enters wrong codes wait 1, 2, 4 … seconds, and we no longer than WAITS_MOST.
    """

    name = None  # type: ignore[assignment] # one authenticator needs none

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_step")
    sealed_key = models.TextField()
    confirmed = models.BooleanField(default=False)
    last_step = models.BigIntegerField(default=-1)
    """The thirty seconds, counted from 1970, of the last code that was taken: none is taken twice (RFC 6238, 5.2)."""

    class Meta(Device.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"second step of {self.user_id}"

    def get_throttle_factor(self) -> int:
        """Seconds to wait after a first wrong code."""
        return 1

    def waits_until(self) -> datetime | None:
        """Until when no code is taken, None where one may be entered now."""
        allowed, told = self.verify_is_allowed()  # type: ignore[no-untyped-call]
        failed = self.throttling_failure_timestamp
        if allowed or failed is None:
            return None
        until: datetime = min(told["locked_until"], failed + WAITS_MOST)
        return until if until > timezone.now() else None

    def note(self, *, taken: bool) -> None:
        """A code was right, or wrong: saved."""
        if taken:
            self.throttle_reset()  # type: ignore[no-untyped-call]
        else:
            self.throttle_increment()  # type: ignore[no-untyped-call]


class RecoveryCode(models.Model):
    """A code for once, kept as its SHA-256 alone: its eighty random bits need no slower digest."""

    second_step = models.ForeignKey(SecondStep, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["second_step", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.second_step_id}"
