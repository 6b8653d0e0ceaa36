"""Suppliers are asked: for interest, and to tender. Many rows at once, in a number of statements that does not grow.

Used by actions/publishing.py and, where interest was asked for first, by actions/interest.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from procurement.actions.events import Happening
from procurement.deadlines import tender_reminder
from procurement.departed import unname
from procurement.entitled import Out, Place
from procurement.invitation_document import instant
from procurement.models import (
    CallOff,
    CallOffSupplier,
    Competition,
    Invitation,
    RateCardVersion,
    RuledOut,
    Tender,
)
from procurement.models.base import opaque


def ask(
    competition: Competition,
    invited: Sequence[Place],
    cards: Mapping[int, RateCardVersion],
    interest: str,
    now: datetime,
) -> list[Invitation]:
    """Writes an invitation for each of these places, with the version of its supplier's card pinned (`cards`, by the
    supplier's key; a supplier without one has no rate that bounds it). One that the shortlist names
    keeps its place and those partners that are wanted of it and belong to it still, the others follow by their
    references.
    """
    call_off = competition.call_off
    unname(call_off)
    rows = _asked(call_off)
    position = max((one.position for one in rows.values()), default=0)
    fresh = [one for one in invited if one.pk not in rows]
    CallOffSupplier.objects.bulk_create(
        CallOffSupplier(call_off=call_off, appointment_id=one.pk, position=position + at)
        for at, one in enumerate(fresh, start=1)
    )
    rows = _asked(call_off)
    return Invitation.objects.bulk_create(
        Invitation(
            reference=opaque("inv"),
            competition=competition,
            asked=rows[one.pk],
            card_version=cards.get(one.supplier_id),
            interest=interest,
            interest_at=None,
            invited_at=None if interest else now,
        )
        for one in invited
    )


def keep_out(competition: Competition, out: Iterable[Out], now: datetime) -> None:
    """Keeps each supplier that is not invited with its rule."""
    on = timezone.localdate(now)
    RuledOut.objects.bulk_create(
        RuledOut(
            competition=competition, appointment_id=one.appointment.pk, rule=one.rule, found=one.found, on=on
        )
        for one in out
    )


def invite(competition: Competition, invitations: Sequence[Invitation], now: datetime) -> list[Happening]:
    """Begins a tender for each of these invitations; what happened, not yet recorded."""
    tenders = Tender.objects.bulk_create(
        Tender(reference=opaque("tnd"), competition=competition, invitation=one, invited_at=now)
        for one in invitations
    )
    moments = {
        "clarify_until": instant(competition.clarify_until),
        "deadline": instant(competition.deadline),
        "digest": competition.digest,
    }
    return [
        happening(competition, one.invitation, "invitation.sent", {"tender": one.reference} | moments)
        for one in tenders
    ]


def plan_reminder(competition: Competition, since: datetime | None = None) -> None:
    """Says when missing answers are reminded of, by the moments as they stand: expressions of interest until they have
    ended, then tenders, counted from when they were asked for or `since` then; saves nothing. Where that is ahead they
    are reminded of then, though they were before.
    """
    nation = competition.call_off.organisation.nation
    if competition.invited_at is None:
        begins, ends = competition.published_at, competition.interest_until
    else:
        begins, ends = competition.invited_at, competition.deadline
    assert begins is not None
    assert ends is not None
    competition.remind_at = tender_reminder(since or begins, ends, nation)
    if competition.remind_at > timezone.now():
        competition.reminded_at = None


def happening(
    competition: Competition, invitation: Invitation, kind: str, changes: dict[str, Any]
) -> Happening:
    """What happened to an invitation, not yet recorded."""
    call_off = competition.call_off
    references = {
        "call_off": call_off.reference,
        "organisation": call_off.organisation.reference,
        "supplier": invitation.asked.appointment.supplier.reference,
        "partner": sorted(one.reference for one in invitation.asked.partners.all()),
    }
    return Happening(kind, "invitation", invitation.reference, references, changes)


def _asked(call_off: CallOff) -> dict[int, CallOffSupplier]:
    rows = call_off.suppliers.select_related("appointment__supplier").prefetch_related("partners")
    return {one.appointment_id: one for one in rows}
