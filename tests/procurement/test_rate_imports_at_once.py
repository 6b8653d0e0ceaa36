"""What an import of rates says that it changed is what it changed itself, whoever else publishes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from procurement.actions.rate_import_report import RateImport, RateImportReport
from procurement.actions.rate_imports import OVERTAKEN_AT_MOST, import_rates
from procurement.actions.rates import STAGED_LINES
from procurement.card_versions import spells, version_on
from procurement.errors import Stale
from procurement.models import RateCardVersion
from procurement.permissions import SYSTEM
from tests.procurement.test_rate_imports import MAP, Unwatched, counts, published, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


class Overtaken(Unwatched):
    """Others are quicker: what they do is done when this import is about to write (`writing`), or has staged its lines
    (`staged`), each one time.
    """

    def __init__(
        self, *, writing: Callable[[], object] | None = None, staged: Callable[[], object] | None = None
    ) -> None:
        self._writing, self._staged = writing, staged

    def writing(self) -> None:
        if self._writing:
            self._writing()

    def written(self, *_: int) -> None:
        staged, self._staged = self._staged, None
        if staged:
            staged()


def load(
    folder: Path,
    name: str,
    *rows: str,
    watch: Unwatched | None = None,
    partial: bool = False,
    strict: bool = False,
) -> RateImportReport:
    folder.mkdir(exist_ok=True)
    file = folder / name
    dated = {"valid_from": "From", "valid_to": "To"} if rows[0].count(",") > 3 else {}
    file.write_text(sheet(*rows, headings=",".join(["Firm,Title,Rate,Id", *dated.values()])))
    wanted = RateImport(framework="wr1", headings=MAP | {"key": "Id"} | dated, partial=partial, strict=strict)
    return import_rates(SYSTEM, file, wanted, watch or Unwatched())


def line(what: str, first: int, last: int) -> str:
    """A row of a rate that begins and ends so many days from today."""
    days = (timezone.localdate() + timedelta(days=number) for number in (first, last))
    return f"Yew Digital,{what},{','.join(map(str, days))}"


def drafts() -> int:
    return RateCardVersion.objects.filter(status="draft").count()


def prices(report: RateImportReport) -> dict[str, tuple[str | int | None, str | int | None]]:
    return {line.line.key: line.values()["price"] for line in report.cards["wr1~yew"].diff.changes}


def test_a_line_that_another_import_has_changed_meanwhile_is_told_as_changed_back(tmp_path: Path) -> None:
    load(tmp_path, "first.csv", "Yew Digital,Lead,700,a")
    other = Overtaken(writing=lambda: load(tmp_path, "other.csv", "Yew Digital,Lead,800,a"))

    report = load(tmp_path, "again.csv", "Yew Digital,Lead,700,a", watch=other)

    assert (report.applied, report.lines.counts()) == (
        True,
        {"added": 0, "changed": 1, "unchanged": 0, "withdrawn": 0},
    )
    assert prices(report) == {"a": ("800.00", "700.00")}
    assert published("wr1~yew") == [("a", "Lead", 70_000)]
    assert drafts() == 0


def test_what_another_import_has_published_meanwhile_is_what_lines_are_compared_with(tmp_path: Path) -> None:
    load(tmp_path, "first.csv", "Yew Digital,Lead,700,a", "Yew Digital,Analyst,500,b")
    other = Overtaken(
        staged=lambda: load(tmp_path, "other.csv", "Yew Digital,Lead,800,a", "Yew Digital,Chief,900,c")
    )

    report = load(tmp_path, "mine.csv", "Yew Digital,Lead,750,a", watch=other)

    assert report.lines.counts() == {"added": 0, "changed": 1, "unchanged": 0, "withdrawn": 1}
    assert prices(report) == {"c": ("900.00", None), "a": ("800.00", "750.00")}
    assert published("wr1~yew") == [("a", "Lead", 75_000)]
    versions = RateCardVersion.objects.filter(card__reference="wr1~yew").order_by("number")
    assert list(versions.values_list("status", flat=True)) == [
        *["superseded"] * (len(versions) - 1),
        "published",
    ]
    assert drafts() == 0


def test_of_two_imports_of_the_same_lines_one_says_that_it_changed_them(tmp_path: Path) -> None:
    rows = ("Yew Digital,Lead,640,a", "Yew Digital,Analyst,540,b")
    left: list[list[int]] = []

    def overtake() -> None:
        load(tmp_path, "other.csv", *rows)
        left.append(counts())

    report = load(tmp_path, "mine.csv", *rows, watch=Overtaken(staged=overtake))

    assert (report.applied, report.loaded, report.cards) == (False, 2, {})
    assert report.lines.counts() == {"added": 0, "changed": 0, "unchanged": 2, "withdrawn": 0}
    assert report.outcome == "Nothing was changed: what 2 of 2 rows say stood already."
    assert drafts() == 0


def test_two_imports_of_one_file_leave_the_card_with_a_version(tmp_path: Path) -> None:
    """The second takes what the first has staged for what a killed one has left behind."""
    rows = ("Yew Digital,Lead,630,a",)

    report = load(
        tmp_path / "one",
        "rates.csv",
        *rows,
        watch=Overtaken(staged=lambda: load(tmp_path / "two", "rates.csv", *rows)),
    )

    assert (report.applied, report.lines.unchanged, published("wr1~yew")) == (
        False,
        1,
        [("a", "Lead", 63_000)],
    )


def test_a_file_of_the_same_name_that_comes_while_lines_are_staged_ends_neither(tmp_path: Path) -> None:
    """The second takes away what the first is still filling: that one begins again on what then stands."""
    rows = [f"Yew Digital,Role {number},{500 + number % 100},{number}" for number in range(STAGED_LINES + 1)]
    left: list[list[tuple[str, str, int]]] = []

    def overtake() -> None:
        load(tmp_path / "two", "rates.csv", "Yew Digital,Role 0,777,0")
        left.append(published("wr1~yew"))

    report = load(tmp_path / "one", "rates.csv", *rows, watch=Overtaken(staged=overtake))

    assert left == [[("0", "Role 0", 77_700)]]
    assert (report.applied, report.lines.counts()) == (
        True,
        {"added": STAGED_LINES, "changed": 1, "unchanged": 0, "withdrawn": 0},
    )
    assert len(published("wr1~yew")) == STAGED_LINES + 1
    assert published("wr1~yew")[0] == ("0", "Role 0", 50_000)
    assert drafts() == 0


def test_an_import_that_begins_again_leaves_what_the_other_is_staging(tmp_path: Path) -> None:
    rows = ("Yew Digital,Lead,650,a",)

    class Unfinished(Exception):  # noqa: N818 - it is cut off there
        pass

    def staging() -> None:
        raise Unfinished

    def overtake() -> None:
        with pytest.raises(Unfinished):
            load(tmp_path / "two", "rates.csv", "Yew Digital,Lead,777,a", watch=Overtaken(staged=staging))

    report = load(tmp_path / "one", "rates.csv", *rows, watch=Overtaken(staged=overtake))

    assert (report.applied, published("wr1~yew"), drafts()) == (True, [("a", "Lead", 65_000)], 1)
    load(tmp_path / "two", "rates.csv", "Yew Digital,Lead,777,a")
    assert (published("wr1~yew"), drafts()) == ([("a", "Lead", 77_700)], 0)


def test_a_line_whose_row_was_refused_stays_as_the_other_import_has_published_it(tmp_path: Path) -> None:
    load(tmp_path, "first.csv", "Yew Digital,Lead,700,a", "Yew Digital,Analyst,500,b")
    other = Overtaken(
        staged=lambda: load(tmp_path, "other.csv", "Yew Digital,Lead,700,a", "Yew Digital,Analyst,555,b")
    )

    report = load(
        tmp_path,
        "mine.csv",
        "Yew Digital,Lead,710,a",
        "Yew Digital,Analyst,oops,b",
        watch=other,
        partial=True,
    )

    assert prices(report) == {"a": ("700.00", "710.00")}
    assert published("wr1~yew") == [("a", "Lead", 71_000), ("b", "Analyst", 55_500)]


def test_what_another_import_has_published_before_a_later_card_is_what_lines_are_compared_with(
    tmp_path: Path,
) -> None:
    load(tmp_path, "next.csv", line("Lead,900,a", 35, 400))
    other = Overtaken(staged=lambda: load(tmp_path, "other.csv", line("Lead,800,a", -200, 34)))

    report = load(tmp_path, "mine.csv", line("Lead,700,a", -200, 34), watch=other)

    assert prices(report) == {"a": ("800.00", "700.00")}
    assert published("wr1~yew") == [("a", "Lead", 90_000)]
    versions = RateCardVersion.objects.filter(card__reference="wr1~yew").order_by("number")
    assert [version.status for version in versions] == ["published", "superseded", "superseded"]
    held = version_on(spells(versions.order_by("-number")), timezone.localdate())
    assert held is not None
    assert [one.price_minor for one in held.lines.all()] == [70_000]
    assert drafts() == 0


@pytest.mark.parametrize("partial", [False, True])
def test_a_row_that_would_end_a_price_published_meanwhile_is_not_loaded(
    tmp_path: Path, partial: bool
) -> None:
    other = Overtaken(staged=lambda: load(tmp_path, "other.csv", line("Lead,750,b", -100, 100)))
    rows = (line("Analyst,680,a", -50, 400), line("Lead,780,b", 51, 400))
    with pytest.raises(Stale, match="wr1~yew was published by somebody else meanwhile; run it again"):
        load(tmp_path, "mine.csv", *rows, watch=other, partial=partial)

    assert published("wr1~yew") == [("b", "Lead", 75_000)]
    assert drafts() == 0


@pytest.mark.parametrize("strict", [False, True])
def test_an_ended_row_that_would_take_a_price_published_meanwhile_is_told_and_strict_refuses(
    tmp_path: Path, strict: bool
) -> None:
    rows = (line("Analyst,680,a", -50, 400), line("Lead,700,b", -50, -10))
    other = Overtaken(staged=lambda: load(tmp_path, "other.csv", line("Lead,750,b", -100, 100)))

    if strict:
        with pytest.raises(Stale, match="wr1~yew was published by somebody else meanwhile; run it again"):
            load(tmp_path, "mine.csv", *rows, watch=other, strict=True)
        assert published("wr1~yew") == [("b", "Lead", 75_000)]
    else:
        report = load(tmp_path, "mine.csv", *rows, watch=other)
        day = timezone.localdate() - timedelta(days=10)
        why = f"ended on {day}: the rate in force, 750.00, would be gone"
        assert [(one.row, one.message) for one in report.warnings] == [(3, why)]
        assert published("wr1~yew") == [("a", "Analyst", 68_000), ("b", "Lead", 70_000)]
    assert drafts() == 0


def test_an_import_that_is_overtaken_again_and_again_ends_and_changes_nothing(tmp_path: Path) -> None:
    class Always(Unwatched):
        times = 0

        def written(self, *_: int) -> None:
            self.times += 1
            load(tmp_path, f"other-{self.times}.csv", f"Yew Digital,Lead,{800 + self.times},a")

    watch = Always()
    with pytest.raises(Stale, match="wr1~yew was published by somebody else meanwhile; run it again"):
        load(tmp_path, "mine.csv", "Yew Digital,Lead,700,a", watch=watch)

    assert watch.times == OVERTAKEN_AT_MOST
    assert published("wr1~yew") == [("a", "Lead", 80_000 + 100 * watch.times)]
    assert drafts() == 0
