"""`make test` and `make test-all`: every check in turn, each with its time; a failure stops no other.

python -m tools.check            lint, types, import layers, migrations, OpenAPI snapshot
python -m tools.check --tests    and the test suite, but for what is marked long, browser, kill or fuzz
python -m tools.check --long     those marked tests alone, and with a node those marked elasticsearch
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
from collections.abc import Sequence
from pathlib import Path

from defusedxml.ElementTree import parse

from tools.assets import ROOT, build
from tools.search_node import NodeError, NodeUnavailableError, SoftwareError, cluster
from tools.search_node.account import node_folder

SNAPSHOT = ROOT / "docs" / "openapi.yaml"
MARKED = "long or browser or kill or fuzz"
ENGINES = "elasticsearch"
"""Markers of the tests that need a server which their step starts."""
PYTEST = ["-m", "pytest", "-n", "2", "--dist", "loadfile"]


class SkippedError(Exception):
    """Why this machine cannot run a check; in CI that is a failure."""


def environment(data: str) -> dict[str, str]:
    """What the checks see: a demonstration in a folder that is thrown away, whatever the shell has set."""
    ours = {"DEMO": "1", "CALLOFF_DATA": data, "STATIC_HASHED": "0"}
    dropped = {"DATABASE_URL", "BROKER_URL", "DEBUG", "HOST", "SECRET_KEY", "ALLOWED_HOSTS", "SEARCH_URL"}
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **ours}


def run(command: Sequence[str], data: str, **more: str) -> bool:
    """Runs a command of this environment's Python, with more variables if given; whether it succeeded."""
    variables = {**environment(data), **more}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=variables, check=False).returncode == 0


def assets(_data: str) -> bool:
    try:
        build()
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
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


def elasticsearch(data: str) -> bool:
    """Runs the tests marked elasticsearch on one node that they share.

    Raises SkippedError where this machine has no Java that is new enough, or no Maven.
    """
    report = Path(data) / "elasticsearch.xml"
    command = [*PYTEST, "-m", "elasticsearch", f"--junit-xml={report}"]
    try:
        with cluster() as running:
            print(f"Elasticsearch {running.nodes[0].version()} at {running.urls[0]}", flush=True)
            folder = str(node_folder())
            good = run(command, data, SEARCH_TEST_URL=running.urls[0], SEARCH_NODE_FOLDER=folder)
    except NodeUnavailableError as missing:
        raise SkippedError(str(missing)) from missing
    except (NodeError, SoftwareError) as error:
        print(error)
        return False
    if report.exists():
        for suite in parse(report).iter("testsuite"):
            print(
                f"{suite.get('tests')} tests on Elasticsearch, of which {suite.get('skipped')} were skipped"
            )
    return good


def chosen(tests: bool, long: bool) -> list[tuple[str, list[str] | None]]:
    """Names of the checks, with their commands; None where a function of this module does it."""
    static: list[tuple[str, list[str] | None]] = [
        ("page assets", None),
        ("lint", ["-m", "ruff", "check", "."]),
        ("layout", ["-m", "ruff", "format", "--check", "--quiet", "."]),
        (
            "import layers",
            ["-c", "from importlinter.cli import lint_imports_command as c; c()"],
        ),
        ("types", ["-m", "mypy"]),
        ("settings and models", ["manage.py", "check", "--fail-level", "WARNING"]),
        ("missing migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
        ("OpenAPI snapshot", None),
    ]
    if long:
        return [
            ("page assets", None),
            ("long tests", [*PYTEST, "-m", f"({MARKED}) and not ({ENGINES})"]),
            ("tests on Elasticsearch", None),
        ]
    return [*static, *([("tests", [*PYTEST, "-m", f"not ({MARKED} or {ENGINES})"])] if tests else [])]


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the project.")
    parser.add_argument("--tests", action="store_true", help="run the test suite too")
    parser.add_argument("--long", action="store_true", help="run the marked long tests alone")
    arguments = parser.parse_args()
    functions = {"page assets": assets, "OpenAPI snapshot": snapshot, "tests on Elasticsearch": elasticsearch}
    skipped: dict[str, str] = {}
    results: list[tuple[str, bool, float]] = []
    data = tempfile.mkdtemp(prefix="calloff-check-")
    try:
        for name, command in chosen(arguments.tests, arguments.long):
            print(f"\n── {name} ", flush=True)
            began = time.monotonic()
            try:
                good = functions[name](data) if command is None else run(command, data)
            except SkippedError as reason:
                skipped[name] = str(reason)
                good = not os.environ.get("CI")
            results.append((name, good, time.monotonic() - began))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    print("\n── summary")
    for name, good, took in results:
        word = "FAILED" if not good else "skip  " if name in skipped else "ok    "
        print(f"  {word} {name} ({took:.1f} s){': ' + skipped[name] if name in skipped else ''}")
    if arguments.tests:
        markers = f"{MARKED} or {ENGINES}".replace(" or ", ", ")
        print(f"  not run here: tests marked {markers} (`make test-all` runs them)")
    return 0 if all(good for _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
