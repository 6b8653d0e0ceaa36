"""Which notices the law asks of a call-off and its contract, from which value and by when: one table, and what follows.

Journey: a contract is awarded, signed, extended or ends -> here, by its facts (notice_facts.py) -> the line, the API
and the pages count down -> actions/public_notices.py reminds and keeps what was published. Pure. Values are pence
with VAT and every option (Procurement Act 2023, section 4 and schedule 3), days those of Europe/London.

The table holds the Act of 2023 and, for a framework whose own procurement began before 24 February 2025, the Public
Contracts Regulations 2015, by which its call-offs stay (Procurement Act 2023 (Commencement No. 3 and Transitional and
Saving Provisions) Regulations 2024). Regulation 50 asks for no contract award notice on Find a Tender for a
call-off; regulations 108 and 112 ask for the award on Contracts Finder. Scotland has procurement law of its own: no
row is of it, no framework under it is taken (actions/frameworks.py), and BY_SCOTLAND says where a Scottish buyer looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import count, takewhile
from operator import itemgetter
from typing import Final

from procurement.deadlines import months_after
from procurement.models.frameworks import Framework
from procurement.models.organisations import Organisation

ACT, REGULATIONS = Framework.Regime.PA2023, Framework.Regime.PCR2015
ENGLAND, WALES, ULSTER, SCOTLAND = (
    Organisation.Nation.ENGLAND,
    Organisation.Nation.WALES,
    Organisation.Nation.NORTHERN_IRELAND,
    Organisation.Nation.SCOTLAND,
)
POUND: Final = 100

CENTRAL: Final = frozenset({"central-government", "health", "devolved"})
"""Classes of buyers that the Act counts as central government authorities: NHS trusts are (Schedule 1, paragraph 5)."""
CENTRAL_BY_REGULATIONS: Final = frozenset({"central-government"})
"""Those of the regulations' part 4, by which NHS trusts are sub-central."""

THRESHOLDS: Final[tuple[tuple[date, int, int, int], ...]] = (
    (date(2024, 1, 1), 139_688_00, 214_904_00, 663_540_00),
    (date(2026, 1, 1), 135_018_00, 207_720_00, 663_540_00),
)
"""From its first day on: of services to central authorities, to others, and of light touch services. Procurement Act
2023, Schedule 1, as amended by the Procurement Act 2023 (Threshold Amounts) (Amendment) Regulations 2025; what counts
is the day on which a purchase began.
"""
LEAST: Final = (12_000_00, 30_000_00)
"""Of central authorities and of others: from here on a contract below the threshold is told of too. Section 87;
Public Contracts Regulations 2015, regulation 109, as amended from 21 December 2022.
"""
LARGE: Final = 5_000_000_00
"""Above it a contract has key performance indicators (section 52) and is itself published (section 53)."""
MATERIAL: Final = Decimal(10)
"""Per cent of value or term up to which a change is not told of (section 75)."""


BY_SCOTLAND: Final[Mapping[str, str]] = {
    ACT: "A devolved Scottish authority that calls off under a framework of the Procurement Act 2023 follows the "
    "parts of it that section 115A and Schedule 9A name; this table does not hold which: look there before you award.",
    REGULATIONS: "Scotland has procurement law of its own, which this table does not hold: look there before you "
    "award.",
}
"""Why nothing is told to a Scottish buyer, by the framework's regime: not that nothing is due. Section 115A was put in
by the Procurement Regulations 2024, regulation 47; Scottish law gives way to it from 20 December 2025 (Cross-Border
Public Procurement (Miscellaneous Amendment) (Scotland) Regulations 2025).
"""


class Moment(StrEnum):
    """What a notice's time is counted from."""

    AWARD = "award"
    ENTRY = "entry"
    YEAR = "year"
    CHANGE = "change"
    END = "end"


class Reach(StrEnum):
    """From which value a notice is asked for."""

    THRESHOLD = "threshold"
    BELOW = "below"
    LEAST = "least"
    LARGE = "large"


class Status(StrEnum):
    """How far a notice has come."""

    AHEAD = "not_due_yet"
    DUE = "due"
    OVERDUE = "overdue"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """A row. `days` are whole days to publish in: the day of the moment is the first of them where it `counts`, else
    the day after it; `light_days` the same for light touch, None where it is as for others; 0 days is by the moment
    itself. `days` None: the law names no day. `remind` is how many days before the last one the buyer is reminded, or
    where there is none how many after the moment.
    """

    kind: str
    name: str
    regime: str
    moment: Moment
    reach: Reach
    days: int | None
    source: str
    counts: bool = True
    light_days: int | None = None
    light_touch: bool = True
    central_days: int | None = None
    nations: frozenset[str] = frozenset({"", ENGLAND, WALES, ULSTER})
    remind: int = 7


RULES: Final[tuple[NoticeRule, ...]] = (
    NoticeRule("uk6", "UK6 contract award notice", ACT, Moment.AWARD, Reach.THRESHOLD, None,
               "Procurement Act 2023, section 50(1): before the contract is entered into", remind=1),
    NoticeRule("uk7", "UK7 contract details notice", ACT, Moment.ENTRY, Reach.THRESHOLD, 30,
               "Procurement Act 2023, section 53(1): 30 days that begin with the day on which it is entered "
               "into, 120 for light touch", light_days=120),
    NoticeRule("uk7-below", "UK7 contract details notice, below threshold", ACT, Moment.ENTRY, Reach.BELOW, None,
               "Procurement Act 2023, section 87(3): as soon as reasonably practicable after it is entered into"),
    NoticeRule("copy", "Copy of the contract", ACT, Moment.ENTRY, Reach.LARGE, 90,
               "Procurement Act 2023, section 53(3): 90 days that begin with the day on which it is entered "
               "into, 180 for light touch", light_days=180, nations=frozenset({"", ENGLAND}), remind=14),
    NoticeRule("uk9", "UK9 contract performance notice", ACT, Moment.YEAR, Reach.LARGE, 0,
               "Procurement Act 2023, sections 52 and 71: in every twelve months, and at its end",
               light_touch=False, remind=30),
    NoticeRule("uk10", "UK10 contract change notice", ACT, Moment.CHANGE, Reach.THRESHOLD, 0,
               "Procurement Act 2023, section 75(1): before a change of more than 10 per cent of value or term",
               light_touch=False),
    NoticeRule("uk11", "UK11 contract termination notice", ACT, Moment.END, Reach.THRESHOLD, 30,
               "Procurement Act 2023, section 80(1): 30 days that begin with the day on which it ends, however it "
               "ends"),
    NoticeRule("award", "Contract award on Contracts Finder", REGULATIONS, Moment.AWARD, Reach.LEAST, 90,
               "Public Contracts Regulations 2015, regulations 108 and 112, within the reasonable time that the "
               "guidance of PPN 019 names: 90 days after the award, 30 for central government", counts=False,
               central_days=30, nations=frozenset({"", ENGLAND})),
)  # fmt: skip
KINDS: Final = {one.kind: one for one in RULES}
FORMER_END: Final = re.compile(r"-(\d{4}-\d\d-\d\d)$")
"""How the key of a notice of performance ends that was the last until the end moved: with the day that was the end."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An option: on which day it was taken, None while it can be, and its shares of value and longest term in per
    cent.
    """

    on: date | None
    value: Decimal
    term: Decimal

    @property
    def material(self) -> bool:
        """Whether it is told of."""
        return self.value > MATERIAL or self.term > MATERIAL


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What decides which notices are asked for. `value` is in pence, with VAT and every option; `began_on` the day on
    which the purchase began; the intention to award it was told, the contract is awarded, entered into (signed by both)
    and ended on days, None while it is not. `taken` are options that were taken, and the one that can be taken next, by
    their number from 1. `no_indicators`: there is a reason why performance is not assessed (section 52(2)), and so
    nothing is told of it.
    """

    regime: str
    buyer_class: str
    nation: str
    light_touch: bool
    value: int
    began_on: date
    intended_on: date | None = None
    awarded_on: date | None = None
    entered_on: date | None = None
    ends_on: date | None = None
    ended_on: date | None = None
    taken: tuple[tuple[int, Taken], ...] = ()
    no_indicators: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What is kept of a notice: its number and day once it was published, whether the buyer was reminded."""

    number: str = ""
    published_on: date | None = None
    reminded: bool = False


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A notice of one contract. `key` names it within the contract (`uk7`, `uk9-1`; `uk9-2027-12-31` one of performance
    that was published as the last, before an option moved the end away from that day). `due_on` is the last day on
    which it is in time, None where the law names none or its moment is unknown; `days_left` to it, negative once it
    has passed. `remind_on` is the day of the reminder, None where there is none to come. `first_day` is that of the
    period which one of performance is about, as it now stands; it ends with `due_on`.
    """

    key: str
    rule: NoticeRule
    status: Status
    due_on: date | None
    days_left: int | None
    remind_on: date | None
    number: str
    published_on: date | None
    first_day: date | None = None

    @property
    def waits(self) -> bool:
        """Whether it is to be published now."""
        return self.status in (Status.DUE, Status.OVERDUE)

    @property
    def open(self) -> bool:
        """Whether its publication may be kept for the first time: one of a change before its option is taken."""
        return self.waits or (self.status == Status.AHEAD and self.rule.moment == Moment.CHANGE)


def notices(facts: NoticeFacts, published: Mapping[str, Published], on: date) -> tuple[DueNotice, ...]:
    """The notices that are asked for, in the order of the table; empty where nothing is."""
    return tuple(
        one
        for rule in RULES
        if asked(rule, facts)
        for one in _told(rule, facts, published, on)
        if not (facts.no_indicators and rule.moment == Moment.YEAR) or one.status == Status.PUBLISHED
    )


def told_before(found: Iterable[DueNotice], number: int) -> DueNotice | None:
    """The notice that must be published before the option of that number (from 1) is taken; None where none is asked
    for, or it was.
    """
    for one in found:
        named = one.rule.moment == Moment.CHANGE and one.key == f"{one.rule.kind}-{number}"
        if named and one.status != Status.PUBLISHED:
            return one
    return None


def told_first(found: Iterable[DueNotice]) -> DueNotice | None:
    """The notice that must be published before the contract is entered into, which it is by the second signature; None
    where none is asked for, or it was.
    """
    first = of_award(found)
    return first if first is not None and first.status != Status.PUBLISHED else None


def of_award(found: Iterable[DueNotice]) -> DueNotice | None:
    """The notice that is published before the contract is entered into, from the intention to award it on, whether it
    was or not; None where none is asked for.
    """
    return next((one for one in found if _before_entry(one.rule)), None)


def told_of_end(found: Iterable[DueNotice]) -> DueNotice | None:
    """The notice by which it was published that the contract has ended; None where none was."""
    for one in found:
        if of_end(one) and one.status == Status.PUBLISHED:
            return one
    return None


def told_terminated(found: Iterable[DueNotice]) -> DueNotice | None:
    """The notice by which it was published that the contract is over, and not only how it performed to its end; None
    where none was.
    """
    for one in found:
        if one.rule.moment == Moment.END and one.status == Status.PUBLISHED:
            return one
    return None


def of_end(notice: DueNotice) -> bool:
    """Whether it is asked for as the contract ends."""
    return notice.rule.moment == Moment.END or notice.key == f"{notice.rule.kind}-end"


def former_key(kind: str, entered_on: date, end: date) -> str:
    """The key that a notice of performance has once it is no longer the last, which it was of a contract that ended on
    that day: that of the year which ends with it, counted from the day on which the contract was entered into; else one
    of its own, for the rest of that year is told of with the year.
    """
    years = enumerate(_closings(entered_on), start=1)
    number, closes = next(year for year in years if year[1] >= end)
    return f"{kind}-{number}" if closes == end else f"{kind}-{end.isoformat()}"


def asked(rule: NoticeRule, facts: NoticeFacts) -> bool:
    """Whether the rule's regime, nation, kind of service and value are those of the purchase."""
    if rule.regime != facts.regime or facts.nation not in rule.nations:
        return False
    if facts.light_touch and not rule.light_touch:
        return False
    if rule.regime == REGULATIONS and facts.buyer_class == "devolved":
        return False
    limit = threshold(facts)
    return {
        Reach.THRESHOLD: facts.value >= limit,
        Reach.BELOW: least(facts) <= facts.value < limit,
        Reach.LEAST: facts.value >= least(facts),
        Reach.LARGE: facts.value > LARGE,
    }[rule.reach]


def threshold(facts: NoticeFacts) -> int:
    """The Act's threshold on the day on which the purchase began, in pence with VAT."""
    row = next((one for one in reversed(THRESHOLDS) if one[0] <= facts.began_on), THRESHOLDS[0])
    _, central, other, light = row
    return light if facts.light_touch else central if facts.buyer_class in CENTRAL else other


def least(facts: NoticeFacts) -> int:
    """The value in pence with VAT from which a smaller contract is told of too."""
    classes = CENTRAL if facts.regime == ACT else CENTRAL_BY_REGULATIONS
    return LEAST[0] if facts.buyer_class in classes else LEAST[1]


def why_none(facts: NoticeFacts) -> str:
    """Why no notice is asked for, in a sentence."""
    if facts.nation == SCOTLAND:
        return BY_SCOTLAND[facts.regime]
    if facts.regime == REGULATIONS and (facts.nation not in ("", ENGLAND) or facts.buyer_class == "devolved"):
        return "Contracts Finder does not bind authorities with devolved functions."
    return "Nothing is due: its value, with VAT and options, is below what the law asks to be told of."


def with_vat(minor: int, rate: Decimal) -> int:
    """Pence with VAT at a rate in per cent, half a penny up."""
    return int((Decimal(minor) * (100 + rate) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _told(
    rule: NoticeRule, facts: NoticeFacts, published: Mapping[str, Published], on: date
) -> Iterator[DueNotice]:
    for key, moment, came in _moments(rule, facts, published):
        kept = published.get(key, Published())
        due_on = _last_day(rule, facts, moment)
        left = (due_on - on).days if due_on else None
        if kept.published_on is not None:
            status = Status.PUBLISHED
        elif not came or moment is None or on < _opens(rule, moment):
            status = Status.AHEAD
        elif _late(rule, facts, due_on, on):
            status = Status.OVERDUE
        else:
            status = Status.DUE
        remind = None
        if moment is not None and kept.published_on is None and not kept.reminded:
            remind = due_on - timedelta(days=rule.remind) if due_on else moment + timedelta(days=rule.remind)
            remind = max(remind, _opens(rule, moment))
        begins = None
        if rule.moment == Moment.YEAR and moment is not None:
            begins = _begins(rule.kind, facts, published, moment)
        yield DueNotice(key, rule, status, due_on, left, remind, kept.number, kept.published_on, begins)


def _moments(
    rule: NoticeRule, facts: NoticeFacts, published: Mapping[str, Published]
) -> Iterator[tuple[str, date | None, bool]]:
    """Each time the notice is asked for: its key, the day that its time is counted from (None: unknown yet), and
    whether that has come for good.
    """
    entered, ended = facts.entered_on, facts.ended_on
    if rule.moment == Moment.AWARD:
        told_on = facts.awarded_on or (facts.intended_on if _before_entry(rule) else None)
        yield rule.kind, told_on, told_on is not None
    elif rule.moment == Moment.ENTRY:
        yield rule.kind, entered, entered is not None
    elif rule.moment == Moment.END:
        yield rule.kind, (ended or facts.ends_on) if entered else None, entered is not None
    elif rule.moment == Moment.CHANGE:
        live = entered is not None and ended is None
        for number, taken in facts.taken:
            if taken.material and (taken.on is not None or live):
                yield f"{rule.kind}-{number}", taken.on, taken.on is not None
    else:
        yield from _years(rule.kind, facts, published)


def _years(
    kind: str, facts: NoticeFacts, published: Mapping[str, Published]
) -> Iterator[tuple[str, date | None, bool]]:
    """The years that were told of and the next one, among them the ends that were and moved, then the end."""
    if facts.entered_on is None:
        yield f"{kind}-1", None, False
        return
    last = facts.ended_on or facts.ends_on
    told = [(f"{kind}-{day.isoformat()}", day) for day in _former_ends(kind, published)]
    for number, closes in enumerate(_closings(facts.entered_on), start=1):
        if last is not None and closes >= last:
            break
        key = f"{kind}-{number}"
        told.append((key, closes))
        if published.get(key, Published()).published_on is None:
            break
    for key, day in sorted(told, key=itemgetter(1)):
        yield key, day, True
    yield f"{kind}-end", last, True


def _former_ends(kind: str, published: Mapping[str, Published]) -> list[date]:
    """The days on which the contract was to end, and for which its performance was told of, before they moved."""
    ends = [FORMER_END.search(key) for key in published if key.startswith(f"{kind}-")]
    return [date.fromisoformat(one[1]) for one in ends if one]


def _begins(kind: str, facts: NoticeFacts, published: Mapping[str, Published], last: date) -> date:
    """The first day of the period that ends with a day: the twelve months that end with it or, at the contract's end,
    what is left since the last whole ones; after an end that moved, what is left since that.
    """
    assert facts.entered_on is not None
    whole = takewhile(lambda closes: closes < last, _closings(facts.entered_on))
    told = (day for day in _former_ends(kind, published) if day < last)
    return max([facts.entered_on, *(day + timedelta(days=1) for day in (*whole, *told))])


def _closings(entered_on: date) -> Iterator[date]:
    """The last day of each year of a contract, counted from the day on which it was entered into."""
    return (months_after(entered_on, 12 * number) for number in count(1))


def _before_entry(rule: NoticeRule) -> bool:
    return rule.moment == Moment.AWARD and rule.days is None


def _last_day(rule: NoticeRule, facts: NoticeFacts, moment: date | None) -> date | None:
    days = rule.days
    if facts.light_touch and rule.light_days is not None:
        days = rule.light_days
    if rule.central_days is not None and facts.buyer_class in CENTRAL_BY_REGULATIONS:
        days = rule.central_days
    if moment is None or days is None:
        return None
    return moment + timedelta(days=max(days - 1, 0) if rule.counts else days)


def _opens(rule: NoticeRule, moment: date) -> date:
    """From when on it is to be published: a year is told of in its last month, an end once it has come."""
    return moment - timedelta(days=rule.remind) if rule.moment == Moment.YEAR else moment


def _late(rule: NoticeRule, facts: NoticeFacts, due_on: date | None, on: date) -> bool:
    if due_on is not None:
        return on > due_on
    # Before the contract is entered into: once it is, it is late.
    return rule.moment == Moment.AWARD and facts.entered_on is not None
