"""People and machines: who signs in, for which organisation, in which role."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from oauth2_provider.models import AbstractApplication

from procurement.models.base import REFERENCE_LENGTH, opaque
from procurement.models.organisations import Organisation


def user_reference() -> str:
    return opaque("usr")


def application_reference() -> str:
    return opaque("app")


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address, compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Events name them by `reference` alone, so that the log holds no personal data."""

    reference = models.CharField(
        max_length=REFERENCE_LENGTH, unique=True, default=user_reference, editable=False
    )
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.reference


class Membership(models.Model):
    """A person's role in an organisation; what the role may do follows from permissions.py."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        EDITOR = "editor", "Editor"
        APPROVER = "approver", "Approver"
        ADMINISTRATOR = "administrator", "Administrator"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organisation_id}: {self.role}"


class Application(AbstractApplication):
    """An integration. It acts for its organisation: a client-credentials token has no person behind it."""

    reference = models.CharField(
        max_length=REFERENCE_LENGTH, unique=True, default=application_reference, editable=False
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="applications"
    )

    class Meta(AbstractApplication.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.reference
