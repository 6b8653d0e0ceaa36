"""What the index owes: requests left by events (the outbox), the runs that answer them, and the listings that these
have written, for the saved searches to look at.

A request is written in the transaction of its event and deleted once the engine has committed what it asked
for, so that neither a lost message nor a killed worker loses an update. A run's key is the version stamped on
every document it writes.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class IndexRequest(models.Model):
    """Something that an event touched and that must be read and written again.

    `position` is the event's place in the log (0: no event, a repair). `claim` is the token of the worker
    that took it; a claim older than the lease is taken over by the next. `failures` counts runs that failed
    on it; it rests until `not_before`, and is then tried alone, so that one bad row never holds up the
    others.
    """

    class Kind(models.TextChoices):
        PARTNER = "partner", "Partner"
        SUPPLIER = "supplier", "Supplier"
        FRAMEWORK = "framework", "Framework"
        RATE_CARD = "rate_card", "Rate card"
        LISTING = "listing", "Listing"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    reference = models.CharField(max_length=400)
    position = models.PositiveBigIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["claim", "id"], name="index_request_by_claim"),
            models.Index(fields=["position"], name="index_request_by_position"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference} @{self.position}"


class IndexRun(models.Model):
    """One piece of work on the index. Its primary key only grows, and is the version of what it writes."""

    made_by_preparing: ClassVar[bool] = True
    """A database that nobody has used yet has one, of the index that was built over it (procurement/moving.py)."""

    class Kind(models.TextChoices):
        SYNC = "sync", "Outbox answered"
        REBUILD = "rebuild", "Rebuild"

    class Status(models.TextChoices):
        REQUESTED = "requested", "Requested"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "status"], name="index_run_by_status")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.status}"


class ChangedListing(models.Model):
    """A listing that a run has written or removed, kept until every saved search has been asked about it."""

    listing = models.CharField(max_length=400)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.listing
