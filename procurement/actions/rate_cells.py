"""What the cells of a rate sheet say: each read exactly or refused by name, a blank kept unknown, nothing
guessed.

Second step of a rate-card import (rate_sheets.py gives the rows, rate_imports.py makes cards of them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from procurement.actions.rates import LineDraft
from procurement.pricing import NotAPrice, implausible, read_money
from procurement.vocabulary import QUALIFICATIONS, RATE_SIZES, SITES, WORK_TYPES

FIELDS: Final[dict[str, str]] = {
    "supplier": "name of the supplier (needed)",
    "price": "rate for one unit, VAT excluded (needed)",
    "role": "role title (this or grade is needed)",
    "grade": "code or name of a grade of the framework",
    "lot": "number or reference of a lot of the framework",
    "work_type": "type of work",
    "min_experience": "least years of experience",
    "max_experience": "most years of experience",
    "qualification": "qualification asked for",
    "site": "where the work is done",
    "size": "size of the supplier",
    "valid_from": "first day of the rate",
    "valid_to": "last day of the rate",
    "key": "what names the line within its card for ever",
}
"""Fields of an import: what `--map field=heading` may name."""

UNKNOWN: Final = frozenset({"", "n/a", "na", "-", "unknown", "not stated", "null"})
YEARS_AT_MOST: Final = 60
LONGEST_KEY: Final = 120

_YEARS: Final = re.compile(r"([0-9]{1,3})(?:\.0+)?\s*(?:\+|years?|yrs?)?", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^a-z0-9]+")

# The first of these that a text mentions is what it asks for: "BS or equivalent experience", "B.A. / B.S".
_QUALIFICATION_WORDS: Final = re.compile(
    r"(?P<phd>\bph\.?\s?d\b|\bdoctor)"
    r"|(?P<masters>\bmaster|(?-i:\bM\.?[AS]\b)|\bmba\b)"
    r"|(?P<bachelors>\bbachelor|(?-i:\bB\.?[AS]\b))"
    r"|(?P<associates>\bassociate|(?-i:\bA\.?[AS]\b)|\b2 ye?a?r degree)"
    r"|(?P<high_school>\bhigh school|\bhs\b|\bsecondary school|\bged\b)"
    r"|(?P<none>\bnone\b)",
    re.IGNORECASE,
)
_PLAIN_QUALIFICATIONS: Final = frozenset(
    ("bachelor", "bachelor s", "master", "master s", "associate", "associate s", "ph d", "high school")
)
"""Ways of writing a qualification, beside its slug and label, that say nothing more."""

_SITES: Final = {
    "both": "both", "either": "both", "customer": "customer", "customer site": "customer",
    "client": "customer", "government": "customer", "contractor": "contractor",
    "contractor site": "contractor", "supplier": "contractor",
}  # fmt: skip
_SIZES: Final = {"s": "small", "o": "other", "other than small": "other", "not small": "other"}


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong, or odd, about one cell: its row, the heading it stands under, what it holds and why."""

    row: int
    heading: str
    cell: str
    message: str


@dataclass(frozen=True, slots=True)
class Places:
    """The framework's lots and grades as cells may name them: folded number, code, name or reference, to
    reference.

    Grades are looked up under (lot or None, folded code or name): one without a lot means the same rank
    throughout.
    """

    lots: Mapping[str, str]
    grades: Mapping[tuple[str | None, str], str]


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of one file. `headings` maps fields to the headings that they stand under."""

    headings: Mapping[str, str]
    currency: str
    unit: str
    places: Places

    def line(
        self, row: int, cells: Mapping[str, str], ordinal: int
    ) -> tuple[LineDraft, list[CellFault], list[CellFault]]:
        """The line in a row, what is wrong with it, what is odd about it. One with faults must not be
        used.
        """
        faults: list[CellFault] = []
        odd: list[CellFault] = []
        values = {field: cells[heading] for field, heading in self.headings.items()}

        def fault(field: str, message: str) -> None:
            faults.append(
                CellFault(row, self.headings.get(field, field), values.get(field, "")[:200], message)
            )

        def value(field: str, read: Callable[[str], object]) -> object:
            try:
                return read(values.get(field, ""))
            except (ValueError, NotAPrice) as error:
                fault(field, str(error))
                return None

        price = value("price", lambda cell: read_money(cell, self.currency))
        if isinstance(price, int) and (slip := implausible(price, self.currency, self.unit)):
            odd.append(CellFault(row, self.headings["price"], values["price"], slip))
        lot = value("lot", self._lot)
        grade = value("grade", lambda cell: self._grade(cell, lot if isinstance(lot, str) else None))
        role = values.get("role", "")
        if (
            not role
            and grade is None
            and not any(one.heading == self.headings.get("grade") for one in faults)
        ):
            fault("role" if "role" in self.headings else "grade", "is blank; a line names a role or a grade")
        key = values.get("key", "")
        if "key" in self.headings and not 0 < len(key) <= LONGEST_KEY:
            fault("key", "is blank" if not key else f"has more than {LONGEST_KEY} characters")
        least, most = value("min_experience", read_years), value("max_experience", read_years)
        if isinstance(least, int) and isinstance(most, int) and most < least:
            fault("max_experience", f"is below the least experience, {least}")
        first, last = value("valid_from", read_day), value("valid_to", read_day)
        if isinstance(first, date) and isinstance(last, date) and last < first:
            # Real sheets hold such slips. The last day is the safer half: the line ends when its source says.
            message = f"is before the first day, {first}; only this last day is kept"
            odd.append(CellFault(row, self.headings["valid_to"], values["valid_to"], message))
            first = None
        qualification, words = read_qualification(values.get("qualification", ""))
        if words and not qualification:
            odd.append(
                CellFault(row, self.headings["qualification"], words[:200], "is no qualification we know")
            )
        line = LineDraft(
            key=key or str(ordinal),
            price_minor=price if isinstance(price, int) else 0,
            role_title=role,
            lot=lot if isinstance(lot, str) else None,
            grade=grade if isinstance(grade, str) else None,
            work_type=str(value("work_type", lambda cell: read_slug(cell, WORK_TYPES)) or ""),
            min_experience=least if isinstance(least, int) else None,
            max_experience=most if isinstance(most, int) else None,
            qualification=qualification,
            qualification_text=words,
            site=str(value("site", lambda cell: read_slug(cell, SITES, _SITES)) or ""),
            size=str(value("size", lambda cell: read_slug(cell, RATE_SIZES, _SIZES)) or ""),
            valid_from=first if isinstance(first, date) else None,
            valid_to=last if isinstance(last, date) else None,
        )
        return line, faults, odd

    def _lot(self, cell: str) -> str | None:
        if cell.casefold() in UNKNOWN:
            return None
        lot = self.places.lots.get(folded(cell))
        if lot is None:
            raise ValueError("is no lot of the framework")
        return lot

    def _grade(self, cell: str, lot: str | None) -> str | None:
        if cell.casefold() in UNKNOWN:
            return None
        grade = self.places.grades.get((lot, folded(cell)))
        if grade is None:
            raise ValueError("is no grade of the lot" if lot else "is no grade of the framework")
        return grade


def folded(cell: str) -> str:
    """How cells are compared with names: case and spacing do not count."""
    return " ".join(cell.casefold().split())


@lru_cache(maxsize=10_000)
def read_years(cell: str) -> int | None:
    """Whole years: "5", "5.0", "5+", "5 years"; blank is unknown. Raises ValueError."""
    if cell.casefold() in UNKNOWN:
        return None
    match = _YEARS.fullmatch(cell)
    if match is None or int(match[1]) > YEARS_AT_MOST:
        raise ValueError(f"is no number of years from 0 to {YEARS_AT_MOST}")
    return int(match[1])


@lru_cache(maxsize=10_000)
def read_day(cell: str) -> date | None:
    """A day as 2026-03-31; blank is unknown. Raises ValueError: 03/04/2026 depends on who wrote it."""
    if cell.casefold() in UNKNOWN:
        return None
    try:
        return date.fromisoformat(cell[:10] if cell.endswith(" 00:00:00") else cell)
    except ValueError:
        raise ValueError("is no day; write it as 2026-03-31") from None


def read_slug(cell: str, table: Mapping[str, str], words: Mapping[str, str] | None = None) -> str:
    """The slug that a cell means, by slug, label or usual word; blank is unknown. Raises ValueError."""
    plain = folded(cell)
    if plain in UNKNOWN:
        return ""
    for slug, label in table.items():
        if plain in (slug, label.casefold()):
            return slug
    slug = (words or {}).get(_WORDS.sub(" ", plain).strip(), "")
    if not slug:
        raise ValueError(f"is none of {', '.join(table)}")
    return slug


@lru_cache(maxsize=10_000)
def read_qualification(cell: str) -> tuple[str, str]:
    """The qualification that a cell asks for, and its own words where they say more than that.

    Words that name none we know leave it unknown, and are kept: ("", "Professional Certification").
    """
    if cell.casefold() in UNKNOWN:
        return "", ""
    plain = _WORDS.sub(" ", cell.casefold()).strip()
    for slug, label in QUALIFICATIONS.items():
        if plain in (slug.replace("-", " "), _WORDS.sub(" ", label.casefold()).strip()):
            return slug, ""
    match = _QUALIFICATION_WORDS.search(cell)
    slug = (match.lastgroup or "").replace("_", "-") if match else ""
    return slug, "" if slug and plain in _PLAIN_QUALIFICATIONS else cell
