"""Changes of a shortlist that its page offers: which action each form stands for, and where each fault belongs.

Journey: /shortlists/SL-2026-0001 (POST) -> here -> procurement/actions/ -> event -> the page again (303).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.actions.shortlist_entries import add_entries, decide_entry, remove_entry
from procurement.actions.shortlists import note_on_shortlist, retitle_shortlist
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.errors import Fault
from procurement.models import Shortlist, ShortlistEntry
from procurement.permissions import Actor
from search.relied_on import index_now
from web.doing import Change
from web.faults import FieldFault, lowered
from web.meanwhile import Written
from web.saying import labels_said, said


def references_in(written: str) -> list[str]:
    """Listings as people name them: references, or addresses of their pages, with blanks, commas or lines between."""
    words = written.replace(",", " ").split()
    return [word.rstrip("/").rpartition("/")[2].partition("?")[0] for word in words if word.isprintable()]


def _title(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return retitle_shortlist(actor, reference, revision, sent.get("title", ""))


def _add(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return add_entries(actor, reference, revision, references_in(sent.get("listings", "")))


def _decide(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    decision, reason = sent.get("decision", ""), sent.get("reason", "")
    return decide_entry(actor, reference, revision, sent.get("listing", ""), decision, reason)


def _remove(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return remove_entry(actor, reference, revision, sent.get("listing", ""))


def _note(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return note_on_shortlist(actor, reference, revision, sent.get("text", ""))


def _unlock(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
    return unlock_shortlist(actor, reference, revision, sent.get("why", ""))


CHANGES: Final[dict[str, Change]] = {
    "title": _title,
    "add": _add,
    "decide": _decide,
    "remove": _remove,
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

    def lock(actor: Actor, reference: str, revision: int, _: QueryDict) -> object:
        return lock_shortlist(actor, reference, revision, index)

    return lock


DONE: Final = {
    "begun": N_("The shortlist is begun."),
    "title": N_("The title is changed."),
    "add": N_("The listings are added."),
    "decide": N_("The decision is kept."),
    "remove": N_("The listing is removed."),
    "note": N_("The note is kept."),
    "lock": N_("The shortlist is locked, with a snapshot of all that it relies on."),
    "unlock": N_("The shortlist is open again. Its snapshots stay."),
}

FIELDS: Final = {
    "title": {"title": ("title", N_("Title"))},
    "add": {"listings": ("listings", N_("Listings"))},
    "note": {"text": ("text", N_("Note"))},
    "unlock": {"reason": ("why", N_("Why it is unlocked"))},
}
"""By change and part of its body: the id of the field, and its label. A decision's stand beside its entry."""


def written(change: str, sent: QueryDict, found: Shortlist, entry: ShortlistEntry | None) -> list[Written]:
    """What a change said of what the shortlist holds, beside what stands now: its title, or a decision on an entry."""
    if change == "title":
        return [Written("title", _("Title"), sent.get("title", ""), found.title)]
    if change != "decide" or entry is None:
        return []
    decisions = labels_said(dict(ShortlistEntry.Decision.choices))
    decision, reason = f"decision-{entry.position}", f"reason-{entry.position}"
    return [
        Written(decision, _("Decision"), sent.get("decision", ""), entry.decision, decisions),
        Written(reason, _("Reason"), sent.get("reason", ""), entry.reason),
    ]


def faults_of(change: str, sent: QueryDict, position: int, faults: Iterable[Fault]) -> list[FieldFault]:
    """Each fault with the field it belongs to; `position` is that of the entry that was decided on, 0 for none."""
    return [_fault(change, sent, position, fault) for fault in faults]


def _fault(change: str, sent: QueryDict, position: int, fault: Fault) -> FieldFault:
    steps = fault.pointer.strip("/").split("/")
    if change == "decide":
        label = _("Reason") if steps[0] == "reason" else _("Decision")
        if steps[0] == "reason" and fault.code == "required":
            return FieldFault(f"reason-{position}", _("Reason: say why this listing is out"))
        return FieldFault(f"{steps[0]}-{position}" if position else "", f"{label}: {lowered(fault.message)}")
    anchor, named = FIELDS.get(change, {}).get(steps[0], ("", ""))
    label = said(named)
    if change == "add" and len(steps) > 1:
        label = references_in(sent.get("listings", ""))[int(steps[1])]
    return FieldFault(anchor, f"{label}: {lowered(fault.message)}" if label else fault.message.rstrip("."))
