"""`make test`, `make test-all` and the steps between: every check in turn, with its time; a failure stops no other.

python -m tools.check            lint, types, import layers, migrations, OpenAPI snapshot
python -m tools.check --tests    and the test suite, but for what is marked long, browser, kill, fuzz or whole
python -m tools.check --services the suite on PostgreSQL and Redis; the contract of search on Elasticsearch
python -m tools.check --faults   faults of the search service and of processes; the move; the shorter of the long tests
python -m tools.check --long     fuzzing, random walks, the browser's rounds, kills on the embedded queue and RabbitMQ

The last three may be asked for together.

Every server is a throw-away one of the machine's own packages.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tools.assets import ROOT, build
from tools.catalogue_files import CatalogueError
from tools.search_node import NodeError, NodeUnavailableError, SoftwareError, cluster
from tools.search_node.account import node_folder
from tools.services import NotInstalledError, running

SNAPSHOT = ROOT / "docs" / "openapi.yaml"
MARKED = "long or browser or kill or fuzz"
WHOLE = "whole"
"""Marks tables that are gone through from end to end: beside services alone, where CI does it at each landing."""
NODE = "elasticsearch"
"""Marks the tests that need a node, which their step starts."""
SLOWEST = ["--durations=12", "--durations-min=5"]
PYTEST = ["-m", "pytest", "-n", "2", "--dist", "loadfile"]
LEFT_OUT = "left-out"
"""Where in the data folder conftest.py notes how many tests a bounded run (CHECK_UNTIL) left out."""
MARKS = {True: "ok     ", False: "FAILED ", None: "skipped"}
ALL_EXAMPLES = {"EXAMPLES": "100"}
"""Of each hundred that a property states, where the tests run beside services; `make test` tries fewer."""
OF_THE_QUEUE = [
    "tests/platform/test_queue.py",
    "tests/platform/test_outgrown.py",
    "tests/platform/test_kills.py",
    "tests/platform/test_kills_within.py",
    "tests/procurement/test_delivery_kill.py",
    "tests/search/test_live_index.py",
]
JUDGED = ROOT.parent / "shared" / "data" / "evaluation"
FLOOR = 0.235
"""nDCG@10 on the judged needs, below which matching has become worse."""
MIGRATED = [
    "tests/procurement/test_broken_off_migrations.py",
    "tests/procurement/test_filled_migrations.py",
]
"""Upgrades, which differ between the databases: on SQLite among the shorter of the long tests, and on PostgreSQL."""
SHORT_ENOUGH = [
    *MIGRATED,
    "tests/api/test_openapi.py",
    "tests/api/test_sealed.py",
    "tests/market/test_market.py",
    "tests/platform/test_observed.py",
    "tests/search/test_sync_order.py",
]
"""Of the long tests those that take a minute or less of a processor."""
STOPPED = ["tests/procurement/test_rate_import_kill.py", "tests/search/test_stopped_imports.py"]
"""Imports that are killed midway, in transactions that differ between the databases: on PostgreSQL, and among the other
long tests on SQLite."""
OF_ONE_MACHINE = ["tests/platform/test_supervisor.py", "tests/search/test_listings_index.py"]
"""Of the embedded index and of what `make run` starts: without services, or the same with them."""
CUT_OFF = {"CUT_OFF_SECONDS": "60"}
"""How long a search service is cut off where its faults are tried; by itself the test is content with less."""
MOVED = "tests/procurement/test_move.py"
"""Starts a process for each command that it tries, so it is one of the long tests; it moves to what it runs beside."""
ELSEWHERE = [f"--ignore={file}" for file in (*SHORT_ENOUGH, *OF_ONE_MACHINE, MOVED)]
"""What the long tests leave out: the step of faults runs it."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check by name: a command of this environment's Python, or a function; beside which services it runs."""

    name: str
    does: Sequence[str] | Callable[[str], bool | None]
    services: Sequence[str] = field(default=())

    def passes(self, data: str) -> bool | None:
        """Whether it passed; None where it was left out because this machine has no such service."""
        if callable(self.does):
            return self.does(data)
        if not self.services:
            return run(self.does, data)
        try:
            with running(self.services) as services:
                print(f"beside {' and '.join(service.name for service in services)}", flush=True)
                given = {service.variable: service.url for service in services}
                return run(self.does, data, given | ALL_EXAMPLES)
        except NotInstalledError as missing:
            return left_out(missing)


class Beside:
    """A command of this environment's Python that runs beside other checks, because it keeps but one core busy; what it
    says is told at its end.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self, data: str) -> None:
        with self._said(data).open("wb") as said:
            self._running = subprocess.Popen(
                [sys.executable, *self._command],
                cwd=ROOT,
                env=environment(data, {}),
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def end(self, data: str) -> bool:
        """Waits for it; whether it succeeded."""
        assert self._running is not None
        good = self._running.wait() == 0
        print(self._said(data).read_text(), end="", flush=True)
        return good

    def _said(self, data: str) -> Path:
        return Path(data) / f"{self._command[-1]}.txt"


def left_out(missing: Exception) -> bool | None:
    """What this machine cannot run is left out by name; in CI that is a failure."""
    print(f"{'FAILED' if os.environ.get('CI') else 'SKIPPED'}: {missing}")
    return False if os.environ.get("CI") else None


def environment(data: str, given: Mapping[str, str]) -> dict[str, str]:
    """What the checks see: a demonstration in a folder that is thrown away, whatever the shell has set."""
    ours = {"DEMO": "1", "CALLOFF_DATA": data, "STATIC_HASHED": "0", "LEFT_OUT": str(Path(data) / LEFT_OUT)}
    dropped = {"DATABASE_URL", "BROKER_URL", "DEBUG", "HOST", "SECRET_KEY", "ALLOWED_HOSTS", "SEARCH_URL"}
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **ours, **given}


def run(command: Sequence[str], data: str, given: Mapping[str, str] | None = None) -> bool:
    """Runs a command of this environment's Python with the variables that are given; whether it succeeded."""
    variables = environment(data, given or {})
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=variables, check=False).returncode == 0


def assets(_data: str) -> bool:
    try:
        build()
    except (subprocess.CalledProcessError, FileNotFoundError, CatalogueError) as error:
        print(f"The page assets did not compile: {error}")
        return False
    return True


def snapshot(data: str) -> bool:
    """Whether the committed OpenAPI document is the one that the code describes."""
    made = Path(data) / "openapi.yaml"
    if not run(["manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", str(made)], data):
        return False
    committed = SNAPSHOT.read_text().splitlines() if SNAPSHOT.exists() else []
    difference = list(
        difflib.unified_diff(
            committed, made.read_text().splitlines(), "docs/openapi.yaml", "the code", lineterm=""
        )
    )
    if difference:
        print("\n".join(difference[:60]))
        print("The API changed. If it was meant, `make schema` writes docs/openapi.yaml anew.")
    return not difference


def on_a_node(chosen: str, data: str, more: Mapping[str, str] | None = None) -> bool | None:
    """Runs tests marked elasticsearch, those that `chosen` names, on one node that they share, with more variables."""
    try:
        with cluster() as running_node:
            url = running_node.urls[0]
            print(f"beside Elasticsearch {running_node.nodes[0].version()}", flush=True)
            given = {"SEARCH_TEST_URL": url, "SEARCH_NODE_FOLDER": str(node_folder())}
            return run([*PYTEST, *SLOWEST, "-m", chosen], data, given | ALL_EXAMPLES | dict(more or {}))
    except NodeUnavailableError as missing:
        return left_out(missing)
    except (NodeError, SoftwareError) as error:
        print(error)
        return False


def partly(mark: str, data: str) -> str:
    """The mark of a step, or that some of its tests were left out because the time of the run was over."""
    noted = Path(data) / LEFT_OUT
    if not noted.exists():
        return mark
    left_out = noted.read_text()
    noted.unlink()
    return f"ok but for {left_out} tests left out" if mark == MARKS[True] else mark


def relevance(engine: str, data: str) -> bool | None:
    """Whether matching ranks the judged needs as well as it did; they are no part of the repository."""
    if not JUDGED.is_dir():
        print(f"SKIPPED: the judged needs are not beside the repository ({JUDGED.relative_to(ROOT.parent)})")
        return None
    command = ["benchmarks/relevance.py", str(JUDGED), "--engine", engine, "--floor", str(FLOOR)]
    return run(command, data)


TYPES = Beside(["-m", "mypy"])
STATIC = (
    Check("page assets", assets),
    Check("lint", ["-m", "ruff", "check", "."]),
    Check("layout", ["-m", "ruff", "format", "--check", "--quiet", "."]),
    Check("import layers", ["-c", "from importlinter.cli import lint_imports_command as c; c()"]),
    Check("settings and models", ["manage.py", "check", "--fail-level", "WARNING"]),
    Check("missing migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
    Check("OpenAPI snapshot", snapshot),
    Check("types", TYPES.end),
)
TESTS = (Check("tests", [*PYTEST, "-m", f"not ({MARKED} or {WHOLE} or {NODE})"]),)
SERVICES = (
    Check("page assets", assets),
    Check(
        "tests on PostgreSQL and Redis",
        [*PYTEST, "-m", f"not ({MARKED}) and not one_machine and not {NODE}"],
        services=("postgresql", "redis"),
    ),
    Check(
        "tests of the queue on RabbitMQ, without kills",
        ["-m", "pytest", "-m", f"not ({MARKED}) and not {NODE}", *OF_THE_QUEUE],
        services=("postgresql", "rabbitmq"),
    ),
    Check("tests on Elasticsearch", partial(on_a_node, f"{NODE} and not (kill or long)")),
    Check("matching of judged needs", partial(relevance, "embedded")),
)
FAULTS = (
    Check("page assets", assets),
    Check(
        "faults of the search service on Elasticsearch",
        partial(on_a_node, f"{NODE} and (kill or long)", more=CUT_OFF),
    ),
    Check(
        "the shorter of the long tests",
        [*PYTEST, *SLOWEST, "-m", f"({MARKED}) and not {NODE}", *SHORT_ENOUGH],
    ),
    Check("kills on one machine", [*PYTEST, *SLOWEST, "-m", f"kill and not {NODE}", *OF_ONE_MACHINE]),
    Check(
        "kills of processes, upgrades and the move, on PostgreSQL and Redis",
        [*PYTEST, *SLOWEST, "-m", f"({MARKED}) and not {NODE}", *OF_THE_QUEUE, *STOPPED, *MIGRATED, MOVED],
        services=("postgresql", "redis"),
    ),
)
LONG = (
    Check("page assets", assets),
    Check("the other long tests", [*PYTEST, *SLOWEST, "-m", f"({MARKED}) and not {NODE}", *ELSEWHERE]),
    Check("matching of judged needs on Elasticsearch", partial(relevance, "elasticsearch")),
    Check(
        "tests of the queue on PostgreSQL and RabbitMQ",
        [*PYTEST, *SLOWEST, "-m", f"not {NODE}", *OF_THE_QUEUE],
        services=("postgresql", "rabbitmq"),
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the project.")
    parser.add_argument("--tests", action="store_true", help="run the test suite too")
    parser.add_argument("--services", action="store_true", help="run the suite beside services alone")
    parser.add_argument("--faults", action="store_true", help="run what kills and cuts off alone")
    parser.add_argument("--long", action="store_true", help="run the other long tests alone")
    arguments = parser.parse_args()
    checks: tuple[Check, ...] = (*STATIC, *TESTS) if arguments.tests else STATIC
    if arguments.services or arguments.faults or arguments.long:
        asked = ((arguments.services, SERVICES), (arguments.faults, FAULTS), (arguments.long, LONG))
        checks = tuple(check for wanted, some in asked if wanted for check in some)
    results: list[tuple[str, str, float]] = []
    data = tempfile.mkdtemp(prefix="calloff-check-")
    try:
        if checks[: len(STATIC)] == STATIC:
            TYPES.begin(data)
        for check in checks:
            print(f"\n── {check.name} ", flush=True)
            began = time.monotonic()
            mark = MARKS[check.passes(data)]
            results.append((check.name, partly(mark, data), time.monotonic() - began))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    print("\n── summary")
    for name, mark, took in results:
        print(f"  {mark} {name} ({took:.1f} s)")
    if arguments.tests:
        print(
            f"  not run here: tests marked {MARKED.replace(' or ', ', ')}, {WHOLE} or {NODE}, "
            "and the suite on PostgreSQL, Redis and RabbitMQ (`make test-all` runs them)"
        )
    return 1 if any(mark == MARKS[False] for _, mark, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
