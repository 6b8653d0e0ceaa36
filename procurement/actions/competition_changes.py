"""A competition changes while it is out: moments move to later, what is asked for is amended, all are told at once.

Never earlier: whether a tender exists is sealed from the buyer, so the rule holds from publishing on. How tenders are
evaluated never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening, reason_of, require_approval
from procurement.actions.competitions import MOMENTS, moment, running
from procurement.actions.events import record
from procurement.actions.invitations import plan_reminder
from procurement.call_off_checks import estimate_missing, estimate_of, place_faults, reach_faults
from procurement.deadlines import after_working_days
from procurement.differences import differences
from procurement.errors import Conflict, Fault, Invalid
from procurement.invitation_document import document_told, instant
from procurement.models import Amendment, CallOff, Competition, RequirementRevision
from procurement.order_form import content_of, terms_of
from procurement.permissions import Actor
from procurement.profiles import Reader
from procurement.requirements import RequirementContent
from procurement.rules import date_faults, opening_faults

MATERIAL_DAYS: Final = 2
"""Whole working days that tenderers have at least to answer to a material amendment."""
KEPT: Final = ("framework", "lot", "specialisms", "regions", "must_have")
"""Of the requirement: by these it was decided who is invited, so that they stay."""
WORDS: Final = "/requirement/text"
"""What may be said in other words without being another need; only the buyer knows whether it is."""


def extend_competition(
    actor: Actor, reference: str, revision: int, changes: Mapping[str, Any], reason: object
) -> Competition:
    """Moves moments (MOMENTS, ISO 8601 with a time zone) to later, for a reason that all are told.

    Raises NotFound, NotPermitted, Stale; Conflict once the deadline has passed; Invalid at the moment that would come
    earlier, has passed, is out of order, or (of the deadline) lies after the first day of the work, and at /reason.
    """
    why = reason_of(reason, "Nothing was moved.")
    faults: list[Fault] = []
    reader = Reader("", faults)
    read = {
        name: moment(reader.at(name), one) for name, one in reader.members(dict(changes), MOMENTS).items()
    }
    _refuse(faults)
    with transaction.atomic():
        competition = running(actor, reference, revision, "extend")
        told = _moved(competition, read)
        if not told:
            raise Conflict("Nothing was moved.")
        if "deadline" in told:
            _refuse(list(opening_faults(content_of(competition.call_off), competition.deadline)))
        competition.save(update_fields=[*told, "remind_at", "reminded_at"])
        _tell(actor, competition, "call_off.extended", {"moments": told, "reason": why})
    return competition


def amend_competition(
    actor: Actor,
    reference: str,
    revision: int,
    reason: object,
    *,
    material: bool,
    deadline: object = None,
) -> Amendment:
    """Takes over the requirement's present revision and the documents added since, and tells all what differs. Where it
    is material, every tenderer confirms or submits anew, with MATERIAL_DAYS at least; `deadline` may move with it. What
    differs of the requirement is material, whatever the buyer calls it, but for its words: a tender is priced by it.

    Raises NotFound, NotPermitted, Stale; Conflict where nothing differs, approval is missing or the deadline has
    passed; Invalid at /requirement where it would have invited others, at /requirement/team where nobody could tender
    any more or a team would come to or leave outcomes that are paid, at /terms/value where nothing would say any more
    what it comes to, at /material where what differs is material and said not to be, at /deadline, at /reason.
    """
    why = reason_of(reason, "Nothing was amended.")
    faults: list[Fault] = []
    later = moment(Reader("/deadline", faults), deadline)
    _refuse(faults)
    with transaction.atomic():
        competition = running(actor, reference, revision, "amend")
        call_off, now = competition.call_off, timezone.now()
        needed = _requirement(call_off)
        difference = [*needed, *_documents(competition, now)]
        if not difference:
            raise Conflict("Nothing differs from what was told.")
        if not material:
            _refuse(list(_material(needed)))
        moments = _moved(competition, {"deadline": later} if later else {})
        difference += [
            {"pointer": f"/{name}", "before": one[0], "after": one[1]} for name, one in moments.items()
        ]
        assert competition.deadline is not None
        if material and competition.deadline < after_working_days(
            now, MATERIAL_DAYS, call_off.organisation.nation
        ):
            message = (
                f"A material amendment leaves {MATERIAL_DAYS} whole working days: move the deadline with it."
            )
            raise Invalid("Nothing was amended.", (Fault("/deadline", "too_soon", message),))
        today = timezone.localdate(now)
        _refuse(list(place_faults(call_off, today)))
        _refuse(list(opening_faults(content_of(call_off), competition.deadline)))
        _refuse(list(reach_faults(call_off, _competing(competition), _published_on(competition))))
        _refuse(list(estimate_missing(call_off)))
        total = estimate_of(call_off)
        require_approval(call_off, total, total)
        number = competition.amendments.count() + 1
        made = Amendment.objects.create(
            competition=competition,
            number=number,
            material=material,
            difference=difference,
            reason=why,
            actor=actor.reference,
            at=now,
        )
        if material:
            competition.material = number
            if competition.invited_at is not None:
                # Whoever had submitted is asked for a word from now on.
                plan_reminder(competition, now)
        competition.save(update_fields=["deadline", "material", "remind_at", "reminded_at"])
        call_off.save(update_fields=["requirement"])
        told = {"number": number, "material": material, "fields": [one["pointer"] for one in difference]}
        _tell(actor, competition, "call_off.amended", told | {"deadline": instant(competition.deadline)})
    return made


def _moved(competition: Competition, read: Mapping[str, datetime | None]) -> dict[str, list[str | None]]:
    """Sets the moments that differ; by name, what each was and is. Raises Invalid."""
    told: dict[str, list[str | None]] = {}
    faults: list[Fault] = []
    now = timezone.now()
    for name, one in read.items():
        before: datetime | None = getattr(competition, name)
        if one is None or before is None or one < before:
            faults.append(
                Fault(f"/{name}", "earlier", "It may move later, never earlier, nor come anew or fall.")
            )
        elif before <= now and one != before:
            faults.append(Fault(f"/{name}", "past", "It has passed."))
        elif one != before:
            setattr(competition, name, one)
            told[name] = [instant(before), instant(one)]
    # What has passed already is in its order.
    interest = competition.interest_until if competition.invited_at is None else None
    clarify = competition.clarify_until
    order = date_faults(interest, clarify, competition.deadline, now)
    faults.extend(one for one in order if told and not (one.code == "order" and clarify and clarify <= now))
    _refuse(faults)
    if ("deadline" if competition.invited_at else "interest_until") in told:
        plan_reminder(competition)
    return told


def _competing(competition: Competition) -> list[int]:
    """The suppliers that were asked (primary keys, one query)."""
    return list(competition.invitations.values_list("asked__appointment__supplier", flat=True))


def _published_on(competition: Competition) -> date:
    """The day whose rate cards bound the tenders."""
    assert competition.published_at is not None
    return timezone.localdate(competition.published_at)


def _requirement(call_off: CallOff) -> list[dict[str, Any]]:
    """Takes over the present revision of what is bought; what differs. Raises Invalid."""
    before = call_off.requirement
    after = RequirementRevision.objects.filter(requirement=before.requirement_id).latest("number")
    if after.pk == before.pk:
        return []
    was, becomes = (RequirementContent.from_json(one.content) for one in (before, after))
    terms, old, new = terms_of(call_off), was.to_json(), becomes.to_json()
    if terms.outcomes_alone(was) != terms.outcomes_alone(becomes):
        message = "Whether outcomes are paid instead of days, or beside them, is published and stands: begin another."
        raise Invalid("Nothing was amended.", (Fault("/requirement/team", "outcomes_stand", message),))
    if faults := [
        Fault(
            "/requirement",
            "invites_others",
            f"{name} decides who is invited and stays: begin another call-off.",
        )
        for name in KEPT
        if old[name] != new[name]
    ]:
        raise Invalid("Nothing was amended.", tuple(faults))
    after.requirement = before.requirement
    call_off.requirement = after
    return list(differences(old, new, "/requirement"))


def _material(needed: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    """What of these differences of the requirement cannot be said to be immaterial."""
    for one in needed:
        if one["pointer"] != WORDS:
            name = str(one["pointer"]).removeprefix("/requirement/")
            message = f"{name} changes what tenders are priced or judged by: the amendment is material."
            yield Fault("/material", "material", message)


def _documents(competition: Competition, now: datetime) -> list[dict[str, Any]]:
    """Tells of the documents that were added since; what differs."""
    added = list(competition.documents.filter(told_at=None, removed_at=None))
    for one in added:
        one.told_at = now
        one.save(update_fields=["told_at"])
    return [
        {"pointer": f"/documents/{one.reference}", "before": None, "after": document_told(one)}
        for one in added
    ]


def _tell(actor: Actor, competition: Competition, kind: str, changes: dict[str, Any]) -> None:
    call_off = competition.call_off
    call_off.revision += 1
    call_off.save(update_fields=["revision"])
    record(actor, happening(call_off, kind, changes))


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid("The competition cannot change so.", tuple(faults))
