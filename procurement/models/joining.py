"""A firm's application to join a consortium on a lot, or to be appointed to a lot by itself."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from procurement.models.base import Revised
from procurement.models.frameworks import Lot
from procurement.models.suppliers import Partner, Supplier

OPEN: Final = ("draft", "submitted", "agreed", "checked")
"""Statuses of an application that has not ended."""


class Joining(Revised):
    """An application of `partner` for `lot`: within `supplier`, or alone where that is null.

    `offers` are the specialisms that it would offer, `{specialism, regions}` by reference and code.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        AGREED = "agreed", "Agreed by the lead"
        CHECKED = "checked", "Checked by the framework owner"
        JOINED = "joined", "Joined"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="joinings")
    supplier = models.ForeignKey(
        Supplier, null=True, blank=True, on_delete=models.PROTECT, related_name="joinings"
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="joinings")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    statement = models.TextField(blank=True)
    offers = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "supplier", "lot"],
                condition=Q(status__in=OPEN),
                name="joining_one_open",
            ),
            models.UniqueConstraint(
                fields=["partner", "lot"],
                condition=Q(status__in=OPEN, supplier=None),
                name="joining_one_open_alone",
            ),
        ]
