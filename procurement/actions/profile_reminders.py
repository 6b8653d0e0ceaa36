"""The clock asks a firm whether its profile is still right, where it has not confirmed it for long; once a period.

Journey: beat -> tasks.sweep_profiles -> here -> an event for each firm -> the inbox and e-mail of its editors. What the
firm confirms or publishes itself (profiles.py) begins a new period.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from procurement.actions.events import Happening, record
from procurement.models import Partner
from procurement.permissions import SYSTEM

BATCH: Final = 500
"""Asked in one sweep; the next takes the rest."""


def period() -> timedelta:
    """After how long a firm is asked to confirm its profile, and asked again."""
    return timedelta(days=settings.CONFIRM_AFTER_DAYS)


def unconfirmed(on: date) -> QuerySet[Partner]:
    """Firms that are shown and have confirmed nothing for the period: since the day on which it did last, or else on
    which what stands there was published. What others published for it nobody has confirmed.
    """
    published = TruncDate("published__published_at")
    shown = Partner.objects.filter(suspended=False).exclude(published=None)
    return shown.annotate(since=Coalesce(F("confirmed_on"), published)).filter(since__lte=on - period())


def ask_to_confirm(on: date | None = None) -> int:
    """Asks every firm that is due and was not asked within the period; how many."""
    today = on or timezone.localdate()
    due = _due(today).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return sum(_ask(key, today) for key in list(due))


def _due(today: date) -> QuerySet[Partner]:
    return unconfirmed(today).filter(Q(asked_on=None) | Q(asked_on__lte=today - period()))


def _ask(key: int, today: date) -> bool:
    """Asks one firm, unless it has confirmed or was asked meanwhile."""
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=key)
        partner = _due(today).select_related("published").filter(pk=key).first()
        if partner is None or partner.published is None:
            return False
        partner.asked_on = today
        partner.save(update_fields=["asked_on"])
        since = partner.confirmed_on or timezone.localdate(partner.published.published_at)
        changes = {"since": since.isoformat()}
        record(SYSTEM, Happening("partner.confirmation_asked", "partner", partner.reference, {}, changes))
    return True
