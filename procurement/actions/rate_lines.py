"""One line of a rate card as it is to be, and how the lines of a card compare with those published before.

Under rates.py, which publishes, and rate_imports.py, which tells what would change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from procurement.pricing import money

Days = tuple[date | None, date | None]
"""The first and the last day of a version of a card, None where it names none."""


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line to publish; `lot` and `grade` are references. None and "" are unknown. `price_minor` in pence
    or cents.
    """

    key: str
    price_minor: int
    role_title: str = ""
    lot: str | None = None
    grade: str | None = None
    work_type: str = ""
    min_experience: int | None = None
    max_experience: int | None = None
    qualification: str = ""
    qualification_text: str = ""
    site: str = ""
    size: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class CardDraft:
    """A whole card: lines that it does not name are withdrawn. `supplier` and `framework` are references."""

    supplier: str
    framework: str
    lines: tuple[LineDraft, ...]
    currency: str = "GBP"
    unit: str = "day"
    basis: str = "published"
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = ""

    @property
    def reference(self) -> str:
        """The same whenever the card comes again: `rm3745~ppl`, `calc~acme~usd-hour`."""
        plain = f"{self.framework}~{self.supplier}"
        return (
            plain
            if (self.currency, self.unit) == ("GBP", "day")
            else f"{plain}~{self.currency}-{self.unit}".lower()
        )


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that is added (no `before`), withdrawn (no `after`) or changed."""

    before: LineDraft | None
    after: LineDraft | None

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "withdrawn" if self.after is None else "changed"

    @property
    def line(self) -> LineDraft:
        """The line as it will be, or as it was where it goes."""
        line = self.after or self.before
        assert line is not None
        return line

    def values(self) -> dict[str, tuple[str | int | None, str | int | None]]:
        """By field, what was and what is to be: the fields that differ, and always the price."""
        if self.before is None or self.after is None:
            price = money(self.line.price_minor)
            return {"price": (None, price) if self.before is None else (price, None)}
        old, new = _told(self.before), _told(self.after)
        return {name: (old[name], new[name]) for name in old if name == "price" or old[name] != new[name]}

    def shown(self, begins_on: date | None) -> dict[str, Any]:
        """As JSON: `begins_on` is the first day on which it is so, None for at once."""
        line = self.line
        return {
            "change": self.kind,
            "begins_on": begins_on.isoformat() if begins_on else None,
            "key": line.key,
            "role": line.role_title,
            "grade": line.grade,
            "lot": line.lot,
            "values": {name: {"before": old, "after": new} for name, (old, new) in self.values().items()},
        }

    def told(self, begins_on: date | None) -> str:
        """In one line; `begins_on` as in shown()."""
        return str(self) if begins_on is None else f"{self}, from {begins_on} on"

    def __str__(self) -> str:
        line = self.line
        names = [line.role_title, line.grade or line.lot or "", line.work_type]
        named = " ".join([f"line {line.key}", *(name for name in names if name)])
        price = money(line.price_minor)
        if self.before is None:
            return f"{named}: added at {price}"
        if self.after is None:
            return f"{named}: withdrawn, was {price}"
        differing = [
            f"{name} {_word(old)} to {_word(new)}" for name, (old, new) in self.values().items() if old != new
        ]
        return f"{named}: {', '.join(differing)}"


@dataclass(frozen=True, slots=True)
class LinesDiff:
    """How the lines of one or many cards compare with what was published before, by key: counts, and every
    line that does not stay as it was, those withdrawn first.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    changes: tuple[LineChange, ...] = ()

    def counts(self) -> dict[str, int]:
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "withdrawn": self.withdrawn,
        }


def dated(line: LineDraft, days: Days) -> LineDraft:
    """A line of a version of these days, with the days that it names, else those of the version; it ends with that."""
    first, last = days
    ends = min(filter(None, (line.valid_to, last)), default=None)
    return replace(line, valid_from=line.valid_from or first, valid_to=ends)


def undated(line: LineDraft, days: Days) -> LineDraft:
    """A line without those days of its own that are the days of the version that it is of."""
    first, last = days
    return replace(
        line,
        valid_from=None if line.valid_from == first else line.valid_from,
        valid_to=None if line.valid_to == last else line.valid_to,
    )


def with_kept(
    lines: Sequence[LineDraft], days: Days, kept: Sequence[LineDraft], *, behind: bool = False
) -> tuple[Days, tuple[LineDraft, ...]]:
    """The days of a card and its lines, beside those that stay as they were published (dated, see above).

    The card's last day must cut off none of these: where one ends on another, each line names its own and it none.
    Its first day cuts off nothing, whatever a line names: before it the version holds in which that was published.
    One that is `behind` another, before whose first day all of these end, ends with the last of them and leaves that.
    """
    first, last = days
    stay = [replace(line, valid_from=None) if line.valid_from == first else line for line in kept]
    if all(line.valid_to == last for line in stay):
        return days, (*lines, *(replace(line, valid_to=None) for line in stay))
    named = (*(dated(line, (None, last)) for line in lines), *stay)
    return (first, max(line.valid_to for line in named if line.valid_to) if behind else None), named


def compare_lines(
    before: Iterable[LineDraft],
    after: Iterable[LineDraft],
    days_before: Days = (None, None),
    days_after: Days = (None, None),
) -> LinesDiff:
    """How lines compare by key, each kind in the order of its card. Days that a line named and now leaves to its
    version, or the other way, have changed only where they are other days.
    """
    old, new = {line.key: line for line in before}, {line.key: line for line in after}
    withdrawn = [LineChange(line, None) for key, line in old.items() if key not in new]
    changed = []
    for key in (key for key in new if key in old):
        was, will = old[key], new[key]
        if (was.valid_from, was.valid_to) != (will.valid_from, will.valid_to):
            was, will = dated(was, days_before), dated(will, days_after)
        if was != will:
            changed.append(LineChange(was, will))
    added = [LineChange(None, line) for key, line in new.items() if key not in old]
    return LinesDiff(
        len(added),
        len(changed),
        len(new) - len(added) - len(changed),
        len(withdrawn),
        (*withdrawn, *changed, *added),
    )


def total(diffs: Iterable[LinesDiff]) -> LinesDiff:
    """The counts of many cards, without their lines."""
    many = list(diffs)
    return LinesDiff(
        sum(one.added for one in many),
        sum(one.changed for one in many),
        sum(one.unchanged for one in many),
        sum(one.withdrawn for one in many),
    )


def _told(line: LineDraft) -> dict[str, str | int | None]:
    """The fields of a line as they are told: the price in pounds or dollars, days as ISO."""
    told: dict[str, str | int | None] = {"price": money(line.price_minor)}
    for one in fields(line):
        if one.name not in ("key", "price_minor"):
            value = getattr(line, one.name)
            told[one.name] = value.isoformat() if isinstance(value, date) else value
    return told


def _word(value: str | int | None) -> str:
    return "unknown" if value in (None, "") else str(value)
