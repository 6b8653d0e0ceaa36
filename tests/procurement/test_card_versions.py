"""Which version of a card holds on a day: every day is within one spell, and one reading serves all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from procurement.card_versions import spells, version_on
from procurement.models import RateCardVersion

FIRST = date(2026, 1, 1)
Told = tuple[int, date | None, date | None]


def version(number: int, first: date | None = None, last: date | None = None) -> RateCardVersion:
    return RateCardVersion(number=number, valid_from=first, valid_to=last)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ([version(1)], [(1, None, None)]),
        ([version(1, day(9), day(12))], [(1, None, None)]),
        ([version(2, day(9)), version(1)], [(2, day(9), None), (1, None, day(8))]),
        ([version(2, day(9), day(12)), version(1)], [(2, day(9), None), (1, None, day(8))]),
        ([version(2), version(1, day(9))], [(2, None, None)]),
        ([version(3, day(5)), version(2, day(9)), version(1)], [(3, day(5), None), (1, None, day(4))]),
        ([version(3, day(9)), version(2), version(1, day(1))], [(3, day(9), None), (2, None, day(8))]),
        (
            [version(3, day(20)), version(2, day(9), day(12)), version(1, day(1))],
            [(3, day(20), None), (2, day(9), day(19)), (1, None, day(8))],
        ),
        ([version(2, None, day(8)), version(1, day(9))], [(1, day(9), None), (2, None, day(8))]),
        ([version(2, day(1), day(8)), version(1, day(9))], [(1, day(9), None), (2, None, day(8))]),
        ([version(2, day(1), day(9)), version(1, day(9))], [(2, None, None)]),
        (
            [
                version(4, day(1), day(4)),
                version(3, day(20)),
                version(2, day(9), day(12)),
                version(1, day(2)),
            ],
            [(3, day(20), None), (2, day(9), day(19)), (4, None, day(8))],
        ),
    ],
)
def test_each_day_is_within_the_spell_of_one_version(
    versions: list[RateCardVersion], told: list[Told]
) -> None:
    found = spells(versions)
    assert [(one.version.number, one.since, one.until) for one in found] == told
    for number in range(-2, 30):
        within = [
            one
            for one in found
            if (one.since is None or one.since <= day(number))
            and (one.until is None or one.until >= day(number))
        ]
        assert len(within) == 1


def test_a_version_is_in_force_within_its_own_days_and_until_a_later_one_begins() -> None:
    found = spells([version(3, day(20), day(25)), version(2, day(9), day(12)), version(1, day(1))])
    held = [version_on(found, day(number)) for number in (0, 1, 8, 9, 12, 13, 19, 20, 25, 26)]
    assert [one and one.number for one in held] == [None, 1, 1, 2, 2, None, None, 3, 3, None]
    assert version_on([], FIRST) is None
