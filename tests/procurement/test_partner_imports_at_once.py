"""What an import of partners says that it changed is what it changed itself, whoever else writes meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from procurement.actions.partner_imports import ImportReport, import_partners
from procurement.models import ProfileVersion
from procurement.permissions import SYSTEM
from tests.procurement.test_partner_imports import Nobody, counts, row
from tests.world import make_frameworks

pytestmark = pytest.mark.django_db


class Overtaken(Nobody):
    """Another import is quicker: it writes when this one has judged its rows and is about to write them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.other: ImportReport | None = None
        self.judged_good = 0
        self.left: list[int] = []

    def writing(self, rows: int) -> None:
        self.judged_good = rows
        self.other = import_partners(SYSTEM, self._file, Nobody())
        self.left = counts()


Rows = list[dict[str, Any]]


def overtaken(tmp_path: Path, mine: Rows, others: Rows) -> tuple[ImportReport, Overtaken]:
    files = []
    for name, rows in (("mine", mine), ("others", others)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("\n".join(json.dumps(one) for one in rows))
        files.append(file)
    watch = Overtaken(files[1])
    return import_partners(SYSTEM, files[0], watch), watch


def test_of_two_imports_of_the_same_new_firms_one_says_that_it_added_them(tmp_path: Path) -> None:
    make_frameworks()
    rows = [row(f"firm-{number}") for number in range(300)]
    report, watch = overtaken(tmp_path, rows, rows)
    assert watch.other is not None
    assert watch.judged_good == 300
    assert (len(watch.other.added), watch.other.applied) == (300, True)
    places = {(f"firm-{number}", "wr1~1"): None for number in range(300)}
    assert watch.other.appointed == places
    assert (report.applied, report.added, report.changed, report.appointed) == (False, [], [], {})
    assert (report.loaded, report.unchanged) == (300, 300)
    assert report.outcome == "Nothing was changed: what 300 of 300 rows say stood already."
    assert counts() == watch.left


def test_what_another_import_has_made_meanwhile_is_told_as_changed_by_what_is_left(tmp_path: Path) -> None:
    make_frameworks()
    report, _ = overtaken(tmp_path, [row("a", size="large"), row("b")], [row("a", size="small")])
    assert (report.applied, report.added) == (True, ["b"])
    assert report.changed == [("a", ("size",))]
    assert report.values == {"a": {"size": ("small", "large")}}
    assert ProfileVersion.objects.filter(partner__reference="a").count() == 2
