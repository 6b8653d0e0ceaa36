"""Rows of the team by role in the form of a need: a title, the least years of experience, and days or hours.

Beside the rows by grade of web/need_form.py, on lots whose cards name roles and no grades.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.team_lines import MOST_YEARS

FIELDS: Final = ("role", "years", "worked", "per")
PERS: Final = (("days", N_("Days")), ("hours", N_("Hours")))
PARTS: Final = {"role": "role", "experience": "years", "days": "worked", "hours": "worked"}
"""The field of each member of a line."""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """What was written; `per` is days or hours, whichever `worked` counts."""

    role: str = ""
    years: str = ""
    worked: str = ""
    per: str = "days"

    @property
    def filled(self) -> bool:
        """Whether it says anything: days or hours are always chosen."""
        return bool(self.role or self.years or self.worked)

    def pairs(self) -> list[tuple[str, str]]:
        """Its fields as they would be sent."""
        return [(name, getattr(self, name)) for name in FIELDS]

    def to_json(self) -> dict[str, Any]:
        """The line that it states, right or wrong."""
        years: int | str | None = self.years or None
        if self.years.isascii() and self.years.isdigit() and len(self.years) <= len(str(MOST_YEARS)):
            years = int(self.years)
        return {"role": self.role, "experience": years, self.per: self.worked}


def sent_rows(sent: QueryDict) -> tuple[RoleRow, ...]:
    """The rows that a form sent, in their order."""
    columns = [[value.strip() for value in sent.getlist(name)] for name in FIELDS]
    return tuple(
        RoleRow(role, years, worked, per if per in dict(PERS) else PERS[0][0])
        for role, years, worked, per in zip(*columns, strict=False)
    )


def rows_of(team: Iterable[Mapping[str, Any]]) -> tuple[RoleRow, ...]:
    """Those of a requirement's lines, in JSON values, that name a role."""
    return tuple(
        RoleRow(
            line["role"],
            "" if line.get("experience") is None else str(line["experience"]),
            line.get("hours") or line.get("days", ""),
            "hours" if "hours" in line else "days",
        )
        for line in team
        if "role" in line
    )


def part_named(part: str) -> str:
    """What a field of a row is called where something is wrong with it."""
    return {
        "role": _("Role in row %(row)s of the team"),
        "years": _("Years of experience in row %(row)s of the team"),
        "worked": _("Days or hours in row %(row)s of the team"),
    }[part]
