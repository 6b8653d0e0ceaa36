"""Key performance indicators of contracts, and how performance was assessed against them.

Which contracts need them is computed (procurement/indicators.py); rows stand for what the buyer has said.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from procurement.models.call_offs import Contract


class Indicator(models.Model):
    """An indicator of a contract at its place there, from 1. `target` says in words what counts as met."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="indicators")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    target = models.TextField()

    class Meta:
        ordering = ["contract_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="indicator_position_once"),
            models.CheckConstraint(
                condition=Q(position__gte=1) & ~Q(name="") & ~Q(target=""), name="indicator_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id}: {self.position}"


class IndicatorRating(models.Model):
    """How the contract performed by an indicator from `first_day` to `last_day`, for the notice of that `key`
    (`uk9-1`). What was said of an end that has moved since stays beside what is said of the next. Ratings are those of
    the Procurement Regulations 2024, regulation 39(5).
    """

    class Rating(models.TextChoices):
        GOOD = "good", "Good"
        APPROACHING_TARGET = "approaching_target", "Approaching target"
        REQUIRES_IMPROVEMENT = "requires_improvement", "Requires improvement"
        INADEQUATE = "inadequate", "Inadequate"
        OTHER = "other", "Other"

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="ratings")
    key = models.CharField(max_length=20)
    first_day = models.DateField()
    last_day = models.DateField()
    rating = models.CharField(max_length=20, choices=Rating.choices)
    note = models.TextField(blank=True)
    actor = models.CharField(max_length=120)
    assessed_at = models.DateTimeField()

    class Meta:
        ordering = ["indicator_id", "last_day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["indicator", "key", "last_day"], name="indicator_rated_once"),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="indicator_rating_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id}: {self.key}"
