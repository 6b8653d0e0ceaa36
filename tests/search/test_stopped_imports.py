"""An import by command that is stopped midway, or that an error ends: one line says what is in, and the same file,
run again, loads the rest.

With processes of their own, on a database of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installed import python, with_frameworks
from tests.prepared import Prepared
from tests.procurement.test_partner_imports import row

pytestmark = [pytest.mark.kill, pytest.mark.timeout(600)]

FIRMS = 1_000
LINES = 9_000
# The command as a terminal starts it. A signal comes once the first of what is asked for stands.
COMMAND = """
import django; django.setup()
import os, signal, sys, threading, time
from django.core.management import execute_from_command_line
from django.db import connection
from procurement.guards import refuse_where, take_down_where
from procurement.models import Partner, RateLine

how, wanted = sys.argv[1], Partner if sys.argv[2] == "import_partners" else RateLine

def stop():
    while not wanted.objects.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), getattr(signal, how))

with connection.schema_editor() as editor:
    if how == "wrong":
        refuse_where(editor, "procurement_partner", "late", "INSERT", "NEW.reference = 'firm-700'", "Not today.")
    else:
        take_down_where(editor, "procurement_partner", "late", "INSERT")
if how.startswith("SIG"):
    threading.Thread(target=stop, daemon=True).start()
execute_from_command_line(["manage.py", *sys.argv[2:]])
"""
STANDING = """
import django; django.setup()
import json
from procurement.actions.events import verify
from procurement.models import Event, Partner, RateCardVersion, RateLine, Supplier
print(json.dumps({
    "partners": Partner.objects.count(), "suppliers": Supplier.objects.count(),
    "published": Event.objects.filter(type="partner.profile_published").count(),
    "cards": RateCardVersion.objects.filter(status="published").count(),
    "drafts": RateCardVersion.objects.filter(status="draft").count(),
    "lines": RateLine.objects.filter(version__status="published").count(),
    "holds": verify() is None,
}))
"""
AGAIN = "The same file, run again, loads the rest and leaves what stands as it is."


@pytest.fixture
def environment(prepared: Prepared, tmp_path: Path) -> Iterator[dict[str, str]]:
    with with_frameworks(prepared, tmp_path / "data") as made:
        yield made


def standing(environment: dict[str, str]) -> Any:
    done = python(environment, STANDING)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("how", "status"), [("SIGINT", 130), ("SIGTERM", 130), ("wrong", 1)])
def test_partners_that_were_in_stay_and_the_same_file_loads_the_others(
    environment: dict[str, str], tmp_path: Path, how: str, status: int
) -> None:
    file = tmp_path / "partners.jsonl"
    file.write_text("".join(json.dumps(row(f"firm-{number}")) + "\n" for number in range(FIRMS)))

    ended = python(environment, COMMAND, how, "import_partners", str(file))
    left = standing(environment)
    [line] = ended.stderr.splitlines()
    assert 0 < left["partners"] < FIRMS
    assert left["partners"] % 250 == 0
    why = "IntegrityError: Not today" if how == "wrong" else "Stopped"
    assert line.startswith(f"CommandError: {why}")
    assert line.endswith(f": {left['partners']} of {FIRMS} rows were loaded. {AGAIN}")
    assert (ended.returncode, left["published"], left["holds"]) == (status, left["partners"], True)

    again = python(environment, COMMAND, "again", "import_partners", str(file))
    assert again.returncode == 0, again.stderr
    told = f"{FIRMS - left['partners']} new, 0 changed, {left['partners']} as they were"
    assert f"{FIRMS} rows: {FIRMS} loaded, 0 refused ({told})." in again.stdout.splitlines()
    after = standing(environment)
    whole = {"partners": FIRMS, "suppliers": FIRMS, "published": FIRMS, "holds": True}
    assert {name: after[name] for name in whole} == whole


def test_rates_are_published_at_once_or_not_and_the_same_file_loads_them(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "rates.csv"
    rows = (f"Firm {number % 50} Ltd,Role {number},{400 + number % 500}\n" for number in range(LINES))
    file.write_text("supplier,role,price\n" + "".join(rows))
    words = ("import_rates", str(file), "--framework", "wr1", "--create-suppliers")

    ended = python(environment, COMMAND, "SIGINT", *words)
    assert ended.stderr == (
        f"CommandError: Stopped: 0 of {LINES} rows were loaded, since rates are published all at once, at the end. "
        "Suppliers that it had made stay. The same file, run again, loads them and leaves what stands as it is.\n"
    )
    left = standing(environment)
    assert (ended.returncode, left["suppliers"], left["cards"], left["lines"]) == (130, 50, 0, 0)

    again = python(environment, COMMAND, "again", *words)
    assert again.returncode == 0, again.stderr
    after = standing(environment)
    assert (after["suppliers"], after["cards"], after["drafts"], after["lines"]) == (50, 50, 0, LINES)
    assert after["holds"] is True
