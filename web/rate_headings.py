"""What is wrong with the headings of a sheet of rates, as a person can mend it on a page."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault

HEADINGS: Final = {
    "required": N_("No column is headed %(field)s: head the one that says it so"),
    "ambiguous": N_("Several columns could be the %(field)s: head one of them so, and the others otherwise"),
}
"""What is wrong with the headings of a file, by code."""


def of_headings_said(fault: Fault) -> Fault:
    """A fault of the file as a person can mend it: a command is told which column is meant, a page is not."""
    first, _slash, field = fault.pointer.strip("/").partition("/")
    if first != "map" or fault.code not in HEADINGS:
        return fault
    if fault.code == "required" and field == "role":
        return replace(fault, message=_("No column is headed grade or role: head the one that says it so"))
    return replace(fault, message=_(HEADINGS[fault.code]) % {"field": field})
