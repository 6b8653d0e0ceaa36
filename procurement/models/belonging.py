"""How a person comes to act for an organisation by themselves: an account by their address, the organisations whose
domain it is of, and what they ask of those.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from procurement.models.base import REFERENCE_LENGTH, opaque
from procurement.models.organisations import Organisation
from procurement.models.people import User


def registration_reference() -> str:
    return opaque("reg")


def request_reference() -> str:
    return opaque("req")


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
