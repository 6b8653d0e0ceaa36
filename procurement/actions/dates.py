"""Dated facts that take effect: what was agreed for a day becomes an event on that day, so that listeners
hear of it.

A framework goes live or expires, an appointment starts or ends, a member joins or leaves, a rate card takes
effect or expires, lines of the card in force begin or end. The sweep looks at every day since the last one it has
looked at, so days on which nothing ran are made up for. Searches compare dates as well: an event that comes late shows
nobody a wrong status.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.events import Happening, record_many
from procurement.card_versions import spells_by_card
from procurement.models import (
    Appointment,
    Counter,
    Framework,
    RateCardVersion,
    RateLine,
    SupplierMember,
)
from procurement.permissions import SYSTEM
from procurement.querysets import RateCardVersionQuerySet

BATCH: Final = 500
MARK: Final = "dates"
"""The counter that holds the ordinal of the last day looked at."""


def announce_due(on: date | None = None) -> int:
    """Records the events of every day after the last one announced, up to and with `on` (today); returns how
    many.

    The first time it looks at `on` alone. A day is announced once, whoever sweeps: its counter is locked.
    """
    today = on or timezone.localdate()
    with transaction.atomic():
        Counter.objects.get_or_create(kind=MARK, year=0)
        mark = Counter.objects.select_for_update().get(kind=MARK, year=0)
        last = date.fromordinal(mark.value) if mark.value else today - timedelta(days=1)
        if last >= today:
            return 0
        happenings = list(_due(last, today))
        for start in range(0, len(happenings), BATCH):
            record_many(SYSTEM, happenings[start : start + BATCH])
        mark.value = today.toordinal()
        mark.save(update_fields=["value"])
    return len(happenings)


def _due(after: date, today: date) -> Iterator[Happening]:
    """What happened on the days after `after` up to `today`. A last day has passed on the day that follows
    it.
    """
    first, ended = (after + timedelta(days=1), today), (after, today - timedelta(days=1))
    live = Framework.objects.filter(status=Framework.Status.LIVE)
    for framework in live.filter(starts_on__range=first):
        changes = {"starts_on": framework.starts_on.isoformat()}
        yield Happening("framework.went_live", "framework", framework.reference, {}, changes)
    for framework in live.filter(ends_on__range=ended):
        changes = {"ends_on": framework.ends_on.isoformat()}
        yield Happening("framework.expired", "framework", framework.reference, {}, changes)
    active = Appointment.objects.filter(status=Appointment.Status.ACTIVE).select_related(
        "supplier", "lot__framework"
    )
    for appointment in active.filter(starts_on__range=first):
        yield _of_appointment("appointment.started", appointment)
    for appointment in active.filter(ends_on__range=ended):
        yield _of_appointment("appointment.ended", appointment)
    members = SupplierMember.objects.select_related("supplier", "partner")
    for member in members.filter(joined_on__range=first, left_on=None):
        yield _of_member("supplier.member_joined", member, {"joined_on": member.joined_on.isoformat()})
    for member in members.filter(left_on__range=first):
        left = member.left_on.isoformat() if member.left_on else None
        yield _of_member("supplier.member_left", member, {"left_on": left})
    states = [RateCardVersion.Status.PUBLISHED, RateCardVersion.Status.SUPERSEDED]
    versions = RateCardVersion.objects.filter(status__in=states).select_related(
        "card__supplier", "card__framework"
    )
    for version in versions.filter(valid_from__range=first):
        yield _of_card("rate_card.took_effect", version)
    for version in versions.filter(valid_to__range=ended):
        yield _of_card("rate_card.expired", version)
    yield from _lines_changed(first, ended)


def _lines_changed(first: tuple[date, date], ended: tuple[date, date]) -> Iterator[Happening]:
    """The cards whose lines begin on these first days, or end on these last ones, while their version holds: one for
    each day. Where the version begins or ends with them, that is told already.
    """
    public = RateLine.objects.filter(
        version__status__in=[RateCardVersion.Status.PUBLISHED, RateCardVersion.Status.SUPERSEDED]
    )
    days: dict[int, set[date]] = defaultdict(set)
    begun = public.filter(valid_from__range=first).values_list("version", "valid_from").distinct()
    for version, day in begun.order_by():
        if day is not None:
            days[version].add(day)
    over = public.filter(valid_to__range=ended).values_list("version", "valid_to").distinct()
    for version, day in over.order_by():
        if day is not None:
            days[version].add(day + timedelta(days=1))
    if not days:
        return
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card__versions__in=days)
    told = versions.select_related("card__supplier", "card__framework").distinct()
    for _, found in spells_by_card(told.order_by("card_id", "-number")):
        for spell in found:
            for day in sorted(days.get(spell.version.pk, ())):
                if spell.holds(day) and day not in (spell.version.valid_from, spell.since):
                    yield _of_card("rate_card.lines_changed", spell.version, on=day.isoformat())


def _of_appointment(kind: str, appointment: Appointment) -> Happening:
    references = {
        "supplier": appointment.supplier.reference,
        "lot": appointment.lot.reference,
        "framework": appointment.lot.framework.reference,
    }
    days = {
        "starts_on": appointment.starts_on.isoformat(),
        "ends_on": appointment.ends_on.isoformat() if appointment.ends_on else None,
    }
    return Happening(kind, "appointment", appointment.reference, references, days)


def _of_member(kind: str, member: SupplierMember, changes: dict[str, str | None]) -> Happening:
    return Happening(
        kind, "supplier", member.supplier.reference, {"partner": member.partner.reference}, changes
    )


def _of_card(kind: str, version: RateCardVersion, **changes: str) -> Happening:
    card = version.card
    references = {"supplier": card.supplier.reference, "framework": card.framework.reference}
    return Happening(kind, "rate_card", card.reference, references, {"version": version.number} | changes)
