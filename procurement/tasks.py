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

from procurement.actions.dates import announce_due
from procurement.actions.deliveries import deliver_due
from procurement.actions.due import move_due
from procurement.actions.member_invitations import invitation_wanted, send_invitation
from procurement.actions.operations import due
from procurement.actions.passwords import link_wanted, send_link
from procurement.actions.profile_reminders import ask_to_confirm
from procurement.actions.registering import registration_wanted, send_registration
from procurement.actions.retention import purge as purge_all
from procurement.actions.running import run
from procurement.actions.second_steps import second_step_changed, tell_of_second_step
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


account_mail = partial(shared_task, autoretry_for=(OSError,), retry_backoff=30, max_retries=6)
"""A task that sends an e-mail about an account: tried again for half an hour where the mail server is away (its
library's errors are kinds of OSError).
"""


@receiver(link_wanted, dispatch_uid="procurement.passwords")
def ask_worker_for_link(reference: str, **_: Any) -> None:
    """Has the worker send the link; with a dead queue nobody gets it, and the person asks again."""
    _hand_over(send_password_link, (reference,), "password_link_lost", person=reference)


@account_mail(name="procurement.tasks.send_password_link")
def send_password_link(reference: str) -> None:
    """Sends somebody the link by which they set their password."""
    send_link(reference)


@receiver(registration_wanted, dispatch_uid="procurement.registering")
def ask_worker_for_account(reference: str, **_: Any) -> None:
    """Has the worker send the link to set up an account; with a dead queue nobody gets it, and somebody asks again."""
    _hand_over(send_account_link, (reference,), "account_link_lost", registration=reference)


@account_mail(name="procurement.tasks.send_account_link")
def send_account_link(reference: str) -> None:
    """Sends the link to set up an account."""
    send_registration(reference)


@receiver(invitation_wanted, dispatch_uid="procurement.member_invitations")
def ask_worker_to_invite(reference: str, sending: int, **_: Any) -> None:
    """Has the worker send the link; with a dead queue nobody gets it, and an administrator sends it again."""
    _hand_over(send_member_invitation, (reference, sending), "member_invitation_lost", invitation=reference)


@account_mail(name="procurement.tasks.send_member_invitation")
def send_member_invitation(reference: str, sending: int) -> None:
    """Sends an invitation to act for an organisation."""
    send_invitation(reference, sending)


@receiver(second_step_changed, dispatch_uid="procurement.second_steps")
def ask_worker_to_tell(reference: str, on: bool, **_: Any) -> None:
    """Has the worker write to whose second step was turned on or off; with a dead queue nobody is told."""
    _hand_over(tell_second_step, (reference, on), "second_step_not_told", person=reference)


@account_mail(name="procurement.tasks.tell_second_step")
def tell_second_step(reference: str, on: bool) -> None:
    """Writes to somebody that their second step was turned on or off."""
    tell_of_second_step(reference, on)


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
