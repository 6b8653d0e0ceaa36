"""New references: slugs from names, and numbered ones such as OP-2026-000001."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from django.db.models import F
from django.utils.text import slugify

from procurement.models import Counter
from procurement.models.base import REFERENCE_LENGTH, REFERENCE_PATTERN, reference_shape


def numbered(kind: str, on: date, digits: int = 4) -> str:
    """The next `KIND-year-number`, gapless within its transaction: the counter's row is locked until commit."""
    counter = Counter.objects.filter(kind=kind, year=on.year)
    if not counter.update(value=F("value") + 1):
        # The first of its year; two that are first at once find the same row.
        Counter.objects.get_or_create(kind=kind, year=on.year)
        counter.update(value=F("value") + 1)
    value = counter.get().value
    return f"{kind}-{on.year}-{value:0{digits}d}"


def slug(name: str, taken: Collection[str]) -> str:
    """A readable reference for a name, with a number behind it where the plain one is taken."""
    plain = slugify(name)[:90].strip("-") or "unnamed"
    if plain not in taken:
        return plain
    number = 2
    while f"{plain}-{number}" in taken:
        number += 1
    return f"{plain}-{number}"


def wrong_with_reference(reference: str, *, kept: bool = False) -> str | None:
    """What is wrong with a reference that somebody gives, as a sentence; None where nothing is. One that is `kept`
    was given before capitals were refused, and is for ever.
    """
    if len(reference) > REFERENCE_LENGTH or not re.fullmatch(REFERENCE_PATTERN, reference):
        return f"{reference!r} is not a reference: {reference_shape.message}"
    return None if kept else capitals_in(reference)


def capitals_in(reference: str) -> str | None:
    """What to say of capitals in a reference; None where it has none. Searches and addresses ask in small letters,
    whatever people write: one with capitals would never be found, or another in its place.
    """
    small = reference.lower()
    return None if reference == small else f"A reference has no capitals: write {small}, not {reference}."


def listing_reference(framework: str, supplier: str, partner: str) -> str:
    """`rm3745~ppl~opm-group`: one partner within one supplier on one framework."""
    return f"{framework}~{supplier}~{partner}"
