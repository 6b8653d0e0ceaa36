"""E-mails of saved searches: written down by procurement/actions/saved_search_matches.py, sent here after commit.

What is sent holds the search's title, public facts of listings as the index has them now, and links; nothing about
anybody else. Whoever is killed between sending and noting so has it sent once more under the same Message-ID: there,
and where the mail server's answer was lost, alone can an e-mail come twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson
import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from procurement.actions.saved_search_matches import recipient
from procurement.models import SavedSearch, SavedSearchAlert
from procurement.unsubscribing import token_for
from search.engines.base import EngineUnavailable
from search.index import engine

LEASE: Final = timedelta(minutes=5)
"""How long an e-mail that is being sent is nobody else's; longer than EMAIL_TIMEOUT."""
SENT_AT_ONCE: Final = 200
MOST_ATTEMPTS: Final = 12
LONGEST_REST: Final = timedelta(hours=6)
SHOWN: Final = 50
"""Listings that an e-mail names; it says how many more there are."""

Status = SavedSearchAlert.Status

log = structlog.get_logger(__name__)


def send_due(now: datetime | None = None) -> int:
    """Sends what waits, oldest first; answers how many were sent. Raises EngineUnavailable: what it would say stands
    in the index.
    """
    at = now or timezone.now()
    due = SavedSearchAlert.objects.filter(status=Status.QUEUED, not_before__lte=at).order_by("pk")
    return sum(_send(key, at) for key in due.values_list("pk", flat=True)[:SENT_AT_ONCE])


def _send(key: int, now: datetime) -> bool:
    """Sends one e-mail unless somebody else does so already."""
    alert = SavedSearchAlert.objects.filter(pk=key, status=Status.QUEUED)
    if not alert.filter(not_before__lte=now).update(not_before=now + LEASE, attempts=F("attempts") + 1):
        return False
    try:
        message = _composed(key)
        if message is None:
            alert.update(status=Status.DROPPED)
            return False
        message.send()
    except EngineUnavailable:
        alert.update(not_before=now)
        raise
    except OSError as error:
        # Of the connection and of the protocol (smtplib.SMTPException is one); its text may hold an address.
        log.warning("alert_not_sent", alert=key, error=type(error).__name__)
        _rest(key, now)
        return False
    except Exception:
        # Whatever is wrong with this one, the others must not wait for it.
        log.exception("alert_failed", alert=key)
        _rest(key, now)
        return False
    alert.update(status=Status.SENT, sent_at=timezone.now())
    return True


def _rest(key: int, now: datetime) -> None:
    """Tried again later and later, in the end no more."""
    attempts = SavedSearchAlert.objects.values_list("attempts", flat=True).get(pk=key)
    rest = min(timedelta(minutes=2**attempts), LONGEST_REST)
    status = Status.FAILED if attempts >= MOST_ATTEMPTS else Status.QUEUED
    SavedSearchAlert.objects.filter(pk=key).update(status=status, not_before=now + rest)


def _composed(key: int) -> EmailMessage | None:
    """The e-mail as it is to be sent now, None where nobody wants it any more or nothing of it is there still."""
    alert = SavedSearchAlert.objects.select_related("saved_search__owner", "saved_search__organisation").get(
        pk=key
    )
    search = alert.saved_search
    to = recipient(search)
    if not to or search.status != SavedSearch.Status.OPEN or search.alerts == SavedSearch.Alerts.NONE:
        return None
    there = [(what, orjson.loads(stored)) for reference, what in alert.listings
             if (stored := engine().listing(reference)) is not None]  # fmt: skip
    return _message(search, alert, to, there) if there else None


def _message(
    search: SavedSearch, alert: SavedSearchAlert, to: str, there: Sequence[tuple[str, Mapping[str, Any]]]
) -> EmailMessage:
    new = [facts for what, facts in there if what == "new"]
    changed = [facts for what, facts in there if what != "new"]
    counted = _counted(len(new), len(changed))
    stop = f"{_address('web:unsubscribe')}?{urlencode({'token': token_for(search.reference)})}"
    parts = [f"Your saved search “{search.title}” has found {counted}."]
    if new:
        parts.append("\n\n".join(["New", *map(_entry, new[:SHOWN])]))
    if room := SHOWN - len(new[:SHOWN]):
        parts.extend(["\n\n".join(["Changed", *map(_entry, changed[:room])])] if changed else [])
    if len(there) > SHOWN:
        parts.append(f"And {len(there) - SHOWN:,} more.")
    parts += [
        f"Everything that the search finds:\n{_address('web:search')}?{search.query}",
        f"Change what you are told:\n{_address('web:saved-searches')}",
        f"Stop these e-mails:\n{stop}",
    ]
    return EmailMessage(
        subject=f"Calloff: {counted} for “{search.title}”",
        body="\n\n".join(parts) + "\n",
        to=[to],
        headers={
            "Message-ID": alert.message_id,
            # RFC 8058: a mail program stops them by one POST. RFC 3834: no machine answers this.
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def _counted(new: int, changed: int) -> str:
    parts = [f"{new:,} new"] if new else []
    parts += [f"{changed:,} changed"] if changed else []
    return f"{' and '.join(parts)} listing{'' if new + changed == 1 else 's'}"


def _entry(facts: Mapping[str, Any]) -> str:
    """A listing in two or three lines: who, on which framework and lots, through whom, and its page."""
    framework = facts["framework"]
    lots = ", ".join(lot["number"] for lot in facts["lots"])
    lines = [facts["partner"]["name"], f"{framework['number']} {framework['name']}, lot {lots}"]
    if facts["supplier"]["name"] != facts["partner"]["name"]:
        lines.append(f"through {facts['supplier']['name']}")
    return "\n".join([*lines, _address("web:listing", facts["reference"])])


def _address(name: str, *args: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"
