"""Long work asked for through the API, answers to requests that may come twice, and the counters behind human
references.
"""

from __future__ import annotations

from django.db import models

from procurement.models.base import Referenced
from procurement.models.organisations import Organisation


class Operation(Referenced):
    """Work that outlives its request: status, progress, then a result or a problem."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    cancellable = models.BooleanField(
        default=True, help_text="False once it has begun what cannot be half done."
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    parameters = models.JSONField(default=dict)
    result = models.JSONField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="operations"
    )
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status"], name="operation_status")]


class IdempotencyRecord(models.Model):
    """The answer given to one principal for one key at one route, and the fingerprint of the request it
    answered. The table is named after where it once was kept.
    """

    principal = models.CharField(max_length=120)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "api_idempotencyrecord"
        constraints = [
            models.UniqueConstraint(fields=["principal", "route", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.route} {self.key}"


class Counter(models.Model):
    """The last number given for a kind of reference in a year: OP-2026-000001."""

    kind = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    value = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="counter_once")]

    def __str__(self) -> str:
        return f"{self.kind}-{self.year}: {self.value}"
