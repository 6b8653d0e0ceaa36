"""Tenders: what suppliers answer to an invitation. Sealed until the deadline: these tables alone hold their content."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from procurement.models.base import Referenced, Revised
from procurement.models.competitions import Competition, Invitation
from procurement.models.suppliers import Partner

STANDING: Final = ("submitted", "disqualified", "successful", "unsuccessful", "not_signed")
"""Statuses of a tender that stood at its deadline; of any other, what was submitted once was taken back before it."""


class Tender(Revised):
    """A supplier's tender, from its invitation on. `draft` is what is being written, in the form of
    procurement/tenders.py; `current` what was last submitted, which alone counts.

    `drafters` are the members whom the lead lets write. `confirmed` is the number of the last material amendment that
    the submitted content answers to. `reason` says why it was declined, withdrawn, disqualified or not signed, or why
    its call-off ended without a contract.
    """

    class Status(models.TextChoices):
        INVITED = "invited", "Invited"
        VIEWED = "viewed", "Viewed"
        DECLINED = "declined", "Declined"
        DRAFT = "draft", "Being written"
        SUBMITTED = "submitted", "Submitted"
        WITHDRAWN = "withdrawn", "Withdrawn"
        DISQUALIFIED = "disqualified", "Disqualified"
        SUCCESSFUL = "successful", "Successful"
        UNSUCCESSFUL = "unsuccessful", "Unsuccessful"
        NOT_SIGNED = "not_signed", "Not signed"

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="tenders")
    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="tender")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.INVITED)
    draft = models.JSONField(default=dict)
    current = models.ForeignKey(
        "TenderRevision", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    drafters = models.ManyToManyField(Partner, blank=True, related_name="+")
    confirmed = models.PositiveIntegerField(default=0)
    ground = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    invited_at = models.DateTimeField()
    viewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["competition_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["competition"], condition=Q(status="successful"), name="tender_one_successful"
            ),
            models.CheckConstraint(
                condition=Q(current__isnull=False)
                | ~Q(status__in=("submitted", "successful", "unsuccessful")),
                name="tender_submitted_has_content",
            ),
        ]


class TenderRevision(Referenced):
    """A tender as it was submitted once; never edited. Its `reference` is that of the receipt.

    `document` is canonical JSON kept as text with its SHA-256 `digest`; the prices in it once more as minor units, VAT
    excluded: of the work, of expenses at most, and `compared_minor` on the competition's price basis.
    """

    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.TextField()
    digest = models.CharField(max_length=64)
    work_minor = models.BigIntegerField()
    expenses_minor = models.BigIntegerField()
    compared_minor = models.BigIntegerField()
    actor = models.CharField(max_length=120)
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ["tender_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "number"], name="tender_revision_once"),
            models.CheckConstraint(condition=Q(compared_minor__gt=0), name="tender_price_positive"),
        ]
