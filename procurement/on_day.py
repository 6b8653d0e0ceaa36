"""Whether a supplier's place on a lot, or a partner's membership, holds on a day.

Search, prices and pages all ask here, so that what one shows the others price. Days are days in Europe/London;
first and last days are included.
"""

from __future__ import annotations

from datetime import date

from django.db.models import DateField, F, Q, Value
from django.db.models.functions import Greatest, Least

from procurement.models.frameworks import Framework
from procurement.models.suppliers import Appointment, SupplierMember


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


def appointing(framework: Framework, on: date) -> Q:
    """The places that `appointed` names, for a query that reads thousands of them."""
    day = day_within(framework, on)
    return Q(status=Appointment.Status.ACTIVE, starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gte=day))


def shown_on(on: date) -> Q:
    """The places that `appointed` names, for a query of places on many frameworks."""
    begun = Greatest(Value(on, DateField()), F("lot__framework__starts_on"))
    day = Least(begun, F("lot__framework__ends_on"))
    return Q(status=Appointment.Status.ACTIVE, starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gte=day))


def standing(on: date) -> Q:
    """The places that hold on that day or are to come: neither suspended, withdrawn nor over."""
    return Q(status=Appointment.Status.ACTIVE) & (Q(ends_on=None) | Q(ends_on__gte=on))


def belongs(member: SupplierMember, framework: Framework, on: date) -> bool:
    """Whether the partner is to be shown within the supplier. Who has left is gone, from expired frameworks
    too.
    """
    return member.joined_on <= day_within(framework, on) and (member.left_on is None or member.left_on > on)


def belonging(framework: Framework, on: date) -> Q:
    """The members who `belongs` names, for a query that reads thousands of them."""
    return Q(joined_on__lte=day_within(framework, on)) & (Q(left_on=None) | Q(left_on__gt=on))
