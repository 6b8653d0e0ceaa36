"""How soon an edit of a profile is found while the index is built again: `.venv/bin/python benchmarks/freshness.py`.

A data folder with the demonstration and its fictional market copied until there are 20,000 listings
(benchmarks/grown.py), served by all processes that `make run` starts. While `manage.py rebuild_index` builds the index
over and over, a firm's client edits its profile through the public API, again and again, each time with a word that
stands nowhere else, and searches for it until it is found: what is told is from the edit's answer to that search's, and
so has the outbox, the nudge, the worker and the engine in it. With SEARCH_URL set it is an Elasticsearch that is built
and searched. Options: --listings 20000, --changes 20, --keep FOLDER (which is made once and used again).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

FIRM: Final = "veydale-blue-light"
WANTED: Final = 2.0
"""Seconds within which a change is to be found."""
LETTERS: Final = "bcdfghjklmnpqrstvwxz"


class Service:
    """The processes of `make run` on a data folder."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._said = data.parent / f"{data.name}.out"
        with self._said.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.run"], cwd=ROOT, env=os.environ | {"PORT": str(self.port)},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Service:
        while "Stop with Ctrl-C." not in self._said.read_text():
            if self._process.poll() is not None:
                raise SystemExit(self._said.read_text())
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[Any, str]:
        """What it answers, and the ETag; SystemExit for anything but success."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {told[:500]!r}")
        return json.loads(told), answer.headers.get("ETag", "")


def token(service: Service) -> str:
    """An access token of the firm's own client."""
    made = subprocess.run(
        [sys.executable, "manage.py", "create_client", FIRM], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout  # fmt: skip
    given = {name.lower(): value for name, value in re.findall(r"(CLIENT_\w+)\W+(\S+)", made)}
    form = urlencode({"grant_type": "client_credentials", "scope": "partners:write", **given})
    told, _ = service.ask(
        "POST", "/oauth/token/", form, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    return str(told["access_token"])


@contextmanager
def rebuilding() -> Iterator[list[int]]:
    """Has the index built over and over meanwhile; how often it was is counted in what this yields."""
    built: list[int] = []
    again = f"while {sys.executable} manage.py rebuild_index >/dev/null; do echo built; done"
    process = subprocess.Popen(
        ["/bin/sh", "-c", again], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield built
        if process.poll() is not None:
            raise SystemExit("The index was not built: `manage.py rebuild_index` says why.")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        told, _ = process.communicate()
        built.extend(range(told.count("built")))


def changes(service: Service, count: int, bearer: str) -> list[float]:
    """Edits and searches, one after the other; seconds from each edit's answer to where it is found."""
    chance, path, waited = random.Random(3745), f"/api/v1/partners/{FIRM}/", []
    for _ in range(count):
        profile, etag = service.ask("GET", path)
        word = "".join(chance.choices(LETTERS, k=12))
        summary = f"{profile['summary'].partition(' Lately ')[0]} Lately {word}."
        headers = {"Authorization": f"Bearer {bearer}", "If-Match": etag, "Content-Type": "application/json"}
        service.ask("PATCH", path, json.dumps({"summary": summary}), headers)
        began = time.monotonic()
        while not service.ask("GET", f"/api/v1/listings/?q={word}")[0]["count"]:
            time.sleep(0.01)
        waited.append(time.monotonic() - began)
        time.sleep(chance.random())
    return waited


def told(waited: list[float]) -> str:
    """Half of them, and the longest."""
    ordered = sorted(waited)
    return f"half within {ordered[len(ordered) // 2]:.2f} s, all within {ordered[-1]:.2f} s"


def main() -> int:
    """Fills, serves, edits; 1 where a change was found too late."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--listings", type=int, default=20_000)
    options.add_argument("--changes", type=int, default=20)
    options.add_argument("--keep", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="calloff-freshness-") as thrown:
        work = given.keep or Path(thrown) / "data"
        work.mkdir(exist_ok=True)
        os.environ.update(CALLOFF_DATA=str(work), DEMO="1", LOG_LEVEL="ERROR", API_LIMIT_SEARCH="1000000",
                          DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
        if not (work / "grown").exists():
            from listing_questions import market  # noqa: PLC0415 - the environment comes first

            market()
            from grown import grow  # noqa: PLC0415 - market() has set Django up

            print(f"{grow(given.listings):,} listings in the database", flush=True)
            (work / "grown").touch()
        with Service(work) as service:
            bearer = token(service)
            quiet = changes(service, given.changes, bearer)
            print(f"an edit is found, nothing being built: {told(quiet)}", flush=True)
            with rebuilding() as built:
                time.sleep(3)
                beside = changes(service, given.changes, bearer)
            print(f"the same while the index is built again ({len(built)} times meanwhile): {told(beside)} "
                  f"({WANTED:.0f} s wanted)")  # fmt: skip
    return int(max(*quiet, *beside) > WANTED)


if __name__ == "__main__":
    sys.exit(main())
