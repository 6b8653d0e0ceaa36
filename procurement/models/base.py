"""What every referenced object has: one immutable, opaque, URL-safe reference, and a revision against stale writes."""

from __future__ import annotations

import secrets
from typing import Final

from django.core.validators import RegexValidator
from django.db import models

REFERENCE_PATTERN: Final = r"^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$"
REFERENCE_LENGTH: Final = 120

reference_shape = RegexValidator(
    REFERENCE_PATTERN, "A reference holds letters, digits, dots, hyphens, underscores and tildes."
)


def opaque(prefix: str) -> str:
    """A new random reference such as `usr_4f8a…`: 96 random bits, no meaning, no order."""
    return f"{prefix}_{secrets.token_hex(12)}"


class Referenced(models.Model):
    """An object that others name by `reference`; the primary key never leaves the database."""

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, validators=[reference_shape])

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.reference


class Revised(Referenced):
    """A referenced object that people edit: each change raises `revision`, from which its ETag is made."""

    revision = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True
