"""A buyer says what it needs, says it anew, or withdraws it. What was said is an immutable revision each time.

Journey: POST /api/v1/requirements/ or the pages -> here -> event; search/matching.py answers the current content,
and actions/matches.py keeps the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import buyer_of, owner_references
from procurement.actions.events import Happening, record
from procurement.actions.requirement_checks import missing_from
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.merging import merged
from procurement.models import CallOff, Requirement, RequirementRevision
from procurement.permissions import Action, Actor, can, require
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.references import numbered
from procurement.requirements import RequirementContent
from procurement.revisions import changed_since

UNDER_WAY: Final = (
    CallOff.Status.OUT,
    CallOff.Status.CLOSED,
    CallOff.Status.EVALUATING,
    CallOff.Status.EVALUATED,
    CallOff.Status.INTENTION,
    CallOff.Status.AWARDED,
)
"""Statuses of a call-off whose suppliers have been asked for what is needed, and nothing is signed yet."""
REFUSED: Final = "The requirement cannot be taken as it is."


def create_requirement(
    actor: Actor, content: Mapping[str, Any], organisation: str | None = None
) -> Requirement:
    """Keeps a requirement of the actor's buyer organisation; `content` is as RequirementContent.from_json reads it.

    Raises NotPermitted, Invalid with a fault for everything wrong.
    """
    read = RequirementContent.from_json(content)
    with transaction.atomic():
        buyer = buyer_of(actor, Action.WRITE_REQUIREMENT, organisation)
        _check(read)
        requirement = Requirement.objects.create(
            reference=numbered("REQ", timezone.localdate()), organisation=buyer
        )
        said = _say(actor, requirement, read, 1)
        _record(actor, "requirement.created", requirement, read, {"number": 1, "digest": said.digest})
    return requirement


def requirement_like(actor: Actor, organisation: str, content: Mapping[str, Any]) -> Requirement:
    """The organisation's open requirement that says the same, kept where there is none. Raises as `create_requirement`
    does.
    """
    said = RequirementContent.from_json(content).digest()
    with transaction.atomic():
        buyer = buyer_of(actor, Action.WRITE_REQUIREMENT, organisation)
        open_ones = Requirement.objects.filter(organisation=buyer, status=Requirement.Status.OPEN)
        same = open_ones.filter(current__digest=said).order_by("-pk").first()
        return same or create_requirement(actor, content, organisation)


def revise_requirement(
    actor: Actor, reference: str, revision: int, changes: Mapping[str, Any], *, merge: bool = False
) -> Requirement:
    """Says it anew: a field of `changes` replaces, one that is absent stays; the same again makes no revision. With
    `merge` they are a merge patch (RFC 7396), which goes into `must_have`, `preferences` and `budget`.

    Raises NotFound, NotPermitted, Stale if `revision` is not the requirement's, Conflict once it is withdrawn,
    Invalid.
    """
    with transaction.atomic():
        requirement = _locked(actor, reference, revision)
        if requirement.status != Requirement.Status.OPEN:
            raise Conflict("The requirement is withdrawn.")
        before = _current(requirement)
        said_anew = merged(before.content, changes) if merge else changes
        read = RequirementContent.from_json({**before.content, **said_anew})
        _check(read)
        new = read.to_json()
        differing = sorted(name for name in new if new[name] != before.content.get(name))
        if differing:
            said = _say(actor, requirement, read, before.number + 1)
            told = {"number": said.number, "digest": said.digest, "fields": differing}
            _record(actor, "requirement.revised", requirement, read, told)
    return requirement


def withdraw_requirement(actor: Actor, reference: str, revision: int, reason: str = "") -> Requirement:
    """It is needed no longer; what was said and matched stays. `reason` is at most 1,000 characters.

    Raises NotFound, NotPermitted, Stale; Conflict if it is withdrawn already, or a call-off for it is under way;
    Invalid at /reason.
    """
    faults: list[Fault] = []
    why = Reader("/reason", faults).text(reason, NOTE_LENGTH, lines=True)
    if faults:
        raise Invalid("The requirement was not withdrawn.", tuple(faults))
    with transaction.atomic():
        requirement = _locked(actor, reference, revision)
        if requirement.status != Requirement.Status.OPEN:
            raise Conflict("The requirement is withdrawn already.")
        under_way = CallOff.objects.filter(requirement__requirement=requirement, status__in=UNDER_WAY)
        if one := under_way.order_by("pk").values_list("reference", flat=True).first():
            raise Conflict(f"{one} is under way for it: cancel that first.")
        requirement.status = Requirement.Status.WITHDRAWN
        requirement.revision += 1
        requirement.save(update_fields=["status", "revision"])
        references = owner_references(requirement.organisation)
        told = {"status": requirement.status, "reason": why}
        record(actor, Happening("requirement.withdrawn", "requirement", reference, references, told))
    return requirement


def _locked(actor: Actor, reference: str, revision: int) -> Requirement:
    requirement = (
        Requirement.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(reference=reference)
        .first()
    )
    if requirement is None or not can(actor, Action.SEE_REQUIREMENTS, requirement.organisation):
        raise NotFound(f"There is no requirement {reference}.")
    require(actor, Action.WRITE_REQUIREMENT, requirement.organisation)
    if changed_since(requirement.revision, revision):
        raise Stale("The requirement has changed since you read it.")
    return requirement


def _current(requirement: Requirement) -> RequirementRevision:
    # Read after the lock: with it another's new revision might be missed.
    return RequirementRevision.objects.filter(requirement=requirement).latest("number")


def _check(content: RequirementContent) -> None:
    if faults := missing_from(content):
        raise Invalid(REFUSED, tuple(faults))


def _say(
    actor: Actor, requirement: Requirement, content: RequirementContent, number: int
) -> RequirementRevision:
    said = RequirementRevision.objects.create(
        requirement=requirement,
        number=number,
        content=content.to_json(),
        digest=content.digest(),
        actor=actor.reference,
    )
    requirement.current = said
    if number > 1:
        requirement.revision += 1
    requirement.save(update_fields=["current", "revision"])
    return said


def _record(
    actor: Actor, kind: str, requirement: Requirement, content: RequirementContent, changes: dict[str, Any]
) -> None:
    references = owner_references(requirement.organisation, framework=content.framework, lot=content.lot)
    record(actor, Happening(kind, "requirement", requirement.reference, references, changes))
