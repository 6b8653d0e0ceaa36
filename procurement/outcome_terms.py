"""A plan of outcomes as data: how it is read, and what in it is wrong before the database is asked.

In the journey of a call-off that pays for outcomes actions/outcome_plans.py reads one here, and the pure arithmetic of
outcomes.py rests on it. Money in pence without VAT, shares in hundredths of a per cent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from procurement.errors import Fault, Invalid
from procurement.identifiers import wrong_with
from procurement.models.base import REFERENCE_LENGTH
from procurement.outcomes import QUESTIONS, WHOLE
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.requirements import day_of
from procurement.terms import amount_of, whole_of

MEASURES: Final = 20
PAYERS: Final = 10
MOST_OUTCOMES: Final = 1_000_000
FIELDS: Final = ("suitability", "long_stop_on", "cap", "investor", "investor_named", "measures", "payers")

_SHARE: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class MeasureTerms:
    """A measure of the library by reference, counts, and pence for one outcome; at most `most` are paid for."""

    measure: str
    baseline: int
    target: int
    price: int
    most: int


@dataclass(frozen=True, slots=True)
class PayerTerms:
    """A paying body by reference with its share; a top-up fund has a name, a pot and dates."""

    organisation: str
    share: int
    fund: str = ""
    pot: int | None = None
    opens_on: date | None = None
    closes_on: date | None = None


@dataclass(frozen=True, slots=True)
class OutcomeTerms:
    """A plan as it is said. `investor` is the reference of one that is known here, `investor_named` another as
    {name, scheme, identifier}.
    """

    suitability: dict[str, dict[str, Any]] = field(default_factory=dict)
    long_stop_on: date | None = None
    cap: int = 0
    investor: str | None = None
    investor_named: dict[str, str] | None = None
    measures: tuple[MeasureTerms, ...] = ()
    payers: tuple[PayerTerms, ...] = ()

    @classmethod
    def from_json(cls, value: object, pointer: str = "") -> OutcomeTerms:
        """What `value` (a JSON object) states. Raises Invalid with a Fault for everything wrong, by JSON pointer."""
        faults: list[Fault] = []
        reader = Reader(pointer, faults)
        held = {name: one for name, one in reader.members(value, FIELDS).items() if one is not None}
        investor = reader.at("investor").text(held.get("investor", ""), REFERENCE_LENGTH)
        terms = cls(
            suitability=_suitability(reader.at("suitability"), held.get("suitability", {})),
            long_stop_on=day_of(reader.at("long_stop_on"), held.get("long_stop_on")),
            cap=amount_of(reader.at("cap"), held.get("cap"), least=1) or 0,
            investor=investor or None,
            investor_named=_investor(reader.at("investor_named"), held.get("investor_named"), known=investor),
            measures=_measures(reader.at("measures"), held.get("measures", [])),
            payers=_payers(reader.at("payers"), held.get("payers", [])),
        )
        if faults:
            raise Invalid("The plan of outcomes cannot be taken as it is.", tuple(faults))
        return terms


def _investor(reader: Reader, value: object, *, known: str) -> dict[str, str] | None:
    """A social investor that is not known here, with an identifier of identifiers.py."""
    if value is None:
        return None
    if known:
        reader.wrong("duplicate", "One social investor: by its reference, or by name and identifier.")
    held = reader.members(value, ("name", "scheme", "identifier"))
    found = {
        name: reader.at(name).text(held.get(name, ""), longest, required=True)
        for name, longest in (("name", 200), ("scheme", 20), ("identifier", 60))
    }
    wrong = wrong_with(found["scheme"], found["identifier"]) if all(found.values()) else None
    if wrong:
        reader.at("identifier").wrong("shape", wrong)
    return found


def _suitability(reader: Reader, value: object) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, one in reader.members(value, tuple(QUESTIONS)).items():
        inner = reader.at(name)
        held = inner.members(one, ("answer", "why"))
        if held.get("answer") not in (True, False):
            inner.at("answer").wrong("type", "This must be true or false.")
        why = inner.at("why").text(held.get("why", ""), NOTE_LENGTH, lines=True)
        found[name] = {"answer": held.get("answer") is True, "why": why}
    return found


def _measures(reader: Reader, value: object) -> tuple[MeasureTerms, ...]:
    found: list[MeasureTerms] = []
    for step, one in enumerate(reader.items(value, MEASURES)):
        inner = reader.at(step)
        held = inner.members(one, ("measure", "baseline", "target", "price", "most"))
        if not isinstance(one, dict):
            continue
        name = inner.at("measure").text(held.get("measure", ""), REFERENCE_LENGTH, required=True)
        if name in [each.measure for each in found]:
            inner.at("measure").wrong("duplicate", f"{name} stands here twice.")
        price = amount_of(inner.at("price"), held.get("price", ""), least=1)
        made = MeasureTerms(
            measure=name,
            baseline=_count(inner.at("baseline"), held.get("baseline", 0)),
            target=whole_of(inner.at("target"), held.get("target"), MOST_OUTCOMES),
            price=price or 1,
            most=whole_of(inner.at("most"), held.get("most"), MOST_OUTCOMES),
        )
        if made.target <= made.baseline:
            inner.at("target").wrong("range", "The target is above the baseline: else nothing is gained.")
        found.append(made)
    return tuple(found)


def _payers(reader: Reader, value: object) -> tuple[PayerTerms, ...]:
    found: list[PayerTerms] = []
    for step, one in enumerate(reader.items(value, PAYERS)):
        inner = reader.at(step)
        held = inner.members(one, ("organisation", "share", "fund", "pot", "opens_on", "closes_on"))
        if not isinstance(one, dict):
            continue
        name = inner.at("organisation").text(held.get("organisation", ""), REFERENCE_LENGTH, required=True)
        if name in [each.organisation for each in found]:
            inner.at("organisation").wrong("duplicate", f"{name} stands here twice.")
        made = PayerTerms(
            organisation=name,
            share=_share(inner.at("share"), held.get("share", "")),
            fund=inner.at("fund").text(held.get("fund") or "", 200),
            pot=amount_of(inner.at("pot"), held.get("pot"), least=1),
            opens_on=day_of(inner.at("opens_on"), held.get("opens_on")),
            closes_on=day_of(inner.at("closes_on"), held.get("closes_on")),
        )
        _fund(inner, made)
        found.append(made)
    return tuple(found)


def _fund(reader: Reader, payer: PayerTerms) -> None:
    stated = [payer.pot is not None, payer.opens_on is not None, payer.closes_on is not None]
    if any(stated) and not all(stated):
        reader.wrong("fund_incomplete", "A top-up fund has a pot, a first and a last day.")
    elif any(stated) and not payer.fund:
        reader.at("fund").wrong("required", "Name the fund.")
    elif payer.opens_on and payer.closes_on and payer.closes_on < payer.opens_on:
        reader.at("closes_on").wrong("order", "A fund closes on or after the day it opens.")


def _share(reader: Reader, value: object) -> int:
    text = reader.text(value, 6, required=True)
    if text and not _SHARE.fullmatch(text):
        reader.wrong("shape", "A share is a decimal string of per cent such as 33.33.")
    elif text and not 0 < (share := int(Decimal(text) * 100)) <= WHOLE:
        reader.wrong("range", "A share is above 0 and at most 100 per cent.")
    elif text:
        return share
    return 0


def _count(reader: Reader, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_OUTCOMES:
        reader.wrong("type", f"This must be a whole number from 0 to {MOST_OUTCOMES:,}.")
        return 0
    return value
