"""Everything between a checkout and a first request: tables, static files, demo data, index.

The supervisor runs it as `python -m tools.prepare` at every start, before any process that serves or
writes the index. What is done already is not done again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from config.recording import forget
from search.engines.base import EngineUnavailable, WriterBusy
from search.index import borrowed_writer, rebuild_because, service_fault, service_warning
from tools.assets import ROOT, build, digest
from tools.catalogue_files import CatalogueError

COLLECTED = "static-collected"
LONG_GONE = 86_400
"""Seconds without a count after which a process is surely gone."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is done, and how long it took where a person would have wondered."""
    began = time.monotonic()
    print(f"  {what} …", flush=True)
    yield
    if (took := time.monotonic() - began) > 2:
        print(f"    {took:.0f} s", flush=True)


def collect_static(data: Path) -> None:
    """Copies and compresses the static files into the data folder, where they changed since the last time. Those of the
    version before stay: its web processes serve them until they are replaced, and pages that are open name them.
    """
    files = [
        Path(finder_storage.path(name))
        for finder in get_finders()
        for name, finder_storage in finder.list([".*"])
    ]
    own = [path for path in files if path.is_relative_to(ROOT) and ".venv" not in path.parts]
    wanted = digest([*own, ROOT / "requirements.txt"])
    stamp = data / COLLECTED
    if stamp.exists() and stamp.read_text() == wanted and (data / "static" / "staticfiles.json").exists():
        return
    with step("collecting static files"):
        call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)


def build_index() -> None:
    """Builds the index where there is none, or only one that another version of the program made. A search service
    that cannot be used or filled (its disk is full, our key may make no index) stops nothing else.

    The index worker of the version before is replaced only after this has ended well. It is asked for nothing: it would
    build its own shape once more, in the place of the index that a way back needs.
    """
    if (warning := service_warning()) is not None:
        print(warning, file=sys.stderr)
    try:
        fault, reasons = service_fault(), {}
        if fault is None:
            reasons = rebuild_because()
    except EngineUnavailable as error:
        fault = str(error)
    if fault is not None:
        print(f"Searches will answer 503: {fault}. Everything else is served.", file=sys.stderr)
        return
    because = "; ".join(f"{name}, {why}" for name, why in reasons.items())
    if reasons and held():
        print(
            f"Searches of this version will answer 503 until the index is built ({because}): the index worker that "
            "runs holds it, and the one that takes its place begins with that.",
            file=sys.stderr,
        )
        return
    if reasons:
        with step(f"building the search index: {because}"):
            try:
                call_command("rebuild_index")
            except CommandError as error:
                print(f"Searches of this version will answer 503 until it is built. {error}", file=sys.stderr)


def held() -> bool:
    """Whether another process may write the index. Where the service does not say, whoever builds it is told why."""
    try:
        with borrowed_writer():
            return False
    except WriterBusy:
        return True
    except EngineUnavailable:
        return False


def main() -> int:
    """Does every step; answers an exit code after a sentence that says what went wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        data = Path(settings.CALLOFF_DATA)
        django.setup()
        # In a deployment the processes of the version before still run.
        forget(settings.METRICS_FOLDER, LONG_GONE)
        if build():
            print("  page assets compiled", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
        collect_static(data)
        if settings.DEMO:
            call_command("load_fixtures")
        build_index()
    except (ImproperlyConfigured, CommandError, FileNotFoundError, CatalogueError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except DatabaseError as error:
        print(
            f"The database does not answer as it should: {error}. Its address is DATABASE_URL.",
            file=sys.stderr,
        )
        return 1
    except subprocess.CalledProcessError as error:
        print(f"The page assets did not compile: {error}. npm's words are above.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
