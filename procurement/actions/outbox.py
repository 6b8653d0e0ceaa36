"""What is owed for events, written in their own transaction: who may read each, and a delivery for each recipient.

Called by procurement/receivers.py with all events of one action, however many: the number of queries is bounded by
the ways that their types name. Where none of them is told to anybody it is one, or two where there are webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from procurement.bulk import insert
from procurement.concerned import Concerned, Party, named
from procurement.event_types import known_type, matches
from procurement.models import (
    Application,
    Capability,
    Delivery,
    Event,
    EventAudience,
    Membership,
    User,
    WebhookEndpoint,
)
from procurement.models.outbox import message_reference
from procurement.notice import USER, Notice
from procurement.notices import notices_of

TESTED: Final = "webhook.tested"
"""Goes to the endpoint that is its subject, whatever that asks for, and to no other."""

OWED_AGAIN: Final = frozenset({"webhook.replayed", "delivery.redriven"})
"""Tell that a delivery is due that was there before."""

Channel = Delivery.Channel


class Person(NamedTuple):
    """Somebody who may be told, with the role held."""

    key: int
    reference: str
    role: str


def fill(events: Sequence[Event]) -> int:
    """Writes audience and deliveries of events that have just been recorded; answers how many deliveries."""
    told = [(event, notice) for event in events for notice in notices_of(event)]
    private = [event for event in events if not known_type(event.type).public]
    asked = [(event, way) for event in private for way in known_type(event.type).concerns]
    # Whom a personal notice is for is looked up by the person, and in the organisation that the event names.
    asked += [(event, "organisation" if notice.whom == USER else notice.whom) for event, notice in told]
    concerned = Concerned(asked)
    audience = {
        event.position: {
            party for way in known_type(event.type).concerns for party in concerned.by(event, way)
        }
        for event in private
    }
    insert(
        [
            EventAudience(event_id=position, organisation_id=party.key)
            for position, parties in audience.items()
            for party in sorted(parties)
        ]
    )
    owed: dict[tuple[int, str, str], Delivery] = {}
    for one in (*_notices(told, concerned), *_webhooks(events, audience)):
        # Whoever is concerned in several ways is told once, as the first of them says it.
        owed.setdefault((one.event_id, one.channel, one.recipient), one)
    insert(list(owed.values()))
    return len(owed)


def _notices(told: Sequence[tuple[Event, Notice]], concerned: Concerned) -> Iterator[Delivery]:
    if not told:
        return
    people, machines = _readers(
        {
            party.key
            for event, notice in told
            if notice.whom != USER
            for party in concerned.by(event, notice.whom)
        }
    )
    users = _users({one for event, notice in told if notice.whom == USER for one in named(event, USER)})
    for event, notice in told:
        if notice.whom == USER:
            yield from _personal(event, concerned, users)
            continue
        for party in sorted(concerned.by(event, notice.whom)):
            staff = people.get(party.key, [])
            # Where nobody signs in and no integration asks, nobody would ever read it.
            if Channel.INBOX in notice.channels and (staff or party.key in machines):
                yield _delivery(event, Channel.INBOX, party.reference, party.key, whom=notice.whom)
            if Channel.EMAIL in notice.channels:
                for person in staff:
                    if person.role in notice.roles:
                        yield _delivery(
                            event,
                            Channel.EMAIL,
                            person.reference,
                            party.key,
                            whom=notice.whom,
                            user_id=person.key,
                        )


def _personal(event: Event, concerned: Concerned, users: dict[str, int]) -> Iterator[Delivery]:
    for party in sorted(concerned.by(event, "organisation")):
        for reference in sorted(named(event, USER) & users.keys()):
            yield _delivery(event, Channel.INBOX, reference, party.key, whom=USER, user_id=users[reference])


def _readers(organisations: set[int]) -> tuple[dict[int, list[Person]], set[int]]:
    """The people of these organisations, and those of them that have an integration."""
    if not organisations:
        return {}, set()
    people: dict[int, list[Person]] = {}
    held = Membership.objects.filter(organisation__in=organisations, user__is_active=True).order_by("pk")
    for organisation, key, reference, role in held.values_list(
        "organisation_id", "user_id", "user__reference", "role"
    ):
        people.setdefault(organisation, []).append(Person(key, reference, role))
    machines = Application.objects.filter(organisation__in=organisations).values_list(
        "organisation_id", flat=True
    )
    return people, {key for key in machines if key is not None}


def _users(references: set[str]) -> dict[str, int]:
    if not references:
        return {}
    return dict(User.objects.filter(reference__in=references).values_list("reference", "pk"))


def _webhooks(events: Sequence[Event], audience: dict[int, set[Party]]) -> Iterator[Delivery]:
    """A delivery to each endpoint that asks for an event's type and whose organisation may read it."""
    endpoints = list(
        WebhookEndpoint.objects.filter(status=WebhookEndpoint.Status.ACTIVE).values_list(
            "pk", "reference", "organisation_id", "event_types"
        )
    )
    if not endpoints:
        return
    operators = set(
        Capability.objects.filter(kind=Capability.Kind.OPERATOR).values_list("organisation_id", flat=True)
    )
    for event in events:
        public = known_type(event.type).public
        may_read = {party.key for party in audience.get(event.position, ())}
        for key, reference, organisation, patterns in endpoints:
            reads = public or organisation in operators or organisation in may_read
            if reads and _wants(reference, patterns, event):
                yield _delivery(event, Channel.WEBHOOK, reference, organisation, endpoint_id=key)


def _wants(reference: str, patterns: Iterable[str], event: Event) -> bool:
    if event.type == TESTED:
        return event.subject == reference
    return any(matches(pattern, event.type) for pattern in patterns)


def _delivery(event: Event, channel: Channel, recipient: str, organisation: int, **others: Any) -> Delivery:
    return Delivery(
        reference=message_reference(),
        event_id=event.position,
        channel=channel,
        recipient=recipient,
        organisation_id=organisation,
        next_attempt_at=event.at,
        created_at=event.at,
        **others,
    )
