"""The entries of a shortlist while it is open: added, removed, decided on with a reason, put in order.

An *out* helps the buyer's own choice; it bars nobody from a later invitation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from procurement.actions.shortlists import (
    ReadIn,
    Source,
    check_new,
    insert_entries,
    locked_row,
    raised,
    tell,
)
from procurement.errors import Fault, Invalid, NotFound
from procurement.models import Shortlist, ShortlistEntry
from procurement.permissions import Actor
from procurement.profiles import Reader

REASON_LENGTH: Final = 2_000
Decision = ShortlistEntry.Decision


def add_entries(
    actor: Actor,
    reference: str,
    revision: int,
    listings: Sequence[str],
    source: str = Source.MANUAL,
    read_in: ReadIn | None = None,
) -> Shortlist:
    """Adds listings at the end, found by a search or by hand (`source`); or from where they were read, which is kept
    with them and takes the place of `source`.

    Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /listings/n or /source.
    """
    faults, source = [], source if read_in is None else read_in.source
    if source not in (Source.MANUAL, Source.SEARCH):
        faults.append(
            Fault("/source", "unknown_value", "Listings are added from search or by hand (manual).")
        )
    if not listings:
        faults.append(Fault("/listings", "required", "Name at least one listing."))
    _refuse(faults)
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision)
        first = check_new(shortlist, listings)
        insert_entries(actor, shortlist, listings, first, source, read_in)
        raised(shortlist)
        tell(actor, shortlist, "entries_added", {"source": source}, listing=list(listings))
    return shortlist


def remove_entry(actor: Actor, reference: str, revision: int, listing: str) -> Shortlist:
    """Takes a listing off; those behind it move up. Raises NotFound (of the entry, too), NotPermitted, Stale,
    Conflict.
    """
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision)
        entry = _entry(shortlist, listing)
        told = {"position": entry.position, "decision": entry.decision, "source": entry.source}
        shortlist.entries.filter(position__gt=entry.position).update(position=F("position") - 1)
        entry.delete()
        raised(shortlist)
        tell(actor, shortlist, "entry_removed", told, listing=listing)
    return shortlist


def decide_entry(
    actor: Actor, reference: str, revision: int, listing: str, decision: object, reason: object = ""
) -> Shortlist:
    """Decides in, out or undecided; an out needs a reason (at most 2,000 characters). The same again is no change.

    Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /decision or /reason.
    """
    faults: list[Fault] = []
    chosen = Reader("/decision", faults).choice(decision, Decision.values)
    why = Reader("/reason", faults).text(reason, REASON_LENGTH, required=chosen == Decision.OUT, lines=True)
    _refuse(faults)
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision)
        entry = _entry(shortlist, listing)
        if (entry.decision, entry.reason) != (chosen, why):
            before = entry.decision
            entry.decision, entry.reason = chosen, why
            entry.decided_by, entry.decided_at = actor.reference, timezone.now()
            entry.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
            raised(shortlist)
            told = {"decision": chosen, "before": before, "reason": why}
            tell(actor, shortlist, "entry_decided", told, listing=listing)
    return shortlist


def reorder_entries(actor: Actor, reference: str, revision: int, listings: Sequence[str]) -> Shortlist:
    """Puts the entries in the order of `listings`, which names each of them once.

    Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /listings.
    """
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision)
        entries = {entry.listing: entry for entry in shortlist.entries.all()}
        if len(listings) != len(entries) or set(listings) != entries.keys():
            _refuse(
                [Fault("/listings", "not_all", "Name every entry of the shortlist once, in the new order.")]
            )
        moved = []
        for position, listing in enumerate(listings, start=1):
            entry = entries[listing]
            if entry.position != position:
                entry.position = position
                moved.append(entry)
        if moved:
            ShortlistEntry.objects.bulk_update(moved, ["position"])
            raised(shortlist)
            tell(actor, shortlist, "reordered", {"moved": len(moved)}, listing=list(listings))
    return shortlist


def _entry(shortlist: Shortlist, listing: str) -> ShortlistEntry:
    entry = shortlist.entries.filter(listing=listing).first()
    if entry is None:
        raise NotFound("There is no such entry on the shortlist.")
    return entry


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid("The shortlist was not changed.", tuple(faults))
