"""What a buyer makes of tenders: declarations of interest, blind scores, consensus, low prices, letters."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from procurement.models.base import Referenced
from procurement.models.competitions import Competition
from procurement.models.people import User
from procurement.models.tenders import Tender


class Declaration(models.Model):
    """What an assessor or moderator says of their interests, the tenderers known; never edited, the last counts."""

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="declarations")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    conflict = models.BooleanField()
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["competition_id", "id"]

    def __str__(self) -> str:
        return f"{self.competition_id}: {self.user_id}"


class Assessment(models.Model):
    """One assessor's own score of one criterion of a tender, blind to those of others, with why."""

    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="assessments")
    criterion = models.CharField(max_length=40)
    assessor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["tender_id", "criterion", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "criterion", "assessor"], name="assessment_once")
        ]

    def __str__(self) -> str:
        return f"{self.tender_id} {self.criterion}: {self.score}"


class Consensus(models.Model):
    """The score of a criterion that counts, as moderated, with the reason that the tenderer is told."""

    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="consensus")
    criterion = models.CharField(max_length=40)
    score = models.PositiveSmallIntegerField()
    reason = models.TextField()
    actor = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["tender_id", "id"]
        constraints = [models.UniqueConstraint(fields=["tender", "criterion"], name="consensus_once")]

    def __str__(self) -> str:
        return f"{self.tender_id} {self.criterion}: {self.score}"


class LowPriceQuestion(models.Model):
    """A price that looks abnormally low is asked about before anything follows from it.

    `accepted` None: not decided. `lapsed_at` is when the buyer was told that the time for it had passed without an
    answer. Content of a tender, and told to nobody but its tenderer and the buyer.
    """

    tender = models.OneToOneField(Tender, on_delete=models.PROTECT, related_name="low_price")
    question = models.TextField()
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    accepted = models.BooleanField(null=True)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["tender_id"]
        indexes = [
            models.Index(
                fields=["answer_by"],
                condition=Q(answered_at=None, lapsed_at=None),
                name="low_price_due",
            ),
        ]

    def __str__(self) -> str:
        return f"low price of {self.tender_id}"


class OutcomeLetter(Referenced):
    """What a tenderer is told of the outcome: its own scores with their reasons; never edited. `document` is canonical
    JSON kept as text, with its SHA-256 `digest`.
    """

    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="letters")
    document = models.TextField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["tender_id", "id"]
