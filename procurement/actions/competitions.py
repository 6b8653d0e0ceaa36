"""A competition planned: how tenders will be evaluated and when, shown whole before anybody is asked.

Journey: PUT /api/v1/call-offs/{reference}/competition/ -> here -> preview -> actions/publishing.py. What is planned may
change until it is published, and an approval falls with each change; afterwards it is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import locked_call_off, move, permitted, unapproved
from procurement.actions.steps import not_theirs
from procurement.call_off_checks import reach_faults, standing_faults
from procurement.canonical import canonical, digest_of_text
from procurement.deadlines import standstill_end
from procurement.entitled import Out, Place, entitled
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.evaluation_rules import EvaluationRules
from procurement.invitation_document import invitation_document
from procurement.models import CallOff, Competition, Framework
from procurement.order_form import content_of
from procurement.parts import buyer_parts
from procurement.permissions import Action, Actor, can
from procurement.profiles import Reader
from procurement.rules import last_day
from procurement.states import Part
from procurement.working_days import LONDON

FIELDS: Final = ("rules", "interest_until", "clarify_until", "deadline", "standstill")
MOMENTS: Final = ("interest_until", "clarify_until", "deadline")
FURTHEST: Final = timedelta(days=731)
"""Two years ahead: a moment only ever moves to later, so that a slip of the year could not be mended afterwards."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing on that day would do: the places that it invites, whom a rule keeps out, the digest.

    `standstill_until` is when a standstill would end if the outcome were told at the deadline; None: none is wanted.
    """

    competition: Competition
    on: date
    invited: list[Place]
    out: list[Out]
    digest: str
    standstill_until: datetime | None

    @property
    def starts_on(self) -> date | None:
        """The first day of the work; None: the requirement does not say."""
        return content_of(self.competition.call_off).starts_on

    @property
    def ends_on(self) -> date | None:
        """The last day of the initial term; None: the requirement does not say."""
        return last_day(content_of(self.competition.call_off))

    def faults(self) -> list[Fault]:
        """What is in the way. Asked apart: what a call-off's own facts say of it nearly always tells the same."""
        call_off = self.competition.call_off
        suppliers = [one.supplier_id for one in self.invited]
        return [*standing_faults(call_off, {}, self.on), *reach_faults(call_off, suppliers, self.on)]


def plan_competition(actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]) -> Competition:
    """Plans the competition of a draft call-off: a field of `changes` (FIELDS) replaces, one that is absent stays.
    Moments are ISO 8601 with a time zone; `rules` are as EvaluationRules.from_json reads them.

    Raises NotFound, NotPermitted, Stale; Conflict on a direct award and once it is published; Invalid.
    """
    faults: list[Fault] = []
    read = _read(changes, faults)
    if faults:
        raise Invalid("The competition cannot be planned so.", tuple(faults))
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "edit")
        if call_off.route != CallOff.Route.COMPETITION:
            raise Conflict("A direct award has no competition: change the route first.")
        competition, new = Competition.objects.get_or_create(call_off=call_off)
        competition.call_off = call_off
        differing = sorted(name for name in read if read[name] != getattr(competition, name))
        if not differing and not new:
            return competition
        for name in differing:
            setattr(competition, name, read[name])
        competition.save()
        told = {"fields": [f"competition.{one}" for one in differing]}
        fields, fell = unapproved(call_off)
        move(actor, call_off, "edit", told, *fields, also=fell)
    return competition


def preview(actor: Actor, reference: str) -> Preview:
    """What publishing would do now; changes nothing. Raises NotFound; Conflict where nothing is planned."""
    call_off = (
        CallOff.objects.select_related(
            "organisation", "lot__framework", "requirement__requirement", "snapshot__shortlist"
        )
        .filter(reference=reference)
        .first()
    )
    if call_off is None or not can(actor, Action.SEE_CALL_OFFS, call_off.organisation_id):
        raise NotFound(f"There is no call-off {reference}.")
    competition = planned(call_off)
    today = timezone.localdate()
    invited, out = entitled(call_off, today)
    ends = None
    if competition.standstill and competition.deadline is not None:
        ends = standstill_end(
            competition.deadline, act_of_2023=by_act(call_off), nation=call_off.organisation.nation
        )
    text = canonical(invitation_document(call_off, competition))
    return Preview(competition, today, invited, out, digest_of_text(text), ends)


def planned(call_off: CallOff) -> Competition:
    """The call-off's competition, locked where a transaction is open. Raises Conflict where there is none."""
    rows = Competition.objects.filter(call_off=call_off)
    if transaction.get_connection().in_atomic_block:
        rows = rows.select_for_update()
    competition = rows.first()
    if competition is None:
        raise Conflict("No competition is planned.")
    competition.call_off = call_off
    return competition


def running(actor: Actor, reference: str, revision: int | None, what: str) -> Competition:
    """A competition that is out, for the call-off's owner, both rows locked, its deadline still ahead.

    Raises NotFound, NotPermitted, Stale, Conflict.
    """
    call_off = locked_call_off(actor, reference, revision)
    if Part.OWNER not in buyer_parts(actor, call_off):
        raise not_theirs(what, {Part.OWNER})
    competition = planned(call_off)
    require_open(competition)
    return competition


def require_open(competition: Competition) -> None:
    """Raises Conflict unless it is out and its deadline ahead by the clock, whether the sweep has closed it or not."""
    if competition.call_off.status != CallOff.Status.OUT or competition.deadline is None:
        raise Conflict("The competition is not out.")
    if timezone.now() >= competition.deadline:
        raise Conflict("The deadline has passed.")


def by_act(call_off: CallOff) -> bool:
    """Whether the Procurement Act 2023 governs it, and not the regulations of 2015."""
    return call_off.lot.framework.regime == Framework.Regime.PA2023


def moment(reader: Reader, value: object) -> datetime | None:
    """A moment with its time zone, at most FURTHEST ahead; None where none is stated or it is wrong."""
    if value is None:
        return None
    text = reader.text(value, 40, required=True)
    try:
        read = datetime.fromisoformat(text) if text else None
        if read is not None and read.tzinfo is not None:
            # At either end of the calendar one zone has a day that another has not.
            read.astimezone(UTC), read.astimezone(LONDON)
    except (ValueError, OverflowError):
        read = None
    if read is None or read.tzinfo is None:
        if text:
            reader.wrong("shape", "A moment is ISO 8601 with its time zone, such as 2026-03-02T12:00:00Z.")
        return None
    if read > timezone.now() + FURTHEST:
        reader.wrong("too_far", "A moment lies at most two years ahead.")
        return None
    return read


def _read(changes: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    reader = Reader("", faults)
    held = reader.members(dict(changes), FIELDS)
    read: dict[str, Any] = {name: moment(reader.at(name), held[name]) for name in MOMENTS if name in held}
    if "standstill" in held:
        if not isinstance(held["standstill"], bool):
            reader.at("standstill").wrong("type", "This must be true or false.")
        read["standstill"] = held["standstill"]
    if "rules" in held:
        try:
            read["rules"] = EvaluationRules.from_json(held["rules"] or {}).to_json()
        except Invalid as refusal:
            faults.extend(refusal.faults)
    return read
