"""A line of a team: so much work of one grade or of one role; how it is read, written and named. Pure.

Everything that prices a team takes its lines from here: requirements and tenders read them, procurement/team_rates.py
finds the rate of each on a card, procurement/team_price.py works out what it costs. A line by grade is in days; one by
role in days or hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from procurement.errors import Fault
from procurement.pricing import plain
from procurement.profiles import Reader
from procurement.vocabulary import QUALIFICATIONS, SITES

Unit = Literal["day", "hour"]

LARGEST_TEAM: Final = 50
"""Lines of a team, wherever one is asked for or offered. A lot has fewer grades, but a role may stand in several."""

MOST_WORK: Final = Decimal(100_000)
"""Days, or hours, of one line."""
MOST_HOURS: Final = Decimal(24)
"""Of a day."""
MOST_YEARS: Final = 60
"""Of experience, as a rate card may ask for."""
LONGEST_ROLE: Final = 2_000
HUNDREDTHS: Final = 100

ROLE_FIELDS: Final = ("role", "experience", "days", "hours")
UNITS_OF_WORK: Final[Mapping[str, Unit]] = {"days": "day", "hours": "hour"}
EITHER: Final = "Say how much in days or in hours: one of the two."

_QUANTITY: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,2})?")


def folded(text: str) -> str:
    """How names on cards are compared: case and spacing do not count."""
    return " ".join(text.casefold().split())


def years_or_more(years: int) -> str:
    """An experience that is asked for, in words."""
    return f"{years} year{'' if years == 1 else 's'} or more"


def qualified(qualification: str) -> str:
    """A qualification that is asked for, in words."""
    return f"at least: {QUALIFICATIONS[qualification].lower()}"


def placed_at(site: str) -> str:
    """Where the work is asked to be done, in words."""
    return f"site: {SITES[site].lower()}"


@dataclass(frozen=True, slots=True)
class TeamLine:
    """So much work of one grade, by its code such as G3, or of one role, by its title: the one is "" where the other is
    named. `quantity` is in `unit`s (days or hours) with at most two decimals; `experience` is how many years are asked
    for at least, None for however many. `qualification` is asked for at least, and `site` is where the work is to be
    done, both as cards state them (procurement/vocabulary.py) and "" for any.
    """

    grade: str
    quantity: Decimal
    role: str = ""
    experience: int | None = None
    unit: Unit = "day"
    qualification: str = ""
    site: str = ""

    @property
    def hundredths(self) -> int:
        """The quantity in hundredths of its unit, a whole number."""
        return int(self.quantity * HUNDREDTHS)

    @property
    def field(self) -> str:
        """Which of the two names it."""
        return "role" if self.role else "grade"

    @property
    def called(self) -> str:
        """Its grade or role, as names are compared."""
        return folded(self.role) if self.role else self.grade.upper()

    @property
    def key(self) -> str:
        """What tells it from the other lines of its team: a role may stand in one for each of what is asked of it."""
        asked = (self.experience, self.qualification, self.site)
        return f"role {self.called} {' '.join(map(str, asked))}" if self.role else self.called

    @property
    def named(self) -> str:
        """Its grade or role as it was written, with what is asked of it."""
        asked = [] if self.experience is None else [years_or_more(self.experience)]
        if self.qualification:
            asked.append(qualified(self.qualification))
        if self.site:
            asked.append(placed_at(self.site))
        return f"{self.role} ({', '.join(asked)})" if self.role and asked else self.role or self.grade

    @property
    def worked(self) -> str:
        """How much, in words."""
        return f"{plain(self.quantity)} {self.unit}{'' if self.quantity == 1 else 's'}"

    def to_json(self) -> dict[str, Any]:
        """As it stands in a requirement, a tender and an order form: what is written is digested, so that a line by
        grade has these two members for ever, and one by role no others where nothing else is asked of it.
        """
        if not self.role:
            return {"grade": self.grade, "days": plain(self.quantity)}
        also = {"qualification": self.qualification, "site": self.site}
        return {
            "role": self.role,
            "experience": self.experience,
            f"{self.unit}s": plain(self.quantity),
            **{name: asked for name, asked in also.items() if asked},
        }


def team_faults(team: Sequence[TeamLine], pointer: str = "/team") -> list[Fault]:
    """Everything that is wrong with a team; the JSON pointers begin with `pointer`."""
    faults = []
    if not 1 <= len(team) <= LARGEST_TEAM:
        faults.append(Fault(pointer, "range", f"A team has 1 to {LARGEST_TEAM} lines."))
    keys = [line.key for line in team]
    for at, line in enumerate(team):
        named = f"{pointer}/{at}/{line.field}"
        if not (line.grade or line.role).strip():
            faults.append(Fault(named, "blank", "Say which grade."))
        if keys.index(keys[at]) < at:
            message = f"{line.named} stands in the team already: add the {line.unit}s up in one line."
            faults.append(Fault(named, "twice", message))
        if wrong := measure_fault(line.quantity, MOST_WORK):
            faults.append(Fault(f"{pointer}/{at}/{line.unit}s", *wrong))
    return faults


def measure_fault(value: Decimal, most: Decimal) -> tuple[str, str] | None:
    """What is wrong with days or hours, as (code, message): above 0, at most `most`, two decimals."""
    if not value.is_finite() or not 0 < value <= most:
        return "range", f"It must be above 0 and at most {most}."
    if value * HUNDREDTHS != int(value * HUNDREDTHS):
        return "shape", "It may have at most two decimals."
    return None


def needs_hours(team: Sequence[TeamLine], unit: str) -> bool:
    """Whether a card with rates for that unit prices the team only once it is known how many hours a day has."""
    return any(line.unit != unit for line in team)


def hours_missing(unit: str) -> str:
    """What has to be said for a card with rates for that unit to price a team in the other."""
    return (
        "Its card is by the hour: say hours_per_day, and it is priced."
        if unit == "hour"
        else "Its card is by the day and some of the team is in hours: say hours_per_day, and it is priced."
    )


def read_role_line(reader: Reader, held: Mapping[str, Any]) -> TeamLine | None:
    """The line by role that an object's members (ROLE_FIELDS) state; None where the reader has noted what is wrong."""
    role = reader.at("role").text(held.get("role"), LONGEST_ROLE, required=True)
    experience = _years(reader.at("experience"), held.get("experience"))
    stated = [name for name in UNITS_OF_WORK if held.get(name) is not None]
    if len(stated) != 1:
        reader.at("days").wrong("conflict" if stated else "required", EITHER)
        return None
    [name] = stated
    quantity = read_quantity(reader.at(name), held[name], name)
    if not role or quantity is None:
        return None
    return TeamLine("", quantity, role, experience, UNITS_OF_WORK[name])


def read_quantity(reader: Reader, value: object, what: str = "days") -> Decimal | None:
    """Days or hours as a decimal string; None where the reader has noted what is wrong."""
    if not isinstance(value, str):
        reader.wrong("type", f'This must be text: {what} as a decimal string, such as "12.5".')
        return None
    text = reader.text(value, 20, required=True)
    if not text:
        return None
    quantity = Decimal(text) if _QUANTITY.fullmatch(text) else None
    if quantity is None:
        told = f"{what.capitalize()} are a decimal string with at most two decimals, such as 12.5."
        reader.wrong("shape", told)
    elif not 0 < quantity <= MOST_WORK:
        reader.wrong("range", f"More than 0 and at most {MOST_WORK} {what}.")
    else:
        return Decimal(plain(quantity))
    return None


def _years(reader: Reader, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong("type", "This must be a whole number of years.")
    elif not 0 <= value <= MOST_YEARS:
        reader.wrong("range", f"From 0 to {MOST_YEARS} years.")
    else:
        return value
    return None
