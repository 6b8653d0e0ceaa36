"""Call-offs: one purchase under a framework, the offers made for it, and the contract that it ends in.

Statuses are those of procurement/states.py; what belongs to a competition alone is in models/competitions.py.
"""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q

from procurement.models.base import Revised
from procurement.models.frameworks import Lot
from procurement.models.organisations import Organisation
from procurement.models.people import User
from procurement.models.rates import RateCardVersion
from procurement.models.requirements import RequirementRevision
from procurement.models.shortlists import Snapshot
from procurement.models.suppliers import Appointment, Partner


class CallOff(Revised):
    """One purchase. `requirement` is the revision that is bought, `snapshot` the locked shortlist it rests on, `terms`
    the commercial terms in the form of procurement/terms.py. `ocid` names it in open data from its draft on.

    `approved_minor` is the greatest total (minor units, VAT excluded, options included) that was approved.
    `sent_back_reason` is why an approver did not approve it, null once anything was done since.
    """

    class Route(models.TextChoices):
        DIRECT_AWARD = "direct_award", "Direct award"
        COMPETITION = "competition", "Further competition"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        OUT = "out", "Out to suppliers"
        CLOSED = "closed", "Closed to tenders"
        EVALUATING = "evaluating", "Being evaluated"
        EVALUATED = "evaluated", "Evaluated"
        INTENTION = "intention", "Intention to award"
        AWARDED = "awarded", "Awarded"
        CONTRACTED = "contracted", "Contracted"
        CANCELLED = "cancelled", "Cancelled"
        UNSUCCESSFUL = "unsuccessful", "Unsuccessful"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="call_offs")
    title = models.CharField(max_length=250)
    route = models.CharField(max_length=12, choices=Route.choices)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="call_offs")
    requirement = models.ForeignKey(RequirementRevision, on_delete=models.PROTECT, related_name="call_offs")
    snapshot = models.ForeignKey(
        Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="call_offs"
    )
    terms = models.JSONField(default=dict)
    ocid = models.CharField(max_length=60, unique=True)
    actor = models.CharField(max_length=120)
    outcomes_minor = models.BigIntegerField(
        default=0, help_text="The most that is paid for outcomes beside: the cap of its plan."
    )
    approved_minor = models.BigIntegerField(null=True, blank=True)
    approved_by = models.CharField(max_length=120, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    sent_back_reason = models.TextField(null=True, blank=True)
    sent_back_by = models.CharField(max_length=120, null=True, blank=True)
    sent_back_at = models.DateTimeField(null=True, blank=True)
    went_out_at = models.DateTimeField(null=True, blank=True)
    conflicts = models.TextField(blank=True, help_text="What was said of conflicts of interest at award.")
    ended_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organisation", "status"], name="call_off_of_buyer")]


class CallOffSupplier(models.Model):
    """A supplier that a call-off may go to, by its place on the lot; listings of one supplier are one row.

    `position` is the locked order, from 1; `partners` are the supplier's partners that are wanted, none where it is
    left to the supplier.
    """

    call_off = models.ForeignKey(CallOff, on_delete=models.CASCADE, related_name="suppliers")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    partners = models.ManyToManyField(Partner, blank=True, related_name="+")

    class Meta:
        ordering = ["call_off_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["call_off", "appointment"], name="call_off_supplier_once"),
            models.UniqueConstraint(fields=["call_off", "position"], name="call_off_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.call_off_id}: {self.appointment_id}"


class CallOffPerson(models.Model):
    """A person's part in one call-off, beside their role in the organisation."""

    class Part(models.TextChoices):
        OWNER = "owner", "Owner"
        APPROVER = "approver", "Approver"
        ASSESSOR = "assessor", "Assessor"
        MODERATOR = "moderator", "Moderator"

    call_off = models.ForeignKey(CallOff, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=10, choices=Part.choices)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["call_off_id", "part", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call_off", "user", "part"], name="call_off_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.call_off_id}: {self.part}"


LIVE_OFFER: Final = ("sent", "viewed", "accepted")


class Offer(Revised):
    """An order form sent to one supplier for acceptance; a supplier gets one in a call-off.

    `document` is the order as canonical JSON, kept as text so that its bytes stay, with its SHA-256 `digest`;
    `price_minor` is the price of the work in minor units, VAT, expenses and options excluded.
    """

    class Status(models.TextChoices):
        SENT = "sent", "Sent"
        VIEWED = "viewed", "Viewed"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        EXPIRED = "expired", "Expired"
        WITHDRAWN = "withdrawn", "Withdrawn"
        NOT_SIGNED = "not_signed", "Not signed"

    call_off = models.ForeignKey(CallOff, on_delete=models.PROTECT, related_name="offers")
    asked = models.OneToOneField(CallOffSupplier, on_delete=models.PROTECT, related_name="offer")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SENT)
    card_version = models.ForeignKey(
        RateCardVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    document = models.TextField()
    digest = models.CharField(max_length=64)
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    actor = models.CharField(max_length=120)
    sent_at = models.DateTimeField()
    remind_at = models.DateTimeField()
    reply_by = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    viewed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["call_off_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["call_off"], condition=Q(status__in=LIVE_OFFER), name="offer_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(reply_by__gt=F("sent_at")), name="offer_window_after_sending"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="offer_price_not_negative"),
        ]
        indexes = [models.Index(fields=["status", "reply_by"], name="offer_due")]


class Contract(Revised):
    """What an award ends in. Money in minor units, VAT excluded; `maximum_minor` includes every option.

    `options` are the priced extensions as agreed ({months, minor}), `taken` how many of them have been, each with the
    day `taken_on`. `identifiers` hold what others call it: notice, purchase order, the buyer's own reference.
    `notice_on` is the day on which the clock looks at its public notices, `remind_on` the same of its own reminders,
    null where none is to come. `no_indicators` is why it has no key performance indicators, null where it has some
    or nobody has said.
    """

    class Status(models.TextChoices):
        UNSIGNED = "unsigned", "Unsigned"
        ACTIVE = "active", "Active"
        EXTENDED = "extended", "Extended"
        COMPLETE = "complete", "Complete"
        TERMINATED = "terminated", "Terminated"

    call_off = models.ForeignKey(CallOff, on_delete=models.PROTECT, related_name="contracts")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="contracts")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UNSIGNED)
    starts_on = models.DateField()
    ends_on = models.DateField()
    value_minor = models.BigIntegerField()
    maximum_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    options = models.JSONField(default=list, blank=True)
    taken = models.PositiveSmallIntegerField(default=0)
    identifiers = models.JSONField(default=dict, blank=True)
    supplier_signed_at = models.DateTimeField(null=True, blank=True)
    supplier_signed_by = models.CharField(max_length=120, blank=True)
    buyer_signed_at = models.DateTimeField(null=True, blank=True)
    buyer_signed_by = models.CharField(max_length=120, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    notice_on = models.DateField(null=True, blank=True)
    remind_on = models.DateField(null=True, blank=True)
    no_indicators = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["notice_on"], name="contract_notice_due"),
            models.Index(fields=["remind_on"], name="contract_reminder_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["call_off"], condition=~Q(status="terminated"), name="contract_one_award"
            ),
            models.CheckConstraint(
                condition=Q(maximum_minor__gte=F("value_minor")), name="contract_within_maximum"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="contract_ends_after_start"
            ),
        ]


class ContractReminder(models.Model):
    """That the parties of a contract were reminded, once, of what is about the day `of`
    (procurement/contract_reminders.py).
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=10)
    of = models.DateField()
    reminded_at = models.DateTimeField()

    class Meta:
        ordering = ["contract_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "kind", "of"], name="contract_reminder_once")
        ]

    def __str__(self) -> str:
        return f"{self.contract_id}: {self.kind}"


class BuyerLimit(models.Model):
    """From which total (pence, VAT excluded, options included) on a buyer's call-offs are approved before they go out;
    without a row none is.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="limit")
    approval_from_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(approval_from_minor__gte=0), name="limit_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} from {self.approval_from_minor}"
