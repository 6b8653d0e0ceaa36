"""A buyer's shortlist: begun from nothing, from a match or from a search, titled and annotated.

Journey: POST /api/v1/shortlists/ or the pages -> here -> event; actions/shortlist_entries.py decides on entries,
actions/snapshots.py locks. Every change takes the revision that was read and raises it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import buyer_of, owner_references
from procurement.actions.events import Happening, record
from procurement.bulk import insert
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.listing_facts import shown
from procurement.models import (
    Match,
    Organisation,
    Requirement,
    Shortlist,
    ShortlistEntry,
    ShortlistNote,
)
from procurement.permissions import Action, Actor, can, require
from procurement.profiles import NAME_LENGTH, Reader
from procurement.ranked import Ranked, ranked_of
from procurement.references import numbered
from procurement.revisions import changed_since

MOST_ENTRIES: Final = 1_000
NOTE_TEXT: Final = 5_000
QUERY_LENGTH: Final = 8_000

Source = ShortlistEntry.Source


@dataclass(frozen=True, slots=True)
class ReadIn:
    """Where somebody read the listings that they put on a shortlist: in a search, or each on its own page.

    Of a search `query` is its query string and `words` what was looked for in it, both "" where it is not known that
    the search finds them.
    """

    source: str
    query: str = ""
    words: str = ""

    def reasons(self, listing: str) -> list[dict[str, Any]]:
        """What is kept with the entry of a listing, as `{kind, told}`."""
        if self.source == Source.MANUAL:
            return [{"kind": "page", "told": {"listing": listing}}]
        return [{"kind": "search", "told": {"query": self.query, "words": self.words}}] if self.query else []


@dataclass(frozen=True, slots=True)
class ShortlistDraft:
    """A shortlist to begin. `requirement` and `match` are references; `listings` are references that were found by
    the search `query` (the query string of /api/v1/listings/), or chosen by hand where that is empty; `found` is what
    that search finds, as JSON values (search/shortlisting.py checks the query and asks). Of a match's ranked results
    the first `take` become entries, all of them unless it says how many; where `chosen` names some, only those, in the
    order of their ranks. `read_in` says where `listings` were read one by one, None for whoever names them by hand.
    """

    title: object
    organisation: str | None = None
    requirement: str | None = None
    match: str | None = None
    take: int | None = None
    chosen: Sequence[str] = ()
    listings: Sequence[str] = ()
    query: object = ""
    found: Mapping[str, Any] | None = None
    read_in: ReadIn | None = None


def create_shortlist(actor: Actor, draft: ShortlistDraft) -> Shortlist:
    """Begins a shortlist of the actor's buyer organisation.

    Raises NotPermitted; Invalid at /requirement and /match for what is not the organisation's, at /chosen/n for what
    the match did not rank, at /listings/n for what buyers do not find.
    """
    faults: list[Fault] = []
    title = Reader("/title", faults).text(draft.title, NAME_LENGTH, required=True)
    query = Reader("/query", faults).text(draft.query, QUERY_LENGTH).removeprefix("?")
    _refuse(faults)
    with transaction.atomic():
        buyer = buyer_of(actor, Action.EDIT_SHORTLIST, draft.organisation)
        requirement, match = _origins(actor, buyer, draft)
        ranked = _taken(match, draft)
        if len(ranked) + len(draft.listings) > MOST_ENTRIES:
            _refuse([_too_many()])
        held = {one.listing for one in ranked}
        _check_listings(draft.listings, held, "/listings")
        shortlist = Shortlist.objects.create(
            reference=numbered("SL", timezone.localdate()),
            organisation=buyer,
            title=title,
            requirement=requirement,
            match=match,
            query=query,
            found=None if draft.found is None else dict(draft.found),
            actor=actor.reference,
        )
        source = Source.SEARCH if query else Source.MANUAL
        insert_entries(actor, shortlist, [*ranked, *draft.listings], 1, source, draft.read_in)
        told = {"title": title, "entries": len(ranked) + len(draft.listings), "query": query}
        named = {
            "requirement": requirement and requirement.reference,
            "match": match and match.reference,
            "listing": [*(one.listing for one in ranked), *draft.listings],
        }
        tell(actor, shortlist, "created", told, **named)
    return shortlist


def retitle_shortlist(actor: Actor, reference: str, revision: int, title: object) -> Shortlist:
    """Raises NotFound, NotPermitted, Stale, Conflict while it is locked, Invalid at /title."""
    faults: list[Fault] = []
    read = Reader("/title", faults).text(title, NAME_LENGTH, required=True)
    _refuse(faults)
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision)
        if read != shortlist.title:
            shortlist.title = read
            raised(shortlist, "title")
            tell(actor, shortlist, "retitled", {"title": read})
    return shortlist


def note_on_shortlist(actor: Actor, reference: str, revision: int, text: object) -> ShortlistNote:
    """Writes a note beside it, whether it is open or locked. Raises NotFound, NotPermitted, Stale, Invalid at
    /text.
    """
    faults: list[Fault] = []
    read = Reader("/text", faults).text(text, NOTE_TEXT, required=True, lines=True)
    _refuse(faults)
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision, open_alone=False)
        note = ShortlistNote.objects.create(
            shortlist=shortlist, number=shortlist.notes.count() + 1, text=read, actor=actor.reference
        )
        raised(shortlist)
        tell(actor, shortlist, "noted", {"number": note.number})
    return note


def locked_row(
    actor: Actor,
    reference: str,
    revision: int,
    action: Action = Action.EDIT_SHORTLIST,
    *,
    open_alone: bool = True,
) -> Shortlist:
    """The shortlist, its row locked until the transaction ends: visible, permitted, as it was read, and open.

    Raises NotFound, NotPermitted, Stale, Conflict.
    """
    shortlist = (
        Shortlist.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(reference=reference)
        .first()
    )
    if shortlist is None or not can(actor, Action.SEE_SHORTLISTS, shortlist.organisation):
        raise NotFound(f"There is no shortlist {reference}.")
    require(actor, action, shortlist.organisation)
    if changed_since(shortlist.revision, revision):
        raise Stale("The shortlist has changed since you read it.")
    if open_alone and shortlist.status != Shortlist.Status.OPEN:
        raise Conflict("The shortlist is locked: unlock it to change it.")
    return shortlist


def raised(shortlist: Shortlist, *fields: str) -> None:
    """Saves these fields and the next revision."""
    shortlist.revision += 1
    shortlist.save(update_fields=["revision", *fields])


def tell(actor: Actor, shortlist: Shortlist, what: str, changes: dict[str, Any], **named: Any) -> None:
    """The one event of a change: `shortlist.` and what happened."""
    references = owner_references(shortlist.organisation, **named)
    record(actor, Happening(f"shortlist.{what}", "shortlist", shortlist.reference, references, changes))


def insert_entries(
    actor: Actor,
    shortlist: Shortlist,
    listings: Sequence[str | Ranked],
    first: int,
    source: str,
    read_in: ReadIn | None = None,
) -> None:
    """Adds entries from position `first` on; what is ranked comes from the match, the others from where they were
    read, else from `source`.
    """
    made = []
    for position, one in enumerate(listings, start=first):
        entry = ShortlistEntry(shortlist=shortlist, position=position, added_by=actor.reference)
        if isinstance(one, Ranked):
            entry.listing, entry.source = one.listing, Source.MATCH
            entry.rank, entry.score, entry.reasons = one.rank, one.score, one.reasons
        else:
            entry.listing, entry.source = one, source if read_in is None else read_in.source
            entry.reasons = [] if read_in is None else read_in.reasons(one)
        made.append(entry)
    insert(made)


def _check_listings(listings: Sequence[str], held: set[str], pointer: str) -> None:
    """Raises Invalid for each that is on the list already, comes twice, or is found by no buyer today."""
    known = shown(listings, timezone.localdate())
    seen: set[str] = set()
    faults = []
    for step, one in enumerate(listings):
        if one in held or one in seen:
            faults.append(
                Fault(f"{pointer}/{step}", "duplicate", "This listing is on the shortlist already.")
            )
        elif one not in known:
            faults.append(Fault(f"{pointer}/{step}", "unknown", "There is no such listing today."))
        seen.add(one)
    _refuse(faults)


def check_new(shortlist: Shortlist, listings: Sequence[str]) -> int:
    """The position after the last entry, once the listings (at /listings/n) may be added. Raises Invalid."""
    held = set(shortlist.entries.values_list("listing", flat=True))
    if len(held) + len(listings) > MOST_ENTRIES:
        _refuse([_too_many()])
    _check_listings(listings, held, "/listings")
    return len(held) + 1


def _taken(match: Match | None, draft: ShortlistDraft) -> list[Ranked]:
    """The match's results that become entries. Raises Invalid at /chosen/n."""
    ranked = ranked_of(match.answer) if match else []
    known = {one.listing for one in ranked}
    _refuse(
        [
            Fault(f"/chosen/{step}", "unknown", "The match did not rank this listing.")
            for step, one in enumerate(draft.chosen)
            if one not in known
        ]
    )
    if draft.chosen:
        ranked = [one for one in ranked if one.listing in draft.chosen]
    return ranked[: draft.take]


def _too_many() -> Fault:
    return Fault("/listings", "too_many", f"A shortlist has at most {MOST_ENTRIES:,} entries.")


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid("The shortlist cannot be taken as it is.", tuple(faults))


def _origins(
    actor: Actor, buyer: Organisation, draft: ShortlistDraft
) -> tuple[Requirement | None, Match | None]:
    """The requirement and the match that it comes from, which the actor may see; a match brings its requirement."""
    requirement = match = None
    if draft.match is not None:
        seen = can(actor, Action.SEE_MATCHES, buyer)
        match = Match.objects.filter(organisation=buyer, reference=draft.match).first() if seen else None
        if match is None:
            _refuse([Fault("/match", "unknown", "Your organisation has no such match.")])
    said = match.requirement if match else None
    if draft.requirement is not None:
        seen = can(actor, Action.SEE_REQUIREMENTS, buyer)
        rows = Requirement.objects.filter(organisation=buyer, reference=draft.requirement)
        requirement = rows.first() if seen else None
        if requirement is None:
            _refuse([Fault("/requirement", "unknown", "Your organisation has no such requirement.")])
    if said and requirement and said.requirement_id != requirement.pk:
        _refuse([Fault("/requirement", "other_match", "The match answered another requirement.")])
    return requirement or (said.requirement if said else None), match
