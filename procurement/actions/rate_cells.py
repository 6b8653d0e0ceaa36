"""What the cells of a rate sheet say: each read exactly or refused by name, a blank kept unknown, nothing
guessed.

Second step of a rate-card import (rate_sheets.py gives the rows, rate_imports.py makes cards of them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any, Final

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rate_sheets import SHEET_ERRORS, unprintable
from procurement.pricing import implausible, read_money
from procurement.profiles import DAY
from procurement.team_lines import folded
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
LONGEST_WORDS: Final = 5_000
"""Characters of a role's title or a qualification: as many as a proposal may have; real ones run to thousands."""
WORDS: Final = ("role", "qualification", "key")
"""Fields that are kept as they are written."""
NO_PLAIN_KEY: Final = (
    'holds something else than the letters a to z, digits and "-._~", which an address takes as they are'
)
NOT_CALCULATED: Final = (
    "is a formula without a stored value; calculate and save the workbook in a spreadsheet program"
)
SHEET_ERROR: Final = (
    "is an error of the spreadsheet and no value; mend the cell, or leave it blank if nobody knows"
)
MERGED_CELL: Final = (
    "is of cells merged across columns or with the headings, whose value may be any; fill each cell by itself"
)

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9._~-]+")
_YEARS: Final = re.compile(r"([0-9]{1,3})(?:\.0+)?\s*(?:\+|years?|yrs?)?", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^a-z0-9]+")

# The first of these that a text mentions is what it asks for: "BS or equivalent experience", "B.A. / B.S".
# British ones stand at their level of the Regulated Qualifications Framework: A level 3, HND 5, BSc 6, MSc 7.
_LEVEL: Final = r"\b(?:nvq|rqf|qcf)\s*(?:level\s*)?"
_QUALIFICATION_WORDS: Final = re.compile(
    r"(?P<phd>\b(?:ph|d\.?\s?ph)\.?\s?d\b|\bd\.?phil\b|(?-i:\bEd\.?D\b)|\bdoctor"
    rf"|{_LEVEL}8\b)"
    r"|(?P<masters>\bmaster|(?-i:\bM\.?[AS]\b)|\bmba\b|\bm\.?\s?sc\b|\bm\.?eng\b|\bm\.?phil\b|\bm\.?res\b"
    rf"|\bll\.?m\b|(?-i:\bM\.?Ed\b)|{_LEVEL}7\b)"
    r"|(?P<bachelors>\bbachelor|(?-i:\bB\.?[AS]\b)|\bb\.?\s?sc\b|\bb\.?eng\b|\bll\.?b\b|(?-i:\bB\.?Ed\b)"
    rf"|\bb\.?a\.?\s*\(?hons\b|\b(?:honours|undergraduate|first) degree|{_LEVEL}6\b)"
    r"|(?P<high_school>\bhigh school|\bhs\b|\bsecondary school|\bged\b|\bgcses?\b"
    r"|(?-i:\bAS?[\s-][Ll]evels?\b(?!\s*(?:\d|[IVX]+\b|of\b)))"
    rf"|{_LEVEL}[123]\b)"
    r"|(?P<associates>\bassociate|(?-i:\bA\.?[AS]\b)|\b2 ye?a?r degree|\bhn[cd]\b|\bfoundation degree"
    rf"|{_LEVEL}[45]\b)"
    r"|(?P<none>\bnone\b)",
    re.IGNORECASE,
)
_VOCATIONAL: Final = re.compile(r"\b(?:nvq|rqf|qcf)\b", re.IGNORECASE)
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
    work_types: Mapping[str, tuple[str, ...]]
    """by lot's reference, the slugs that it has rates for; none where that is not stated"""

    def kinds(self, lot: str | None) -> list[str]:
        """What a rate for a lot, or for every lot, may be for; none: for anything."""
        stated = [self.work_types.get(lot, ())] if lot else list(self.work_types.values())
        return sorted({kind for kinds in stated for kind in kinds}) if all(stated) else []


def _why_valueless(held: str) -> str:
    """What is wrong with a cell without a value, by what SheetRow has of it."""
    if not held:
        return NOT_CALCULATED
    return SHEET_ERROR if held in SHEET_ERRORS else MERGED_CELL


class RowReader:
    """Reads the rows of one file. `headings` maps fields to the headings that they stand under."""

    def __init__(self, headings: Mapping[str, str], currency: str, unit: str, places: Places) -> None:
        self.headings, self._currency, self._unit, self._places = headings, currency, unit, places
        readers: dict[str, Callable[[str], Any]] = {
            "price": partial(read_money, currency=currency),
            "lot": self._lot,
            "work_type": partial(read_slug, table=WORK_TYPES),
            "min_experience": read_years,
            "max_experience": read_years,
            "qualification": read_qualification,
            "site": partial(read_slug, table=SITES, words=_SITES),
            "size": partial(read_slug, table=RATE_SIZES, words=_SIZES),
            "valid_from": read_day,
            "valid_to": read_day,
        }
        # Cells repeat: each distinct one is read once.
        self._readers = [
            (field, heading, lru_cache(maxsize=50_000)(readers[field]))
            for field, heading in headings.items()
            if field in readers
        ]

    def line(
        self, row: int, cells: Mapping[str, str], ordinal: int, valueless: Mapping[str, str] | None = None
    ) -> tuple[LineDraft, list[CellFault], list[CellFault]]:
        """The line in a row, what is wrong with it, what is odd about it. Use none that has faults.

        `valueless` is as SheetRow has it: such cells are neither blank nor unknown.
        """
        faults: list[CellFault] = []
        read: dict[str, Any] = {}
        for field, heading, reader in self._readers:
            try:
                read[field] = reader(cells[heading])
            except ValueError as error:
                faults.append(CellFault(row, heading, cells[heading][:200], str(error)))
        faults += self._unfit(row, cells)
        faults += self._other_work(row, cells, read)
        odd = self._odd(row, cells, read)
        key, role = self._cell(cells, "key"), self._cell(cells, "role")
        if "key" in self.headings and not 0 < len(key) <= LONGEST_KEY:
            why = f"has more than {LONGEST_KEY} characters" if key else "is blank"
            faults.append(self._fault(row, cells, "key", why))
        grade = None
        try:
            grade = self._grade(self._cell(cells, "grade"), read.get("lot"))
        except ValueError as error:
            faults.append(self._fault(row, cells, "grade", str(error)))
        else:
            if not role and grade is None:
                named = "role" if "role" in self.headings else "grade"
                faults.append(self._fault(row, cells, named, "is blank; a line names a role or a grade"))
        least, most = read.get("min_experience"), read.get("max_experience")
        if least is not None and most is not None and most < least:
            why = f"is below the least experience, {least}"
            faults.append(self._fault(row, cells, "max_experience", why))
        if valueless:
            faults = [fault for fault in faults if fault.heading not in valueless]
            faults += [
                CellFault(row, heading, valueless[heading], _why_valueless(valueless[heading]))
                for heading in self.headings.values()
                if heading in valueless
            ]
        qualification, words = read.get("qualification", ("", ""))
        line = LineDraft(
            key=key or str(ordinal),
            price_minor=read.get("price", 0),
            role_title=role,
            lot=read.get("lot"),
            grade=grade,
            work_type=read.get("work_type", ""),
            min_experience=least,
            max_experience=most,
            qualification=qualification,
            qualification_text=words,
            site=read.get("site", ""),
            size=read.get("size", ""),
            valid_from=read.get("valid_from"),
            valid_to=read.get("valid_to"),
        )
        return line, faults, odd

    def _unfit(self, row: int, cells: Mapping[str, str]) -> Iterator[CellFault]:
        """Words that cannot be kept as they are written."""
        for field in WORDS:
            cell = self._cell(cells, field)
            if bad := unprintable(cell):
                yield self._fault(row, cells, field, f"holds {bad}")
            elif len(cell) > LONGEST_WORDS and field != "key":
                yield self._fault(
                    row, cells, field, f"has {len(cell):,} characters; the most is {LONGEST_WORDS:,}"
                )

    def _other_work(self, row: int, cells: Mapping[str, str], read: Mapping[str, Any]) -> Iterator[CellFault]:
        """A type of work that the lot does not have. Where the lot is not known it cannot be told."""
        kind, lot = read.get("work_type", ""), read.get("lot")
        if not kind or ("lot" in self.headings and "lot" not in read):
            return
        kinds = self._places.kinds(lot)
        if kinds and kind not in kinds:
            place = f"lot {lot}" if lot else "any lot of the framework"
            why = f"is no type of work of {place}, which has {', '.join(kinds)}"
            yield self._fault(row, cells, "work_type", why)

    def _odd(self, row: int, cells: Mapping[str, str], read: dict[str, Any]) -> list[CellFault]:
        """What is odd about the values read; takes back a first day that is after the last one."""
        odd: list[CellFault] = []
        if "price" in read and (slip := implausible(read["price"], self._currency, self._unit)):
            odd.append(self._fault(row, cells, "price", slip))
        first, last = read.get("valid_from"), read.get("valid_to")
        if first is not None and last is not None and last < first:
            # Real sheets hold such slips. The last day is the safer half: the line ends when its source says.
            read["valid_from"] = None
            why = f"is before the first day, {first}; only this last day is kept"
            odd.append(self._fault(row, cells, "valid_to", why))
        qualification, words = read.get("qualification", ("", ""))
        if words and not qualification:
            why = "does not say which level" if _VOCATIONAL.search(words) else "is no qualification we know"
            odd.append(self._fault(row, cells, "qualification", why))
        return odd

    def _cell(self, cells: Mapping[str, str], field: str) -> str:
        return cells[self.headings[field]] if field in self.headings else ""

    def _fault(self, row: int, cells: Mapping[str, str], field: str, message: str) -> CellFault:
        return CellFault(row, self.headings.get(field, field), self._cell(cells, field)[:200], message)

    def _lot(self, cell: str) -> str | None:
        if cell.casefold() in UNKNOWN:
            return None
        lot = self._places.lots.get(folded(cell))
        if lot is None:
            raise ValueError("is no lot of the framework")
        return lot

    def _grade(self, cell: str, lot: str | None) -> str | None:
        if cell.casefold() in UNKNOWN:
            return None
        grade = self._places.grades.get((lot, folded(cell)))
        if grade is None:
            raise ValueError("is no grade of the lot" if lot else "is no grade of the framework")
        return grade


def plain_key(key: str) -> bool:
    """Whether a key stands in an address as it is: with its card it is the line's reference, for ever."""
    return _PLAIN_KEY.fullmatch(key) is not None


def read_years(cell: str) -> int | None:
    """Whole years: "5", "5.0", "5+", "5 years"; blank is unknown. Raises ValueError."""
    if cell.casefold() in UNKNOWN:
        return None
    match = _YEARS.fullmatch(cell)
    if match is None or int(match[1]) > YEARS_AT_MOST:
        raise ValueError(f"is no number of years from 0 to {YEARS_AT_MOST}")
    return int(match[1])


def read_day(cell: str) -> date | None:
    """A day as 2026-03-31, and nothing else that ISO 8601 allows; blank is unknown. Raises ValueError: 03/04/2026
    depends on who wrote it.
    """
    if cell.casefold() in UNKNOWN:
        return None
    day = cell.removesuffix(" 00:00:00")
    try:
        if not DAY.fullmatch(day):
            raise ValueError
        return date.fromisoformat(day)
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
