"""The general worker's tasks: operations, dated facts and deliveries. A task is a nudge; what is due stands in the
database.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any, Final

import structlog
from celery import shared_task
from django.db import transaction
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from procurement.actions.account_mail import account_mail_owed
from procurement.actions.account_mail_queue import send_owed
from procurement.actions.dates import announce_due
from procurement.actions.deliveries import deliver_due
from procurement.actions.due import move_due
from procurement.actions.operations import due
from procurement.actions.profile_reminders import ask_to_confirm
from procurement.actions.retention import purge as purge_all
from procurement.actions.running import run
from procurement.models import Event
from procurement.signals import events_recorded

QUIET_SECONDS: Final = 5.0
"""After a nudge that could not be sent, none is tried for so long: a dead queue must not slow each request."""
DELIVERY_SECONDS: Final = 90
"""An answer that comes byte by byte is given up after so long; shorter than the lease of a delivery."""

log = structlog.get_logger(__name__)
_quiet = threading.local()


@receiver(events_recorded, dispatch_uid="procurement.operations")
def tell_worker(events: list[Event], **_: Any) -> None:
    """After commit, asks the worker to run each operation that was queued; a dead queue leaves it to the
    sweep.
    """
    for event in events:
        if event.type == "operation.queued":
            transaction.on_commit(partial(_send, event.subject), robust=True)


def _send(reference: str) -> None:
    _hand_over(run_operation, (reference,), "operation_nudge_lost", operation=reference)


def _hand_over(task: Any, arguments: tuple[Any, ...], lost: str, **named: str) -> None:
    """Hands a task to the queue; with a dead queue the log says what was `lost`, and nothing else happens."""
    try:
        task.apply_async(arguments, retry=False)
    except (OSError, OperationalError) as error:
        log.warning(lost, **named, error=type(error).__name__)


@receiver(account_mail_owed, dispatch_uid="procurement.account_mail")
def nudge_account_mail(**_: Any) -> None:
    """Tells a worker that an e-mail about an account is owed; a dead queue leaves it to the sweep."""
    _hand_over(send_account_mails, (), "account_mail_nudge_lost")


@shared_task(name="procurement.tasks.send_account_mails")
def send_account_mails() -> None:
    """At once, and each minute: e-mails about accounts that are owed. Where many are, others' work comes between."""
    if send_owed():
        nudge_account_mail()


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


@shared_task(name="procurement.tasks.sweep_profiles")
def sweep_profiles() -> None:
    """Each hour: firms that have not confirmed their profile for long are asked to, once a period."""
    ask_to_confirm()


@shared_task(name="procurement.tasks.sweep_deadlines")
def sweep_deadlines() -> None:
    """Each minute: reminders and ends of windows that are due."""
    move_due()


@shared_task(name="procurement.tasks.purge")
def purge() -> dict[str, int]:
    """Each hour: what need not be kept any longer; how many of each kind."""
    counts = purge_all()
    if any(counts.values()):
        log.info("purged", **counts)
    return counts


def nudge_deliveries() -> None:
    """Tells a worker that something is to be delivered. A queue that is down is noted and left alone for some
    seconds.
    """
    if time.monotonic() < getattr(_quiet, "until", 0.0):
        return
    try:
        deliver.apply_async(retry=False)
    except (OSError, OperationalError) as error:
        _quiet.until = time.monotonic() + QUIET_SECONDS
        log.warning("delivery_nudge_lost", error=type(error).__name__)


@shared_task(name="procurement.tasks.deliver", soft_time_limit=DELIVERY_SECONDS)
def deliver() -> None:
    """Delivers what is due; where much is, for a while, and then behind whatever else waits."""
    _, more = deliver_due()
    if more:
        nudge_deliveries()


@shared_task(name="procurement.tasks.sweep_deliveries", soft_time_limit=DELIVERY_SECONDS)
def sweep_deliveries() -> None:
    """Each minute: what a lost nudge or a killed worker has left, and what is to be tried again."""
    deliver()
