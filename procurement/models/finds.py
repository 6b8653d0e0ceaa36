"""How often a listing was shown in an answer: counts by day and listing, and by month and firm.

Who searched, for what and from where stands nowhere: there is nothing here but numbers. Written by
procurement/actions/finds.py alone, which adds to both tables at once.
"""

from __future__ import annotations

from django.db import models

from procurement.models.base import REFERENCE_LENGTH

LISTING_LENGTH = 3 * REFERENCE_LENGTH


class DayFinds(models.Model):
    """A listing on a day: in how many answers of searches and of matches it was shown. By reference, since a listing
    is no row; `partner` is the firm's.
    """

    day = models.DateField()
    listing = models.CharField(max_length=LISTING_LENGTH)
    partner = models.CharField(max_length=REFERENCE_LENGTH)
    searches = models.PositiveIntegerField(default=0)
    matches = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "listing"], name="day_finds_once")]
        indexes = [models.Index(fields=["partner", "day"], name="day_finds_of")]

    def __str__(self) -> str:
        return f"{self.listing} on {self.day}"


class MonthFinds(models.Model):
    """A firm in a month (its first day): the sums over its listings. `finds` is both together: by it firms are
    placed.
    """

    month = models.DateField()
    partner = models.CharField(max_length=REFERENCE_LENGTH)
    searches = models.PositiveIntegerField(default=0)
    matches = models.PositiveIntegerField(default=0)
    finds = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "month"], name="month_finds_once")]
        indexes = [models.Index(fields=["month", "finds"], name="month_finds_place")]

    def __str__(self) -> str:
        return f"{self.partner} in {self.month:%Y-%m}"
