"""An import of rates that is killed after it has made suppliers and before their rates are published: the same sheet
takes them up when it comes again.

With processes of their own, on a database of their own.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installed import python, with_frameworks
from tests.prepared import Prepared

pytestmark = [pytest.mark.kill, pytest.mark.timeout(600)]

FIRMS = 250
LINES = 3_000
IMPORT = """
import django; django.setup()
import json, os, signal, sys
from pathlib import Path
from procurement.actions.events import verify
from procurement.actions.rate_import_report import RateImport
from procurement.actions.rate_imports import import_rates
from procurement.models import Event, RateCardVersion, RateLine, Supplier
from procurement.permissions import SYSTEM

class Watch:
    def judged(self, rows): pass
    def writing(self): pass
    def written(self, lines, total):
        if sys.argv[2] == "killed":
            os.kill(os.getpid(), signal.SIGKILL)

def standing():
    return {
        "suppliers": Supplier.objects.count(),
        "cards": {one: RateCardVersion.objects.filter(status=one).count() for one in ("draft", "published")},
        "lines": RateLine.objects.filter(version__status="published").count(),
        "made": Event.objects.filter(type="supplier.created").count(),
        "holds": verify() is None,
    }

told = {"before": standing()}
wanted = RateImport("wr1", {}, create_suppliers=sys.argv[2] != "again without", strict=True)
report = import_rates(SYSTEM, Path(sys.argv[1]), wanted, Watch())
shown = {name: report.shown()[name] for name in ("applied", "loaded", "refused", "new_suppliers", "faults", "warnings")}
print(json.dumps({**told, "report": shown, "after": standing()}))
"""


@pytest.fixture
def environment(prepared: Prepared, tmp_path: Path) -> Iterator[dict[str, str]]:
    with with_frameworks(prepared, tmp_path / "data") as made:
        yield made


def again(environment: dict[str, str], sheet: Path, how: str) -> Any:
    done = python(environment, IMPORT, str(sheet), how)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("how", ["again", "again without"])
def test_suppliers_that_a_killed_import_made_are_taken_up_when_the_sheet_comes_again(
    environment: dict[str, str], tmp_path: Path, how: str
) -> None:
    sheet = tmp_path / "rates.csv"
    rows = (f"Firm {number % FIRMS} Ltd,Role {number},{400 + number % 500}\n" for number in range(LINES))
    sheet.write_text("supplier,role,price\n" + "".join(rows))

    assert python(environment, IMPORT, str(sheet), "killed").returncode == -signal.SIGKILL
    told = again(environment, sheet, how)

    before, after = told["before"], told["after"]
    # What the first left: every supplier, and rates that nobody reads.
    assert (before["suppliers"], before["made"], before["lines"]) == (FIRMS, FIRMS, 0)
    assert before["cards"] == {"draft": FIRMS, "published": 0}
    assert told["report"] == {
        "applied": True, "loaded": LINES, "refused": 0, "new_suppliers": [], "faults": [], "warnings": [],
    }  # fmt: skip
    assert after == {
        "suppliers": FIRMS, "made": FIRMS, "cards": {"draft": 0, "published": FIRMS}, "lines": LINES, "holds": True,
    }  # fmt: skip
