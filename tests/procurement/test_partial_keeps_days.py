"""What a partial import refuses stays as it was published: its price on every day, and the days on which it holds,
whatever days the rows beside it name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from procurement.actions.rates import CardDraft, LineDraft, publish_cards
from procurement.card_versions import spells, version_on
from procurement.dated import in_force
from procurement.models import RateCardVersion, RateLine
from procurement.permissions import SYSTEM
from tests.procurement.test_rate_imports import MAP, counts, faults, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db

HEADINGS = "Firm,Title,Rate,Id,From,To"
KEYED = MAP | {"key": "Id", "valid_from": "From", "valid_to": "To"}
FIRST, LAST = date(2026, 1, 1), date(2028, 8, 18)
DAYS = [date(2025, 6, 1) + timedelta(days=days) for days in range(0, 1_500, 10)]


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def publish(
    *lines: tuple[str, int, date | None, date | None],
    valid_from: date | None = FIRST,
    valid_to: date | None = LAST,
) -> None:
    drafts = [
        LineDraft(key, price, "Analyst", valid_from=first, valid_to=last) for key, price, first, last in lines
    ]
    draft = CardDraft("yew", "wr1", tuple(drafts), valid_from=valid_from, valid_to=valid_to)
    publish_cards(SYSTEM, [draft])


def prices(key: str, days: Sequence[date] = DAYS) -> list[int | None]:
    """The price of a line on each of these days, None where it is not in force by the version that holds on it."""
    versions = RateCardVersion.objects.filter(
        card__reference="wr1~yew", status__in=["published", "superseded"]
    )
    found = spells(versions.order_by("-number"))
    lines = {line.version_id: line for line in RateLine.objects.filter(version__in=versions, key=key)}
    held = [(day, version.pk if (version := version_on(found, day)) else None) for day in days]
    return [
        line.price_minor if version and (line := lines.get(version)) and in_force(line, day) else None
        for day, version in held
    ]


def stated(key: str) -> tuple[date | None, date | None, date | None]:
    """The days that a published line names, and the last of its version."""
    line = RateLine.objects.get(version__card__reference="wr1~yew", version__status="published", key=key)
    return line.valid_from, line.valid_to, line.version.valid_to


def rows(first: str, last: str) -> str:
    return sheet(
        f"Yew Digital,Analyst,700,a,{first},{last}",
        f"Yew Digital,Analyst,oops,b,{first},{last}",
        headings=HEADINGS,
    )


OWN = (date(2026, 3, 1), date(2027, 3, 31))


@pytest.mark.parametrize("own", [(None, None), OWN, (None, OWN[1]), (OWN[0], None)])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-09-01", "2026-12-31"),
        ("2025-09-01", "2027-12-31"),
        ("2025-09-01", "2029-12-31"),
        ("2026-09-01", ""),
        ("", "2026-12-31"),
        ("", "2028-08-18"),
        ("", ""),
        ("2027-06-01", "2027-12-31"),
        ("2029-01-01", "2029-12-31"),
    ],
)
def test_a_refused_line_has_its_price_on_the_days_on_which_it_had_it(
    tmp_path: Path, own: tuple[date | None, date | None], first: str, last: str
) -> None:
    publish(("a", 65_000, None, None), ("b", 104_250, *own))
    before = prices("b")

    report = run(tmp_path, rows(first, last), headings=KEYED, partial=True)

    assert prices("b") == before
    assert [row for row, *_ in faults(report)] == [3]
    assert (report.loaded, report.refused) == (1, 1)
    assert (report.lines.changed, report.lines.unchanged, report.lines.withdrawn) == (1, 1, 0)
    begins, ends = (date.fromisoformat(day) if day else None for day in (first, last))
    priced = [
        70_000 if (begins is None or day >= begins) and (ends is None or day <= ends) else None
        for day in DAYS
    ]
    had = [65_000 if begins and FIRST <= day < begins and day <= LAST else None for day in DAYS]
    assert prices("a") == [new or old for new, old in zip(priced, had, strict=True)]


def test_a_refused_line_names_the_days_that_its_version_gave_it(tmp_path: Path) -> None:
    publish(("a", 65_000, None, None), ("b", 104_250, None, None))

    report = run(tmp_path, rows("2026-09-01", "2026-12-31"), headings=KEYED, partial=True)

    assert stated("b") == (FIRST, LAST, None)
    assert stated("a") == (None, date(2026, 12, 31), None)
    (line,) = report.cards["wr1~yew"].diff.changes
    assert line.values() == {
        "price": ("650.00", "700.00"),
        "valid_from": ("2026-01-01", "2026-09-01"),
        "valid_to": ("2028-08-18", "2026-12-31"),
    }


def test_the_same_partial_import_again_changes_nothing(tmp_path: Path) -> None:
    publish(("a", 65_000, None, None), ("b", 104_250, None, None))
    run(tmp_path, rows("2026-09-01", "2026-12-31"), headings=KEYED, partial=True)
    before = counts()

    report = run(tmp_path, rows("2026-09-01", "2026-12-31"), headings=KEYED, partial=True)

    assert (report.cards, report.lines.unchanged, counts()) == ({}, 2, before)


def test_once_the_row_is_right_the_card_has_the_days_of_the_file(tmp_path: Path) -> None:
    publish(("a", 65_000, None, None), ("b", 104_250, None, None))
    run(tmp_path, rows("2026-09-01", "2026-12-31"), headings=KEYED, partial=True)

    right = rows("2026-09-01", "2026-12-31").replace("oops", "1100")
    report = run(tmp_path, right, headings=KEYED)

    assert stated("b") == (None, None, date(2026, 12, 31))
    (line,) = report.cards["wr1~yew"].diff.changes
    assert (line.line.key, line.values()["valid_to"]) == ("b", ("2028-08-18", "2026-12-31"))


def test_a_card_of_next_year_with_a_wrong_row_leaves_todays_prices(tmp_path: Path) -> None:
    publish(("a", 65_000, None, None), ("b", 104_250, None, None), valid_from=None, valid_to=None)
    today = timezone.localdate()
    first = today + timedelta(days=40)

    report = run(tmp_path, rows(first.isoformat(), ""), headings=KEYED, partial=True)

    assert report.cards["wr1~yew"].begins_on == first
    assert prices("a", [today, first]) == [65_000, 70_000]
    assert prices("b", [today, first]) == [104_250, 104_250]


def test_a_dry_run_tells_what_would_become_and_changes_nothing(tmp_path: Path) -> None:
    publish(("a", 65_000, None, None), ("b", 104_250, None, None))
    before = counts(), prices("b")

    report = run(tmp_path, rows("", ""), headings=KEYED, partial=True, dry_run=True)

    assert (report.lines.changed, report.lines.unchanged) == (1, 1)
    assert (counts(), prices("b")) == before
