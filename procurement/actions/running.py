"""Carries out an operation in the worker: which action each kind stands for, its progress, its result or its
problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from procurement.actions.operations import Cancelled, begin, fail, no_way_back, report, succeed, upload_of
from procurement.actions.partner_imports import import_partners
from procurement.errors import Refused
from procurement.models import Operation
from procurement.permissions import Actor

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Following:
    """Reports an import's progress on its operation: half for judging, half for writing."""

    operation: Operation
    rows: int = 0
    total: int = 0

    def judged(self, rows: int) -> None:
        self.rows = rows
        report(self.operation, rows, None)

    def writing(self, rows: int) -> None:
        no_way_back(self.operation)
        self.total = self.rows + rows
        report(self.operation, self.rows, self.total)

    def written(self, rows: int) -> None:
        report(self.operation, self.rows + rows, self.total)


def _partners(operation: Operation, actor: Actor) -> dict[str, Any]:
    options = operation.parameters["options"]
    outcome = import_partners(
        actor,
        upload_of(operation),
        Following(operation),
        dry_run=bool(options.get("dry_run")),
        partial=bool(options.get("partial")),
    )
    return outcome.shown()


RUNNERS: Final[dict[str, Callable[[Operation, Actor], dict[str, Any]]]] = {"import_partners": _partners}


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
        if result["refused"] and not result["loaded"] and not result["dry_run"]:
            fail(operation, {"code": "invalid", "title": "Nothing was imported.", **result})
        else:
            succeed(operation, result)
    return True


def _errors(refused: Refused) -> list[dict[str, str]]:
    return [
        {"pointer": fault.pointer, "code": fault.code, "message": fault.message} for fault in refused.faults
    ]
