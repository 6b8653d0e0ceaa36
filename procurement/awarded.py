"""The contract that an award would make: its term, priced options, and the most that it may come to.

Journey: actions/awards.py keeps it; before that the draft of a contract award notice tells of it
(actions/intention_notices.py).
"""

from __future__ import annotations

from django.utils import timezone

from procurement.models import CallOff, CallOffSupplier, Contract
from procurement.order_form import content_of, terms_of
from procurement.rules import last_day
from procurement.terms import Terms


def as_awarded(
    call_off: CallOff, asked: CallOffSupplier, price: int, tendered: Terms | None = None
) -> Contract:
    """The contract with that supplier at a price in pence without VAT, by the call-off's terms or those that were
    tendered; not saved, and without a reference.
    """
    content, terms = content_of(call_off), tendered or terms_of(call_off)
    ends = last_day(content)
    assert content.starts_on is not None
    assert ends is not None
    return Contract(
        call_off=call_off,
        appointment=asked.appointment,
        starts_on=content.starts_on,
        ends_on=ends,
        value_minor=price + terms.expenses,
        maximum_minor=terms.total(price),
        currency="GBP",
        options=[{"months": one.months, "minor": one.minor} for one in terms.extensions],
        created_at=timezone.now(),
    )
