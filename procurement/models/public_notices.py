"""Notices that the law asks of a contract: what was published, and that the buyer was reminded.

Which are asked for and by when is computed (procurement/public_notices.py); a row stands only for what happened.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from procurement.models.call_offs import Contract
from procurement.models.competitions import Competition


class PublicNotice(models.Model):
    """A notice of a contract by its `key` there (`uk7`, `uk9-1`). `number` is the notice's own where it was published
    on `published_on`.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="public_notices")
    key = models.CharField(max_length=20)
    reminded_at = models.DateTimeField(null=True, blank=True)
    number = models.CharField(max_length=60, blank=True)
    published_on = models.DateField(null=True, blank=True)
    actor = models.CharField(max_length=120, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["contract_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "key"], name="public_notice_once"),
            models.CheckConstraint(
                condition=Q(published_on=None, number="") | (~Q(published_on=None) & ~Q(number="")),
                name="public_notice_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id}: {self.key}"


class Intention(models.Model):
    """That the buyer told whom it means to award to, on the day `told_on`, with the contract award notice that is
    published before the contract is entered into: its `number` where it was published on `published_on`.

    `ended_at` is when the intention, or the award that followed it, was taken back: what was published stays, and the
    next intention has a notice of its own.
    """

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="intentions")
    told_on = models.DateField()
    number = models.CharField(max_length=60, blank=True)
    published_on = models.DateField(null=True, blank=True)
    actor = models.CharField(max_length=120, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["competition_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["competition"], condition=Q(ended_at=None), name="intention_once"
            ),
            models.CheckConstraint(
                condition=Q(published_on=None, number="") | (~Q(published_on=None) & ~Q(number="")),
                name="intention_notice_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.competition_id}: {self.told_on}"
