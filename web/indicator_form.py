"""The forms of a contract's key performance indicators and of an assessment: what they say, as
procurement/actions/indicators.py reads it, what they show of what stands, and to which field a fault belongs.

Rows of indicators that are left empty are not said; those that are stand first when the form is shown again. A rating
is sent beside its indicator's name: the list may have changed since its form was opened.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault
from procurement.indicators import LEAST, MOST, assessed, rating_of
from procurement.models import Indicator, IndicatorRating
from procurement.public_notices import DueNotice
from web.faults import FieldFault, lowered
from web.meanwhile import Written, rows_written
from web.saying import choices_said, said

FIELDS: Final = {"name": N_("Name"), "target": N_("What counts as met")}
RATED: Final = {"rating": N_("Rating"), "note": N_("Note")}
INDICATOR: Final = N_("%(field)s of indicator %(number)s")
GONE: Final = N_("What you wrote on “%(name)s”, which is no indicator any more: %(rating)s")
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
    return {"indicators": padded(rows, shown), "no_indicators": sent.get("no_indicators", "")}


def typed_of(indicators: Sequence[Indicator], reason: str) -> dict[str, Any]:
    """What the form shows of what stands; at least an empty row for each that the law asks for, and one more."""
    rows = [{"name": one.name, "target": one.target} for one in indicators]
    return {"indicators": padded(rows, max(len(rows) + 1, LEAST)), "no_indicators": reason}


def fixed(indicators: Iterable[Indicator]) -> frozenset[int]:
    """The places of those that were assessed, whose words stand."""
    return frozenset(one.position for one in indicators if assessed(one))


def written(typed: Mapping[str, Any], stands: Mapping[str, Any]) -> list[Written]:
    """What was typed beside what stands now, as typed_from and typed_of say both."""
    rows = rows_written("", FIELDS, typed["indicators"], stands["indicators"], INDICATOR)
    reason = Written("no_indicators", _(WHY_NONE), typed["no_indicators"], stands["no_indicators"])
    return [*rows, reason]


def ratings_from(sent: QueryDict, indicators: Sequence[Indicator]) -> list[dict[str, Any]]:
    """The ratings that the form says, as assess_contract takes them."""
    rows, _others = _rated(sent, indicators)
    return [{"position": one.position, **row} for one, row in zip(indicators, rows, strict=True) if row]


def ratings_typed(sent: QueryDict, indicators: Sequence[Indicator]) -> list[dict[str, str]]:
    """What was typed for each indicator, to be shown again."""
    rows, _others = _rated(sent, indicators)
    return [row or dict.fromkeys(RATED, "") for row in rows]


def ratings_left(sent: QueryDict, indicators: Sequence[Indicator]) -> list[FieldFault]:
    """What was typed for what is no indicator any more, told so that it is not lost."""
    _rows_of, others = _rated(sent, indicators)
    known = dict(choices_said(IndicatorRating.Rating.choices))
    found = []
    for name, row in others:
        told = " – ".join(filter(None, (known.get(row["rating"], ""), row["note"].strip())))
        if told:
            found.append(FieldFault("", _(GONE) % {"name": name, "rating": told}))
    return found


def ratings_of(indicators: Sequence[Indicator], notice: DueNotice) -> list[dict[str, str]]:
    """What stands of each indicator for the notice's period."""
    found = [rating_of(one, notice) for one in indicators]
    return [{"rating": one.rating if one else "", "note": one.note if one else ""} for one in found]


def ratings_written(typed: Sequence[Mapping[str, str]], stands: Sequence[Mapping[str, str]]) -> list[Written]:
    """What was typed for each indicator beside what stands now."""
    return rows_written("", RATED, typed, stands, INDICATOR, {"rating": dict(rating_choices())})


def rating_choices() -> list[tuple[str, str]]:
    """What a rating may be, with nothing chosen first."""
    return [("", _("Choose a rating")), *choices_said(IndicatorRating.Rating.choices)]


def empty_row(sent: QueryDict) -> int:
    """The number of the first row of the list that is shown empty, of the first row where none is."""
    rows = typed_from(sent)["indicators"]
    return next((at for at, row in enumerate(rows, start=1) if not any(row.values())), 1)


def faults_of(faults: Iterable[Fault], row: int = 1) -> list[FieldFault]:
    """Each fault with the field that it belongs to; one of the whole list with the first field of the `row`."""
    return [_fault(one, row) for one in faults]


def _fault(fault: Fault, row: int) -> FieldFault:
    first, number, part = (*fault.pointer.strip("/").split("/"), "", "")[:3]
    fields = RATED if first == "ratings" else FIELDS
    if first == "no_indicators":
        return FieldFault(first, f"{_(WHY_NONE)}: {lowered(fault.message)}")
    if first not in ("indicators", "ratings"):
        return FieldFault("", fault.message.rstrip("."))
    at = int(number) + 1 if number.isdigit() else row
    if part not in fields:
        return FieldFault(f"{next(iter(fields))}-{at}", fault.message.rstrip("."))
    if part == "rating" and fault.code == "required":
        message = _("Choose how the contract performed by indicator %(number)s") % {"number": at}
        return FieldFault(f"{part}-{at}", message)
    label = _(INDICATOR) % {"field": said(fields[part]), "number": at}
    return FieldFault(f"{part}-{at}", f"{label}: {lowered(fault.message)}")


def _rated(
    sent: QueryDict, indicators: Sequence[Indicator]
) -> tuple[list[dict[str, str] | None], list[tuple[str, dict[str, str]]]]:
    """The row of each indicator, found by its name (the first of that name that is left), and those that no indicator
    has, each with the name that it was sent beside.
    """
    left: defaultdict[str, deque[dict[str, str]]] = defaultdict(deque)
    for name, row in zip(sent.getlist("indicator"), _columns(sent, RATED), strict=False):
        left[name].append(row)
    rows = [left[one.name].popleft() if left[one.name] else None for one in indicators]
    return rows, [(name, row) for name, others in left.items() for row in others]


def _columns(sent: QueryDict, fields: Mapping[str, str]) -> list[dict[str, str]]:
    columns = [sent.getlist(name) for name in fields]
    return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=False)]


def _rows(sent: QueryDict, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows in which something is typed."""
    return [row for row in _columns(sent, fields) if any(one.strip() for one in row.values())]


def padded(rows: list[dict[str, str]], shown: int) -> list[dict[str, str]]:
    """The rows and empty ones after them, up to so many and to the most that there may be."""
    return [*rows, *(dict.fromkeys(FIELDS, "") for _at in range(min(shown, MOST) - len(rows)))]
