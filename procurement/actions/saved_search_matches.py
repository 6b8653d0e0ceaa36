"""What a saved search has found is compared with what it had found, and told once: as an event, and as an e-mail that
is written down here before anybody sends it.

Journey: the index has taken in a change -> search/alerts.py asks what each saved search finds -> here ->
`saved_search.matched` and a SavedSearchAlert, in one transaction -> search/alert_mail.py sends it after commit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from procurement.actions.buyers import owner_references
from procurement.actions.events import Happening, record
from procurement.bulk import insert
from procurement.models import SavedSearch, SavedSearchAlert, SavedSearchMatch
from procurement.permissions import SYSTEM, Action, can, person
from procurement.working_days import last_digest

MOST_TOLD: Final = 1_000
"""Listings in one event and e-mail; what is left follows in the next."""
ROWS_AT_ONCE: Final = 500

Alerts = SavedSearch.Alerts
Frequency = SavedSearch.Frequency
Pending = SavedSearchMatch.Pending


def open_searches() -> QuerySet[SavedSearch]:
    """Those that are kept, oldest first."""
    return SavedSearch.objects.filter(status=SavedSearch.Status.OPEN).order_by("pk")


def begin_anew(search: SavedSearch, found: Mapping[str, str]) -> None:
    """Within a transaction: what the search finds now (listing to digest) is what it knows, and nothing of it is
    told.
    """
    SavedSearchMatch.objects.filter(saved_search=search).delete()
    insert(
        [SavedSearchMatch(saved_search=search, listing=key, digest=digest) for key, digest in found.items()]
    )


def compare_all_again() -> None:
    """The whole of what every search finds is compared anew by the next sweep: after a rebuild, which may have
    taken in changes that no run of the outbox will name.
    """
    open_searches().update(compared_on=None)


def note_found(
    search: SavedSearch,
    among: Collection[str] | None,
    found: Mapping[str, str],
    now: datetime,
    whole_on: date | None = None,
) -> bool:
    """Compares what the search finds (listing to digest) with what it had found, and tells at once what is to be
    told at once. Of `among` every listing was looked at, of None every listing there is.

    `search` is as it was read before the index was asked. False, having changed nothing, where somebody has looked
    or changed it since: the index must be asked again, since an answer of before must not replace a later one.
    """
    with transaction.atomic():
        same = open_searches().filter(pk=search.pk, turn=search.turn, revision=search.revision)
        row = same.select_for_update(of=("self",)).select_related("organisation", "owner").first()
        if row is None:
            return False
        _compare(row, among, found, now)
        row.turn += 1
        if whole_on is not None:
            row.compared_on = whole_on
        row.save(update_fields=["turn", "compared_on"])
        if row.frequency == Frequency.AT_ONCE:
            tell(row, now)
    return True


def _compare(
    search: SavedSearch, among: Collection[str] | None, found: Mapping[str, str], now: datetime
) -> None:
    known = SavedSearchMatch.objects.filter(saved_search=search)
    rows = {row.listing: row for row in (known if among is None else known.filter(listing__in=among))}
    wanted = search.alerts != Alerts.NONE
    insert(
        [
            SavedSearchMatch(
                saved_search=search,
                listing=key,
                digest=digest,
                pending=Pending.NEW if wanted else "",
                pending_since=now if wanted else None,
            )
            for key, digest in found.items()
            if key not in rows
        ]
    )
    altered = [row for key, row in rows.items() if _take_in(search, row, found.get(key), now)]
    fields = ["digest", "matching", "pending", "pending_since"]
    SavedSearchMatch.objects.bulk_update(altered, fields, batch_size=ROWS_AT_ONCE)


def _take_in(search: SavedSearch, row: SavedSearchMatch, digest: str | None, now: datetime) -> bool:
    """Brings a row up to what the index says (None: not found); whether it differs from what it was."""
    before = row.matching, row.digest
    if digest is None:
        # Whoever is told later must not be told of what is there no longer.
        row.matching, row.pending, row.pending_since = False, "", None
        return before[0]
    row.matching, row.digest = True, digest
    if before == (True, digest):
        return False
    pending = _owed(search, row, *before)
    if row.told_digest == digest:
        # It is again as it was told of: nothing is left to tell.
        row.pending, row.pending_since = "", None
    elif pending and not row.pending:
        row.pending, row.pending_since = pending, now
    return True


def _owed(search: SavedSearch, row: SavedSearchMatch, matched: bool, digest: str) -> str:
    """What is to be told of a row that matches, and did not, or had another digest."""
    if search.alerts == Alerts.NONE or row.told_digest == row.digest:
        return ""
    if not matched:
        return Pending.NEW
    if form_of(digest) != form_of(row.digest):
        # Digests are taken otherwise than before: that is no change of the listing.
        return ""
    return Pending.CHANGED if search.alerts == Alerts.NEW_AND_CHANGED else ""


def form_of(digest: str) -> str:
    """In which form a digest was taken: what stands before its hyphen."""
    return digest.partition("-")[0]


def tell_due(now: datetime) -> int:
    """Tells what waits: of searches that tell at once whatever is left, of daily ones what was found before the last
    07:00 of a working day in London (`now` in any time zone). Answers how many searches told.
    """
    waiting = SavedSearchMatch.objects.exclude(pending="").filter(
        saved_search__status=SavedSearch.Status.OPEN
    )
    at_once = waiting.filter(saved_search__frequency=Frequency.AT_ONCE)
    daily = waiting.filter(saved_search__frequency=Frequency.DAILY, pending_since__lt=last_digest(now))
    told = 0
    for key in sorted({*at_once.values_list("saved_search", flat=True),
                       *daily.values_list("saved_search", flat=True)}):  # fmt: skip
        with transaction.atomic():
            row = open_searches().filter(pk=key).select_for_update(of=("self",))
            search = row.select_related("organisation", "owner").first()
            told += search is not None and tell(search, now)
    return told


def tell(search: SavedSearch, now: datetime) -> bool:
    """Within a transaction that has locked the search: its event, its e-mail as a row, and nothing more pending.
    False where there is nothing to tell.
    """
    rows = SavedSearchMatch.objects.filter(saved_search=search, matching=True).exclude(pending="")
    if search.frequency == Frequency.DAILY:
        rows = rows.filter(pending_since__lt=last_digest(now))
    owed = list(rows.order_by("pending_since", "listing")[:MOST_TOLD])
    if not owed:
        return False
    listings = [[row.listing, row.pending] for row in owed]
    if recipient(search):
        number = search.alerts_sent.count() + 1
        SavedSearchAlert.objects.create(
            saved_search=search,
            number=number,
            listings=listings,
            message_id=_message_id(search, number),
            not_before=now,
        )
    for row in owed:
        row.pending, row.pending_since, row.told_digest, row.told_at = "", None, row.digest, now
    fields = ["pending", "pending_since", "told_digest", "told_at"]
    SavedSearchMatch.objects.bulk_update(owed, fields, batch_size=ROWS_AT_ONCE)
    references = owner_references(search.organisation, listing=[key for key, _ in listings])
    changes = {"changed": [key for key, what in listings if what == Pending.CHANGED]}
    record(
        SYSTEM,
        Happening("saved_search.matched", "saved_search", search.reference, references, changes),
    )
    return True


def recipient(search: SavedSearch) -> str:
    """The e-mail address to tell, "" where there is nobody: no owner, or one who may not see the search any more."""
    owner = search.owner
    if owner is None or not owner.is_active:
        return ""
    return owner.email if can(person(owner), Action.SEE_SAVED_SEARCHES, search.organisation_id) else ""


def _message_id(search: SavedSearch, number: int) -> str:
    """The same whenever it is sent, and not to be guessed (RFC 5322, section 3.6.4)."""
    name = f"{search.reference}.{number}"
    secret = salted_hmac("calloff.alert", name).hexdigest()[:16]
    host = settings.PUBLIC_URL.partition("://")[2].partition(":")[0].partition("/")[0]
    return f"<{name}.{secret}@{host}>"
