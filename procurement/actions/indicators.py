"""Key performance indicators of a contract: the buyer sets them, and assesses the contract against them for each period
that a notice tells of.

Journey: PUT /api/v1/contracts/{reference}/indicators/ -> here -> the contract is signed (actions/contracts.py) -> POST
/api/v1/contracts/{reference}/assessments/ -> here -> the UK9 is published (actions/public_notices.py). Which contracts
need them, and what waits for them, is procurement/indicators.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.contracts import contract_happening, contract_step, locked_contract
from procurement.actions.events import record
from procurement.errors import Conflict, Fault, Invalid
from procurement.indicators import (
    EXPLAINED,
    LEAST,
    MOST,
    assessed,
    indicators_asked,
    indicators_of,
    of_performance,
    period_of,
    void,
)
from procurement.models import Contract, Indicator, IndicatorRating
from procurement.notice_facts import contract_facts, contract_notices, next_look
from procurement.permissions import Actor
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.public_notices import DueNotice, Status

FIELDS: Final = ("indicators", "no_indicators")
NAME_LENGTH: Final = 200
KEY_LENGTH: Final = 20
REFUSED: Final = "The indicators cannot be set as they are."
NOT_TAKEN: Final = "The assessment cannot be taken as it is."


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an indicator."""

    name: str
    target: str


def set_indicators(actor: Actor, reference: str, revision: int, content: Mapping[str, Any]) -> Contract:
    """Sets the whole list of `indicators` (at most 20, each {name, target}: 1 to 200 and 1 to 1,000 characters), or
    says why there are none (`no_indicators`, at most 1,000); never both. Neither takes them away where the law asks for
    none.

    Raises NotFound, NotPermitted, Stale; Conflict where the contract was taken back before both had signed; Invalid
    where the law asks for three or more and there are fewer, and where one that was assessed would not keep its words
    and place.
    """
    faults: list[Fault] = []
    said, reason = _read(content, faults)
    if faults:
        raise Invalid(REFUSED, tuple(faults))
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "set_indicators")
        if void(contract):
            raise Conflict("The contract was taken back before both had signed: nothing of it is assessed.")
        stand = indicators_of(contract)
        faults = [*_too_few(contract, said, reason), *_not_kept(stand, said, reason)]
        if faults:
            raise Invalid(REFUSED, tuple(faults))
        if [Said(one.name, one.target) for one in stand] == said and (contract.no_indicators or "") == reason:
            return contract
        _write(contract, stand, said)
        contract.no_indicators = reason or None
        contract.revision += 1
        contract.notice_on = next_look(contract, timezone.localdate())
        contract.save(update_fields=["revision", "no_indicators", "notice_on"])
        told = {"indicators": [one.name for one in said], "no_indicators": reason}
        record(actor, contract_happening(contract, step.event, told))
    return contract


def assess_contract(actor: Actor, reference: str, revision: int, key: object, ratings: object) -> Contract:
    """Rates every indicator for the period that the notice of that key is about: `ratings` are {position, rating,
    note}, the note (at most 1,000 characters) with a rating of EXPLAINED. Said again, it replaces what was said, until
    the notice is published.

    Raises NotFound, NotPermitted, Stale; Conflict where there are no indicators, its time has not come, or it was
    published; Invalid, at /notice where no such notice of performance is asked for.
    """
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "assess")
        faults: list[Fault] = []
        notice = _notice(Reader("/notice", faults), key, contract)
        if notice is None:
            raise Invalid(NOT_TAKEN, tuple(faults))
        if notice.status == Status.PUBLISHED:
            raise Conflict(f"The {notice.rule.name} was published: what it says stands.")
        if not notice.waits:
            raise Conflict(
                "Its time has not come: a period is assessed in its last month, or once it has ended."
            )
        indicators = indicators_of(contract)
        if not indicators:
            raise Conflict("The contract has no key performance indicators: set them first.")
        read = _ratings(Reader("/ratings", faults, shown=True), ratings, indicators)
        if faults:
            raise Invalid(NOT_TAKEN, tuple(faults))
        first, last = period_of(notice)
        now = timezone.now()
        for one in indicators:
            rating, note = read[one.position]
            IndicatorRating.objects.update_or_create(
                indicator=one,
                key=notice.key,
                last_day=last,
                defaults={
                    "first_day": first,
                    "rating": rating,
                    "note": note,
                    "actor": actor.reference,
                    "assessed_at": now,
                },
            )
        contract.revision += 1
        contract.save(update_fields=["revision"])
        told = {
            "notice": notice.key,
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "ratings": [read[one.position][0] for one in indicators],
        }
        record(actor, contract_happening(contract, step.event, told))
    return contract


def _read(content: object, faults: list[Fault]) -> tuple[list[Said], str]:
    reader = Reader("", faults, shown=True)
    held = reader.members(content, FIELDS)
    said = []
    for step, one in enumerate(reader.at("indicators").items(held.get("indicators", []), MOST)):
        inner = reader.at("indicators").at(step)
        row = inner.members(one, ("name", "target"))
        if isinstance(one, dict):
            name = inner.at("name").text(row.get("name", ""), NAME_LENGTH, required=True)
            target = inner.at("target").text(row.get("target", ""), NOTE_LENGTH, required=True, lines=True)
            said.append(Said(name, target))
    given = held.get("no_indicators", "")
    reason = reader.at("no_indicators").text("" if given is None else given, NOTE_LENGTH, lines=True)
    if said and reason:
        message = "There are indicators: say why there are none, or which there are, and not both."
        reader.at("no_indicators").wrong("both", message)
    return said, reason


def _too_few(contract: Contract, said: Sequence[Said], reason: str) -> list[Fault]:
    """That the law asks for more of this contract."""
    if reason or len(said) >= LEAST or not indicators_asked(contract_facts(contract)):
        return []
    message = (
        f"The law asks for at least {LEAST} of a contract of more than £5 million; these are {len(said)}. Set them, or "
        "say why performance could not be assessed by any."
    )
    return [Fault("/indicators", "too_few", message)]


def _not_kept(stand: Sequence[Indicator], said: Sequence[Said], reason: str) -> list[Fault]:
    """What was assessed and would not keep its words and place."""
    faults = []
    for one in filter(assessed, stand):
        at = one.position - 1
        if said[at : at + 1] != [Said(one.name, one.target)]:
            pointer = "/no_indicators" if reason else f"/indicators/{at}" if at < len(said) else "/indicators"
            message = (
                f"Indicator {one.position}, “{one.name}”, was assessed: it keeps its words and its place."
            )
            faults.append(Fault(pointer, "assessed", message))
    return faults


def _write(contract: Contract, stand: Sequence[Indicator], said: Sequence[Said]) -> None:
    """The list as it was said, in place of those that were not assessed."""
    kept = {one.position for one in filter(assessed, stand)}
    contract.indicators.exclude(position__in=kept).delete()
    Indicator.objects.bulk_create(
        Indicator(contract=contract, position=position, name=one.name, target=one.target)
        for position, one in enumerate(said, start=1)
        if position not in kept
    )


def _notice(reader: Reader, key: object, contract: Contract) -> DueNotice | None:
    """The contract's notice of performance of that key."""
    text = reader.text(key, KEY_LENGTH, required=True).lower()
    notices = contract_notices(contract, timezone.localdate())
    found = next((one for one in notices if one.key == text and of_performance(one)), None)
    if text and found is None:
        reader.wrong("unknown_value", f"No notice of performance {text} is asked of {contract.reference}.")
    return found


def _ratings(reader: Reader, ratings: object, indicators: Sequence[Indicator]) -> dict[int, tuple[str, str]]:
    """Rating and note of each indicator by its position."""
    names = {one.position: one.name for one in indicators}
    found: dict[int, tuple[str, str]] = {}
    for step, one in enumerate(reader.items(ratings, MOST)):
        inner = reader.at(step)
        row = inner.members(one, ("position", "rating", "note"))
        if not isinstance(one, dict):
            continue
        position = _position(inner.at("position"), row.get("position"), names, found)
        rating = inner.at("rating").choice(row.get("rating", ""), IndicatorRating.Rating.values)
        needed = rating in EXPLAINED
        note = inner.at("note").text(row.get("note", ""), NOTE_LENGTH, required=needed, lines=True)
        if position is not None:
            found[position] = (rating, note)
    for position, name in names.items():
        if position not in found:
            reader.wrong("required", f"Indicator {position}, “{name}”, is not rated.")
    return found


def _position(
    reader: Reader, value: object, names: Mapping[int, str], found: Mapping[int, object]
) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong("type", "This must be a whole number.")
    elif value not in names:
        reader.wrong("unknown_value", f"There is no indicator {value}.")
    elif value in found:
        reader.wrong("duplicate", f"Indicator {value} is rated twice.")
    else:
        return value
    return None
