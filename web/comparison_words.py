"""The table of a comparison in the reader's language: its headings, and those words of its cells that are no data.

search/comparison_table.py makes the same table for files and programs, which are English.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from search.comparison_table import Cell, Row
from web.saying import said

HEADINGS: Final = frozenset(
    {
        N_("Framework"),
        N_("Lots"),
        N_("Reached through"),
        N_("Specialisms"),
        N_("Regions"),
        N_("Ownership"),
        N_("Size"),
        N_("Accreditations"),
        N_("Last confirmed by the firm"),
        N_("Rate card"),
    }
)
"""Of rows about the firms; a row of rates is headed by its grade."""
OF_CLOSED_LISTS: Final = frozenset({"Ownership", "Size", "Accreditations"})
"""Rows whose cells hold labels of procurement/vocabulary.py."""
WORDS: Final = frozenset(
    {
        N_("Not stated"),
        N_("None stated"),
        N_("Not open to call-offs"),
        N_("Not stated on some lots"),
        N_("Not yet confirmed"),
        N_("None by grade in force"),
        N_("Not offered"),
        N_("Differs by work type"),
        N_("Differs by lot"),
        N_("Several rates"),
        N_("Not priced"),
    }
)
"""What a cell says where there is nothing to show."""


def row_said(row: Row) -> Row:
    """A row of the table; what it says of a team or a card in a sentence of its own stays as search writes it."""
    closed = row.label in OF_CLOSED_LISTS
    heading = _(row.label) if row.label in HEADINGS else row.label
    return replace(row, label=heading, cells=tuple(_cell(one, closed=closed) for one in row.cells))


def _cell(cell: Cell, *, closed: bool) -> Cell:
    return replace(cell, texts=tuple(said(one) if closed or one in WORDS else one for one in cell.texts))
