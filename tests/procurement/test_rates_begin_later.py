"""An import whose card begins on a later day says from when lines are withdrawn, changed or added: until then what
stands holds.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from procurement.models import RateCardVersion
from tests.procurement.test_rate_imports import MAP, counts, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db

HEADINGS = "Firm,Title,Rate,Id,From"
KEYED = MAP | {"key": "Id", "valid_from": "From"}


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def rows(*lines: str, days: int | None) -> str:
    first = "" if days is None else (timezone.localdate() + timedelta(days=days)).isoformat()
    return sheet(*(f"Yew Digital,{line},{first}" for line in lines), headings=HEADINGS)


FIRST = ("Analyst,650,a", "Lead,750,b")
AGAIN = ("Lead,760,b", "Head,950,d")


@pytest.mark.parametrize("dry_run", [False, True])
def test_lines_are_withdrawn_from_the_first_day_of_the_new_version(tmp_path: Path, dry_run: bool) -> None:
    run(tmp_path, rows(*FIRST, days=None), headings=KEYED)

    report = run(tmp_path, rows(*AGAIN, days=30), headings=KEYED, dry_run=dry_run)

    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    card = report.shown()["cards"]["wr1~yew"]
    assert (card["begins_on"], card["withdrawn"]) == (day, 1)
    assert [(line["change"], line["key"], line["begins_on"]) for line in card["lines"]] == [
        ("withdrawn", "a", day),
        ("changed", "b", day),
        ("added", "d", day),
    ]
    told = report.told(10)
    assert told["cards"] == [
        {
            "reference": "wr1~yew",
            "begins_on": day,
            "added": 1,
            "changed": 1,
            "unchanged": 0,
            "withdrawn": 1,
            "card": {"valid_from": {"before": None, "after": day}},
        }
    ]
    assert [line["begins_on"] for line in told["lines"]] == [day] * 3


@pytest.mark.parametrize("days", [None, -1, 0])
def test_a_version_that_has_begun_withdraws_at_once(tmp_path: Path, days: int | None) -> None:
    run(tmp_path, rows(*FIRST, days=None), headings=KEYED)

    report = run(tmp_path, rows(*AGAIN, days=days), headings=KEYED)

    told = report.told(10)
    assert [one["begins_on"] for one in (*told["cards"], *told["lines"])] == [None] * 4


def test_a_card_that_comes_again_as_it_is_begins_on_no_later_day(tmp_path: Path) -> None:
    run(tmp_path, rows(*FIRST, days=30), headings=KEYED)
    before = counts()

    report = run(tmp_path, rows(*FIRST, days=30), headings=KEYED)

    assert (report.cards, report.lines.unchanged, counts()) == ({}, 2, before)


def test_the_command_says_from_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, rows(*FIRST, days=None), headings=KEYED)
    path = tmp_path / "rates.csv"
    path.write_text(rows(*AGAIN, days=30))
    words = ["import_rates", "--framework", "wr1", "--map", *(f"{name}={at}" for name, at in KEYED.items())]

    call_command(*words, str(path), "--dry-run")

    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    assert capsys.readouterr().out.splitlines() == [
        f"wr1~yew would have: 1 added, 1 changed, 0 as they were, 1 withdrawn from {day} on",
        f"  valid_from unknown to {day}",
        f"  1 line is not in the file and would be withdrawn from {day} on: a",
        f"wr1~yew line a Analyst: withdrawn, was 650.00, from {day} on",
        f"wr1~yew line b Lead: price 750.00 to 760.00, from {day} on",
        f"wr1~yew line d Head: added at 950.00, from {day} on",
        "2 rows: 2 would be loaded (1 new, 1 changed, 0 as they were), 0 refused; 1 lines would be withdrawn.",
        "Nothing was changed: this was a dry run. 2 of 2 rows would be loaded.",
    ]
    assert RateCardVersion.objects.get(card__reference="wr1~yew").valid_from is None


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("days", [None, -1, 0, 30])
def test_a_version_that_has_not_begun_is_not_replaced_in_silence(
    tmp_path: Path, days: int | None, dry_run: bool
) -> None:
    run(tmp_path, rows(*FIRST, days=None), headings=KEYED)
    assert run(tmp_path, rows(*AGAIN, days=30), headings=KEYED).warnings == []

    report = run(tmp_path, rows("Analyst,655,a", days=days), headings=KEYED, dry_run=dry_run, strict=True)

    day = timezone.localdate() + timedelta(days=30)
    assert (report.loaded, report.faults, report.applied) == (1, [], not dry_run)
    message = (
        f"version 2 of wr1~yew, which was to hold from {day} until further notice, has not begun and is replaced; "
        "where it is still to hold, import it again after this"
    )
    assert [(one.row, one.message) for one in report.warnings] == [(0, message)]


def test_a_version_that_keeps_days_or_has_begun_or_is_over_is_not_told_as_replaced(tmp_path: Path) -> None:
    run(tmp_path, rows(*FIRST, days=-10), headings=KEYED)
    run(tmp_path, rows(*AGAIN, days=30), headings=KEYED)

    assert run(tmp_path, rows(*AGAIN, days=30), headings=KEYED).warnings == []
    assert run(tmp_path, rows(*FIRST, days=60), headings=KEYED).warnings == []
    both = run(tmp_path, rows(*AGAIN, days=-5), headings=KEYED).warnings
    assert [one.message.split(",")[0] for one in both] == ["version 3 of wr1~yew", "version 2 of wr1~yew"]
    assert run(tmp_path, rows(*FIRST, days=-3), headings=KEYED).warnings == []
