"""What a set-wise action did: the answer that imports and the demonstration's loader count and show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """References of what was made and what was changed, and how many were as they should be already."""

    created: Sequence[str] = ()
    changed: Sequence[str] = ()
    unchanged: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            [*self.created, *other.created], [*self.changed, *other.changed], self.unchanged + other.unchanged
        )

    @property
    def touched(self) -> int:
        """How many objects were made or changed."""
        return len(self.created) + len(self.changed)


class Imported(Protocol):
    """What the reports of imports have alike."""

    dry_run: bool
    rows: int
    loaded: int
    applied: bool

    @property
    def refused(self) -> int: ...

    @property
    def outcome(self) -> str: ...


def head_of(report: Imported) -> dict[str, Any]:
    """How every report of an import begins, as JSON."""
    return {
        "outcome": report.outcome,
        "applied": report.applied,
        "dry_run": report.dry_run,
        "rows": report.rows,
        "loaded": report.loaded,
        "refused": report.refused,
    }


def import_outcome(rows: int, loaded: int, wrong: int, *, applied: bool, dry_run: bool) -> str:
    """In one sentence, whether an import has changed anything, or would: `wrong` rows were refused for what they
    hold, others with them where it was all or nothing.
    """
    many = f"{rows} {'row' if rows == 1 else 'rows'}"
    if applied:
        return f"{loaded} of {many} {'was' if loaded == 1 else 'were'} loaded."
    if not rows:
        return "Nothing was changed: the file has no rows."
    if wrong and not loaded:
        why = f"{wrong} of {many} {'is' if wrong == 1 else 'are'} wrong"
        if dry_run:
            whole = "" if wrong == rows else ", and it is all or nothing"
            return f"The file has errors, and nothing of it would be imported: {why}{whole}."
        return f"Nothing was changed: {why}{'' if wrong == rows else ', and it was all or nothing'}."
    if dry_run:
        return f"Nothing was changed: this was a dry run. {loaded} of {many} would be loaded."
    return f"Nothing was changed: what {loaded} of {many} {'says' if loaded == 1 else 'say'} stood already."
