"""What was written elsewhere on a page than what its button keeps: it comes along with the form, and stands in its
fields again afterwards, told as not kept yet.

A page whose fields stand side by side has one form with several buttons; the button says which of them it keeps. Where
that is done and something else was written, the answer is the page itself (200), as an address could not carry it and
no store may hold it: sent again, by a double click or a reload, it is done no second time and shows the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from web.faults import FieldFault
from web.meanwhile import Written, same


def unkept(fields: Iterable[Written]) -> list[FieldFault]:
    """The fields that hold something else than what stands, each by its label."""
    return [FieldFault(one.anchor, one.label) for one in fields if not same(one.written, one.stands)]
