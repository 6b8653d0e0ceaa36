"""How an index of listings grows: `.venv/bin/python benchmarks/scale.py SEARCHES_CSV NEEDS_CSV`.

Both engines are built and asked at several sizes, without the web before them: a row of a table for each. The
listings and the questions are those of benchmarks/search.py (listing_questions.py): real searches, names of
specialisms, words with filters, each a page of 20 with all facets, highlights and reasons. While each index is
built a second time, one listing after another is changed in the one in use, and how long it takes until the change
is read is measured: a change waits for the batch before it. Every row is measured in a process of its own, whose
memory is told; of Elasticsearch it is that of the node: what is resident, with the files of its index that it has
mapped, and how much of its heap is used. Both are read once all questions are answered. Processor time, ours and the
service's together, says more than the clock where a machine has other work.

Options: --sizes 10000 100000 1000000 (Elasticsearch), --embedded 10000 100000 200000, --questions 300, --heap 2g, --out
FILE for the table.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from listing_questions import Document, market, multiplied, questions, read_needs, read_searches  # noqa: E402

from tools.search_node import cluster  # noqa: E402
from tools.search_node.account import node_folder  # noqa: E402

BATCH = 150
"""Listings written at once: the partners that search/rebuild.py writes at once, of one listing each."""
CHANGED = 20
KINDS = ("real search", "specialism", "words and filters")
HEADINGS = (
    "engine", "listings", "built in, s", "processor for each, ms", "listings a second", "p50, ms", "p99, ms",
    "processor for a search, ms", "a change is read after, ms", "memory, MB", "disk, MB", "disk for each listing, kB",
)  # fmt: skip


def fresh(document: Document, version: int) -> Document:
    """The same listing, changed."""
    stored = dict(document["stored"], profile_version=version)
    return dict(document, version=version, stored=stored)


def fill(rebuild: Any, made: Any) -> int:
    """Puts everything in batches; how many there were."""
    done = 0
    while batch := list(islice(made, BATCH)):
        rebuild.put(batch)
        done += len(batch)
    return done


def measure(place: Path, size: int, seed: int) -> dict[str, float]:
    """One row, in this process: the engine is the one that the environment names."""
    import django  # noqa: PLC0415 - its settings are read from the environment that main() has made

    django.setup()
    from django.http import QueryDict  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from search.index import engine  # noqa: PLC0415
    from search.params import listing_query  # noqa: PLC0415

    documents, targets = pickle.loads((place / "given.pickle").read_bytes())  # noqa: S301 - our own, just written
    asked = [listing_query(QueryDict(target.partition("?")[2]), timezone.localdate()) for target in targets]
    service = engine()

    def made() -> Any:
        return multiplied(documents, size, random.Random(seed))

    with service.writer() as writer:
        began, spent = time.perf_counter(), processor(service)
        rebuild = writer.begin_rebuild("listings")
        rebuild.commit(fill(rebuild, made()))
        built = time.perf_counter() - began
        ours, theirs = (now - then for now, then in zip(processor(service), spent, strict=True))
        for query in asked[:50]:
            service.search_listings(query)
        taken = []
        spent = sum(processor(service))
        for query in asked:
            began = time.perf_counter()
            service.search_listings(query)
            taken.append((time.perf_counter() - began) * 1000)
        searched = (sum(processor(service)) - spent) * 1000 / len(asked)
        memory, heap = resident(service)
        disk = on_disk(place / "index", service)
        waited = changes(writer, service, made(), size)
    taken.sort()
    return {
        "built": built,
        "processor_ours": ours,
        "processor_service": theirs,
        "search": searched,
        "p50": taken[len(taken) // 2],
        "p99": taken[len(taken) * 99 // 100],
        "change": max(waited),
        "memory": memory,
        "heap": heap,
        "disk": disk,
    }


def changes(writer: Any, service: Any, made: Any, size: int) -> list[float]:
    """While the index is built again: how long each of some changes waits, from before the batch that is being
    written to where it is read.
    """
    rebuild = writer.begin_rebuild("listings")
    waited = []
    for number in range(min(size // BATCH, 2 * CHANGED)):
        began = time.perf_counter()
        batch = list(islice(made, BATCH))
        rebuild.put(batch)
        if number % 2:
            continue
        changed = fresh(batch[0], 2)
        writer.apply("listings", [changed])
        wanted = changed["stored"]["profile_version"]
        while json.loads(service.listing(changed["key"]) or b"{}").get("profile_version") != wanted:
            time.sleep(0.005)
        waited.append((time.perf_counter() - began) * 1000)
    rebuild.abandon()
    return waited


def processor(service: Any) -> tuple[float, float]:
    """Processor seconds that this process and the node have used so far."""
    if not os.environ.get("SEARCH_URL"):
        return time.process_time(), 0.0
    told = service.within.client.call("GET", "/_nodes/stats/process")["nodes"].values()
    return time.process_time(), sum(node["process"]["cpu"]["total_in_millis"] for node in told) / 1000


def resident(service: Any) -> tuple[float, float]:
    """Megabytes that the process with the index holds in memory, ours at its most or the node's by now, and how much of
    them is used heap: none is told of ours.
    """
    if not os.environ.get("SEARCH_URL"):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0.0
    [told] = service.within.client.call("GET", "/_nodes/_all/process")["nodes"].values()
    [used] = service.within.client.call("GET", "/_nodes/stats/jvm")["nodes"].values()
    status = Path(f"/proc/{told['process']['id']}/status").read_text()
    return resident_of(status), used["jvm"]["mem"]["heap_used_in_bytes"] / 2**20


def resident_of(status: str) -> float:
    """Megabytes of memory that are resident, of the lines of /proc/<process>/status."""
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def on_disk(folder: Path, service: Any) -> float:
    """Megabytes of the index in use."""
    if not os.environ.get("SEARCH_URL"):
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    # Elasticsearch looks at its files every ten seconds.
    time.sleep(11)
    told = service.within.client.call("GET", f"/{os.environ['SEARCH_PREFIX']}*/_stats/store", None)
    return float(told["_all"]["primaries"]["store"]["size_in_bytes"]) / 1e6


def row(work: Path, kind: str, size: int, options: argparse.Namespace, url: str) -> dict[str, Any]:
    """Measures in a process of its own."""
    folder = work / f"{kind}-{size}"
    folder.mkdir()
    (folder / "given.pickle").symlink_to(work / "given.pickle")
    given = os.environ | {"CALLOFF_DATA": str(folder)}
    if url:
        given |= {"SEARCH_URL": url, "SEARCH_PREFIX": f"scale-{size}-"}
    told = subprocess.run(
        [sys.executable, __file__, "--measure", str(folder), str(size), str(options.seed)],
        env=given, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    return {"engine": kind, "listings": size, **json.loads(told.splitlines()[-1])}


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [" | ".join(HEADINGS), " | ".join("---" for _ in HEADINGS)]
    for one in rows:
        size = one["listings"]
        memory = f"{one['memory']:,.0f}"
        if one["heap"]:
            memory += f", {one['heap']:,.0f} of it used heap"
        cells = (
            one["engine"], f"{size:,}", f"{one['built']:,.0f}",
            f"{(one['processor_ours'] + one['processor_service']) * 1000 / size:.2f}", f"{size / one['built']:,.0f}",
            f"{one['p50']:.1f}", f"{one['p99']:.1f}", f"{one['search']:.1f}",
            f"{one['change']:,.0f}", memory, f"{one['disk']:,.0f}", f"{one['disk'] * 1000 / size:.1f}",
        )  # fmt: skip
        lines.append(" | ".join(cells))
    return "".join(f"| {line} |\n" for line in lines)


def conditions(asked: int, options: argparse.Namespace) -> str:
    """What a table needs to be made again, in a line above it."""
    return (
        f"--questions {options.questions} --heap {options.heap} --seed {options.seed}: {asked} distinct questions of "
        f"{', '.join(KINDS)}; a node with a heap of {options.heap}"
    )


def main() -> None:
    """Measures every size of both engines and prints the table."""
    if sys.argv[1:2] == ["--measure"]:
        folder, size, seed = sys.argv[2:]
        print(json.dumps(measure(Path(folder), int(size), int(seed))))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("searches", type=Path)
    parser.add_argument("needs", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--embedded", type=int, nargs="*", default=[10_000, 100_000, 200_000])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=3745)
    parser.add_argument("--heap", default="2g")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="calloff-scale-") as name:
        work = Path(name)
        os.environ.update(CALLOFF_DATA=name, DEMO="1", LOG_LEVEL="ERROR", STATIC_HASHED="0",
                          DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
        documents = market()
        kinds = questions(
            documents, read_searches(options.searches), read_needs(options.needs), options.questions, chance
        )
        targets = [target for kind in KINDS for target in kinds[kind]]
        chance.shuffle(targets)
        (work / "given.pickle").write_bytes(pickle.dumps((documents, targets)))
        rows = []

        def told(kind: str, size: int, url: str = "") -> None:
            rows.append(row(work, kind, size, options, url))
            print(rows[-1], flush=True)

        for size in options.embedded:
            told("embedded", size)
        if options.sizes:
            # A folder of its own where the node's account can enter: a throw-away node is no measure of speed.
            kept = node_folder() / "scale"
            try:
                with cluster(heap=options.heap, folder=kept) as node:
                    for size in options.sizes:
                        told("Elasticsearch", size, node.urls[0])
            finally:
                shutil.rmtree(kept, ignore_errors=True)
    shown = f"{conditions(len(targets), options)}\n\n{table(rows)}"
    print(f"\n{shown}")
    if options.out:
        options.out.write_text(shown)


if __name__ == "__main__":
    main()
