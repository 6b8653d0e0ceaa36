"""Whether a fact with dates holds on a day: a supplier's place on a lot, a partner's membership, a rate card.

Search, prices and pages all ask here, so that what one shows the others price. Days are days in Europe/London;
first and last days are included.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, Protocol

from procurement.models.frameworks import Framework
from procurement.models.suppliers import Appointment, SupplierMember

MONTHS: Final = 12


class Dated(Protocol):
    """Whatever has a first and a last day, None where it is not known."""

    @property
    def valid_from(self) -> date | None: ...

    @property
    def valid_to(self) -> date | None: ...


def day_within(framework: Framework, on: date) -> date:
    """The day by which the facts of a framework are read: today, or its last day once it is over, its first
    before it.

    An expired framework stays searchable as it was when it ended.
    """
    return min(max(on, framework.starts_on), framework.ends_on)


def appointed(appointment: Appointment, framework: Framework, on: date) -> bool:
    """Whether the supplier's place on the lot is to be shown."""
    day = day_within(framework, on)
    return (
        appointment.status == Appointment.Status.ACTIVE
        and appointment.starts_on <= day
        and (appointment.ends_on is None or appointment.ends_on >= day)
    )


def belongs(member: SupplierMember, framework: Framework, on: date) -> bool:
    """Whether the partner is to be shown within the supplier. Who has left is gone, from expired frameworks
    too.
    """
    return member.joined_on <= day_within(framework, on) and (member.left_on is None or member.left_on > on)


def in_force(dated: Dated, day: date) -> bool:
    """Whether its days include this one; an unknown first or last day does not bound it."""
    return (dated.valid_from is None or dated.valid_from <= day) and (
        dated.valid_to is None or dated.valid_to >= day
    )


def last_day(starts_on: date, months: int) -> date:
    """The last day of `months` (1 or more) that begin on `starts_on`: three from 1 March end on 31 May.

    Where the month of the end has no such day, its last one ends the term: one month from 31 January ends on 28 or 29
    February.
    """
    year, month = divmod(starts_on.year * MONTHS + starts_on.month - 1 + months, MONTHS)
    longest = monthrange(year, month + 1)[1]
    if starts_on.day > longest:
        return date(year, month + 1, longest)
    return date(year, month + 1, starts_on.day) - timedelta(days=1)
