"""What the page of one shortlist shows, read from the database: a page of its entries, notes, history, packs.

A bounded number of queries whatever its size. Colleagues are named to each other; whoever else acted is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from procurement.actions.evidence import EVIDENCE
from procurement.event_types import EVENT_TYPES
from procurement.listing_facts import ListingFacts, facts_of
from procurement.models import Event, Operation, Shortlist, ShortlistEntry
from procurement.permissions import Action, Actor, can
from web.buying import names_of
from web.formats import minor, money, number
from web.saying import said

PAGE_SIZE: Final = 20
NOTES: Final = 50
HAPPENINGS: Final = 50
PACKS: Final = 10
_DECIDED: Final = {
    "in": N_("Decided in on %(listing)s"),
    "out": N_("Decided out on %(listing)s"),
    "undecided": N_("Decided undecided on %(listing)s"),
}


def begun_at(shortlist: Shortlist) -> str:
    """The address to which whoever began it is led."""
    return f"{reverse('web:shortlist', args=[shortlist.reference])}?done=begun"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in words. `shown` says whether buyers find the listing today; `why` is what its match said of it."""

    position: int
    listing: str
    name: str
    framework: str
    via: str
    fictional: bool
    shown: bool
    source: str
    decision: str
    decided: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """A note or something that happened: when, who, what."""

    at: datetime
    who: str
    told: str


@dataclass(frozen=True, slots=True)
class Pack:
    """An evidence pack that was asked for."""

    operation: str
    format: str
    snapshot: int
    status: str


@dataclass(frozen=True, slots=True)
class ShortlistPage:
    """Everything that the template lays out. `notes` and `history` are newest first and cut to size."""

    shortlist: Shortlist
    locked: bool
    entries: tuple[Entry, ...]
    count: int
    undecided: int
    notes: tuple[Line, ...]
    history: tuple[Line, ...]
    packs: tuple[Pack, ...]
    may_edit: bool
    may_lock: bool
    may_make: bool
    may_buy: bool


def shortlist_page(shortlist: Shortlist, actor: Actor, page: int) -> ShortlistPage:
    """The page of a shortlist, as ShortlistQuerySet.told reads one, that the actor may see."""
    first = (page - 1) * PAGE_SIZE
    rows = list(shortlist.entries.order_by("position")[first : first + PAGE_SIZE])
    facts = facts_of([row.listing for row in rows], timezone.localdate(), cards=False)
    events = Event.objects.filter(subject_type="shortlist", subject=shortlist.reference)
    happened = list(events.order_by("-position")[:HAPPENINGS])
    notes = list(shortlist.notes.order_by("-number")[:NOTES])
    names = names_of(
        shortlist.organisation_id, {*(one.actor for one in happened), *(one.actor for one in notes)}
    )
    locked = shortlist.status == Shortlist.Status.LOCKED
    owner = shortlist.organisation_id
    edits = can(actor, Action.EDIT_SHORTLIST, owner)
    return ShortlistPage(
        shortlist=shortlist,
        locked=locked,
        entries=tuple(_entry(row, facts[row.listing]) for row in rows),
        count=shortlist.entry_count,  # type: ignore[attr-defined]
        undecided=shortlist.entries.filter(decision=ShortlistEntry.Decision.UNDECIDED).count(),
        notes=tuple(Line(one.created_at, names[one.actor], one.text) for one in notes),
        history=tuple(Line(one.at, names[one.actor], _happened(one)) for one in happened),
        packs=_packs(shortlist),
        may_edit=edits,
        may_lock=can(actor, Action.LOCK_SHORTLIST, owner),
        may_make=can(actor, Action.MAKE_EVIDENCE, owner),
        may_buy=can(actor, Action.WRITE_CALL_OFF, owner),
    )


def _entry(row: ShortlistEntry, facts: ListingFacts) -> Entry:
    published = facts.partner.published if facts.partner else None
    alone = facts.supplier is None or facts.supplier.form == facts.supplier.Form.ALONE
    return Entry(
        position=row.position,
        listing=row.listing,
        name=published.name if published else row.listing,
        framework=f"{facts.framework.number} {facts.framework.name}" if facts.framework else "",
        via="" if alone or facts.supplier is None else facts.supplier.name,
        fictional=facts.partner is not None and facts.partner.organisation.fictional,
        shown=facts.shown,
        source=_source(row),
        decision=row.decision,
        decided=_(row.get_decision_display()),
        reason=row.reason,
        why="; ".join(_reasons(row.reasons)),
    )


def _source(row: ShortlistEntry) -> str:
    if row.source == ShortlistEntry.Source.MATCH and row.rank is not None:
        return _("Rank %(rank)s of the match") % {"rank": row.rank}
    kept = {one["kind"]: one["told"] for one in row.reasons if isinstance(one, Mapping) and "told" in one}
    if words := kept.get("search", {}).get("words"):
        return _("Found by a search for “%(words)s”") % {"words": words}
    if "page" in kept:
        return _("Added from the listing’s own page")
    told = {"search": _("Found by a search"), "manual": _("Added by hand")}
    return told.get(row.source) or _(row.get_source_display())


def _reasons(reasons: Iterable[Any]) -> Iterable[str]:
    """What a match said of a listing, in a few words: how much it covers, the price, the telling sentence."""
    told = {one["kind"]: one["told"] for one in reasons if isinstance(one, Mapping) and "told" in one}
    if coverage := told.get("coverage"):
        yield _("covers %(coverage)s") % {"coverage": coverage["told"]}
    price = told.get("price") or {}
    if price.get("total"):
        made_up = price.get("basis") == "illustrative"
        team = (
            _("team %(amount)s without VAT (illustrative)") if made_up else _("team %(amount)s without VAT")
        )
        yield team % {"amount": money(minor(price["total"]), price["currency"])}
    for sentence in told.get("evidence", ())[:1]:
        yield f"“{sentence['sentence']}”"


def _happened(event: Event) -> str:
    """An event of a shortlist in words for its owner."""
    told, listing = event.changes, event.references.get("listing", "")
    match event.type:
        case "shortlist.created":
            begun = ngettext(
                "Begun as “%(title)s” with %(count)s listing",
                "Begun as “%(title)s” with %(count)s listings",
                told["entries"],
            )
            return begun % {"title": told["title"], "count": number(told["entries"])}
        case "shortlist.retitled":
            return _("Titled “%(title)s”") % {"title": told["title"]}
        case "shortlist.entries_added":
            return _("Added %(listings)s") % {"listings": ", ".join(listing)}
        case "shortlist.entry_removed":
            return _("Removed %(listing)s") % {"listing": listing}
        case "shortlist.entry_decided":
            decided = _DECIDED[told["decision"]]
            reason = f": {told['reason']}" if told["reason"] else ""
            return f"{_(decided) % {'listing': listing}}{reason}"
        case "shortlist.noted":
            return _("Wrote note %(number)s") % {"number": told["number"]}
        case "shortlist.locked":
            return _("Locked with snapshot %(snapshot)s") % {"snapshot": told["snapshot"]}
        case "shortlist.unlocked":
            return _("Unlocked: %(reason)s") % {"reason": told["reason"]}
        case "shortlist.reordered":
            return _("Put in another order")
        case other:
            return said(EVENT_TYPES[other].meaning)


def _packs(shortlist: Shortlist) -> tuple[Pack, ...]:
    rows = Operation.objects.filter(
        organisation=shortlist.organisation_id, kind=EVIDENCE, parameters__shortlist=shortlist.reference
    ).order_by("-pk")[:PACKS]
    return tuple(
        Pack(one.reference, one.parameters["format"], one.parameters["snapshot"], _(one.get_status_display()))
        for one in rows
    )
