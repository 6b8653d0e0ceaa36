"""Where people are signed in: one row for each browser, so that they can see and end each."""

from __future__ import annotations

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from procurement.models.base import REFERENCE_LENGTH
from procurement.models.people import User


class Session(AbstractBaseSession):
    """What a browser's cookie stands for. Pages and addresses name it by `reference`, never by the cookie's key.

    Nobody's: somebody is half signed in, or sent a form that kept something. No address of a machine is kept.
    """

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="sessions")
    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, null=True, editable=False)
    signed_in_at = models.DateTimeField(null=True, blank=True)
    agent = models.CharField(max_length=60, blank=True)
    """The browser and its system in words, such as "Firefox on Linux"."""

    class Meta(AbstractBaseSession.Meta):
        abstract = False
