"""How fast listings are indexed and searched: `.venv/bin/python benchmarks/search.py SEARCHES_CSV NEEDS_CSV`.

SEARCHES_CSV holds real searches of a public marketplace (column search_term), NEEDS_CSV real needs (column
description). 20,000 listings are made from the demonstration market with a seed (names, case studies, lots,
regions and rates are mixed anew), indexed by the engine, and asked over two web processes: a page of 20 with
facets, highlights and reasons. Every request is a question that was not asked before, whichever pass it is of (but that
some of the 1,000 real searches are among them, which are asked last); answers are not cached. The engine is timed in
this process on the questions that were asked alone, and within it what tantivy takes. What the rest of the service adds
is a ratio, for which service and engine take turns with 20 questions each time, so that a machine that others slow down
slows both: by the clock, and by the processor time of each. What a process loads once, the model of meanings, is
loaded before and told apart. Options: --listings 20000, --questions 400 (asked alone), --load 2500 (by eight clients),
--seed 3745.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from listing_questions import PATH, Document, market, multiplied, questions, read_needs, read_searches  # noqa: E402

CLIENTS = 8
WARMING = 100
"""Questions that are asked before any is timed."""
IN_TURN = 200
TURN = 20
"""Questions that service and engine are asked in turns, and how many at each turn."""


class Server:
    """Two web processes, as `make run` starts them."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        environment = os.environ | {
            "WEB_BIND": f"127.0.0.1:{self.port}",
            "WEB_PROCESSES": "2",
            "API_LIMIT_SEARCH": "1000000000",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Server:
        for _ in range(150):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{PATH}", timeout=30) as answer:
                    json.load(answer)
                    return self
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise SystemExit("the web processes do not answer")

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)

    def processor_seconds(self) -> float:
        """Processor time that the web processes have used so far: on a shared machine it says more than the clock."""
        total = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self._process.pid:
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def load(self, targets: list[str], clients: int) -> dict[str, Any]:
        """Asks all targets by the load generator, a process of its own."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks/load.py"), str(self.port), str(clients)],
            input="\n".join(targets),
            text=True,
            capture_output=True,
            check=True,
        )
        report: dict[str, Any] = json.loads(done.stdout)
        if report["wrong_count"]:
            raise SystemExit(f"{report['wrong_count']} requests failed: {report['wrong']}")
        return report


class Alone(NamedTuple):
    """Milliseconds of each target in this process, without the rest of the service; and those that find nothing."""

    engine: dict[str, float]
    tantivy: dict[str, float]
    empty: list[str]


class Ratio(NamedTuple):
    """How often the engine's own time the whole request takes: by the clock, and of processor time."""

    clock: float
    processor: float


class Engine:
    """The engine by itself in this process, which reads memory as config/gunicorn.py has every web process do; the
    `first` are asked without a clock.
    """

    def __init__(self, folder: Path, first: list[str]) -> None:
        from config.gunicorn import GARBAGE_AFTER, keep_freed_memory  # noqa: PLC0415 - settings first, as in market()
        from search.engines.embedded import EmbeddedEngine  # noqa: PLC0415

        self._engine = EmbeddedEngine(folder)
        self.ask(first)
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_AFTER)
        keep_freed_memory()

    def ask(self, targets: list[str]) -> dict[str, tuple[float, int]]:
        """Milliseconds, and how many were found, of each."""
        from django.http import QueryDict  # noqa: PLC0415
        from django.utils import timezone  # noqa: PLC0415

        from search.params import listing_query  # noqa: PLC0415

        found = {}
        for target in targets:
            query = listing_query(QueryDict(target.partition("?")[2]), timezone.localdate())
            began = time.perf_counter()
            count = self._engine.search_listings(query).count
            found[target] = (time.perf_counter() - began) * 1000, count
        return found

    def alone(self, targets: list[str]) -> Alone:
        """Asks each, then once more with every call of tantivy timed."""
        from search.engines.words import WordsReader  # noqa: PLC0415

        whole = self.ask(targets)
        spent = [0.0]
        search = WordsReader.search

        def timed(reader: WordsReader, *arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return search(reader, *arguments)
            finally:
                spent[0] += (time.perf_counter() - began) * 1000

        WordsReader.search = timed  # type: ignore[method-assign]
        within = {}
        for target in targets:
            spent[0] = 0.0
            self.ask([target])
            within[target] = spent[0]
        WordsReader.search = search  # type: ignore[method-assign]
        return Alone(
            {target: took for target, (took, _) in whole.items()},
            within,
            [target for target, (_, count) in whole.items() if not count],
        )

    def ratio(self, server: Server, targets: list[str]) -> Ratio:
        """Service and engine in turns, the same questions."""
        clock, processor = [0.0, 0.0], [0.0, 0.0]
        for at in range(0, len(targets), TURN):
            turn = targets[at : at + TURN]
            used = server.processor_seconds()
            clock[0] += server.load(turn, 1)["seconds"]
            processor[0] += server.processor_seconds() - used
            used = time.process_time()
            clock[1] += sum(took for took, _ in self.ask(turn).values()) / 1000
            processor[1] += time.process_time() - used
        return Ratio(clock[0] / clock[1], processor[0] / processor[1])


def build(folder: Path, documents: Iterator[Document], count: int) -> None:
    """Indexes the documents and says how fast."""
    from search.engines.embedded import EmbeddedEngine  # noqa: PLC0415 - settings first, as in market()
    from search.meaning import model  # noqa: PLC0415
    from search.rebuild import region_labels  # noqa: PLC0415

    began = time.perf_counter()
    if meanings := model():
        meanings.encode(["evaluation"])
        print(f"the model of meanings loaded in {time.perf_counter() - began:.1f} s, once in a process")
    made = list(documents)
    length = statistics.mean(
        len(" ".join([one["summary"], *(study["text"] for study in one["case_studies"])]).split())
        for one in made[:1000]
    )
    with EmbeddedEngine(folder).writer() as writer:
        began, used = time.perf_counter(), time.process_time()
        rebuild = writer.begin_rebuild("listings")
        rebuild.label("region", region_labels())
        rebuild.put(made)
        rebuild.commit(count)
        took, used = time.perf_counter() - began, time.process_time() - used
        print(f"{count:,} listings of {length:.0f} words indexed in {took:.1f} s, {count / took:,.0f} a second "
              f"({used:.1f} s of processor)")  # fmt: skip
        changes = []
        for one in made[:20]:
            began = time.perf_counter()
            writer.apply("listings", [one | {"version": 2}])
            changes.append(time.perf_counter() - began)
        print(f"one changed listing can be found after {statistics.median(changes) * 1000:.0f} ms")


def share(values: list[float], part: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def main() -> None:
    """Builds, asks, prints."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("searches", type=Path)
    options.add_argument("needs", type=Path)
    options.add_argument("--listings", type=int, default=20_000)
    options.add_argument("--questions", type=int, default=400)
    options.add_argument("--seed", type=int, default=3745)
    options.add_argument("--load", type=int, default=2_500)
    asked = options.parse_args()
    chance = random.Random(asked.seed)
    searches, needs = read_searches(asked.searches), read_needs(asked.needs)
    with tempfile.TemporaryDirectory(prefix="calloff-search-") as work:
        os.environ.update(CALLOFF_DATA=work, DEMO="1", LOG_LEVEL="ERROR", STATIC_HASHED="0",
                          DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
        documents = market()
        build(Path(work) / "index", multiplied(documents, asked.listings, chance), asked.listings)
        known: set[str] = set()

        def drawn(count: int) -> dict[str, list[str]]:
            return questions(documents, searches, needs, count, chance, known)

        def mixed(of_kinds: dict[str, list[str]]) -> list[str]:
            targets = [target for found in of_kinds.values() for target in found]
            chance.shuffle(targets)
            return targets

        kinds, first = drawn(asked.questions), mixed(drawn(WARMING))
        kinds_loaded = drawn(asked.load)
        targets, under_load, in_turn = mixed(kinds), mixed(kinds_loaded), mixed(drawn(IN_TURN))
        real = [f"{PATH}?{urlencode({'q': term, 'seed': 0})}" for term in searches]
        with Server() as server:
            server.load(first, CLIENTS)
            alone = server.load(targets, 1)
            loaded = server.load(under_load, CLIENTS)
            searched = server.load(real, 1)
            engine = Engine(Path(work) / "index", first)
            ratio = engine.ratio(server, in_turn)
        report(kinds, kinds_loaded, alone, searched, loaded, engine.alone(targets), ratio)


def of_each(kinds: dict[str, list[str]]) -> str:
    """How many questions there are of each kind."""
    return ", ".join(f"{len(found)} {kind}" for kind, found in kinds.items())


def report(
    kinds: dict[str, list[str]],
    kinds_loaded: dict[str, list[str]],
    alone: dict[str, Any],
    searched: dict[str, Any],
    loaded: dict[str, Any],
    taken: Alone,
    ratio: Ratio,
) -> None:
    """What was measured."""
    print(
        f"{len(taken.engine)} distinct questions: "
        + of_each(kinds)
        + f"; {len(taken.empty)} of them find nothing; under load {of_each(kinds_loaded)}"
    )
    print(f"alone: p50 {alone['p50_ms']:.1f} ms (8 wanted), p99 {alone['p99_ms']:.1f} ms (40 wanted)")
    print(f"{searched['requests']} real searches: p50 {searched['p50_ms']:.1f} ms, "
          f"p99 {searched['p99_ms']:.1f} ms, no error")  # fmt: skip
    rate = loaded["requests"] / loaded["seconds"]
    print(f"{CLIENTS} clients: {rate:.0f} a second (300 wanted, 500 the aim), p50 {loaded['p50_ms']:.1f} ms, "
          f"p99 {loaded['p99_ms']:.1f} ms; the generator took {loaded['generator_seconds']:.1f} s of processor "
          f"in {loaded['seconds']:.1f} s")  # fmt: skip
    engine, tantivy = list(taken.engine.values()), list(taken.tantivy.values())
    print(f"the engine alone: p50 {share(engine, 0.5):.1f} ms, p99 {share(engine, 0.99):.1f} ms; "
          f"in turns the whole request takes {ratio.clock:.2f} times the engine's time, {ratio.processor:.2f} "
          f"times its processor time (at most 2 wanted)")  # fmt: skip
    print(f"  of which tantivy's own calls: p50 {share(tantivy, 0.5):.1f} ms, p99 {share(tantivy, 0.99):.1f} ms, "
          f"{sum(tantivy) / sum(engine):.0%} of the engine's time")  # fmt: skip
    for kind, found in kinds.items():
        times = [taken.engine[target] for target in found]
        within = [taken.tantivy[target] for target in found]
        print(f"  {kind}: engine p50 {share(times, 0.5):.1f} ms, p99 {share(times, 0.99):.1f} ms; "
              f"tantivy p50 {share(within, 0.5):.1f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
