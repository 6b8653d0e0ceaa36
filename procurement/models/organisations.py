"""Organisations: the legal bodies that buy, supply, own frameworks or run the service."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from procurement.identifiers import FICTIONAL
from procurement.models.base import Revised
from procurement.vocabulary import BUYER_CLASSES


class Organisation(Revised):
    """A legal body. `scheme` and `identifier` follow org-id.guide (GB-COH, GB-CHC, GB-NHS, …; fictional ones XX-DEMO).

    Both are blank where no register number is known: nothing is invented about a real body.
    """

    class Nation(models.TextChoices):
        ENGLAND = "england", "England"
        WALES = "wales", "Wales"
        SCOTLAND = "scotland", "Scotland"
        NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"

    name = models.CharField(max_length=250)
    scheme = models.CharField(max_length=20, blank=True)
    identifier = models.CharField(max_length=60, blank=True)
    buyer_class = models.CharField(max_length=30, blank=True, choices=list(BUYER_CLASSES.items()))
    nation = models.CharField(max_length=20, blank=True, choices=Nation.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    excluded_since = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "reference"]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "identifier"],
                condition=~Q(identifier=""),
                name="organisation_identifier_once",
            ),
            models.CheckConstraint(
                condition=Q(scheme="", identifier="") | (~Q(scheme="") & ~Q(identifier="")),
                name="organisation_identifier_whole",
            ),
        ]

    @property
    def fictional(self) -> bool:
        """Whether it is made up, as its identifier says."""
        return self.scheme == FICTIONAL


class Capability(models.Model):
    """What an organisation is to the service; it may be several things at once."""

    class Kind(models.TextChoices):
        BUYER = "buyer", "Buyer"
        PARTNER = "partner", "Partner"
        FRAMEWORK_OWNER = "framework_owner", "Framework owner"
        OPERATOR = "operator", "Operator"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="capabilities")
    kind = models.CharField(max_length=20, choices=Kind.choices)

    class Meta:
        verbose_name_plural = "capabilities"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind"], name="capability_once"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.kind}"
