"""Emptying the outbox: each delivery is claimed, tried, and noted as sent, to be tried again, or dead.

Journey: events_recorded -> actions/outbox.py writes the rows -> after commit procurement/tasks.py, or its sweep ->
here. A claim moves `next_attempt_at` on by a lease and counts the attempt, so that two workers never try one at the
same time; whoever is killed between sending and noting so has it sent once more, under the same reference.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from procurement.actions.webhooks import disable
from procurement.event_names import names_for
from procurement.kept_secrets import Unreadable, opened
from procurement.models import Capability, Delivery, InboxMessage, Membership, WebhookEndpoint
from procurement.models.base import opaque
from procurement.notice_mail import composed
from procurement.notices import Message, notice_for, worded
from procurement.webhooks import Undeliverable, headers, message, post

LEASE: Final = timedelta(minutes=5)
"""How long a delivery that is being tried is nobody else's; longer than any attempt may take."""
FIRST_REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(days=1)
RUN_SECONDS: Final = 20.0
"""How long one run goes on before it lets other work of the same worker come first."""
GONE: Final = 410

Channel = Delivery.Channel
Status = Delivery.Status

log = structlog.get_logger(__name__)
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to: the status it leads to (PENDING: to be tried again), an answer's status, and why."""

    status: Status
    answer: int | None = None
    why: str = ""


SENT: Final = Outcome(Status.SENT)


def deliver_due(now: datetime | None = None, seconds: float = RUN_SECONDS) -> tuple[int, bool]:
    """Tries what is due, the inbox first because nothing keeps it waiting, webhooks last. Answers how many were
    tried, and whether time ran out before all were.
    """
    at = now or timezone.now()
    until, tried = time.monotonic() + seconds, 0
    for channel in (Channel.INBOX, Channel.EMAIL, Channel.WEBHOOK):
        while (delivery := claim(channel, at)) is not None:
            _try(delivery, at)
            tried += 1
            if time.monotonic() >= until:
                return tried, True
    return tried, False


def claim(channel: str, now: datetime) -> Delivery | None:
    """The delivery of this channel that has been due for longest, now nobody else's for a while."""
    with transaction.atomic():
        due = Delivery.objects.filter(channel=channel, status=Status.PENDING, next_attempt_at__lte=now)
        delivery = (
            due.order_by("next_attempt_at", "pk")
            # On SQLite writers take turns anyway.
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("event", "organisation", "endpoint", "user")
            .first()
        )
        if delivery is not None:
            delivery.attempts += 1
            delivery.next_attempt_at = now + LEASE
            delivery.save(update_fields=["attempts", "next_attempt_at"])
    return delivery


def rest(attempts: int, chance: Callable[[], float] = _chance.random) -> timedelta:
    """How long to wait after so many attempts: twice as long each time up to a day, less a random part of up to a
    half, so that what failed together is not tried together.
    """
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_REST * doubled, LONGEST_REST) * (1 - chance() / 2)


def _try(delivery: Delivery, now: datetime) -> None:
    try:
        outcome = SENDERS[Channel(delivery.channel)](delivery)
    except Exception as error:
        # Whatever is wrong with this one, the others must not wait for it. An error's text may hold an address.
        log.exception("delivery_failed", delivery=delivery.reference, channel=delivery.channel)
        outcome = Outcome(Status.PENDING, why=type(error).__name__)
    _note(delivery, outcome, now)


def _note(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Writes down what came of the attempt, unless its lease has run out and somebody has tried since."""
    status, due = outcome.status, now
    if status == Status.PENDING:
        due = now + rest(delivery.attempts)
        if delivery.attempts >= settings.DELIVERY_ATTEMPTS:
            status = Status.DEAD
    mine = Delivery.objects.filter(pk=delivery.pk, status=Status.PENDING, attempts=delivery.attempts)
    mine.update(
        status=status,
        next_attempt_at=due,
        last_status=outcome.answer,
        last_error=outcome.why,
        sent_at=timezone.now() if status == Status.SENT else None,
    )
    if status == Status.DEAD:
        log.warning("delivery_dead", delivery=delivery.reference, channel=delivery.channel, why=outcome.why)
    if delivery.endpoint_id is not None:
        _note_endpoint(delivery.endpoint_id, outcome, now, due)


def _note_endpoint(key: int, outcome: Outcome, now: datetime, due: datetime) -> None:
    """What one attempt says of the endpoint. While it fails, what else waits for it waits with this one: a dead
    endpoint costs one attempt a round and not one for each of its messages.
    """
    endpoint = WebhookEndpoint.objects.filter(pk=key, status=WebhookEndpoint.Status.ACTIVE)
    if outcome.status == Status.SENT:
        endpoint.filter(failing_since__isnull=False).update(failing_since=None)
        return
    if outcome.answer == GONE:
        disable(key, WebhookEndpoint.Why.GONE)
        return
    endpoint.filter(failing_since=None).update(failing_since=now)
    if endpoint.filter(failing_since__lte=now - timedelta(days=settings.WEBHOOK_FAILING_DAYS)).exists():
        disable(key, WebhookEndpoint.Why.FAILING)
        return
    waiting = Delivery.objects.filter(endpoint=key, status=Status.PENDING, next_attempt_at__lte=now)
    waiting.update(next_attempt_at=due)


def _told(delivery: Delivery) -> Message:
    notice = notice_for(delivery.event.type, delivery.whom)
    return worded(delivery.event, notice, names_for(notice, delivery.event))


def _to_inbox(delivery: Delivery) -> Outcome:
    """Written and noted as sent together, so that a message stands there once."""
    told = _told(delivery)
    with transaction.atomic():
        InboxMessage.objects.get_or_create(
            delivery=delivery,
            defaults={
                "reference": opaque("inb"),
                "organisation": delivery.organisation,
                "user": delivery.user,
                "title": told.title,
                "text": told.text,
                "link": told.link,
            },
        )
        _note(delivery, SENT, timezone.now())
    return SENT


def _by_mail(delivery: Delivery) -> Outcome:
    """To somebody who still has a role that is told; whoever has left since is told nothing."""
    notice, user = notice_for(delivery.event.type, delivery.whom), delivery.user
    held = Membership.objects.filter(user=user, organisation=delivery.organisation, role__in=notice.roles)
    if user is None or not user.is_active or not user.email or not held.exists():
        return Outcome(Status.DROPPED, why="The person has no such role any more.")
    try:
        composed(delivery, _told(delivery), user.email).send()
    except OSError as error:
        # Of the connection and of the protocol (smtplib.SMTPException is one).
        return Outcome(Status.PENDING, why=f"The mail server did not take it ({type(error).__name__}).")
    return SENT


def _to_webhook(delivery: Delivery) -> Outcome:
    endpoint = delivery.endpoint
    if endpoint is None or endpoint.status == WebhookEndpoint.Status.DELETED:
        return Outcome(Status.DROPPED, why="The webhook was deleted.")
    if endpoint.status != WebhookEndpoint.Status.ACTIVE:
        return Outcome(Status.DEAD, why="The webhook is disabled.")
    try:
        keys = _keys(endpoint)
    except Unreadable:
        return Outcome(Status.PENDING, why="Its secret was sealed under another SECRET_KEY.")
    operator = Capability.objects.filter(organisation=delivery.organisation_id, kind=Capability.Kind.OPERATOR)
    body = message(delivery.event, whole=operator.exists())
    try:
        answer = post(endpoint.url, body, headers(delivery.reference, body, keys, timezone.now()))
    except Undeliverable as failure:
        return Outcome(Status.PENDING, why=str(failure))
    if 200 <= answer < 300:
        return Outcome(Status.SENT, answer)
    return Outcome(Status.PENDING, answer, f"It answered {answer}.")


def _keys(endpoint: WebhookEndpoint) -> list[str]:
    """The secrets that are good now, the newest first."""
    keys = [opened(endpoint.secret)]
    if endpoint.previous_secret and endpoint.previous_until and endpoint.previous_until > timezone.now():
        keys.append(opened(endpoint.previous_secret))
    return keys


SENDERS: Final[dict[Channel, Callable[[Delivery], Outcome]]] = {
    Channel.INBOX: _to_inbox,
    Channel.EMAIL: _by_mail,
    Channel.WEBHOOK: _to_webhook,
}
