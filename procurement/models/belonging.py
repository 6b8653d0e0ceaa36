"""How a person comes to act for an organisation: an account by their address, the organisations whose domain it is of,
what they ask of those, and what those invite them to.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from procurement.models.base import REFERENCE_LENGTH, opaque
from procurement.models.organisations import Organisation
from procurement.models.people import Membership, User


def registration_reference() -> str:
    return opaque("reg")


def request_reference() -> str:
    return opaque("req")


def invitation_reference() -> str:
    return opaque("minv")


class Registration(models.Model):
    """An address that asked for an account and has not followed its link; it goes after a day (retention.py)."""

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=registration_reference)
    email = models.EmailField(unique=True)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference


class EmailDomain(models.Model):
    """A domain whose addresses an organisation gives to its people; several may share one."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=190, db_index=True)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "domain"], name="email_domain_once"),
        ]

    def __str__(self) -> str:
        return self.domain


class MembershipRequest(models.Model):
    """Somebody asks to act for an organisation; one of its administrators, or an operator, answers."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=request_reference)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="membership_requests")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="membership_requests"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    reason = models.TextField(blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=Q(status="waiting"),
                name="membership_request_one_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class MemberInvitation(models.Model):
    """An organisation invites an address to act for it. It names no account: until it is accepted, nobody who invites
    learns whether there is one.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for an answer"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Too old"
        """Told of one that waits past its time, and never kept."""

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=invitation_reference)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="member_invitations"
    )
    email = models.EmailField(db_index=True)
    full_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=20, choices=Membership.Role.choices)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    invited_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    sendings = models.PositiveSmallIntegerField(default=1)
    """How often it was sent, each time within a day of the time before."""
    until = models.DateTimeField()
    token = models.CharField(max_length=64, blank=True, db_index=True)
    """SHA-256 of what its link holds, blank until the worker has sent it and once it is answered."""
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["invited_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=Q(status="waiting"),
                name="member_invitation_one_waiting",
            ),
            models.CheckConstraint(condition=~Q(status="expired"), name="member_invitation_expiry_computed"),
        ]

    def __str__(self) -> str:
        return self.reference

    def standing(self, at: datetime) -> Status:
        """What it is at a moment: one that waits past its time has expired."""
        status = self.Status(self.status)
        return self.Status.EXPIRED if status == self.Status.WAITING and self.until <= at else status
