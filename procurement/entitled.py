"""Whom a competition invites: every supplier on the lot on that day, but for those that a stated rule keeps out.

Shown before publishing and done at it, by the same reading. A buyer's own "out" on a shortlist is no rule and bars
nobody; the shortlist only says which partners of a supplier are wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from procurement.capability import lacking
from procurement.models import Appointment, CallOff, RuledOut, SupplierMember
from procurement.on_day import appointing
from procurement.order_form import content_of

Rule = RuledOut.Rule


class Called(NamedTuple):
    """A supplier by reference and name."""

    reference: str
    name: str


class Place(NamedTuple):
    """A supplier's place on a lot, an `Appointment` as far as it matters here: a lot may have thousands, and a row of
    the database costs a tenth of an instance of a model.
    """

    pk: int
    lot_id: int
    supplier_id: int
    supplier: Called


@dataclass(frozen=True, slots=True)
class Out:
    """A supplier that is not invited, by which rule, and what the rule found."""

    appointment: Appointment | Place
    rule: Rule
    found: list[dict[str, Any]]


def entitled(call_off: CallOff, on: date) -> tuple[list[Place], list[Out]]:
    """The places whose suppliers the call-off's competition invites on that day, and whom not, by their references.

    At most six queries however many suppliers there are. Who holds no active place on the lot stands in neither.
    """
    lot = call_off.lot
    rows = Appointment.objects.filter(appointing(lot.framework, on), lot=lot).order_by("supplier__reference")
    read = rows.values_list("pk", "lot", "supplier", "supplier__reference", "supplier__name")
    places = [Place(pk, lot_key, supplier, Called(*named)) for pk, lot_key, supplier, *named in read]
    barred = dict(barred_leads(places, on))
    missing = lacking(lot, [one.pk for one in places], content_of(call_off), on)
    invited, out = [], []
    for place in places:
        if place.pk in barred:
            out.append(Out(place, barred[place.pk], []))
        elif place.pk in missing:
            found = [{"specialism": one.specialism, "region": one.region} for one in missing[place.pk]]
            out.append(Out(place, Rule.CAPABILITY, found))
        else:
            invited.append(place)
    return invited, out


def barred_leads(places: Iterable[Appointment | Place], on: date) -> Iterable[tuple[int, Rule]]:
    """The appointments (primary keys) that nobody may answer for: no lead, or one that is excluded or suspended."""
    held = list(places)
    # By their lots and not by thousands of keys; and only what is asked is read: a lot may have all suppliers.
    rows = SupplierMember.objects.filter(
        supplier__appointments__lot__in={one.lot_id for one in held},
        role=SupplierMember.Role.LEAD,
        left_on=None,
    ).values_list("supplier", "partner__suspended", "partner__organisation__excluded_since")
    barred = {
        supplier: suspended or (since is not None and since <= on) for supplier, suspended, since in rows
    }
    for place in held:
        if place.supplier_id not in barred:
            yield place.pk, Rule.NO_LEAD
        elif barred[place.supplier_id]:
            yield place.pk, Rule.EXCLUDED
