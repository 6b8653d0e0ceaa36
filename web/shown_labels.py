"""Labels of procurement and search that the pages show: they stand there in English, as the database, the events and
the API have them, and are looked up where a page says them. The catalogue holds them by this list.

Choices of models are none of it: whoever makes the catalogue asks the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_noop as N_

from procurement.actions.contracts import IDENTIFIERS
from procurement.actions.ranking import GROUNDS
from procurement.actions.rate_cells import FIELDS
from procurement.actions.rate_comparison import RULES
from procurement.evaluation_rules import KINDS, METHODS, PRICE_BASES, TIE_BREAKS
from procurement.event_types import EVENT_TYPES
from procurement.framework_fields import AS_FRAMEWORK, AS_GRADE, AS_LOT, AS_SPECIALISM, Field
from procurement.identifiers import SCHEMES
from procurement.organisation_fields import AS_ORGANISATION
from procurement.outcomes import QUESTIONS
from procurement.pricing import UNITS
from procurement.public_notices import BY_SCOTLAND
from procurement.public_notices import RULES as NOTICE_RULES
from procurement.terms import MECHANISMS
from procurement.vocabulary import (
    ACCREDITATIONS,
    BUYER_CLASSES,
    OWNERSHIP,
    QUALIFICATIONS,
    RATE_SIZES,
    SECTORS,
    SITES,
    SIZES,
    WORK_TYPES,
)
from search.fields import FILTERS, SORTS, STATUSES, TEXT_FIELDS
from search.ranks import MODES
from search.rate_query import CAVEAT
from web.call_off_page import meaning_of

TABLES: Final[tuple[Mapping[Any, str], ...]] = (
    ACCREDITATIONS,
    BUYER_CLASSES,
    BY_SCOTLAND,
    FIELDS,
    GROUNDS,
    IDENTIFIERS,
    KINDS,
    MECHANISMS,
    METHODS,
    MODES,
    OWNERSHIP,
    PRICE_BASES,
    QUALIFICATIONS,
    QUESTIONS,
    RATE_SIZES,
    RULES,
    SECTORS,
    SITES,
    SIZES,
    SORTS,
    STATUSES,
    TIE_BREAKS,
    UNITS,
    WORK_TYPES,
)
"""Tables of labels by name."""
FORMS: Final[tuple[Mapping[str, Field], ...]] = (
    AS_FRAMEWORK,
    AS_LOT,
    AS_SPECIALISM,
    AS_GRADE,
    AS_ORGANISATION,
)
OF_CALL_OFFS: Final = frozenset({"call_off", "offer", "contract", "requirement"})
"""Subjects whose events a call-off's page tells."""
NO_NOTICES: Final = (
    N_("Contracts Finder does not bind authorities with devolved functions."),
    N_("Nothing is due: its value, with VAT and options, is below what the law asks to be told of."),
)
"""What procurement/public_notices.py answers in a function, beside its table for Scotland."""


def shown_labels() -> Iterator[str]:
    """Every one of them; some more than once."""
    for table in TABLES:
        yield from table.values()
    for form in FORMS:
        for field in form.values():
            yield from filter(None, (field.label, field.hint, *(field.choices or {}).values()))
    yield from (label for label, _shape in SCHEMES.values())
    yield from (field.label for field in FILTERS)
    yield from (field.label for field in TEXT_FIELDS)
    for rule in NOTICE_RULES:
        yield from (rule.name, rule.source)
    for kind, event in EVENT_TYPES.items():
        if event.subject in OF_CALL_OFFS:
            yield meaning_of(kind)
        elif event.subject == "shortlist":
            yield event.meaning
    yield CAVEAT
