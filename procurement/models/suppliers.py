"""Partners and their published profiles; suppliers (consortia or firms alone), their appointments and offerings."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

from procurement.models.base import Revised
from procurement.models.frameworks import Lot, Specialism
from procurement.models.organisations import Organisation
from procurement.vocabulary import OWNERSHIP, SIZES


class Partner(Revised):
    """A firm with a profile. What buyers read is `published`; `confirmed_on` says when the firm itself last
    stood by it, null where what stands there was written by somebody else; `asked_on` when the clock
    last asked for that.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="partner")
    published = models.ForeignKey(
        "ProfileVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_on = models.DateField(null=True, blank=True)
    asked_on = models.DateField(null=True, blank=True)
    suspended = models.BooleanField(default=False)

    class Meta:
        ordering = ["reference"]

    @property
    def shown(self) -> ProfileVersion | None:
        """The profile that others read: what is published, of a suspended firm nothing."""
        return None if self.suspended else self.published

    @property
    def own_name(self) -> str:
        """The firm's name in its profile, suspended or not, else its organisation's: for itself and administrators."""
        return self.published.name if self.published else self.organisation.name

    @property
    def shown_name(self) -> str:
        """The firm's name in its profile, else its organisation's."""
        return self.shown.name if self.shown else self.organisation.name


class ProfileVersion(models.Model):
    """A partner's profile as it stood: immutable once published; an edit makes the next one.

    `case_studies` are `{key, title, text}` with optional `sector` and `year`; `contacts` (email, phone, website) are
    shown only to people who have signed in; `ownership_evidence` is `{register, number, note}`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        PUBLISHED = "published", "Published"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "Superseded"

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices)
    name = models.CharField(max_length=250)
    summary = models.TextField(blank=True)
    ownership = models.CharField(max_length=40, choices=list(OWNERSHIP.items()), default="not-stated")
    ownership_evidence = models.JSONField(default=dict, blank=True)
    size = models.CharField(max_length=12, choices=list(SIZES.items()), default="not-stated")
    sectors = models.JSONField(default=list, blank=True)
    regions = models.JSONField(default=list, blank=True)
    accreditations = models.JSONField(default=list, blank=True)
    case_studies = models.JSONField(default=list, blank=True)
    contacts = models.JSONField(default=dict, blank=True)
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of its content, to tell an edit from a repetition."
    )
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["partner_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "number"], name="profile_version_once"),
            models.UniqueConstraint(
                fields=["partner"], condition=Q(status="published"), name="profile_one_published"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} v{self.number}"


class ProfileReview(models.Model):
    """A version that a firm wrote itself, looked at by whoever answers for the market: left, or taken back, in place of
    which the version before it was published anew.
    """

    class Verdict(models.TextChoices):
        LEFT = "left", "Left as it is"
        TAKEN_BACK = "taken_back", "Taken back"

    version = models.OneToOneField(ProfileVersion, on_delete=models.CASCADE, related_name="review")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.version_id}: {self.verdict}"


class Supplier(Revised):
    """The party appointed to lots: a consortium, or a firm alone (a consortium of one: the same path)."""

    class Form(models.TextChoices):
        ALONE = "alone", "A firm alone"
        PRIME = "prime", "Prime with subcontractors"
        JOINT = "joint_and_several", "Jointly and severally liable"
        INCORPORATED = "incorporated", "Incorporated"
        NOT_STATED = "not_stated", "Not stated"

    name = models.CharField(max_length=250)
    form = models.CharField(max_length=20, choices=Form.choices)

    class Meta:
        ordering = ["name", "reference"]


class SupplierMember(models.Model):
    """A partner's time in a supplier. `left_on` is the first day it no longer belongs."""

    class Role(models.TextChoices):
        LEAD = "lead", "Lead"
        MEMBER = "member", "Member"

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="members")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="supplier_memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    joined_on = models.DateField()
    left_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["supplier_id", "role", "partner_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "partner"], condition=Q(left_on=None), name="member_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["supplier"], condition=Q(role="lead", left_on=None), name="supplier_one_lead"
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=F("joined_on")), name="member_leaves_after_joining"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} in {self.supplier_id}"


class Appointment(Revised):
    """A supplier's place on a lot."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        WITHDRAWN = "withdrawn", "Withdrawn"

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="appointments")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="appointments")
    revision = models.PositiveIntegerField(default=1, db_default=1)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    quality_marks = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["supplier_id", "lot_id"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "lot"], name="appointment_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="appointment_ends_after_start",
            ),
        ]

    def over(self, on: date) -> bool:
        """Whether it was withdrawn or its last day has passed: the supplier may be given the place anew."""
        return self.status == self.Status.WITHDRAWN or (self.ends_on is not None and self.ends_on < on)


class Offering(models.Model):
    """A partner, within a supplier's appointment, offers a specialism in regions.

    No specialism means that it is not stated which: the partner is found by name, lot and supplier, and is neither
    counted as covering a specialism nor ruled out for lacking it. `regions` are codes of the framework's own scheme, or
    `UK` for all of them; `evidence` names case studies of the partner's profile by key.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="offerings")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="offerings")
    specialism = models.ForeignKey(
        Specialism, null=True, blank=True, on_delete=models.PROTECT, related_name="offerings"
    )
    regions = models.JSONField(default=list)
    evidence = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["appointment_id", "partner_id", "specialism_id"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "partner", "specialism"], name="offering_once"),
            models.UniqueConstraint(
                fields=["appointment", "partner"],
                condition=Q(specialism=None),
                name="offering_not_stated_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} on {self.appointment_id}: {self.specialism_id}"
