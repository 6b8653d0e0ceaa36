"""Further competitions: how one is run, whom it invites and whom not, and what is said to everybody while it runs.

What a supplier answers is in models/tenders.py, what the buyer makes of it in models/evaluations.py.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from procurement.models.base import Referenced
from procurement.models.call_offs import CallOff, CallOffSupplier
from procurement.models.rates import RateCardVersion
from procurement.models.suppliers import Appointment


class Competition(models.Model):
    """The competition of a call-off. `rules` is how tenders are evaluated, in the form of
    procurement/evaluation_rules.py. Publishing freezes both as `document` (canonical JSON, kept as text) with its
    SHA-256 `digest`: they change no more.

    Tenders are sealed from the buyer until `opened_at`, those of a competition that ended before it for ever.
    `interest_until` None: no expression of interest is asked for first. `material` is the number of the last
    amendment that tenderers must confirm or answer anew, 0 where there is none. `remind_at` is when what is
    still missing is reminded of, once by the moments as they stand, `reminded_at` when it was. `ranking` is the answer
    of procurement/evaluation.py; `standstill_until` the moment before which nothing is awarded, `standstill_ended_at`
    when the buyer was told that it has come.
    """

    call_off = models.OneToOneField(CallOff, on_delete=models.CASCADE, related_name="competition")
    rules = models.JSONField(default=dict)
    interest_until = models.DateTimeField(null=True, blank=True)
    clarify_until = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    standstill = models.BooleanField(default=False)
    document = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    invited_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    material = models.PositiveIntegerField(default=0)
    ranking = models.JSONField(null=True, blank=True)
    standstill_until = models.DateTimeField(null=True, blank=True)
    standstill_ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["deadline"], name="competition_due"),
            models.Index(fields=["interest_until"], name="competition_interest_due"),
            models.Index(
                fields=["remind_at"], condition=Q(reminded_at=None), name="competition_reminder_due"
            ),
            models.Index(
                fields=["standstill_until"],
                condition=Q(standstill_ended_at=None),
                name="competition_standstill_due",
            ),
        ]

    def __str__(self) -> str:
        return f"competition of {self.call_off_id}"


class Invitation(Referenced):
    """A supplier that is asked: for interest where `interest` is stated, for a tender from `invited_at` on.

    `card_version` is its rate card in force at publishing: the ceiling of whatever it tenders.
    """

    class Interest(models.TextChoices):
        ASKED = "asked", "Asked"
        YES = "yes", "Interested"
        NO = "no", "Not interested"

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="invitations")
    asked = models.OneToOneField(CallOffSupplier, on_delete=models.PROTECT, related_name="invitation")
    card_version = models.ForeignKey(
        RateCardVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    interest = models.CharField(max_length=5, choices=Interest.choices, blank=True)
    interest_at = models.DateTimeField(null=True, blank=True)
    invited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["competition_id", "id"]


class RuledOut(models.Model):
    """A supplier on the lot that was not invited, by which rule, with what the rule found; never edited.

    `found` names what is missed, [{specialism, region}] for the capability filter: anybody can run the rule again.
    """

    class Rule(models.TextChoices):
        CAPABILITY = "capability", "Offers less than what must be had"
        EXCLUDED = "excluded", "Its lead is excluded or suspended"
        NO_LEAD = "no_lead", "Nobody leads it"
        NO_INTEREST = "no_interest", "Did not express interest"
        NOT_APPOINTED = "not_appointed", "No longer holds its place on the lot"

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="ruled_out")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=13, choices=Rule.choices)
    found = models.JSONField(default=list, blank=True)
    on = models.DateField()

    class Meta:
        ordering = ["competition_id", "id"]
        constraints = [models.UniqueConstraint(fields=["competition", "appointment"], name="ruled_out_once")]

    def __str__(self) -> str:
        return f"{self.competition_id}: {self.appointment_id} by {self.rule}"


class Clarification(Referenced):
    """A question on a competition; `invitation` is who asks, which nobody but they and the service knows.

    `told` is the question as everybody reads it, beside the `answer`: the buyer may take out what gives the asker away.
    """

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="clarifications")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="clarifications")
    number = models.PositiveIntegerField()
    question = models.TextField()
    actor = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    told = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    answered_by = models.CharField(max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["competition_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["competition", "number"], name="clarification_once"),
            models.CheckConstraint(
                condition=Q(answered_at=None) | ~Q(answer=""), name="clarification_answer_says_something"
            ),
        ]


class Amendment(models.Model):
    """What changed after publishing, told to all; never edited. `difference` is [{pointer, before, after}].

    A `material` one asks every tenderer to confirm what it has submitted, or to submit anew.
    """

    competition = models.ForeignKey(Competition, on_delete=models.PROTECT, related_name="amendments")
    number = models.PositiveIntegerField()
    material = models.BooleanField()
    difference = models.JSONField()
    reason = models.TextField()
    actor = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["competition_id", "number"]
        constraints = [models.UniqueConstraint(fields=["competition", "number"], name="amendment_once")]

    def __str__(self) -> str:
        return f"{self.competition_id}: amendment {self.number}"
