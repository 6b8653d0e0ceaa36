"""Shortlists: a buyer's kept choice, entry by entry, and what was relied on each time it was locked."""

from __future__ import annotations

from typing import Final

from django.db import models

from procurement.models.base import REFERENCE_LENGTH, Revised
from procurement.models.organisations import Organisation
from procurement.models.requirements import Match, Requirement

LISTING_LENGTH: Final = 3 * REFERENCE_LENGTH + 2
"""Of a listing's reference: those of framework, supplier and partner, and two tildes."""


class Shortlist(Revised):
    """A buyer's choice while it is made (open) and once it stands (locked).

    It comes from nothing, from a `match`, or from a search, whose query string `query` then is and `found` what that
    found when the shortlist was begun (search/shortlisting.py).
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        LOCKED = "locked", "Locked"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="shortlists")
    title = models.CharField(max_length=250)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    requirement = models.ForeignKey(
        Requirement, null=True, blank=True, on_delete=models.PROTECT, related_name="shortlists"
    )
    match = models.ForeignKey(
        Match, null=True, blank=True, on_delete=models.PROTECT, related_name="shortlists"
    )
    query = models.TextField(blank=True)
    found = models.JSONField(null=True, blank=True)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]


class ShortlistEntry(models.Model):
    """One listing on a shortlist, by its reference, with the buyer's decision and its reason.

    `rank` (from 1), `score` and `reasons` are what the match said of it. What comes from a search or its own page
    has no rank and score, and as its reason where it was read, where that is known.
    """

    class Source(models.TextChoices):
        SEARCH = "search", "Search"
        MATCH = "match", "Match"
        MANUAL = "manual", "Added by hand"

    class Decision(models.TextChoices):
        UNDECIDED = "undecided", "Undecided"
        IN = "in", "In"
        OUT = "out", "Out"

    shortlist = models.ForeignKey(Shortlist, on_delete=models.CASCADE, related_name="entries")
    listing = models.CharField(max_length=LISTING_LENGTH)
    position = models.PositiveIntegerField(help_text="From 1, without gaps.")
    source = models.CharField(max_length=8, choices=Source.choices)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.UNDECIDED)
    reason = models.TextField(blank=True)
    rank = models.PositiveIntegerField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    added_by = models.CharField(max_length=120)
    added_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["shortlist_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["shortlist", "listing"], name="shortlist_listing_once"),
            models.CheckConstraint(
                condition=~models.Q(decision="out") | ~models.Q(reason=""), name="shortlist_out_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shortlist_id}: {self.listing}"


class ShortlistNote(models.Model):
    """Something that was written down beside a shortlist; never edited."""

    shortlist = models.ForeignKey(Shortlist, on_delete=models.CASCADE, related_name="notes")
    number = models.PositiveIntegerField()
    text = models.TextField()
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["shortlist_id", "number"]
        constraints = [models.UniqueConstraint(fields=["shortlist", "number"], name="shortlist_note_once")]

    def __str__(self) -> str:
        return f"{self.shortlist_id} note {self.number}"


class Snapshot(models.Model):
    """What a shortlist relied on when it was locked, frozen; never edited.

    `document` is canonical JSON (procurement/canonical.py), kept as text so that its bytes stay; `digest` is their
    SHA-256, which the event of locking holds as well.
    """

    shortlist = models.ForeignKey(Shortlist, on_delete=models.PROTECT, related_name="snapshots")
    number = models.PositiveIntegerField()
    document = models.TextField()
    digest = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["shortlist_id", "number"]
        constraints = [models.UniqueConstraint(fields=["shortlist", "number"], name="snapshot_once")]

    def __str__(self) -> str:
        return f"{self.shortlist_id} snapshot {self.number}"
