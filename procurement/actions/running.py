"""Carries out an operation in the worker: which action each kind stands for, its progress, its result or its
problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from procurement.actions.evidence import EVIDENCE, make_evidence
from procurement.actions.operations import (
    KINDS,
    Cancelled,
    begin,
    fail,
    no_way_back,
    report,
    succeed,
    upload_of,
)
from procurement.actions.partner_imports import import_partners
from procurement.actions.rate_import_report import RateImport
from procurement.actions.rate_imports import import_rates
from procurement.errors import Refused
from procurement.models import Operation
from procurement.permissions import Actor

MOST_TOLD: Final = 1_000
"""Errors, warnings, cards and lines of an import of rates that its operation keeps; the rest is counted."""

HALF: Final = (
    "An earlier attempt was broken off after it had begun to write, and what it had loaded stays. The same file, "
    "mended and sent again, loads the rest and leaves what stands as it is."
)
"""What an import that fails says where its worker had been killed before."""

log = structlog.get_logger(__name__)


class BrokenOff(Exception):  # noqa: N818 - it says what became of it
    """An import ended by an error after it had begun to write; `left` is what its problem says of that, the error its
    cause.
    """

    def __init__(self, **left: Any) -> None:
        super().__init__(left["outcome"])
        self.left = left


@dataclass(slots=True)
class Following:
    """Reports an import's progress on its operation, in rows of the file: judging them is half of the way
    and writing the other half, but for a `dry_run`, which writes none. A refused row is done with once the
    others are written.
    """

    operation: Operation
    dry_run: bool
    total: int = 0
    wanted: int = 0
    loaded: int | None = None
    """rows that have been written, None while none can have been"""

    def begun(self, rows: int) -> None:
        self.total = rows
        report(self.operation, 0, rows)

    def judged(self, rows: int) -> None:
        report(self.operation, rows if self.dry_run else rows // 2, self.total)

    def writing(self, rows: int) -> None:
        no_way_back(self.operation)
        self.wanted, self.loaded = rows, 0

    def written(self, rows: int) -> None:
        self.loaded = rows
        refused = self.total - self.wanted
        report(self.operation, (self.total + refused + rows) // 2, self.total)

    def ended(self) -> None:
        """Nothing more becomes of any row."""
        report(self.operation, self.total, self.total)


def _partners(operation: Operation, actor: Actor) -> dict[str, Any]:
    options = operation.parameters["options"]
    dry_run = bool(options.get("dry_run"))
    following = Following(operation, dry_run)
    try:
        outcome = import_partners(
            actor, upload_of(operation), following, dry_run=dry_run, partial=bool(options.get("partial"))
        )
    except Exception as error:
        if following.loaded is None or isinstance(error, Cancelled):
            raise
        told = (
            f"{following.loaded} of {following.total} rows were loaded before it was broken off. The same file, sent "
            "again, loads the rest and leaves what stands as it is."
        )
        raise BrokenOff(outcome=told, applied=following.loaded > 0, loaded=following.loaded) from error
    following.ended()
    return outcome.shown()


@dataclass(slots=True)
class FollowingRates:
    """Reports an import of rates on its operation: rows while they are judged, of which nobody knows how many there
    are, and lines while they are written.
    """

    operation: Operation
    rows: int = 0
    writes: bool = False

    def judged(self, rows: int) -> None:
        report(self.operation, rows, None)
        self.rows = rows

    def writing(self) -> None:
        no_way_back(self.operation)
        self.writes = True

    def written(self, lines: int, total: int) -> None:
        report(self.operation, lines, total)


def _rates(operation: Operation, actor: Actor) -> dict[str, Any]:
    parameters = operation.parameters
    wanted = RateImport(**parameters["options"], name=parameters["name"])
    following = FollowingRates(operation)
    try:
        found = import_rates(actor, upload_of(operation), wanted, following)
    except Exception as error:
        if not following.writes or isinstance(error, Cancelled):
            raise
        made = " Suppliers that it had made stay." if wanted.create_suppliers else ""
        told = (
            f"None of {following.rows} rows was loaded, since rates are published all at once, at the end.{made} "
            "The same file, sent again, loads them and leaves what stands as it is."
        )
        raise BrokenOff(outcome=told, loaded=0) from error
    report(operation, found.rows, found.rows)
    return found.told(MOST_TOLD)


def _evidence(operation: Operation, _: Actor) -> dict[str, Any]:
    return make_evidence(operation.parameters, lambda done, total: report(operation, done, total))


RUNNERS: Final[dict[str, Callable[[Operation, Actor], dict[str, Any]]]] = {
    "import_partners": _partners,
    "import_rates": _rates,
    EVIDENCE: _evidence,
}


def run(reference: str) -> bool:
    """Runs one operation to its end, whatever that is; False if it was not waiting. Safe to call twice."""
    operation = begin(reference)
    if operation is None:
        return False
    # One that was taken from a worker that was killed may have written already.
    again = operation.kind in KINDS and not operation.cancellable
    left: dict[str, Any] = {"outcome": HALF} if again else {}
    # Whoever asked was let in when the operation was queued.
    actor = Actor(operation.actor, system=True)
    try:
        result = RUNNERS[operation.kind](operation, actor)
    except Cancelled:
        log.info("operation_cancelled", operation=reference)
    except Exception as error:
        cause: BaseException = error
        if isinstance(error, BrokenOff) and error.__cause__ is not None:
            cause, left = error.__cause__, error.left
        if isinstance(cause, Refused):
            fail(operation, {"code": cause.code, "title": cause.message, "errors": _errors(cause), **left})
        else:
            # Its asker must read an end, and the operator the cause.
            log.exception("operation_failed", operation=reference)
            told = {"code": "internal", "title": "The operation failed on our side.", "errors": []}
            fail(operation, {**told, **left})
    else:
        if result.get("refused") and not result["loaded"] and not result["dry_run"]:
            title = "Nothing was imported by this attempt." if left else "Nothing was imported."
            fail(operation, {"code": "invalid", "title": title, **result, **left})
        else:
            succeed(operation, result)
    return True


def _errors(refused: Refused) -> list[dict[str, str]]:
    return [
        {"pointer": fault.pointer, "code": fault.code, "message": fault.message} for fault in refused.faults
    ]
