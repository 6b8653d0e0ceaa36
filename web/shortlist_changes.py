"""Changes of a shortlist that its page offers: which action each form stands for, and where each fault belongs.

Journey: /shortlists/SL-2026-0001 (POST) -> here -> procurement/actions/ -> event -> the page again (303).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.actions.shortlist_entries import (
    add_entries,
    decide_entry,
    remove_entry,
    reorder_entries,
)
from procurement.actions.shortlists import note_on_shortlist, retitle_shortlist
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.errors import Fault, Invalid, NotFound
from procurement.models import Shortlist, ShortlistEntry
from procurement.permissions import Actor
from search.relied_on import index_now
from web.doing import Change
from web.faults import FieldFault, lowered
from web.meanwhile import Written, same
from web.saying import labels_said, said
from web.shortlist_page import PAGE_SIZE, Entry


def references_in(written: str) -> list[str]:
    """Listings as people name them: references, or addresses of their pages, with blanks, commas or lines between."""
    words = written.replace(",", " ").split()
    return [word.rstrip("/").rpartition("/")[2].partition("?")[0] for word in words if word.isprintable()]


def _title(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return retitle_shortlist(actor, reference, revision, sent.get("title", ""))


def _add(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return add_entries(actor, reference, revision, references_in(sent.get("listings", "")))


def _decide(actor: Actor, reference: str, revision: int, sent: QueryDict) -> int:
    """All decisions of the page that say something else than what stands, in one; what is wrong is told of all. The
    shortlist's revision afterwards.
    """
    said = decisions_said(sent)
    if not said:
        raise Invalid(_("No decision was kept."), (Fault("", "required", _("Decide on a listing")),))
    rows = ShortlistEntry.objects.filter(shortlist__reference=reference)
    stands = {one.listing: (one.decision, one.reason) for one in rows}
    changed = [
        (row, listing, given)
        for row, (listing, given) in enumerate(said)
        if listing not in stands or not all(map(same, given, stands[listing]))
    ]
    # With nothing to change the action still says whether this may be changed, and from this state.
    changed = changed or [(row, listing, given) for row, (listing, given) in enumerate(said[:1])]
    faults: list[Fault] = []
    for row, listing, (decision, reason) in changed:
        try:
            revision = decide_entry(actor, reference, revision, listing, decision, reason).revision
        except Invalid as refused:
            faults += [replace(one, pointer=f"/decisions/{row}{one.pointer}") for one in refused.faults]
    if faults:
        raise Invalid(_("No decision was kept."), tuple(faults))
    return revision


def decisions_said(sent: QueryDict) -> list[tuple[str, tuple[str, str]]]:
    """What the form says of each entry that it has: its listing, with decision and reason."""
    listings = sent.getlist("listing")
    decisions, reasons = (
        [*sent.getlist(name), *[""] * len(listings)][: len(listings)] for name in ("decision", "reason")
    )
    return [
        (listing, given)
        for listing, given in zip(listings, zip(decisions, reasons, strict=True), strict=True)
    ]


def split(do: str) -> tuple[str, str]:
    """What a button says in `do`: the change, and the listing where it is of one."""
    change, __, listing = do.partition(" ")
    return change, listing


def _remove(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return remove_entry(actor, reference, revision, split(sent.get("do", ""))[1])


def _up(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return _moved(actor, reference, revision, sent, -1)


def _down(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return _moved(actor, reference, revision, sent, 1)


def _moved(actor: Actor, reference: str, revision: int, sent: QueryDict, by: int) -> object:
    """One place up or down; the first stays where it is when it is moved up, and the last when it is moved down."""
    listing = split(sent.get("do", ""))[1]
    rows = list(ShortlistEntry.objects.filter(shortlist__reference=reference).order_by("position"))
    order = [one.listing for one in rows]
    if listing in order:
        at = order.index(listing)
        to = min(max(at + by, 0), len(order) - 1)
        if at // PAGE_SIZE != to // PAGE_SIZE:
            _refuse_unkept(rows[at], sent)
        order.insert(to, order.pop(at))
    # Also says whether the shortlist may be changed, and from this state, where the listing is not on it any more.
    moved = reorder_entries(actor, reference, revision, order)
    if listing not in order:
        raise NotFound(_("There is no such entry on the shortlist."))
    return moved


def _refuse_unkept(entry: ShortlistEntry, sent: QueryDict) -> None:
    """An entry that goes to another page takes nothing along that was written on this one."""
    for row, (listing, given) in enumerate(decisions_said(sent)):
        if listing == entry.listing and not all(map(same, given, (entry.decision, entry.reason))):
            told = _("Keep it first: the listing moves to another page.")
            raise Invalid(
                _("The listing was not moved."), (Fault(f"/decisions/{row}/decision", "unkept", told),)
            )


def _note(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return note_on_shortlist(actor, reference, revision, sent.get("text", ""))


def _unlock(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return unlock_shortlist(actor, reference, revision, sent.get("why", ""))


CHANGES: Final[dict[str, Change]] = {
    "title": _title,
    "add": _add,
    "decide": _decide,
    "remove": _remove,
    "up": _up,
    "down": _down,
    "note": _note,
    "unlock": _unlock,
}
"""By what the form says in `do`; the lock stands in change_of."""


def change_of(do: str) -> Change | None:
    """The action that a form stands for; None for what is no change. For a lock the index is asked here, before a
    transaction begins: one that is slow must keep nobody's write waiting.
    """
    if do != "lock":
        return CHANGES.get(do)
    index = index_now()

    def lock(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
        """What is locked are the decisions that stand in the fields; afterwards nothing else of them can be kept."""
        if sent.getlist("listing"):
            revision = _decide(actor, reference, revision, sent)
        locked = lock_shortlist(actor, reference, revision, index)
        _nothing_beside(reference, sent)
        return locked

    return lock


def _nothing_beside(reference: str, sent: QueryDict) -> None:
    title = Shortlist.objects.filter(reference=reference).values_list("title", flat=True).get()
    faults = []
    if not same(sent.get("title", title), title):
        faults.append(Fault("/title", "unkept", _("Change it first, or write it as it stood.")))
    if sent.get("listings", "").strip():
        faults.append(Fault("/listings", "unkept", _("Add them first, or empty the field.")))
    if faults:
        raise Invalid(_("The shortlist was not locked."), tuple(faults))


DONE: Final = {
    "begun": N_("The shortlist is begun."),
    "title": N_("The title is changed."),
    "add": N_("The listings are added."),
    "decide": N_("The decisions are kept."),
    "remove": N_("The listing is removed."),
    "up": N_("The listing is moved up."),
    "down": N_("The listing is moved down."),
    "note": N_("The note is kept."),
    "lock": N_("The shortlist is locked, with a snapshot of all that it relies on."),
    "unlock": N_("The shortlist is open again. Its snapshots stay."),
    "evidence": N_("The evidence pack is asked for. It stands under Evidence, with what becomes of it."),
}

FIELDS: Final = {
    "title": {"title": ("title", N_("Title"))},
    "add": {"listings": ("listings", N_("Listings"))},
    "note": {"text": ("text", N_("Note"))},
    "lock": {
        "": ("listings", N_("Listings")),
        "title": ("title", N_("Title")),
        "listings": ("listings", N_("Listings")),
    },
    "unlock": {"reason": ("why", N_("Why it is unlocked"))},
}
"""By change and part of its body: the id of the field, and its label. A decision's stand beside its entry."""


OWN: Final = {"title": "title", "add": "listings", "note": "text", "unlock": "why"}
"""By change: the field that it empties or keeps."""


def written(sent: QueryDict, found: Shortlist, entries: Iterable[Entry]) -> list[Written]:
    """What was written of what the shortlist holds, beside what stands now: its title, the decisions on its entries."""
    fields = []
    if "title" in sent:
        fields.append(Written("title", _("Title"), sent.get("title", ""), found.title))
    decisions = labels_said(dict(ShortlistEntry.Decision.choices))
    said = dict(decisions_said(sent))
    for one in entries:
        if one.listing not in said:
            continue
        decision, reason = said[one.listing]
        fields += [
            Written(f"decision-{one.position}", _("Decision"), decision, one.decision, decisions),
            Written(f"reason-{one.position}", _("Reason"), reason, one.reason),
        ]
    return fields


def added(change: str, sent: QueryDict) -> list[Written]:
    """What was written into fields that stand empty, but for that of the change that was made."""
    labels = {"listings": _("Listings"), "text": _("Note"), "why": _("Why it is unlocked")}
    return [
        Written(name, label, sent.get(name, ""), "")
        for name, label in labels.items()
        if name in sent and name != OWN.get(change)
    ]


def faults_of(
    change: str, sent: QueryDict, positions: Mapping[str, int], faults: Iterable[Fault]
) -> list[FieldFault]:
    """Each fault with the field it belongs to; `positions` are those of the entries, by listing."""
    return [_fault(change, sent, positions, fault) for fault in faults]


def _fault(change: str, sent: QueryDict, positions: Mapping[str, int], fault: Fault) -> FieldFault:
    steps = fault.pointer.strip("/").split("/")
    if steps[0] == "decisions":
        position = positions.get(decisions_said(sent)[int(steps[1])][0], 0)
        steps = steps[2:]
        label = _("Reason") if steps[0] == "reason" else _("Decision")
        if steps[0] == "reason" and fault.code == "required":
            return FieldFault(f"reason-{position}", _("Reason: say why this listing is out"))
        return FieldFault(f"{steps[0]}-{position}" if position else "", f"{label}: {lowered(fault.message)}")
    anchor, named = FIELDS.get(change, {}).get(steps[0], ("", ""))
    label = said(named)
    if change == "add" and len(steps) > 1:
        label = references_in(sent.get("listings", ""))[int(steps[1])]
    return FieldFault(anchor, f"{label}: {lowered(fault.message)}" if label else fault.message.rstrip("."))
