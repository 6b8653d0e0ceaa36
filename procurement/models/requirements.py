"""Requirements and matches: what a buyer needs, as it was said each time, and what the service answered."""

from __future__ import annotations

from django.db import models

from procurement.models.base import Referenced, Revised
from procurement.models.organisations import Organisation


class Requirement(Revised):
    """What a buyer organisation needs. `current` is the content that counts; those before it stay as they were."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WITHDRAWN = "withdrawn", "Withdrawn"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="requirements")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    current = models.ForeignKey(
        "RequirementRevision", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]


class RequirementRevision(models.Model):
    """A requirement's content as it was said once, in the form of procurement/requirements.py; never edited.

    `digest` is the SHA-256 of the content's canonical JSON.
    """

    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["requirement_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["requirement", "number"], name="requirement_revision_once")
        ]

    def __str__(self) -> str:
        return f"{self.requirement_id} v{self.number}"


class Match(Referenced):
    """A requirement answered, kept as it was run: what was asked, what was answered, and by what; never edited.

    `requirement` is the kept revision that was asked with, null where the content was asked with alone. `ranking`
    is the version of the ranking's rules, `model_digest` names the model of meaning ("" without one),
    `index_generation` the state of the index, `on` the day whose facts counted. `digest` is the SHA-256 of the
    canonical JSON of content and answer.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="matches")
    requirement = models.ForeignKey(
        RequirementRevision, null=True, blank=True, on_delete=models.PROTECT, related_name="matches"
    )
    content = models.JSONField()
    answer = models.JSONField()
    ranking = models.CharField(max_length=60)
    model_digest = models.CharField(max_length=128, blank=True)
    engine = models.CharField(max_length=40)
    index_generation = models.BigIntegerField()
    seed = models.BigIntegerField()
    on = models.DateField()
    digest = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
