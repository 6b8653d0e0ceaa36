"""An organisation has events sent to an address of its own: registered, changed, its secret changed, tried, sent
again, ended; and disabled by us where nobody takes what is sent.

Journey: POST /api/v1/webhooks/ -> here -> event; from then on actions/outbox.py owes the endpoint what it asks for,
and actions/deliveries.py sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.events import Happening, record
from procurement.errors import Conflict, Fault, Invalid, NotFound, NotPermitted, Stale
from procurement.event_types import matching, nearest
from procurement.feed import instant
from procurement.kept_secrets import sealed
from procurement.models import Delivery, Event, Organisation, WebhookEndpoint
from procurement.models.outbox import TITLE_LENGTH, webhook_reference
from procurement.permissions import SYSTEM, Action, Actor, can, require
from procurement.profiles import Reader
from procurement.querysets import WebhookQuerySet
from procurement.revisions import changed_since
from procurement.webhooks import new_secret, wrong_with

MOST_KEPT: Final = 20
"""Webhooks of one organisation."""
MOST_PATTERNS: Final = 50
FIELDS: Final = ("url", "event_types", "description", "status")
OVERLAP: Final = timedelta(hours=24)
"""For so long after a rotation the secret before is good too."""

Status = WebhookEndpoint.Status
Why = WebhookEndpoint.Why


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """A webhook to register, its fields as they were sent."""

    url: object
    event_types: object
    description: object = ""
    organisation: str | None = None


def register_webhook(actor: Actor, draft: WebhookDraft) -> tuple[WebhookEndpoint, str]:
    """Registers an address for the actor's organisation: the endpoint, and its secret in clear, which is never
    shown again.

    Raises NotPermitted; Invalid with a fault for each field, or where the organisation has 20 already.
    """
    sent = {"url": draft.url, "event_types": draft.event_types, "description": draft.description}
    values = _read(sent)
    secret = new_secret()
    with transaction.atomic():
        owner = _owner(actor, draft.organisation)
        if owner.webhooks.exclude(status=Status.DELETED).count() >= MOST_KEPT:
            _refuse([Fault("", "too_many", f"An organisation keeps at most {MOST_KEPT} webhooks.")])
        endpoint = WebhookEndpoint.objects.create(
            reference=webhook_reference(),
            organisation=owner,
            secret=sealed(secret),
            actor=actor.reference,
            **values,
        )
        _tell(actor, endpoint, "registered", {"event_types": endpoint.event_types})
    return endpoint, secret


def change_webhook(
    actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]
) -> WebhookEndpoint:
    """Changes some of FIELDS; the same again changes nothing. `status` disables it or makes it active again.

    Raises NotFound, NotPermitted, Stale, Invalid.
    """
    values = _read(changes)
    with transaction.atomic():
        endpoint = _locked(actor, reference, revision)
        differing = sorted(name for name, one in values.items() if one != getattr(endpoint, name))
        if not differing:
            return endpoint
        for name in differing:
            setattr(endpoint, name, values[name])
        if "status" in differing:
            endpoint.disabled_because = Why.ASKED if endpoint.status == Status.DISABLED else ""
            endpoint.failing_since = None
        _save(endpoint, *differing, "disabled_because", "failing_since")
        if endpoint.status == Status.DISABLED:
            _let_go(endpoint)
        _tell(actor, endpoint, "changed", {"fields": differing, "status": endpoint.status})
    return endpoint


def rotate_secret(actor: Actor, reference: str, revision: int) -> tuple[WebhookEndpoint, str]:
    """Gives it a new secret, shown this once; the one before is good for another 24 hours, any earlier one no more.

    Raises NotFound, NotPermitted, Stale.
    """
    secret = new_secret()
    with transaction.atomic():
        endpoint = _locked(actor, reference, revision)
        endpoint.previous_secret, endpoint.secret = endpoint.secret, sealed(secret)
        endpoint.previous_until = until = timezone.now() + OVERLAP
        _save(endpoint, "secret", "previous_secret", "previous_until")
        _tell(actor, endpoint, "rotated", {"previous_until": instant(until)})
    return endpoint, secret


def try_webhook(actor: Actor, reference: str) -> Delivery:
    """Has a message `webhook.tested` sent to this endpoint alone. Raises NotFound, NotPermitted, Conflict where it is
    disabled.
    """
    with transaction.atomic():
        endpoint = _locked(actor, reference, None)
        if endpoint.status != Status.ACTIVE:
            raise Conflict("The webhook is disabled: make it active first.")
        event = _tell(actor, endpoint, "tested", {})
        return Delivery.objects.get(event_id=event.position, endpoint=endpoint)


def replay_delivery(actor: Actor, reference: str, delivery: str) -> Delivery:
    """Has a message that was sent, or is dead, sent again under the same id. Raises NotFound, NotPermitted, Conflict
    where it still waits or the webhook is disabled.
    """
    with transaction.atomic():
        endpoint = _locked(actor, reference, None)
        row = endpoint.deliveries.select_for_update().filter(reference=delivery).first()
        if row is None:
            raise NotFound(f"There is no delivery {delivery} of this webhook.")
        if endpoint.status != Status.ACTIVE:
            raise Conflict("The webhook is disabled: make it active first.")
        if row.status == Delivery.Status.PENDING:
            raise Conflict("The message still waits to be sent.")
        try_again(row)
        _tell(actor, endpoint, "replayed", {}, delivery=delivery)
    return row


def try_again(row: Delivery) -> None:
    """Within a transaction that holds the row: it is due now, with all attempts before it."""
    row.status, row.attempts, row.next_attempt_at = Delivery.Status.PENDING, 0, timezone.now()
    row.last_error = ""
    row.save(update_fields=["status", "attempts", "next_attempt_at", "last_error"])


def delete_webhook(actor: Actor, reference: str, revision: int) -> WebhookEndpoint:
    """Nothing more is sent there, what waits is dropped, its secrets are forgotten. Raises NotFound, NotPermitted,
    Stale.
    """
    with transaction.atomic():
        endpoint = _locked(actor, reference, revision)
        endpoint.status = Status.DELETED
        endpoint.secret, endpoint.previous_secret, endpoint.previous_until = "", "", None
        _save(endpoint, "status", "secret", "previous_secret", "previous_until")
        endpoint.deliveries.filter(status__in=[Delivery.Status.PENDING, Delivery.Status.DEAD]).update(
            status=Delivery.Status.DROPPED, last_error="The webhook was deleted."
        )
        _tell(actor, endpoint, "deleted", {})
    return endpoint


def disable(key: int, why: str) -> None:
    """Stops an endpoint (by primary key) that nobody answers for: what waits for it becomes dead letters."""
    with transaction.atomic():
        endpoint = (
            WebhookEndpoint.objects.select_for_update(of=("self",))
            .select_related("organisation")
            .filter(pk=key, status=Status.ACTIVE)
            .first()
        )
        if endpoint is None:
            return
        endpoint.status, endpoint.disabled_because = Status.DISABLED, why
        _save(endpoint, "status", "disabled_because")
        _let_go(endpoint)
        _tell(SYSTEM, endpoint, "disabled", {"because": why})


def _let_go(endpoint: WebhookEndpoint) -> None:
    endpoint.deliveries.filter(status=Delivery.Status.PENDING).update(
        status=Delivery.Status.DEAD, last_error="The webhook is disabled."
    )


def _owner(actor: Actor, named: str | None) -> Organisation:
    """The organisation of that reference, else the only one whose webhooks the actor manages."""
    managed = [key for key in actor.organisations() if can(actor, Action.MANAGE_WEBHOOKS, key)]
    bodies = Organisation.objects.all() if actor.system else Organisation.objects.filter(pk__in=managed)
    if named is not None:
        bodies = bodies.filter(reference=named)
    found = list(bodies.order_by("reference")[:2])
    if not found:
        require(actor, Action.MANAGE_WEBHOOKS)
        raise NotPermitted("You do not manage its webhooks.")
    if len(found) > 1:
        fault = Fault("/organisation", "required", "You act for several organisations: name the one.")
        raise Invalid("Say for which organisation.", (fault,))
    return found[0]


def _locked(actor: Actor, reference: str, revision: int | None) -> WebhookEndpoint:
    endpoint = (
        WebhookQuerySet(WebhookEndpoint)
        .seen_by(actor)
        .select_for_update(of=("self",))
        .select_related("organisation")
        .filter(reference=reference)
        .first()
    )
    if endpoint is None:
        raise NotFound(f"There is no webhook {reference}.")
    require(actor, Action.MANAGE_WEBHOOKS, endpoint.organisation)
    if changed_since(endpoint.revision, revision):
        raise Stale("The webhook has changed since you read it.")
    return endpoint


def _save(endpoint: WebhookEndpoint, *fields: str) -> None:
    endpoint.revision += 1
    endpoint.save(update_fields=["revision", *dict.fromkeys(fields)])


def _read(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they may be kept. Raises Invalid with a fault for each that may not."""
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, value in sent.items():
        reader = Reader(f"/{name}", faults)
        if name == "url":
            values[name] = value
            if wrong := wrong_with(value):
                reader.wrong("type" if not isinstance(value, str) else "address", wrong)
        elif name == "event_types":
            values[name] = _patterns(value, reader)
        elif name == "status":
            values[name] = reader.choice(value, (str(Status.ACTIVE), str(Status.DISABLED)))
        else:
            values[name] = reader.text(value, TITLE_LENGTH)
    _refuse(faults)
    return values


def _patterns(value: object, reader: Reader) -> list[str]:
    """Patterns of event_types.py, each of which means a type that there is."""
    found: list[str] = []
    for step, one in enumerate(reader.items(value, MOST_PATTERNS)):
        inner = reader.at(step)
        if not isinstance(one, str):
            inner.wrong("type", "This must be text.")
        elif not matching([one]):
            meant = nearest(one)
            told = (
                f"did you mean {meant}?"
                if meant
                else "types are such as contract.concluded, beginnings contract."
            )
            inner.wrong("unknown_value", f"There is no such type of event: {told}")
        elif one not in found:
            found.append(one)
    if isinstance(value, list) and not value:
        reader.wrong("required", "Name at least one type.")
    return found


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid("The webhook cannot be kept as it is.", tuple(faults))


def _tell(
    actor: Actor, endpoint: WebhookEndpoint, what: str, changes: dict[str, Any], **others: str
) -> Event:
    """The address itself is not told: it may hold what only its owner knows."""
    references = {"organisation": endpoint.organisation.reference, **others}
    return record(actor, Happening(f"webhook.{what}", "webhook", endpoint.reference, references, changes))
