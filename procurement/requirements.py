"""What a buyer needs, as data: how a requirement is read, what in it contradicts itself, how it is written.

In the matching journey the API reads one with `RequirementContent.from_json`, search/matching.py ranks listings
for it, and actions/requirements.py and actions/matches.py keep it. Nothing here reads the database: whether what
it names exists is asked by actions/requirement_checks.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from procurement.canonical import digest
from procurement.errors import Fault, Invalid
from procurement.models.base import REFERENCE_LENGTH, REFERENCE_PATTERN
from procurement.pricing import CURRENCIES, MINOR_PER_MAJOR, money
from procurement.profiles import DAY, EARLIEST_YEAR, LATEST_YEAR, TEXT_LENGTH, Reader
from procurement.team_lines import LARGEST_TEAM, ROLE_FIELDS, TeamLine, read_quantity, read_role_line
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES, WORK_TYPES

LONGEST_MONTHS: Final = 120
SPECIALISMS: Final = 50
REGIONS: Final = 200
MOST_PAIRS: Final = 100
"""Every specialism is looked for in every region; so many things to look for are told of each listing."""
MOST_MONEY: Final = 10**13
"""Minor units: beyond any framework's value."""

NEVER_RULES_OUT: Final = (
    "An accreditation rules out only where the framework says so, and none here says so: name it among the "
    "preferences."
)

_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class MustHave:
    """What a listing must have to be ranked: some of the requirement's own specialisms and regions. Ownership and
    size never rule out (2015 and 2023 Acts: objective grounds alone), nor does an accreditation unless the
    framework says so.
    """

    specialisms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    accreditations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a buyer likes to see: slugs of procurement/vocabulary.py. They help browsing and rule nobody out."""

    ownership: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    accreditation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in all: whole minor units (pence) of the currency, VAT excluded."""

    minor: int
    currency: str = "GBP"


@dataclass(frozen=True, slots=True)
class RequirementContent:
    """What is needed. References name a framework, lot and specialisms; regions are codes; `months` is the length
    of the work, `starts_on` its first day; `work_type` is a slug of the vocabulary or "" where it is not stated.
    """

    text: str = ""
    framework: str | None = None
    lot: str | None = None
    specialisms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    must_have: MustHave = field(default_factory=MustHave)
    preferences: Preferences = field(default_factory=Preferences)
    starts_on: date | None = None
    months: int | None = None
    team: tuple[TeamLine, ...] = ()
    work_type: str = ""
    budget: Budget | None = None

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it, every field stated: dates as YYYY-MM-DD, days and money as decimal strings."""
        return {
            "text": self.text,
            "framework": self.framework,
            "lot": self.lot,
            "specialisms": list(self.specialisms),
            "regions": list(self.regions),
            "must_have": {
                "specialisms": list(self.must_have.specialisms),
                "regions": list(self.must_have.regions),
                "accreditations": list(self.must_have.accreditations),
            },
            "preferences": {
                "ownership": list(self.preferences.ownership),
                "size": list(self.preferences.size),
                "sector": list(self.preferences.sector),
                "accreditation": list(self.preferences.accreditation),
            },
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "months": self.months,
            "team": [line.to_json() for line in self.team],
            "work_type": self.work_type,
            "budget": {"amount": money(self.budget.minor), "currency": self.budget.currency}
            if self.budget
            else None,
        }

    def digest(self) -> str:
        """SHA-256 of its canonical JSON: equal for equal content."""
        return digest(self.to_json())

    @classmethod
    def from_json(cls, value: object, pointer: str = "") -> RequirementContent:
        """The content that `value` (a JSON object) states; a field that is absent or null is not stated.

        Raises Invalid with a Fault for everything wrong, each by its JSON pointer below `pointer`. The codes
        `type` and `unknown_field` tell a malformed body from one that breaks a rule.
        """
        faults: list[Fault] = []
        content = _read(Reader(pointer, faults), value)
        if faults:
            raise Invalid("The requirement cannot be taken as it is.", tuple(faults))
        return content


def too_much(content: RequirementContent, pointer: str = "") -> list[Fault]:
    """A fault at /regions below `pointer` where specialisms times regions are more than MOST_PAIRS: whoever asks
    for everything everywhere is answered by nobody, at a length that nobody reads.
    """
    specialisms, regions = len(content.specialisms), len(content.regions)
    pairs = max(specialisms, 1) * max(regions, 1)
    if pairs <= MOST_PAIRS:
        return []
    told = (
        f"{specialisms} specialisms in {regions} regions each are {pairs:,} things to look for; at most {MOST_PAIRS}. "
        "UK stands for all regions."
    )
    return [Fault(f"{pointer}/regions", "too_many", told)]


FIELDS: Final = (
    "text", "framework", "lot", "specialisms", "regions", "must_have", "preferences", "starts_on", "months",
    "team", "work_type", "budget",
)  # fmt: skip


def _read(reader: Reader, value: object) -> RequirementContent:
    held = {name: one for name, one in reader.members(value, FIELDS).items() if one is not None}
    if not isinstance(value, Mapping):
        return RequirementContent()
    framework = _reference(reader.at("framework"), held.get("framework"))
    lot = _reference(reader.at("lot"), held.get("lot"))
    specialisms = _references(reader.at("specialisms"), held.get("specialisms", []))
    regions = _codes(reader.at("regions"), held.get("regions", []))
    text = reader.at("text").text(held.get("text", ""), TEXT_LENGTH, lines=True)
    unread = any(one.pointer == reader.at("text").pointer for one in reader.faults)
    if not text and not held.get("specialisms") and not unread:
        reader.at("text").wrong("required", "Say in words what is needed, or name at least one specialism.")
    _agree(reader, framework, lot, specialisms)
    team = _team(reader.at("team"), held.get("team", []))
    if team and framework is None:
        reader.at("team").wrong(
            "framework_missing",
            "Grades and roles are a framework's own: name the framework beside the team.",
        )
    return RequirementContent(
        text=text,
        framework=framework,
        lot=lot,
        specialisms=specialisms,
        regions=regions,
        must_have=_must_have(reader.at("must_have"), held.get("must_have", {}), specialisms, regions),
        preferences=_preferences(reader.at("preferences"), held.get("preferences", {})),
        starts_on=day_of(reader.at("starts_on"), held.get("starts_on")),
        months=_months(reader.at("months"), held.get("months")),
        team=team,
        work_type=_work_type(reader.at("work_type"), held.get("work_type", "")),
        budget=_budget(reader.at("budget"), held.get("budget")),
    )


def _agree(reader: Reader, framework: str | None, lot: str | None, specialisms: Sequence[str]) -> None:
    """A lot's reference begins with its framework's, a specialism's with its lot's (design, section 8)."""
    if lot is not None and framework is None:
        reader.at("lot").wrong("framework_missing", "Name the lot's framework, too.")
    elif lot is not None and not lot.startswith(f"{framework}~"):
        reader.at("lot").wrong(
            "other_framework", f"{lot} is no lot of {framework}: a lot's reference begins with {framework}~."
        )
    place = lot or framework
    for step, one in enumerate(specialisms):
        if place is not None and not one.startswith(f"{place}~"):
            reader.at("specialisms").at(step).wrong("other_lot", f"{one} is no specialism of {place}.")


def _reference(reader: Reader, value: object) -> str | None:
    if value is None:
        return None
    text = reader.text(value, REFERENCE_LENGTH, required=True)
    if text and not re.search(REFERENCE_PATTERN, text):
        reader.wrong("shape", "This is not a reference.")
        return None
    return text or None


def _references(reader: Reader, value: object) -> tuple[str, ...]:
    found: list[str] = []
    for step, one in enumerate(reader.items(value, SPECIALISMS)):
        inner = reader.at(step)
        if one is None:
            inner.wrong("type", "This must be text.")
        elif (reference := _reference(inner, one)) is not None:
            _once(inner, found, reference)
    return tuple(found)


def _codes(reader: Reader, value: object) -> tuple[str, ...]:
    found: list[str] = []
    for step, one in enumerate(reader.items(value, REGIONS)):
        inner = reader.at(step)
        if code := inner.text(one, 8, required=True):
            _once(inner, found, code)
    return tuple(found)


def _once(reader: Reader, found: list[str], value: str) -> None:
    if value in found:
        reader.wrong("duplicate", f"{value} stands here twice.")
    else:
        found.append(value)


def _must_have(reader: Reader, value: object, specialisms: Sequence[str], regions: Sequence[str]) -> MustHave:
    held = reader.members(value, ("specialisms", "regions", "accreditations"))
    wanted = _choices(reader.at("accreditations"), held.get("accreditations"), ACCREDITATIONS)
    if wanted:
        reader.at("accreditations").wrong("rules_nobody_out", NEVER_RULES_OUT)
    return MustHave(
        _subset(reader.at("specialisms"), held.get("specialisms"), specialisms, "specialisms"),
        _subset(reader.at("regions"), held.get("regions"), regions, "regions"),
        wanted,
    )


def _subset(reader: Reader, value: object, whole: Sequence[str], name: str) -> tuple[str, ...]:
    found: list[str] = []
    for step, one in enumerate(reader.items([] if value is None else value, REGIONS)):
        inner = reader.at(step)
        read = inner.text(one, REFERENCE_LENGTH, required=True)
        if read and read not in whole:
            inner.wrong("not_asked_for", f"{read} is not among the requirement's {name}.")
        elif read:
            _once(inner, found, read)
    return tuple(found)


def _preferences(reader: Reader, value: object) -> Preferences:
    known: dict[str, Collection[str]] = {
        "ownership": OWNERSHIP.keys() - {"not-stated"},
        "size": SIZES.keys() - {"not-stated"},
        "sector": SECTORS,
        "accreditation": ACCREDITATIONS,
    }
    held = reader.members(value, tuple(known))
    return Preferences(
        **{name: _choices(reader.at(name), held.get(name), values) for name, values in known.items()}
    )


def _choices(reader: Reader, value: object, known: Collection[str]) -> tuple[str, ...]:
    return tuple(reader.choices([] if value is None else value, known))


def day_of(reader: Reader, value: object) -> date | None:
    """A day as YYYY-MM-DD, None where it is not stated or wrong."""
    if value is None:
        return None
    text = reader.text(value, 10, required=True)
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        reader.wrong("shape", "A day is written YYYY-MM-DD.")
    elif not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        reader.wrong("range", f"A day between {EARLIEST_YEAR} and {LATEST_YEAR}.")
    else:
        return day
    return None


def _months(reader: Reader, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong("type", "This must be a whole number.")
    elif not 1 <= value <= LONGEST_MONTHS:
        reader.wrong("range", f"Between 1 and {LONGEST_MONTHS} months.")
    else:
        return value
    return None


def _work_type(reader: Reader, value: object) -> str:
    return "" if value == "" else reader.choice(value, WORK_TYPES)


def _team(reader: Reader, value: object) -> tuple[TeamLine, ...]:
    lines: list[TeamLine] = []
    for step, one in enumerate(reader.items(value, LARGEST_TEAM)):
        inner = reader.at(step)
        if isinstance(one, dict) and "role" in one:
            line = read_role_line(inner, inner.members(one, ROLE_FIELDS))
            if line is not None and line.key in [each.key for each in lines]:
                inner.at("role").wrong("duplicate", f"{line.named} stands in the team twice.")
            elif line is not None:
                lines.append(line)
            continue
        held = inner.members(one, ("grade", "days"))
        if not isinstance(one, dict):
            continue
        grade = inner.at("grade").text(held.get("grade", ""), 12, required=True)
        days = read_quantity(inner.at("days"), held.get("days", ""))
        if grade and grade in [line.grade for line in lines]:
            inner.at("grade").wrong("duplicate", f"{grade} stands in the team twice.")
        elif grade and days is not None:
            lines.append(TeamLine(grade, days))
    return tuple(lines)


def _budget(reader: Reader, value: object) -> Budget | None:
    if value is None:
        return None
    held = reader.members(value, ("amount", "currency"))
    if not isinstance(value, dict):
        return None
    currency = reader.at("currency").choice(held.get("currency", "GBP"), CURRENCIES)
    text = reader.at("amount").text(held.get("amount", ""), 20, required=True)
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        reader.at("amount").wrong("shape", "An amount is a decimal string such as 50000.00, VAT excluded.")
        return None
    minor = int(Decimal(text) * MINOR_PER_MAJOR)
    if not 0 < minor <= MOST_MONEY:
        reader.at("amount").wrong(
            "range", "An amount is more than nothing, and within any framework's value."
        )
        return None
    return Budget(minor, currency)
