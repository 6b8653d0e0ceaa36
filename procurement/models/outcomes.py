"""Call-offs that pay for outcomes: the library of measures, a call-off's plan with its payers, claims and payments."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from procurement.models.base import Referenced, Revised
from procurement.models.call_offs import CallOff, Contract
from procurement.models.organisations import Organisation


def plan_reference(call_off: str) -> str:
    """How the plan of outcomes of a call-off (by its reference) is called, while there is one and afterwards."""
    return f"{call_off}~outcomes"


class Measure(Referenced):
    """An outcome that can be counted, for anybody to use: what one of them is, and where the count comes from."""

    name = models.CharField(max_length=200)
    definition = models.TextField()
    data_source = models.TextField()
    unit = models.CharField(
        max_length=80, help_text="What is counted, such as a person in work for 26 weeks."
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="measures")
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "reference"]


class OutcomePlan(Revised):
    """What a call-off pays for beside, or instead of, days. `suitability` answers outcomes.QUESTIONS by name with
    `{answer, why}`. Claims for outcomes after `long_stop_on` are not paid. `cap_minor` is the most that is paid in all,
    in pence without VAT.

    A social investor is an `investor` that is known here, or `investor_named` as {name, scheme, identifier}; its word
    stands in `investor_approval` as {at, by, note}, null while it has not approved its part.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PROPOSED = "proposed", "Waiting for the payers' approval"
        AGREED = "agreed", "Agreed"

    call_off = models.OneToOneField(CallOff, on_delete=models.PROTECT, related_name="outcome_plan")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    suitability = models.JSONField(default=dict)
    long_stop_on = models.DateField(null=True, blank=True)
    cap_minor = models.BigIntegerField(default=0)
    investor = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="invested"
    )
    investor_named = models.JSONField(null=True, blank=True)
    investor_approval = models.JSONField(null=True, blank=True)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    @property
    def waits_for_investor(self) -> bool:
        """Whether it has a social investor that has not approved its part."""
        named = self.investor_id is not None or self.investor_named is not None
        return named and self.investor_approval is None


class OutcomeMeasure(models.Model):
    """A measure in a plan. `baseline` and `target` are counts in the plan's time without and with the service; at most
    `most` outcomes are paid for, each with `price_minor` pence without VAT.
    """

    plan = models.ForeignKey(OutcomePlan, on_delete=models.CASCADE, related_name="measures")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    baseline = models.PositiveIntegerField()
    target = models.PositiveIntegerField()
    price_minor = models.BigIntegerField()
    most = models.PositiveIntegerField()

    class Meta:
        ordering = ["plan_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "measure"], name="outcome_measure_once"),
            models.CheckConstraint(
                condition=Q(price_minor__gt=0, most__gt=0, target__gt=F("baseline")),
                name="outcome_measure_worth_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.measure_id}"


class Payer(models.Model):
    """A body that pays a share (hundredths of a per cent) of every payment, once its approver has agreed.

    A top-up fund is one with a pot: it pays from `opens_on` to `closes_on`, in all no more than `pot_minor`.
    """

    plan = models.ForeignKey(OutcomePlan, on_delete=models.CASCADE, related_name="payers")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    share = models.PositiveSmallIntegerField()
    fund = models.CharField(max_length=200, blank=True)
    pot_minor = models.BigIntegerField(null=True, blank=True)
    opens_on = models.DateField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["plan_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "organisation"], name="payer_once"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=10_000), name="payer_share"),
            models.CheckConstraint(
                condition=Q(pot_minor=None, opens_on=None, closes_on=None)
                | Q(pot_minor__gt=0, closes_on__gte=F("opens_on")),
                name="payer_fund_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.organisation_id}"


class Claim(Revised):
    """Outcomes that a supplier claims to have reached in a time. `counted` and `amount_minor` are what was verified:
    how many are paid for, and pence without VAT.
    """

    class Status(models.TextChoices):
        SUBMITTED = "submitted", "Submitted"
        VERIFIED = "verified", "Verified"
        REJECTED = "rejected", "Rejected"
        PAID = "paid", "Paid"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="claims")
    measure = models.ForeignKey(OutcomeMeasure, on_delete=models.PROTECT, related_name="claims")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SUBMITTED)
    count = models.PositiveIntegerField()
    counted = models.PositiveIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    first_day = models.DateField()
    last_day = models.DateField()
    evidence = models.TextField()
    reason = models.TextField(blank=True)
    claimed_by = models.CharField(max_length=120)
    claimed_at = models.DateTimeField()
    verified_by = models.CharField(max_length=120, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    paid_by = models.CharField(max_length=120, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gt=0, last_day__gte=F("first_day")), name="claim_whole"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("verified", "paid")) | ~Q(verified_by=F("claimed_by")),
                name="claim_verified_by_another",
            ),
        ]


class OutcomePayment(models.Model):
    """What one payer pays of a claim, in pence without VAT; never edited."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="payments")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="payments")
    minor = models.BigIntegerField()
    paid_at = models.DateTimeField()

    class Meta:
        ordering = ["claim_id", "payer_id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "payer"], name="outcome_payment_once"),
            models.CheckConstraint(condition=Q(minor__gte=0), name="outcome_payment_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.payer_id}"
