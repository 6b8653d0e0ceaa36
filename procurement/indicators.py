"""Key performance indicators of a contract: whether the law asks for them, and what waits until they are set or the
contract was assessed against them.

Journey: a contract and its notices (notice_facts.py) -> here -> actions/indicators.py, a signature, the publication of
a UK9, the draft of a notice, the pages. Procurement Act 2023, section 52: three or more before a public contract of
more than £5 million is entered into, unless performance could not appropriately be assessed by them; section 71(2):
assessed at least once in every twelve months and at the end, and published.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from procurement.models import Contract, Indicator, IndicatorRating
from procurement.notice_facts import contract_facts
from procurement.public_notices import KINDS, DueNotice, Moment, NoticeFacts, Status, asked

LEAST: Final = 3
"""Section 52(1)."""
MOST: Final = 20
EXPLAINED: Final = frozenset(
    {
        IndicatorRating.Rating.REQUIRES_IMPROVEMENT,
        IndicatorRating.Rating.INADEQUATE,
        IndicatorRating.Rating.OTHER,
    }
)
"""Ratings that say nothing without a note."""
MISSING: Final = (
    "A contract of more than £5 million with VAT and options has at least three key performance indicators before it "
    "is entered into, or the reason why performance could not be assessed by any: the buyer says which first."
)


def indicators_asked(facts: NoticeFacts) -> bool:
    """Whether the law asks for indicators: of what performance is told of, by the row of the UK9."""
    return asked(KINDS["uk9"], facts)


def indicators_of(contract: Contract) -> list[Indicator]:
    """The contract's indicators in their order, each with its ratings; two queries, one where there are none."""
    return list(contract.indicators.prefetch_related("ratings"))


def lacking(contract: Contract, indicators: Sequence[Indicator] | None = None) -> str:
    """Why it is not entered into yet for want of indicators; "" where nothing keeps it from that. Where they were not
    read yet (None), one query if the law asks for some.
    """
    if contract.no_indicators or not indicators_asked(contract_facts(contract)):
        return ""
    many = contract.indicators.count() if indicators is None else len(indicators)
    return "" if many >= LEAST else MISSING


def of_performance(notice: DueNotice) -> bool:
    """Whether the notice tells how the contract performed."""
    return notice.rule.moment == Moment.YEAR


def void(contract: Contract) -> bool:
    """Whether the contract was taken back before both had signed: nothing of it is assessed."""
    return contract.status == Contract.Status.TERMINATED and contract_facts(contract).entered_on is None


def period_of(notice: DueNotice, indicators: Iterable[Indicator] = ()) -> tuple[date, date]:
    """The first and the last day that a notice of performance is about, of a contract that was entered into; of one
    that was published those for which its indicators were rated then, wherever the contract's end is by now.
    """
    told = None
    if notice.status == Status.PUBLISHED:
        told = next(filter(None, (rating_of(one, notice) for one in indicators)), None)
    if told is not None:
        return told.first_day, told.last_day
    assert notice.first_day is not None
    assert notice.due_on is not None
    return notice.first_day, notice.due_on


def rating_of(indicator: Indicator, notice: DueNotice) -> IndicatorRating | None:
    """How the indicator was rated for a notice's period, with which its ratings were read; None where it was not. For
    one that was published it is what was said last before that: then its period may have been another.
    """
    found = [one for one in indicator.ratings.all() if one.key == notice.key]
    if notice.status == Status.PUBLISHED:
        return max(found, key=lambda one: one.assessed_at, default=None)
    return next((one for one in found if (one.first_day, one.last_day) == period_of(notice)), None)


def unassessed(notice: DueNotice, indicators: Sequence[Indicator]) -> str:
    """Why a notice is not published yet for want of an assessment; "" where it waits for none."""
    if not of_performance(notice) or not notice.waits:
        return ""
    name = notice.rule.name
    if not indicators:
        return f"The contract has no key performance indicators: set and assess them before the {name} is published."
    if all(rating_of(one, notice) for one in indicators):
        return ""
    first, last = period_of(notice)
    return f"The contract is assessed for {first} to {last} before the {name} is published."


def to_assess(notices: Sequence[DueNotice], indicators: Sequence[Indicator]) -> list[DueNotice]:
    """The notices whose periods may be assessed now, again until they are published."""
    return [one for one in notices if indicators and of_performance(one) and one.waits]


def to_publish(notices: Sequence[DueNotice], indicators: Sequence[Indicator]) -> list[DueNotice]:
    """The notices whose publication may be kept now for the first time."""
    return [one for one in notices if one.open and not unassessed(one, indicators)]


def step_towards(contract: Contract, notice: DueNotice) -> str:
    """The step by which a notice that waits is brought on; two queries for one of performance."""
    if not of_performance(notice):
        return "publish_notice"
    indicators = indicators_of(contract)
    if not unassessed(notice, indicators):
        return "publish_notice"
    return "assess" if indicators else "set_indicators"


def assessed(indicator: Indicator) -> bool:
    """Whether it was ever rated: its words then stand."""
    return bool(indicator.ratings.all())
