"""From a locked shortlist to the suppliers that a call-off may go to, in its order.

Who contracts is the supplier by its place on the lot: listings of one supplier collapse into one row, which names the
partners that are wanted.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from procurement.errors import Fault, Invalid
from procurement.listing_facts import named
from procurement.models import (
    Appointment,
    CallOff,
    CallOffSupplier,
    Organisation,
    Partner,
    Shortlist,
    ShortlistEntry,
    Snapshot,
)
from procurement.permissions import Action, Actor, can
from procurement.snapshots import read


def locked_snapshot(actor: Actor, buyer: Organisation, reference: object) -> Snapshot | None:
    """The last snapshot of a locked shortlist of the buyer, None where none is named. Raises Invalid at /shortlist."""
    if reference is None:
        return None
    rows = Shortlist.objects.filter(organisation=buyer, reference=reference)
    shortlist = rows.first() if can(actor, Action.SEE_SHORTLISTS, buyer) else None
    if shortlist is None:
        raise _refusal("unknown", "Your organisation has no such shortlist.")
    if shortlist.status != Shortlist.Status.LOCKED:
        raise _refusal("not_locked", "Lock the shortlist first: a call-off rests on what is locked.")
    return shortlist.snapshots.select_related("shortlist").latest("number")


def place_suppliers(call_off: CallOff) -> None:
    """Writes the rows of the call-off's suppliers anew: those of its snapshot's entries that are in, on its lot.

    Raises Invalid at /shortlist where there is a snapshot and none of them is on the lot.
    """
    call_off.suppliers.all().delete()
    if call_off.snapshot is None:
        return
    document = read(call_off.snapshot.document) or {}
    wanted = _wanted(document, call_off.lot.framework.reference)
    places = {
        one.supplier.reference: one
        for one in Appointment.objects.filter(
            lot=call_off.lot, supplier__reference__in=wanted
        ).select_related("supplier")
    }
    order = [supplier for supplier in wanted if supplier in places]
    if not any(one["decision"] == ShortlistEntry.Decision.IN for one in document.get("entries", [])):
        told = "No listing of the shortlist was decided to be in: unlock it, decide, and lock it again."
        raise _refusal("nothing_in", told)
    if not order:
        raise _refusal(
            "no_supplier", f"None of the listings that are in is of a supplier on {call_off.lot.reference}."
        )
    partners = {
        one.reference: one
        for one in Partner.objects.filter(reference__in=chain.from_iterable(wanted.values()))
    }
    for position, supplier in enumerate(order, start=1):
        row = CallOffSupplier.objects.create(
            call_off=call_off, appointment=places[supplier], position=position
        )
        row.partners.set([partners[one] for one in wanted[supplier] if one in partners])


def _wanted(document: dict[str, Any], framework: str) -> dict[str, list[str]]:
    """The partners that are in by their supplier, in the order of the locked entries."""
    found: dict[str, list[str]] = {}
    for entry in sorted(document.get("entries", []), key=lambda one: one["position"]):
        parts = named(entry["listing"])
        if parts and entry["decision"] == ShortlistEntry.Decision.IN and parts.framework == framework:
            found.setdefault(parts.supplier, []).append(parts.partner)
    return found


def _refusal(code: str, message: str) -> Invalid:
    return Invalid("The call-off cannot be taken as it is.", (Fault("/shortlist", code, message),))
