"""Dead letters: what was tried until the end and not delivered. An operator has them tried again."""

from __future__ import annotations

from django.db import transaction

from procurement.actions.events import Happening, record, record_many
from procurement.actions.webhooks import try_again
from procurement.errors import Conflict, NotFound
from procurement.models import Delivery, WebhookEndpoint
from procurement.permissions import Action, Actor, require

AT_ONCE = 500


def redrive(actor: Actor, reference: str) -> Delivery:
    """Has one dead letter tried again, under the same id and with all attempts before it.

    Raises NotPermitted, NotFound, Conflict where it is not dead or its webhook is not active.
    """
    require(actor, Action.REDRIVE)
    with transaction.atomic():
        row = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("endpoint")
            .filter(reference=reference)
            .first()
        )
        if row is None:
            raise NotFound(f"There is no delivery {reference}.")
        if row.status != Delivery.Status.DEAD:
            raise Conflict(f"The delivery is {row.status}, not dead.")
        if row.endpoint is not None and row.endpoint.status != WebhookEndpoint.Status.ACTIVE:
            raise Conflict("Its webhook is disabled: its organisation makes it active first.")
        try_again(row)
        record(actor, _happening(row))
    return row


def redrive_all(actor: Actor, channel: str | None = None) -> int:
    """Has every dead letter, or those of one channel, tried again; answers how many. Those of webhooks that are
    disabled stay dead. Raises NotPermitted.
    """
    require(actor, Action.REDRIVE)
    done = 0
    while True:
        with transaction.atomic():
            dead = Delivery.objects.filter(status=Delivery.Status.DEAD).exclude(
                endpoint__status__in=[WebhookEndpoint.Status.DISABLED, WebhookEndpoint.Status.DELETED]
            )
            if channel is not None:
                dead = dead.filter(channel=channel)
            rows = list(dead.select_for_update(of=("self",)).order_by("pk")[:AT_ONCE])
            for row in rows:
                try_again(row)
            record_many(actor, [_happening(row) for row in rows])
        done += len(rows)
        if len(rows) < AT_ONCE:
            return done


def _happening(row: Delivery) -> Happening:
    return Happening("delivery.redriven", "delivery", row.reference, {}, {"channel": row.channel})
