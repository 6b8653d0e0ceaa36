"""New references: slugs from names, and numbered ones such as OP-2026-000001."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from datetime import date
from typing import Final, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.text import slugify

from procurement.models import Counter, Framework, Partner, Supplier
from procurement.models.base import REFERENCE_LENGTH, REFERENCE_PATTERN, reference_shape

Row = TypeVar("Row", bound=Model)

_LATIN: Final = re.compile("[a-z]")


def numbered(kind: str, on: date, digits: int = 4) -> str:
    """The next `KIND-year-number`, gapless within its transaction: the counter's row is locked until commit."""
    counter = Counter.objects.filter(kind=kind, year=on.year)
    if not counter.update(value=F("value") + 1):
        # The first of its year; two that are first at once find the same row.
        Counter.objects.get_or_create(kind=kind, year=on.year)
        counter.update(value=F("value") + 1)
    value = counter.get().value
    return f"{kind}-{on.year}-{value:0{digits}d}"


def slug(
    name: str, taken: Collection[str], kind: str = "firm", identifier: tuple[str, str] = ("", "")
) -> str:
    """A readable reference for a name, with a number behind it where the plain one is taken.

    A name in another script than Latin gives no letters to read. What bears it is called by its checked `identifier`
    (scheme, number) where it has one: `gb-coh-01234567`; else by its `kind` and a digest of the name, `firm-5f0c1a2b`,
    which is the same whenever and beside whatever others it is made. Nothing is transliterated: how a firm writes
    itself in Latin letters is for the firm to say.
    """
    plain = slugify(name)[:90].strip("-")
    if not plain or (_LATIN.search(plain) is None and any(sign.isalpha() for sign in name)):
        written = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        own = f"{kind}-{hashlib.blake2b(written.encode(), digest_size=4).hexdigest()}"
        plain = slugify("-".join(identifier))[:90].strip("-") or own
    if plain not in taken:
        return plain
    number = 2
    while f"{plain}-{number}" in taken:
        number += 1
    return f"{plain}-{number}"


def rows_named(rows: QuerySet[Row], given: Collection[str]) -> dict[str, Row]:
    """For each reference that somebody gives, in whatever capitals, the row that it is of; nothing for one that there
    is not. One written exactly so goes before one in small letters, and that before one with capitals, which was given
    before they were refused. One query, two where some do not stand so.
    """
    small = {one: one.lower() for one in given}
    exact = {_reference(row): row for row in rows.filter(reference__in={*small, *small.values()})}
    found = {
        one: exact.get(one) or exact[lower] for one, lower in small.items() if one in exact or lower in exact
    }
    missing = {lower for one, lower in small.items() if one not in found}
    if missing:
        capitals = rows.alias(small=Lower("reference")).filter(small__in=missing).order_by("-reference")
        others = {_reference(row).lower(): row for row in capitals}
        found |= {one: others[lower] for one, lower in small.items() if one not in found and lower in others}
    return found


def as_they_stand(kind: type[Model], given: Collection[str]) -> dict[str, str]:
    """The same for references alone."""
    named = rows_named(kind._default_manager.only("reference"), given)
    return {one: _reference(row) for one, row in named.items()}


def frameworks_named(given: Collection[str]) -> dict[str, str]:
    """For each name that somebody gives a framework, in whatever capitals, the reference of the one that bears it as
    its reference, or else as its number (RM1557.14); nothing for one that there is not. One query.
    """
    small = {one.lower() for one in given}
    lowered = Framework.objects.alias(as_reference=Lower("reference"), as_number=Lower("number"))
    rows = lowered.filter(Q(as_reference__in=small) | Q(as_number__in=small))
    # Small letters come after capitals: of two references that differ in them alone they stay.
    called = sorted(rows.values_list("reference", "number"))
    known = {number.lower(): reference for reference, number in called}
    known |= {reference.lower(): reference for reference, _ in called}
    known |= {reference: reference for reference, _ in called}
    return {
        one: known.get(one) or known[one.lower()] for one in given if one in known or one.lower() in known
    }


def _reference(row: Model) -> str:
    return str(row.reference)  # type: ignore[attr-defined]


def differing_in_capitals(kind: type[Model], given: Collection[str]) -> dict[str, str]:
    """For each new reference what to say of one that stands and differs from it in capitals alone: nobody who is asked
    for either would know which is meant. Nothing for one that stands as it is, or that nothing is like.
    """
    return {
        one: f"{other} stands already, and no two differ in capitals alone: write it so, or give another."
        for one, other in as_they_stand(kind, given).items()
        if other != one
    }


def taken_references(*kinds: type[Model]) -> set[str]:
    """Every reference of these kinds in small letters: what `slug` must not make."""
    rows = (kind._default_manager.values_list(Lower("reference"), flat=True) for kind in kinds)
    return {one for each in rows for one in each}


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


def listing_as_it_stands(reference: str) -> str:
    """A listing's reference in the capitals of what it is made of; as given where one of these is not there."""
    parts = reference.split("~")
    kinds = (Framework, Supplier, Partner)
    if len(parts) != len(kinds):
        return reference
    stand = (as_they_stand(kind, [part]).get(part) for kind, part in zip(kinds, parts, strict=True))
    return "~".join(part or given for part, given in zip(stand, parts, strict=True))


def listing_reference(framework: str, supplier: str, partner: str) -> str:
    """`rm3745~ppl~opm-group`: one partner within one supplier on one framework."""
    return f"{framework}~{supplier}~{partner}"
