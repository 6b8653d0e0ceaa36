"""Importing a sheet of another year ends no price that stands before what takes its place holds: whatever days its
rows name, and in whichever order the sheets come.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.rate_import_report import RateImportReport
from procurement.card_versions import spells, version_on
from procurement.dated import in_force
from procurement.models import Event, RateCard, RateCardVersion, RateLine
from tests.procurement.test_rate_imports import MAP, counts, faults, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db

DATED = MAP | {"valid_from": "From", "valid_to": "To"}


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def day(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


Row = tuple[str, int, int | None, int | None]
"""A role, its price, and the days from today on which its rate begins and ends."""


def load(tmp_path: Path, *rows: Row, **options: Any) -> RateImportReport:
    cells = [
        f"Yew Digital,{role},{price},{'' if first is None else day(first)},{'' if last is None else day(last)}"
        for role, price, first, last in rows
    ]
    return run(tmp_path, sheet(*cells, headings="Firm,Title,Rate,From,To"), headings=DATED, **options)


def prices(days: int) -> dict[str, int]:
    """By role, what the card states on a day, in pounds."""
    versions = RateCardVersion.objects.filter(
        card__reference="wr1~yew", status__in=["published", "superseded"]
    )
    held = version_on(spells(versions.order_by("-number")), day(days))
    lines = RateLine.objects.filter(version=held) if held else []
    return {line.role_title: line.price_minor // 100 for line in lines if in_force(line, day(days))}


def odd(report: RateImportReport) -> list[tuple[int, str, str]]:
    return [(one.row, one.heading, one.message) for one in report.warnings]


NOW: tuple[Row, Row] = (("Analyst", 650, -100, 100), ("Lead", 750, -100, 100))


def test_next_years_sheet_leaves_todays_prices_where_its_rows_end_on_different_days(tmp_path: Path) -> None:
    load(tmp_path, *NOW)

    report = load(tmp_path, ("Analyst", 680, 101, 400), ("Lead", 780, 101, 900), strict=True)

    assert (report.loaded, report.faults, report.warnings) == (2, [], [])
    assert (prices(0), prices(100)) == ({"Analyst": 650, "Lead": 750},) * 2
    assert (prices(101), prices(401)) == ({"Analyst": 680, "Lead": 780}, {"Lead": 780})
    told = report.told(10)
    assert [one["begins_on"] for one in (*told["cards"], *told["lines"])] == [day(101).isoformat()] * 3
    version = RateCardVersion.objects.get(card__reference="wr1~yew", status="published")
    assert (version.valid_from, version.valid_to) == (day(101), day(900))


def test_the_card_begins_on_the_earliest_day_and_each_rate_is_told_from_its_own(tmp_path: Path) -> None:
    load(tmp_path, NOW[0])

    report = load(tmp_path, ("Analyst", 680, 101, 400), ("Lead", 780, 201, None))

    assert report.faults == []
    assert [line["begins_on"] for line in report.told(10)["lines"]] == [
        day(101).isoformat(),
        day(201).isoformat(),
    ]
    assert report.shown()["cards"]["wr1~yew"]["begins_on"] == day(101).isoformat()
    assert [prices(number) for number in (0, 100, 101, 201)] == [
        {"Analyst": 650},
        {"Analyst": 650},
        {"Analyst": 680},
        {"Analyst": 680, "Lead": 780},
    ]


@pytest.mark.parametrize(
    ("first", "begins"),
    [(-50, None), (None, None), (0, None), (20, 20)],
    ids=["past", "blank", "today", "later"],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_rate_that_begins_later_than_its_card_and_ends_one_that_stands_is_refused(
    tmp_path: Path, first: int | None, begins: int | None, dry_run: bool
) -> None:
    load(tmp_path, *NOW)
    before = counts()

    report = load(tmp_path, ("Analyst", 680, first, 400), ("Lead", 780, 51, 400), dry_run=dry_run)

    why = (
        f"begins after the card's {day(begins or 0)}, from which the rate that stands until then, 750.00, "
        f"would be gone; add a row that keeps it until {day(50)}"
    )
    assert faults(report) == [(3, "From", why)]
    assert (report.loaded, report.applied, counts()) == (0, False, before)
    assert prices(0) == {"Analyst": 650, "Lead": 750}


def test_a_row_that_keeps_the_standing_rate_until_then_is_loaded_with_the_later_one(tmp_path: Path) -> None:
    load(tmp_path, *NOW)

    report = load(tmp_path, NOW[0], ("Lead", 750, -100, 50), ("Lead", 780, 51, 400), strict=True)

    assert (report.loaded, report.faults) == (3, [])
    assert [prices(number)["Lead"] for number in (0, 50, 51)] == [750, 750, 780]


def test_a_rate_for_later_that_nothing_stands_before_is_no_gap(tmp_path: Path) -> None:
    load(tmp_path, NOW[0], ("Lead", 750, -100, -10))

    report = load(tmp_path, NOW[0], ("Lead", 780, 51, 400), strict=True)

    assert (report.loaded, report.faults, report.cards["wr1~yew"].begins_on) == (2, [], None)


def test_what_partial_refuses_for_its_later_day_stays_as_it_was_published(tmp_path: Path) -> None:
    load(tmp_path, *NOW)

    report = load(tmp_path, ("Analyst", 680, -50, 400), ("Lead", 780, 51, 400), partial=True)

    assert (report.loaded, report.refused, report.applied) == (1, 1, True)
    assert [prices(number) for number in (0, 60, 101)] == [
        {"Analyst": 680, "Lead": 750},
        {"Analyst": 680, "Lead": 750},
        {"Analyst": 680},
    ]


@pytest.mark.parametrize("strict", [False, True])
def test_an_older_sheet_holds_its_own_days_and_ends_nothing_that_begins_after_it(
    tmp_path: Path, strict: bool
) -> None:
    load(tmp_path, *NOW)
    events = Event.objects.count()

    report = load(tmp_path, ("Analyst", 600, -300, -120), ("Lead", 700, -300, -101), strict=strict)

    assert (report.loaded, report.faults, report.applied) == (2, [], True)
    assert [prices(number) for number in (-301, -300, -101, -100, 0)] == [
        {},
        {"Analyst": 600, "Lead": 700},
        {"Lead": 700},
        {"Analyst": 650, "Lead": 750},
        {"Analyst": 650, "Lead": 750},
    ]
    why = (
        f"of wr1~yew the file has no rate that is in force: the last ended on {day(-101)}; "
        "the version that begins after that stays as it is"
    )
    assert odd(report) == [(0, "", why)]
    assert (report.lines.added, report.lines.withdrawn, Event.objects.count() - events) == (2, 0, 1)
    states = RateCardVersion.objects.filter(card__reference="wr1~yew").order_by("number")
    assert [one.status for one in states] == ["published", "superseded"]
    assert all(one.published_at for one in states)
    before = counts()
    again = load(tmp_path, ("Analyst", 600, -300, -120), ("Lead", 700, -300, -101))
    assert (again.cards, again.lines.unchanged, counts()) == ({}, 2, before)


def test_an_older_sheet_of_another_basis_leaves_the_cards(tmp_path: Path) -> None:
    load(tmp_path, *NOW)

    load(tmp_path, ("Analyst", 600, -300, -101), basis="illustrative")

    assert RateCard.objects.get(reference="wr1~yew").basis == "published"


def test_an_older_sheet_keeps_nothing_of_the_published_card_for_rows_that_are_refused(tmp_path: Path) -> None:
    load(tmp_path, *NOW)

    text = sheet(
        f"Yew Digital,Analyst,600,{day(-300)},{day(-101)}",
        f"Yew Digital,Lead,oops,{day(-300)},{day(-101)}",
        headings="Firm,Title,Rate,From,To",
    )
    report = run(tmp_path, text, headings=DATED, partial=True)

    assert (report.loaded, report.refused) == (1, 1)
    assert [prices(number) for number in (-300, 0)] == [{"Analyst": 600}, {"Analyst": 650, "Lead": 750}]


def test_a_sheet_that_has_ended_warns_before_it_takes_what_stands_and_strict_refuses(tmp_path: Path) -> None:
    load(tmp_path, ("Analyst", 650, None, None), ("Head", 950, None, None))
    before = counts()
    old: tuple[Row, Row] = (("Analyst", 600, -300, -101), ("Lead", 700, -300, -120))

    checked = load(tmp_path, *old, dry_run=True)
    strict = load(tmp_path, *old, strict=True)

    why = "ended on {}: without a rate that holds, the 2 rates in force would be gone"
    rows = [(2, "To", why.format(day(-101))), (3, "To", why.format(day(-120)))]
    assert odd(checked)[:2] == rows
    assert odd(checked)[2:] == [
        (0, "", f"of wr1~yew the file has no rate that is in force: the last ended on {day(-101)}")
    ]
    assert (faults(strict), strict.applied, counts()) == (rows, False, before)
    assert load(tmp_path, *old).applied
    assert prices(0) == {}


def test_a_row_that_has_ended_beside_others_warns_of_the_rate_that_it_takes(tmp_path: Path) -> None:
    load(tmp_path, *NOW)

    report = load(
        tmp_path, ("Analyst", 680, -50, 400), ("Lead", 700, -50, -10), ("Head", 900, -50, -10), dry_run=True
    )

    assert odd(report) == [(3, "To", f"ended on {day(-10)}: the rate in force, 750.00, would be gone")]


HELD: tuple[Row, Row] = (("Analyst", 650, -300, None), ("Lead", 750, -300, None))
NEXT: tuple[Row, Row] = (("Analyst", 680, 35, None), ("Lead", 780, 35, None))


@pytest.mark.parametrize("strict", [False, True])
def test_a_sheet_that_has_ended_warns_of_todays_prices_where_the_next_card_is_published(
    tmp_path: Path, strict: bool
) -> None:
    load(tmp_path, *HELD)
    load(tmp_path, *NEXT)
    before = counts()

    report = load(tmp_path, ("Analyst", 600, -230, -60), ("Lead", 700, -230, -60), strict=strict)

    why = f"ended on {day(-60)}: without a rate that holds, the 2 rates in force would be gone"
    rows = [(2, "To", why), (3, "To", why)]
    if strict:
        assert (faults(report), report.applied, counts()) == (rows, False, before)
        assert prices(0) == {"Analyst": 650, "Lead": 750}
    else:
        past = (
            f"of wr1~yew the file has no rate that is in force: the last ended on {day(-60)}; "
            "the version that begins after that stays as it is"
        )
        assert (odd(report), report.applied, prices(0)) == ([*rows, (0, "", past)], True, {})
    assert prices(35) == {"Analyst": 680, "Lead": 780}


def test_a_rate_that_begins_later_and_ends_one_that_stands_is_refused_where_the_next_card_is_published(
    tmp_path: Path,
) -> None:
    load(tmp_path, *HELD)
    load(tmp_path, *NEXT)
    before = counts()

    report = load(tmp_path, ("Analyst", 655, -300, 34), ("Lead", 755, 13, 34))

    why = (
        f"begins after the card's {day(0)}, from which the rate that stands until then, 750.00, "
        f"would be gone; add a row that keeps it until {day(12)}"
    )
    assert faults(report) == [(3, "From", why)]
    assert (report.loaded, report.applied, counts()) == (0, False, before)
    assert prices(0) == {"Analyst": 650, "Lead": 750}


@pytest.mark.parametrize("last", [34, 10], ids=["until the next card", "ends before that"])
def test_what_partial_refuses_stays_until_the_next_card_begins(tmp_path: Path, last: int) -> None:
    load(tmp_path, *HELD)
    load(tmp_path, *NEXT)
    text = sheet(
        f"Yew Digital,Analyst,655,{day(-200)},{day(last)}",
        f"Yew Digital,Lead,oops,{day(-200)},{day(last)}",
        headings="Firm,Title,Rate,From,To",
    )

    report = run(tmp_path, text, headings=DATED, partial=True)

    assert (report.loaded, report.refused, report.applied, report.lines.withdrawn) == (1, 1, True, 0)
    assert [prices(number) for number in (-201, 0, last, 35)] == [
        {"Analyst": 650, "Lead": 750},
        {"Analyst": 655, "Lead": 750},
        {"Analyst": 655, "Lead": 750},
        {"Analyst": 680, "Lead": 780},
    ]
    assert prices(34)["Lead"] == 750
    states = RateCardVersion.objects.filter(card__reference="wr1~yew").order_by("number")
    assert [one.status for one in states] == ["superseded", "published", "superseded"]
    before = counts()
    again = run(tmp_path, text, headings=DATED, partial=True)
    assert (again.cards, again.lines.unchanged, counts()) == ({}, 2, before)


def test_what_partial_refuses_for_its_later_day_stays_where_the_next_card_is_published(
    tmp_path: Path,
) -> None:
    load(tmp_path, *HELD)
    load(tmp_path, *NEXT)

    report = load(tmp_path, ("Analyst", 655, -300, 34), ("Lead", 755, 13, 34), partial=True)

    assert (report.loaded, report.refused, report.applied) == (1, 1, True)
    assert [prices(number) for number in (0, 34)] == [{"Analyst": 655, "Lead": 750}] * 2
    assert prices(35) == {"Analyst": 680, "Lead": 780}


def test_a_version_that_ends_before_one_that_is_yet_to_begin_leaves_it(tmp_path: Path) -> None:
    load(tmp_path, ("Analyst", 680, 101, 400))

    report = load(tmp_path, ("Analyst", 650, -100, 100), strict=True)

    assert (report.loaded, report.warnings) == (1, [])
    assert [prices(number) for number in (0, 100, 101)] == [{"Analyst": 650}] * 2 + [{"Analyst": 680}]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_version_behind_another_that_is_replaced_before_it_begins_is_told(
    tmp_path: Path, dry_run: bool
) -> None:
    load(tmp_path, ("Analyst", 700, 400, None))
    assert load(tmp_path, ("Analyst", 680, 35, 399)).warnings == []

    report = load(tmp_path, ("Analyst", 660, 10, 390), dry_run=dry_run)

    why = (
        f"version 2 of wr1~yew, which was to hold from {day(35)} to {day(399)}, has not begun and is replaced; "
        "where it is still to hold, import it again after this"
    )
    assert odd(report) == [(0, "", why)]
    stated = ({}, {"Analyst": 680}) if dry_run else ({"Analyst": 660}, {})
    assert (prices(10), prices(391), prices(400)) == (*stated, {"Analyst": 700})


@pytest.mark.parametrize("dry_run", [False, True])
def test_days_and_basis_of_a_whole_card_are_told_where_no_line_changes(tmp_path: Path, dry_run: bool) -> None:
    load(tmp_path, *NOW)
    ended: tuple[Row, ...] = tuple((role, price, first, -1) for role, price, first, _ in NOW)

    told = load(tmp_path, *ended, basis="illustrative", dry_run=dry_run).told(10)

    assert (told["changed"], told["unchanged"], told["lines"], told["applied"]) == (0, 2, [], not dry_run)
    assert [one["card"] for one in told["cards"]] == [
        {
            "basis": {"before": "published", "after": "illustrative"},
            "valid_to": {"before": day(100).isoformat(), "after": day(-1).isoformat()},
        }
    ]


@pytest.mark.parametrize("last", [None, 50], ids=["no last day", "a day of the next card"])
@pytest.mark.parametrize("follows", [780, None], ids=["goes on", "is withdrawn"])
def test_partial_refuses_a_card_that_reaches_past_the_next_one_where_a_refused_row_has_a_rate_until_then(
    tmp_path: Path, last: int | None, follows: int | None
) -> None:
    load(tmp_path, *HELD)
    load(tmp_path, *(NEXT if follows else NEXT[:1]))
    ends = day(last) if last else ""
    rows = f"Yew Digital,Analyst,655,{day(-200)},{ends}", f"Yew Digital,Lead,oops,{day(-200)},{ends}"
    before = counts()

    report = run(tmp_path, sheet(*rows, headings="Firm,Title,Rate,From,To"), headings=DATED, partial=True)

    then = "is at 780.00 afterwards" if follows else "is withdrawn then"
    why = (
        f"is refused, but its line, at 750.00 until {day(34)}, {then}: a card that reaches past that day cannot leave "
        "both as they are, so none of its rows is loaded; mend this row, or have the card end by then"
    )
    assert faults(report)[1:] == [(3, "", why)]
    assert (report.loaded, report.refused, report.applied, counts()) == (0, 2, False, before)
    assert prices(0) == {"Analyst": 650, "Lead": 750}
