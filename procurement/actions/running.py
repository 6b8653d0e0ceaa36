"""Carries out an operation in the worker: which action each kind stands for, its progress, its result or its
problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from procurement.actions.evidence import EVIDENCE, make_evidence
from procurement.actions.operations import Cancelled, begin, fail, no_way_back, report, succeed, upload_of
from procurement.actions.partner_imports import import_partners
from procurement.actions.rate_imports import RateImport, import_rates
from procurement.errors import Refused
from procurement.models import Operation
from procurement.permissions import Actor

MOST_TOLD: Final = 1_000
"""Errors, warnings, cards and lines of an import of rates that its operation keeps; the rest is counted."""

log = structlog.get_logger(__name__)


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

    def begun(self, rows: int) -> None:
        self.total = rows
        report(self.operation, 0, rows)

    def judged(self, rows: int) -> None:
        report(self.operation, rows if self.dry_run else rows // 2, self.total)

    def writing(self, rows: int) -> None:
        no_way_back(self.operation)
        self.wanted = rows

    def written(self, rows: int) -> None:
        refused = self.total - self.wanted
        report(self.operation, (self.total + refused + rows) // 2, self.total)

    def ended(self) -> None:
        """Nothing more becomes of any row."""
        report(self.operation, self.total, self.total)


def _partners(operation: Operation, actor: Actor) -> dict[str, Any]:
    options = operation.parameters["options"]
    dry_run = bool(options.get("dry_run"))
    following = Following(operation, dry_run)
    outcome = import_partners(
        actor, upload_of(operation), following, dry_run=dry_run, partial=bool(options.get("partial"))
    )
    following.ended()
    return outcome.shown()


@dataclass(frozen=True, slots=True)
class FollowingRates:
    """Reports an import of rates on its operation: rows while they are judged, of which nobody knows how many there
    are, and lines while they are written.
    """

    operation: Operation

    def judged(self, rows: int) -> None:
        report(self.operation, rows, None)

    def writing(self) -> None:
        no_way_back(self.operation)

    def written(self, lines: int, total: int) -> None:
        report(self.operation, lines, total)


def _rates(operation: Operation, actor: Actor) -> dict[str, Any]:
    parameters = operation.parameters
    wanted = RateImport(**parameters["options"], name=parameters["name"])
    found = import_rates(actor, upload_of(operation), wanted, FollowingRates(operation))
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
    # Whoever asked was let in when the operation was queued.
    actor = Actor(operation.actor, system=True)
    try:
        result = RUNNERS[operation.kind](operation, actor)
    except Cancelled:
        log.info("operation_cancelled", operation=reference)
    except Refused as refused:
        fail(operation, {"code": refused.code, "title": refused.message, "errors": _errors(refused)})
    except Exception:
        # Its asker must read an end, and the operator the cause.
        log.exception("operation_failed", operation=reference)
        fail(operation, {"code": "internal", "title": "The operation failed on our side.", "errors": []})
    else:
        if result.get("refused") and not result["loaded"] and not result["dry_run"]:
            fail(operation, {"code": "invalid", "title": "Nothing was imported.", **result})
        else:
            succeed(operation, result)
    return True


def _errors(refused: Refused) -> list[dict[str, str]]:
    return [
        {"pointer": fault.pointer, "code": fault.code, "message": fault.message} for fault in refused.faults
    ]
