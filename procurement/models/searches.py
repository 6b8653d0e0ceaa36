"""Saved searches: what a buyer wants to hear of, which listings each has found, and the e-mails that tell of them."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils import timezone

from procurement.models.base import Revised
from procurement.models.organisations import Organisation
from procurement.models.people import User
from procurement.models.shortlists import LISTING_LENGTH

DIGEST_LENGTH: Final = 80
"""Of a listing's digest: the number of its form, a hyphen, and 64 hexadecimal digits."""


class SavedSearch(Revised):
    """A search that is kept. `query` is the query string of /api/v1/listings/ in its canonical form
    (search/saved_query.py).

    `owner` is the person who kept it and gets the e-mails; null where an integration did, or the person is gone: then
    events alone tell. `turn` counts looks at the index, so that an older answer never replaces a newer one;
    `compared_on` is the day on which the whole of what it finds was last compared, null if that is due.
    """

    class Alerts(models.TextChoices):
        NONE = "none", "None"
        NEW = "new", "New listings"
        NEW_AND_CHANGED = "new_and_changed", "New and changed listings"

    class Frequency(models.TextChoices):
        AT_ONCE = "at_once", "At once"
        DAILY = "daily", "Daily, at 7am on working days"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DELETED = "deleted", "Deleted"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="saved_searches")
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="saved_searches"
    )
    title = models.CharField(max_length=250)
    query = models.TextField(blank=True)
    alerts = models.CharField(max_length=16, choices=Alerts.choices, default=Alerts.NEW)
    frequency = models.CharField(max_length=8, choices=Frequency.choices, default=Frequency.DAILY)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    turn = models.PositiveBigIntegerField(default=0)
    compared_on = models.DateField(null=True, blank=True)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "compared_on"], name="saved_search_to_compare")]


class SavedSearchMatch(models.Model):
    """A listing that a saved search has found, as it was when last looked at.

    `digest` is of its published facts (search/alerts.py); `matching` whether the search finds it now. `pending` is
    what is still to be told of it since `pending_since`; `told_digest` and `told_at` what was told last, empty for
    a listing that stood there when the search was kept.
    """

    class Pending(models.TextChoices):
        NEW = "new", "New"
        CHANGED = "changed", "Changed"

    saved_search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="matches")
    listing = models.CharField(max_length=LISTING_LENGTH)
    digest = models.CharField(max_length=DIGEST_LENGTH)
    matching = models.BooleanField(default=True)
    pending = models.CharField(max_length=8, choices=Pending.choices, blank=True)
    pending_since = models.DateTimeField(null=True, blank=True)
    told_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["saved_search_id", "listing"]
        constraints = [
            models.UniqueConstraint(fields=["saved_search", "listing"], name="saved_search_listing_once"),
            models.CheckConstraint(
                condition=models.Q(pending="", pending_since=None)
                | (~models.Q(pending="") & models.Q(pending_since__isnull=False)),
                name="saved_search_pending_since",
            ),
        ]
        indexes = [
            models.Index(
                fields=["saved_search", "pending_since"],
                condition=~models.Q(pending=""),
                name="saved_search_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.saved_search_id}: {self.listing}"


class SavedSearchAlert(models.Model):
    """One e-mail of a saved search, written down before it is sent: what it tells and its Message-ID are never edited.

    `listings` are pairs of a listing's reference and `new` or `changed`. Whoever sends it moves `not_before` on
    first: who is killed while sending has it sent again then, under the same Message-ID.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Nothing to tell or nobody to tell it to"
        FAILED = "failed", "Given up"

    saved_search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="alerts_sent")
    number = models.PositiveIntegerField()
    listings = models.JSONField()
    message_id = models.CharField(max_length=250, unique=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["saved_search_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["saved_search", "number"], name="saved_search_alert_once")
        ]
        indexes = [models.Index(fields=["status", "not_before"], name="saved_search_alert_due")]

    def __str__(self) -> str:
        return f"{self.saved_search_id} alert {self.number}"
