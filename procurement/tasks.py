"""The general worker's tasks: operations and dated facts. A task is a nudge; what is due stands in the
database.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from celery import shared_task
from django.db import transaction
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from procurement.actions.dates import announce_due
from procurement.actions.due import move_due
from procurement.actions.operations import due
from procurement.actions.running import run
from procurement.models import Event
from procurement.signals import events_recorded

log = structlog.get_logger(__name__)


@receiver(events_recorded, dispatch_uid="procurement.operations")
def tell_worker(events: list[Event], **_: Any) -> None:
    """After commit, asks the worker to run each operation that was queued; a dead queue leaves it to the
    sweep.
    """
    for event in events:
        if event.type == "operation.queued":
            transaction.on_commit(partial(_send, event.subject), robust=True)


def _send(reference: str) -> None:
    try:
        run_operation.apply_async((reference,), retry=False)
    except (OSError, OperationalError) as error:
        log.warning("operation_nudge_lost", operation=reference, error=type(error).__name__)


@shared_task(name="procurement.tasks.run_operation")
def run_operation(reference: str) -> None:
    """Runs one operation, unless another worker has it."""
    run(reference)


@shared_task(name="procurement.tasks.sweep_operations")
def sweep_operations() -> None:
    """Each minute: operations whose message was lost or whose worker was killed."""
    for reference in due():
        run(reference)


@shared_task(name="procurement.tasks.sweep_dates")
def sweep_dates() -> None:
    """Every ten minutes: whatever takes effect today and has not been announced."""
    announce_due()


@shared_task(name="procurement.tasks.sweep_deadlines")
def sweep_deadlines() -> None:
    """Each minute: reminders and ends of windows that are due."""
    move_due()
