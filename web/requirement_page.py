"""What the page of one requirement shows, read from the database in a bounded number of queries: a version of what is
needed in words, what became of the requirement, and the call-offs that buy it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from procurement.models import (
    CallOff,
    Event,
    Framework,
    Lot,
    Region,
    Requirement,
    RequirementRevision,
    Specialism,
)
from procurement.permissions import Action, Actor, can
from procurement.querysets_call_offs import CallOffQuerySet
from web.buying import names_of
from web.call_off_page import meaning_of
from web.match_answer import asked_for
from web.results import shortened
from web.saying import said

TITLE_LENGTH: Final = 80
HAPPENINGS: Final = 100
CALL_OFFS: Final = 50


@dataclass(frozen=True, slots=True)
class Became:
    """Something that became of it: when, by whom, what, and the version that it said; 0 where it said none."""

    at: datetime
    who: str
    told: str
    version: int


@dataclass(frozen=True, slots=True)
class RequirementPage:
    """Everything that the template lays out. `shown` is the version that is read; `stated` what it says beside its
    text, as label and value; `history` and `call_offs` are newest first and cut to size.
    """

    shown: RequirementRevision
    heading: str
    stated: list[tuple[str, str]]
    history: tuple[Became, ...]
    call_offs: tuple[CallOff, ...]
    open: bool
    may_write: bool
    may_buy: bool


def requirement_page(requirement: Requirement, shown: RequirementRevision, actor: Actor) -> RequirementPage:
    """The page of a requirement, as RequirementQuerySet.told reads one, that the actor may see."""
    owner = requirement.organisation_id
    rows = CallOffQuerySet(CallOff).seen_by(actor).filter(requirement__requirement=requirement)
    content: Mapping[str, Any] = shown.content
    return RequirementPage(
        shown=shown,
        heading=beginning(content["text"]),
        stated=asked_for(content, places_of(content) | _parts_of(content)),
        history=_history(requirement),
        call_offs=tuple(rows.select_related("requirement").order_by("-pk")[:CALL_OFFS]),
        open=requirement.status == Requirement.Status.OPEN,
        may_write=can(actor, Action.WRITE_REQUIREMENT, owner),
        may_buy=can(actor, Action.WRITE_CALL_OFF, owner),
    )


def beginning(text: str) -> str:
    """The first line of a need, cut to the length of a title; "" where it has no words."""
    return shortened(" ".join(text.strip().split("\n")[0].split()), TITLE_LENGTH)


def places_of(content: Mapping[str, Any]) -> dict[str, str]:
    """The names of a need's framework and lot, by reference (two queries)."""
    places = {}
    if framework := Framework.objects.filter(reference=content["framework"]).first():
        places[framework.reference] = f"{framework.number} {framework.name}"
    if lot := Lot.objects.filter(reference=content["lot"]).first():
        places[lot.reference] = f"{lot.number} {lot.name}"
    return places


def _parts_of(content: Mapping[str, Any]) -> dict[str, str]:
    """The names of its specialisms and regions, by reference (a query each, where there are any)."""
    specialisms: Iterable[str] = content["specialisms"]
    regions: Iterable[str] = content["regions"]
    return {
        **dict(Specialism.objects.filter(reference__in=specialisms).values_list("reference", "name")),
        **dict(Region.objects.filter(code__in=regions).values_list("code", "name")),
    }


def _history(requirement: Requirement) -> tuple[Became, ...]:
    about = Event.objects.filter(subject_type="requirement", subject=requirement.reference)
    events = list(about.order_by("-position")[:HAPPENINGS])
    names = names_of(requirement.organisation_id, {one.actor for one in events})
    return tuple(
        Became(one.at, names[one.actor], _told(one), int(one.changes.get("number", 0))) for one in events
    )


def _told(event: Event) -> str:
    told, reason = said(meaning_of(event.type)), event.changes.get("reason")
    return f"{told}: {reason}" if reason else told
