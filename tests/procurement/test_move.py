"""`manage.py move` brings every row into another database as it was, or changes nothing and says why."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from pytest_django import DjangoDbBlocker

from procurement.actions.events import verify
from procurement.canonical import digest, digest_of_text
from procurement.management.commands.move import _settings
from procurement.models import Event
from tests.given import ROOT, fresh_database

# A dozen processes are started one after another, and a busy machine takes its time.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

FILL = """
import django; django.setup()
from datetime import date
from procurement.actions.saved_searches import SavedSearchDraft, keep_saved_search
from procurement.models import SavedSearch, User
from procurement.permissions import person
from procurement.references import numbered
from search.models import ChangedListing, IndexRun
from tests.filled import fill
fill()
shire = person(User.objects.get(email="editor@shire.example.org"))
keep_saved_search(shire, SavedSearchDraft("Work", "framework=wr1"), {"wr1~oak~ash": "0-seen"})
SavedSearch.objects.update(compared_on=None)
ChangedListing.objects.create(listing="wr1~oak~ash")
assert numbered("OP", date(2026, 1, 1), digits=6) == "OP-2026-000001"
for run in [IndexRun.objects.create(kind="sync", status="running") for _ in range(3)][1:]:
    run.delete()
"""
CONTINUE = """
import django; django.setup()
from datetime import date
from django.db import transaction
from procurement.actions.events import Happening, record, verify
from procurement.models import Event
from procurement.permissions import SYSTEM
from procurement.references import numbered
from search.models import IndexRun
with transaction.atomic():
    event = record(SYSTEM, Happening("framework.opened", "framework", "wr1"))
print(numbered("OP", date(2026, 1, 1), digits=6), IndexRun.objects.create(kind="sync", status="running").pk,
      event.position - Event.objects.count(), verify())
"""

MORE_RUNS = """
import django; django.setup()
from search.models import IndexRun
for _ in range(4):
    IndexRun.objects.create(kind="rebuild", status="succeeded")
"""
RUNS = """
import django; django.setup()
from search.models import IndexRun
print(*IndexRun.objects.values_list("pk", flat=True))
"""
SWEPT = """
import django; django.setup()
from procurement.models import SavedSearchMatch
from search.tasks import alerts_sweep
alerts_sweep()
print(SavedSearchMatch.objects.values_list("matching", "pending", "told_at").get(listing="wr1~oak~ash"))
"""
COUNT = "import django; django.setup()\nfrom procurement.models import Event\nprint(Event.objects.count())"
DEPLOYED = {"DEMO": "0", "ALLOWED_HOSTS": "calloff.example.org", "SECRET_KEY": "s" * 64}


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={
            **kept,
            "DEMO": "1",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def done(*words: str, **environment: str) -> str:
    answer = python(*words, **environment)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of a machine with the world in it."""
    data = tmp_path_factory.mktemp("source")
    done("manage.py", "migrate", "-v0", CALLOFF_DATA=str(data))
    done("-c", FILL, CALLOFF_DATA=str(data))
    return data / "calloff.sqlite3"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation whose database is empty: PostgreSQL where one was given."""
    with fresh_database() as environment:
        yield {"CALLOFF_DATA": str(tmp_path / "target"), **environment}


def rows(alias: str) -> dict[str, list[dict[str, Any]]]:
    found = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    return {
        model._meta.db_table: list(model._base_manager.using(alias).order_by("pk").values())
        for model in found
    }


def test_every_row_arrives_as_it_was_and_what_is_counted_goes_on(
    source: Path, target: dict[str, str], django_db_blocker: DjangoDbBlocker
) -> None:
    said = done("manage.py", "move", "--from", f"sqlite:///{source}", **target).splitlines()
    assert said[-2].endswith("rows moved; every table has its count, and the event log's chain holds.")
    assert (
        said[-1]
        == "The index is made from the database: manage.py rebuild_index, before anybody is served. Copy uploads and "
        "media too."
    )
    url = target.get("DATABASE_URL", f"sqlite:///{target['CALLOFF_DATA']}/calloff.sqlite3")
    with django_db_blocker.unblock(), ExitStack() as stack:
        for alias, address in (("move_from", f"sqlite:///{source}"), ("move_to", url)):
            connections.settings[alias] = _settings(address)
            stack.callback(connections.settings.pop, alias)
            stack.callback(connections.__delitem__, alias)
            stack.callback(connections[alias].close)
        before, after = rows("move_from"), rows("move_to")
        # What the target's own index owes to the rows that have come.
        assert [(run["kind"], run["status"]) for run in after["search_indexrun"][-1:]] == [
            ("rebuild", "requested")
        ]
        del after["search_indexrun"][-1:], before["search_changedlisting"][:]
        assert {table: len(found) for table, found in after.items()} == {
            table: len(found) for table, found in before.items()
        }
        assert after == before
        _proves_itself(after, source.parent / "media")
        assert Event.objects.using("move_to").count() > 10
        assert verify(using="move_to") is None
    assert done("-c", CONTINUE, **target) == "OP-2026-000002 5 0 None"


def _proves_itself(found: dict[str, list[dict[str, Any]]], media: Path) -> None:
    """Whatever bears a digest has the one that its content has now: documents kept as text, contents kept as JSON, and
    the bytes of files, which are copied beside.
    """
    documents = (
        "procurement_snapshot",
        "procurement_offer",
        "procurement_tenderrevision",
        "procurement_competition",
    )
    for table in documents:
        kept = [row for row in found[table] if row["document"]]
        assert kept, table
        assert [row["digest"] for row in kept] == [digest_of_text(row["document"]) for row in kept], table
    said = found["procurement_requirementrevision"]
    assert said
    assert [row["digest"] for row in said] == [digest(row["content"]) for row in said]
    for table in ("procurement_competitiondocument", "procurement_tenderfile"):
        (row,) = found[table]
        content = (media / row["stored_as"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (row["size"], row["digest"]), table
    assert [
        len(found[f"procurement_{name}"]) > 0 for name in ("user", "contract", "tender", "invitation")
    ] == [True] * 4


def test_a_database_that_a_deployment_has_prepared_takes_everything(
    source: Path, target: dict[str, str]
) -> None:
    """Its index was built over nothing: what that left gives way, and its number is given to no other run."""
    done("-m", "tools.prepare", **{**target, **DEPLOYED})
    assert done("-c", RUNS, **target) == "1"
    # More runs than the source ever had.
    assert done("-c", MORE_RUNS + RUNS, **target) == "5 4 3 2 1"
    said = done("manage.py", "move", "--from", f"sqlite:///{source}", **target).splitlines()
    assert said[-2].endswith("rows moved; every table has its count, and the event log's chain holds.")
    assert done("-c", RUNS, **target) == "6 1"
    assert done("-c", CONTINUE, **target) == "OP-2026-000002 7 0 None"


def test_what_saved_searches_had_found_is_not_gone_while_the_index_is_that_of_an_empty_database(
    source: Path, target: dict[str, str]
) -> None:
    done("-m", "tools.prepare", **{**target, **DEPLOYED})
    done("manage.py", "move", "--from", f"sqlite:///{source}", **target)
    assert done("-c", SWEPT, **target) == "(True, '', None)"
    done("manage.py", "rebuild_index", **target)
    assert done("-c", SWEPT, **target) == "(True, '', None)"


def test_a_target_with_rows_is_refused(source: Path, target: dict[str, str]) -> None:
    done("manage.py", "migrate", "-v0", **target)
    done("-c", FILL, **target)
    answer = python("manage.py", "move", "--from", f"sqlite:///{source}", **target)
    assert answer.returncode == 1
    assert "Nothing was moved. The target is not empty: procurement_" in answer.stderr
    assert "has rows. Name a new database in DATABASE_URL, and move before anybody uses it" in answer.stderr


def test_a_source_of_another_version_is_refused(source: Path, target: dict[str, str], tmp_path: Path) -> None:
    old = {"CALLOFF_DATA": str(tmp_path / "old")}
    done("manage.py", "migrate", "-v0", "procurement", "0002", **old)
    answer = python("manage.py", "move", "--from", f"sqlite:///{tmp_path}/old/calloff.sqlite3", **target)
    assert answer.returncode == 1
    assert "The source lacks the migration" in answer.stderr


def test_an_altered_event_is_not_moved(source: Path, target: dict[str, str], tmp_path: Path) -> None:
    altered = tmp_path / "altered.sqlite3"
    altered.write_bytes(source.read_bytes())
    vandal = (
        "import sqlite3; c = sqlite3.connect({0!r}); c.execute('DROP TRIGGER procurement_event_no_update');"
        "c.execute('UPDATE procurement_event SET actor = 1 WHERE position = 3'); c.commit(); c.close()"
    )
    done("-c", vandal.format(str(altered)))
    answer = python("manage.py", "move", "--from", f"sqlite:///{altered}", **target)
    assert answer.returncode == 1
    assert "The event log does not hold after the move, at position 3: altered." in answer.stderr
    assert done("-c", COUNT, **target) == "0"


@pytest.mark.parametrize(
    ("change", "table", "rules"),
    [
        (
            "UPDATE procurement_framework SET status = 'testnonsense' WHERE reference = 'wr1'",
            "procurement_framework: the row with the key ",
            ("procurement_framework_status", "status"),
        ),
        (
            "INSERT INTO procurement_eventaudience (event_id, organisation_id) VALUES (1, 987654321)",
            "The rows do not fit together in the target: ",
            ("procurement_eventaudience", "foreign key"),
        ),
    ],
)
def test_a_row_that_breaks_a_rule_of_the_target_is_named_and_not_repeated(
    source: Path, target: dict[str, str], tmp_path: Path, change: str, table: str, rules: tuple[str, ...]
) -> None:
    old = tmp_path / "old.sqlite3"
    with sqlite3.connect(source) as read, closing(sqlite3.connect(old)) as broken:
        read.backup(broken)
        for (name,) in broken.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            broken.execute(f"DROP TRIGGER {name}")
        broken.execute("PRAGMA ignore_check_constraints = 1")
        broken.execute(change)
        broken.commit()
    answer = python("manage.py", "move", "--from", f"sqlite:///{old}", **target)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"CommandError: Nothing was moved. {table}")
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert [rule for rule in rules if rule not in answer.stderr] == []
    assert "testnonsense" not in answer.stderr
    assert done("-c", COUNT, **target) == "0"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("sqlite:////nowhere/file", "--from: there is no file /nowhere/file."),
        (
            "mysql://u:hidden@h/d",
            "--from must be an address that begins with sqlite://, postgres://, postgresql://.",
        ),
        ("postgres://u:hidden@127.0.0.1:1/d", "--from: the database cannot be reached ("),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, sentence: str, tmp_path: Path) -> None:
    answer = python("manage.py", "move", "--from", address, CALLOFF_DATA=str(tmp_path))
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "hidden" not in answer.stderr
    assert "Traceback" not in answer.stderr
