"""Texts of ours in the reader's language, at the moment when they are put into a page.

Tables of labels hold English, marked for the catalogue by `gettext_noop` where they are of web/; labels of procurement
and search are looked up in the same way. Data, names and what was typed are never looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from django.http import HttpRequest
from django.utils.translation import gettext as _

from search.fields import FILTER
from search.query import Facet, FacetValue
from web.changing import Leading, led_by


def said(text: str) -> str:
    """A text of ours; nothing stays nothing, for which gettext would answer the catalogue's header."""
    return _(text) if text else ""


def labels_said(table: Mapping[str, str]) -> dict[str, str]:
    """A table of labels by name."""
    return {name: said(label) for name, label in table.items()}


def choices_said(choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(value, label) pairs whose labels are ours."""
    return [(value, said(label)) for value, label in choices]


def done_said(request: HttpRequest, table: Mapping[str, str], parameter: Leading = "done") -> str:
    """What came of the form that led here, by its name in the address; "" where none did."""
    return said(table.get(led_by(request, parameter), ""))


def one_in_another(names: Iterable[str]) -> str:
    """`Evaluation in Wales`: a name, and where; a name alone stays what it is, and none is nothing."""
    return reduce(_within, given) if (given := list(names)) else ""


def value_said(facet: Facet, value: FacetValue) -> str:
    """A facet's value: of a closed list the label is ours; a framework, a lot or a region is data."""
    return said(value.label) if FILTER[facet.name].one_of is not None else value.label


def _within(what: str, where: str) -> str:
    return _("%(what)s in %(where)s") % {"what": what, "where": where}
