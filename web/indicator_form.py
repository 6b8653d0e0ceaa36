"""The forms of a contract's key performance indicators and of an assessment: what they say, as
procurement/actions/indicators.py reads it, what they show of what stands, and to which field a fault belongs.

Rows of indicators that are left empty are not said; those that are stand first when the form is shown again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault
from procurement.indicators import LEAST, MOST, assessed, rating_of
from procurement.models import Contract, Indicator, IndicatorRating
from procurement.public_notices import DueNotice
from web.faults import FieldFault, lowered
from web.meanwhile import Written, rows_written
from web.saying import choices_said, said

FIELDS: Final = {"name": N_("Name"), "target": N_("What counts as met")}
RATED: Final = {"rating": N_("Rating"), "note": N_("Note")}
INDICATOR: Final = N_("%(field)s of indicator %(number)s")
WHY_NONE: Final = N_("Why there are none")
MORE: Final = 3
"""Rows that the button adds."""


def read(sent: QueryDict) -> dict[str, Any]:
    """What the form says, as set_indicators takes it."""
    return {"indicators": _rows(sent, FIELDS), "no_indicators": sent.get("no_indicators", "")}


def typed_from(sent: QueryDict, more: int = 0) -> dict[str, Any]:
    """What was typed, to be shown again with so many more rows."""
    rows = _rows(sent, FIELDS)
    shown = max(len(sent.getlist("name")) + more, LEAST)
    return {"indicators": _padded(rows, shown), "no_indicators": sent.get("no_indicators", "")}


def typed_of(indicators: Sequence[Indicator], reason: str) -> dict[str, Any]:
    """What the form shows of what stands; at least an empty row for each that the law asks for, and one more."""
    rows = [{"name": one.name, "target": one.target} for one in indicators]
    return {"indicators": _padded(rows, max(len(rows) + 1, LEAST)), "no_indicators": reason}


def fixed(indicators: Iterable[Indicator]) -> frozenset[int]:
    """The places of those that were assessed, whose words stand."""
    return frozenset(one.position for one in indicators if assessed(one))


def written(typed: Mapping[str, Any], stands: Mapping[str, Any]) -> list[Written]:
    """What was typed beside what stands now, as typed_from and typed_of say both."""
    rows = rows_written("", FIELDS, typed["indicators"], stands["indicators"], INDICATOR)
    reason = Written("no_indicators", _(WHY_NONE), typed["no_indicators"], stands["no_indicators"])
    return [*rows, reason]


def ratings_from(sent: QueryDict, indicators: Sequence[Indicator]) -> list[dict[str, Any]]:
    """The ratings that the form says, as assess_contract takes them: its rows are the indicators in their order."""
    rows = _columns(sent, RATED)
    return [{"position": one.position, **row} for one, row in zip(indicators, rows, strict=False)]


def ratings_typed(sent: QueryDict, indicators: Sequence[Indicator]) -> list[dict[str, str]]:
    """What was typed for each indicator, to be shown again."""
    empty = dict.fromkeys(RATED, "")
    rows = _columns(sent, RATED)
    return [rows[at] if at < len(rows) else empty for at in range(len(indicators))]


def ratings_of(
    indicators: Sequence[Indicator], contract: Contract, notice: DueNotice
) -> list[dict[str, str]]:
    """What stands of each indicator for the notice's period."""
    found = [rating_of(one, contract, notice) for one in indicators]
    return [{"rating": one.rating if one else "", "note": one.note if one else ""} for one in found]


def ratings_written(typed: Sequence[Mapping[str, str]], stands: Sequence[Mapping[str, str]]) -> list[Written]:
    """What was typed for each indicator beside what stands now."""
    return rows_written("", RATED, typed, stands, INDICATOR, {"rating": dict(rating_choices())})


def rating_choices() -> list[tuple[str, str]]:
    """What a rating may be, with nothing chosen first."""
    return [("", _("Choose a rating")), *choices_said(IndicatorRating.Rating.choices)]


def faults_of(faults: Iterable[Fault]) -> list[FieldFault]:
    """Each fault with the field that it belongs to."""
    return [_fault(one) for one in faults]


def _fault(fault: Fault) -> FieldFault:
    first, number, part = (*fault.pointer.strip("/").split("/"), "", "")[:3]
    fields = RATED if first == "ratings" else FIELDS
    if first == "no_indicators":
        return FieldFault(first, f"{_(WHY_NONE)}: {lowered(fault.message)}")
    if first not in ("indicators", "ratings") or not number.isdigit():
        return FieldFault("", fault.message.rstrip("."))
    at = int(number) + 1
    if part not in fields:
        return FieldFault(f"{next(iter(fields))}-{at}", fault.message.rstrip("."))
    if part == "rating" and fault.code == "required":
        message = _("Choose how the contract performed by indicator %(number)s") % {"number": at}
        return FieldFault(f"{part}-{at}", message)
    label = _(INDICATOR) % {"field": said(fields[part]), "number": at}
    return FieldFault(f"{part}-{at}", f"{label}: {lowered(fault.message)}")


def _columns(sent: QueryDict, fields: Mapping[str, str]) -> list[dict[str, str]]:
    columns = [sent.getlist(name) for name in fields]
    return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=False)]


def _rows(sent: QueryDict, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows in which something is typed."""
    return [row for row in _columns(sent, fields) if any(one.strip() for one in row.values())]


def _padded(rows: list[dict[str, str]], shown: int) -> list[dict[str, str]]:
    """The rows and empty ones after them, up to so many and to the most that there may be."""
    return [*rows, *(dict.fromkeys(FIELDS, "") for _at in range(min(shown, MOST) - len(rows)))]
