"""Files that were handed in: what is known of each. Their bytes lie in the data folder, under names that we make."""

from __future__ import annotations

from django.db import models

from procurement.models.base import Referenced
from procurement.models.competitions import Competition
from procurement.models.outcomes import Claim
from procurement.models.tenders import Tender


class StoredFile(Referenced):
    """`name` is what it was called, for whoever fetches it; `stored_as` where it lies below MEDIA_ROOT; `media_type`
    what its content says it is; `size` in bytes; `digest` its SHA-256. Removed, its row stays without its bytes' use;
    from `purged_at` on the bytes are gone (procurement/retention.py).
    """

    name = models.CharField(max_length=150)
    stored_as = models.CharField(max_length=120, unique=True)
    media_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class CompetitionDocument(StoredFile):
    """A document of a competition, for everybody that is invited, from `told_at` on: at publishing, later by an
    amendment.
    """

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="documents")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["competition_id", "id"]


class ClaimFile(StoredFile):
    """Evidence of a claim, for whoever reads the claim; it stays with it."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="files")

    class Meta:
        ordering = ["claim_id", "id"]


class TenderFile(StoredFile):
    """A file of a tender, sealed with it. What is of the price stays hidden until the quality is agreed."""

    class Part(models.TextChoices):
        QUALITY = "quality", "Quality"
        PRICE = "price", "Price"

    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="files")
    part = models.CharField(max_length=7, choices=Part.choices)

    class Meta:
        ordering = ["tender_id", "id"]
