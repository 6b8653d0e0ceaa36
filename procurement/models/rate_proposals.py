"""A supplier's proposal of a new version of its rate card, until the framework's owner has decided on it."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from procurement.models.base import Revised
from procurement.models.frameworks import Framework
from procurement.models.rates import RateCard, RateCardVersion
from procurement.models.suppliers import Supplier

OPEN: Final = ("draft", "submitted")
"""Statuses of a proposal that has not ended."""


class RateProposal(Revised):
    """What a card is to say from `valid_from` on: no version of it, so that nothing that reads cards can find it.

    `lines` hold the fields of a line as procurement/actions/rate_lines.py names them, money in minor units without VAT;
    a line that is not among them is to be withdrawn. The database refuses to change them once it was submitted.
    `compared` is the version in force when it ended, None where there was none; `version` what it became by approval.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="rate_proposals")
    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="rate_proposals")
    currency = models.CharField(max_length=3, default="GBP", help_text="ISO 4217")
    unit = models.CharField(max_length=4, choices=RateCard.Unit.choices, default=RateCard.Unit.DAY)
    basis = models.CharField(max_length=12, choices=RateCard.Basis.choices, default=RateCard.Basis.PUBLISHED)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    valid_from = models.DateField(null=True, blank=True)
    lines = models.JSONField(default=list)
    note = models.TextField(blank=True, help_text="What its framework's owner should know of it.")
    source = models.CharField(
        max_length=200, blank=True, help_text="The name of the file that its lines came in."
    )
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    compared = models.ForeignKey(
        RateCardVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    version = models.OneToOneField(
        RateCardVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="proposal"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "framework", "currency", "unit"],
                condition=Q(status__in=OPEN),
                name="rate_proposal_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", version__isnull=False)
                | (~Q(status="approved") & Q(version=None)),
                name="rate_proposal_version_once_approved",
            ),
        ]
