"""The event log: who did what to which object, when. Append-only and hash-chained, without personal data."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One row of the log. `position` and `previous_hash` are given under one lock, taken last in the transaction.

    `actor` is an opaque reference (a person's, an application's, or `system`); `references` name the objects concerned;
    `changes` hold changed values, never contacts or other personal data.
    """

    position = models.PositiveBigIntegerField(unique=True)
    type = models.CharField(max_length=60, db_index=True)
    version = models.PositiveSmallIntegerField(default=1)
    actor = models.CharField(max_length=120)
    subject_type = models.CharField(max_length=30)
    subject = models.CharField(max_length=200, db_index=True)
    references = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position} {self.type} {self.subject}"


class Chain(models.Model):
    """The end of the log: the one row that every recording transaction locks, last of all."""

    position = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"chain at {self.position}"
