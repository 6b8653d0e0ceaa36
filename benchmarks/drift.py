"""What the nightly comparison costs: `.venv/bin/python benchmarks/drift.py`.

A data folder with the demonstration and its fictional market copied until there are 100,000 listings
(benchmarks/grown.py), all of them with their rate lines in an index that `search/rebuild.py` built from the database.
Then `manage.py check_index` compares all of it, in a process of its own, whose time, processor time and memory at its
most are told, beside what the rebuild took. With SEARCH_URL set it is an Elasticsearch that is compared. Options:
--listings 100000, --keep FOLDER (which is made once and used again).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]


def prepare(count: int) -> None:
    """Fills the data folder."""
    from listing_questions import market  # noqa: PLC0415 - the environment comes first

    market()
    from grown import grow  # noqa: PLC0415 - market() has set Django up

    print(f"{grow(count):,} listings in the database", flush=True)


def command(*words: str) -> tuple[str, dict[str, float]]:
    """What a command prints, and the seconds, processor seconds and megabytes that it took at its most."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(
            f"manage.py {' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}: {said[:500]}"
        )
    return said, {
        "seconds": time.perf_counter() - began,
        "processor": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / 1024,
    }


def told(what: str, took: dict[str, float]) -> str:
    """A line about a command."""
    processor, memory = f"{took['processor']:.0f} s of processor", f"{took['memory']:,.0f} MB at its most"
    return f"{what}: {took['seconds']:.0f} s, {processor}, {memory}"


def main() -> None:
    """Fills, builds, compares."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--listings", type=int, default=100_000)
    options.add_argument("--keep", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="calloff-drift-") as thrown:
        work = given.keep or Path(thrown) / "data"
        work.mkdir(exist_ok=True)
        os.environ.update(CALLOFF_DATA=str(work), DEMO="1", LOG_LEVEL="ERROR", STATIC_HASHED="0",
                          DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
        if not (work / "grown").exists():
            prepare(given.listings)
            print(told("built", command("rebuild_index")[1]), flush=True)
            (work / "grown").touch()
        said, took = command("check_index", "--json")
        found: dict[str, Any] = json.loads(said)
        compared = f"{found['compared']:,} listings and {found['compared_cards']:,} rate cards compared"
        print(told(compared, took))


if __name__ == "__main__":
    main()
