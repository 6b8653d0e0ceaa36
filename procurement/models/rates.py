"""Rate cards: a supplier's maximum rates under a framework, versioned and dated, shared by all its partners."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from procurement.models.base import Revised
from procurement.models.frameworks import Framework, Grade, Lot
from procurement.models.suppliers import Supplier
from procurement.vocabulary import QUALIFICATIONS, RATE_SIZES, SITES, WORK_TYPES


class RateCard(Revised):
    """A supplier's card under a framework. Rates are ceilings, VAT excluded.

    `basis` is that of the version published last: whoever reads a price reads the basis of its own version.
    """

    class Unit(models.TextChoices):
        DAY = "day", "Day"
        HOUR = "hour", "Hour"

    class Basis(models.TextChoices):
        PUBLISHED = "published", "Published"
        ILLUSTRATIVE = "illustrative", "Illustrative"

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="rate_cards")
    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="rate_cards")
    currency = models.CharField(max_length=3, default="GBP", help_text="ISO 4217")
    unit = models.CharField(max_length=4, choices=Unit.choices, default=Unit.DAY)
    basis = models.CharField(max_length=12, choices=Basis.choices, default=Basis.PUBLISHED)

    class Meta:
        ordering = ["reference"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "framework", "currency", "unit"], name="rate_card_once"
            ),
        ]


class RateCardVersion(models.Model):
    """A card as it stood: immutable once published. Both days are included; no last day means until further notice.
    The *published* one is that which begins last; one that ends before it begins is *superseded* from its publication.

    An *illustrative* version is made up to show how the service works: it says so wherever it is shown, and stays out
    of statistics unless asked for.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        PUBLISHED = "published", "Published"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "Superseded"

    card = models.ForeignKey(RateCard, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices)
    basis = models.CharField(
        max_length=12,
        choices=RateCard.Basis.choices,
        default=RateCard.Basis.PUBLISHED,
        db_default=RateCard.Basis.PUBLISHED,
    )
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(
        max_length=200, blank=True, help_text="Where it came from, such as a file's name."
    )
    digest = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["card_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="rate_card_version_once"),
            models.UniqueConstraint(
                fields=["card"], condition=Q(status="published"), name="rate_card_one_published"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="rate_card_version_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card_id} v{self.number}"


class RateLine(models.Model):
    """One row of a card: by grade, or by role title with experience (years), qualification and site.

    `price_minor` is in the currency's minor unit (pence, cents) for one unit of the card, VAT excluded. `key` is a
    stated column of the source, else the line's ordinal: with the card it names the line for ever. Blank or null means
    unknown, never none. `valid_from` and `valid_to`, where the source dates each line, narrow the version's own dates.
    """

    version = models.ForeignKey(RateCardVersion, on_delete=models.CASCADE, related_name="lines")
    key = models.CharField(max_length=120)
    ordinal = models.PositiveIntegerField()
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    grade = models.ForeignKey(Grade, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role_title = models.TextField(
        blank=True, help_text="Real titles run to thousands of characters; none is cut."
    )
    work_type = models.CharField(max_length=12, blank=True, choices=list(WORK_TYPES.items()))
    min_experience = models.PositiveSmallIntegerField(null=True, blank=True)
    max_experience = models.PositiveSmallIntegerField(null=True, blank=True)
    qualification = models.CharField(max_length=20, blank=True, choices=list(QUALIFICATIONS.items()))
    qualification_text = models.TextField(
        blank=True, help_text="The source's own words, where they say more."
    )
    site = models.CharField(max_length=12, blank=True, choices=list(SITES.items()))
    size = models.CharField(max_length=12, blank=True, choices=list(RATE_SIZES.items()))
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    price_minor = models.BigIntegerField()

    class Meta:
        ordering = ["version_id", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="rate_line_key_once"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="rate_line_price_positive"),
            models.CheckConstraint(
                condition=Q(grade__isnull=False) | ~Q(role_title=""), name="rate_line_grade_or_role"
            ),
            models.CheckConstraint(
                condition=Q(max_experience=None)
                | Q(min_experience=None)
                | Q(max_experience__gte=F("min_experience")),
                name="rate_line_experience_in_order",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="rate_line_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}/{self.key}"
