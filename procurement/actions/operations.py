"""Long work asked for through the API: queued here, run by the worker, followed by progress, ended by a
result or a problem.

Journey: POST /api/v1/imports/ -> start_import -> event -> (after commit) procurement/tasks.py -> run -> the
import's action; evidence packs come in by actions/evidence.py. The database is the queue of record: a sweep finds
an operation whose message was lost or whose worker was killed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from procurement.actions.events import Happening, record
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import Operation
from procurement.permissions import SYSTEM, Action, Actor, can, entitling, require
from procurement.references import numbered

KINDS: Final[dict[str, Action]] = {
    "import_partners": Action.IMPORT_PARTNERS,
    "import_rates": Action.IMPORT_RATES,
}
"""Imports: what comes with a file. Others are queued by the action that they belong to."""
SILENT: Final = timedelta(minutes=2)
"""A running operation that has not reported for so long lost its worker and is run again: imports are
repeatable.
"""
LARGEST_UPLOAD: Final = 512 * 1024 * 1024
LARGEST_ON_A_FORM: Final = 64 * 1024 * 1024
"""Bytes of a file that comes in a form, on a page as through the API."""
SUFFIX: Final = re.compile(r"^\.[a-z0-9]{1,8}$")

Status = Operation.Status


class Cancelled(Exception):  # noqa: N818 - it was asked for
    """Somebody cancelled the operation; the runner stops having written nothing."""


def start_import(
    actor: Actor, kind: str, upload: Iterable[bytes], name: str, options: Mapping[str, Any]
) -> Operation:
    """Stores the upload under the data folder and queues its import. `name` is the file's own, kept as a
    label. It belongs to that one of the actor's organisations by which they may import: its people follow it.

    Raises NotPermitted, Invalid for an unknown kind, an empty file or one over 512 MB.
    """
    if kind not in KINDS:
        raise Invalid(
            "Nothing was imported.", (Fault("/kind", "unknown_value", f"Known kinds: {', '.join(KINDS)}."),)
        )
    require(actor, KINDS[kind])
    path = _stored(upload, name)
    parameters = {"file": path.name, "name": name[:200], "options": dict(options)}
    return queue(actor, kind, parameters, next(iter(entitling(actor, KINDS[kind])), None))


def queue(
    actor: Actor,
    kind: str,
    parameters: Mapping[str, Any],
    organisation: int | None,
    references: Mapping[str, Any] | None = None,
) -> Operation:
    """Queues work of that kind for an organisation (primary key), whose people may follow it. Whoever calls has asked
    whether the actor may; `references` name what it is about.
    """
    with transaction.atomic():
        operation = Operation.objects.create(
            reference=numbered("OP", timezone.localdate(), digits=6),
            kind=kind,
            parameters=dict(parameters),
            organisation_id=organisation,
            actor=actor.reference,
        )
        told = dict(references or {})
        record(actor, Happening("operation.queued", "operation", operation.reference, told, {"kind": kind}))
    return operation


def uploads() -> Path:
    """The folder that uploads are kept in until their operation has ended."""
    folder = Path(settings.CALLOFF_DATA) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _stored(upload: Iterable[bytes], name: str) -> Path:
    suffix = Path(name).suffix.lower()
    path = uploads() / f"{secrets.token_hex(12)}{suffix if SUFFIX.match(suffix) else ''}"
    size = 0
    try:
        with path.open("xb") as file:
            for chunk in upload:
                size += len(chunk)
                if size > LARGEST_UPLOAD:
                    raise Invalid("Nothing was imported.", (Fault("/file", "too_large", "At most 512 MB."),))
                file.write(chunk)
        if not size:
            raise Invalid("Nothing was imported.", (Fault("/file", "empty", "The file is empty."),))
    except Invalid:
        path.unlink()
        raise
    return path


def visible(actor: Actor) -> QuerySet[Operation]:
    """The operations that the actor may see: their organisations', and everything for the system."""
    if actor.system:
        return Operation.objects.all()
    allowed = [key for key in actor.organisations() if can(actor, Action.SEE_OPERATION, key)]
    return Operation.objects.filter(organisation__in=allowed)


def cancel(actor: Actor, reference: str) -> Operation:
    """Stops an operation that has not begun to write. Raises NotFound, NotPermitted, Conflict once it is too
    late.
    """
    with transaction.atomic():
        operation = visible(actor).select_for_update().filter(reference=reference).first()
        if operation is None:
            raise NotFound(f"There is no operation {reference}.")
        require(actor, Action.CANCEL_OPERATION, operation.organisation_id)
        if operation.status not in (Status.QUEUED, Status.RUNNING) or not operation.cancellable:
            raise Conflict("The operation has ended or can no longer be stopped.")
        operation.status = Status.CANCELLED
        operation.finished_at = timezone.now()
        operation.save(update_fields=["status", "finished_at"])
        record(actor, Happening("operation.cancelled", "operation", reference, {}, {"kind": operation.kind}))
        transaction.on_commit(lambda: forget_upload(operation))
    return operation


def unended() -> QuerySet[Operation]:
    """The operations that wait or run, and so need what came with them."""
    return Operation.objects.filter(status__in=(Status.QUEUED, Status.RUNNING))


def due() -> list[str]:
    """References of the operations that ought to be running and are not: queued, or silent for too long."""
    silent = timezone.now() - SILENT
    return list(
        Operation.objects.filter(Q(status=Status.QUEUED) | Q(status=Status.RUNNING, heartbeat_at__lt=silent))
        .order_by("pk")
        .values_list("reference", flat=True)
    )


def begin(reference: str) -> Operation | None:
    """Takes an operation for this worker; None if another has it or it has ended. It waits for no other worker
    that is about to take it or holds its row, where the database can pass over a locked one.
    """
    now = timezone.now()
    waiting = Q(status=Status.QUEUED) | Q(status=Status.RUNNING, heartbeat_at__lt=now - SILENT)
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        free = Operation.objects.select_for_update(skip_locked=skip)
        operation = free.filter(waiting, reference=reference).first()
        if operation is not None:
            operation.status, operation.done, operation.total = Status.RUNNING, 0, None
            operation.started_at = operation.heartbeat_at = now
            operation.save(update_fields=["status", "done", "total", "started_at", "heartbeat_at"])
    return operation


def report(operation: Operation, done: int, total: int | None) -> None:
    """Progress. Raises Cancelled if somebody stopped the operation meanwhile."""
    running = Operation.objects.filter(pk=operation.pk, status=Status.RUNNING)
    if not running.update(done=done, total=total, heartbeat_at=timezone.now()):
        raise Cancelled(operation.reference)


def no_way_back(operation: Operation) -> None:
    """From here on it writes and can no longer be cancelled. Raises Cancelled if somebody was faster."""
    running = Operation.objects.filter(pk=operation.pk, status=Status.RUNNING)
    if not running.update(cancellable=False, heartbeat_at=timezone.now()):
        raise Cancelled(operation.reference)


def succeed(operation: Operation, result: Mapping[str, Any]) -> None:
    """Ends it with a result."""
    _end(operation, Status.SUCCEEDED, {"result": dict(result)})


def fail(operation: Operation, problem: Mapping[str, Any]) -> None:
    """Ends it with a problem: `{code, title, errors: [{pointer, code, message}], …}`."""
    _end(operation, Status.FAILED, {"problem": dict(problem)})


def _end(operation: Operation, status: str, fields: dict[str, Any]) -> None:
    with transaction.atomic():
        ended = Operation.objects.filter(pk=operation.pk, status=Status.RUNNING).update(
            status=status, finished_at=timezone.now(), **fields
        )
        if ended:
            told = fields.get("result") or fields.get("problem") or {}
            said = {name: told[name] for name in ("outcome", "dry_run", "refused") if name in told}
            changes = {"kind": operation.kind, "status": status, **said}
            record(SYSTEM, Happening("operation.finished", "operation", operation.reference, {}, changes))
    forget_upload(operation)


def upload_of(operation: Operation) -> Path:
    """The stored file; its name was made by us, never by the uploader."""
    return uploads() / Path(operation.parameters["file"]).name


def forget_upload(operation: Operation) -> None:
    """Removes the stored file, where the operation came with one."""
    if "file" in operation.parameters:
        upload_of(operation).unlink(missing_ok=True)
