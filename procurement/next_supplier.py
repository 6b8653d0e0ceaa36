"""To whom the next order form of a direct award goes: the first in the locked order, not asked yet, that can be asked.

Shown beside the call-off (call_off_facts.py) and asked again as an offer is sent (actions/offers.py), which records who
was passed over and why, so that the order stays explained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from procurement.call_off_checks import OF_SUPPLIER, Prices, asked_faults, members_of
from procurement.errors import Fault
from procurement.models import CallOff, CallOffSupplier
from procurement.order_form import Priced


@dataclass(frozen=True, slots=True)
class Passed:
    """A supplier that cannot be asked, and why."""

    asked: CallOffSupplier
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Next:
    """Who is asked next, None where nobody can be; what of the call-off still keeps it from being sent, such as what it
    comes to; who came before it in the order and is passed over; how many can be asked, itself among them.
    """

    asked: CallOffSupplier | None
    faults: tuple[Fault, ...]
    passed: tuple[Passed, ...]
    left: int

    def is_next(self, asked: CallOffSupplier) -> bool:
        """Whether the next order form would go to it."""
        return self.asked is not None and self.asked.pk == asked.pk

    def passing(self, asked: CallOffSupplier) -> tuple[Fault, ...]:
        """Why the next order form would pass over it; nothing where it would not."""
        return next((one.faults for one in self.passed if one.asked.pk == asked.pk), ())


def next_of(
    call_off: CallOff, suppliers: Sequence[CallOffSupplier], sent: Collection[int], prices: Prices, on: date
) -> Next:
    """Who of the `suppliers` in their order, as asked_of reads them, is asked next on that day; `sent` are the keys of
    those that were. One query however many there are.
    """
    waiting = [one for one in suppliers if one.pk not in sent]
    members = members_of(one.appointment.supplier_id for one in suppliers)
    found: list[tuple[CallOffSupplier, tuple[Fault, ...]]] = []
    passed: list[Passed] = []
    for one in waiting:
        of_it = members.get(one.appointment.supplier_id, [])
        faults = tuple(asked_faults(call_off, one, prices.get(one.pk, Priced(None, None)), on, members=of_it))
        own = tuple(each for each in faults if each.pointer == OF_SUPPLIER)
        if not own:
            found.append((one, faults))
        elif not found:
            passed.append(Passed(one, own))
    asked, faults = found[0] if found else (None, ())
    return Next(asked, faults, tuple(passed), len(found))


def faults_beside(known: Iterable[Fault], found: Next, suppliers: Sequence[CallOffSupplier]) -> list[Fault]:
    """What keeps the next order form from being sent, of another kind than what is known already."""
    codes = {one.code for one in known}
    return [one for one in (*found.faults, *nobody_faults(found, suppliers)) if one.code not in codes]


def nobody_faults(found: Next, suppliers: Sequence[CallOffSupplier]) -> list[Fault]:
    """Why the next order form goes to nobody, [] where it goes to somebody or there is no order yet."""
    if found.asked is not None or not suppliers:
        return []
    if found.passed:
        return [fault for one in found.passed for fault in one.faults]
    return [Fault("/shortlist", "nobody_left", "Every supplier of the shortlist has been asked.")]
