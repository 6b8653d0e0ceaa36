"""How fast needs are matched: `.venv/bin/python benchmarks/matching.py NEEDS_CSV`.

20,000 listings as benchmarks/search.py makes them; real needs (column description of NEEDS_CSV), each cut to 600
characters, are posted to /api/v1/matches/ of two web processes, one after another, for a framework with a team and
regions: the 20 best with reasons. The engine's gathering, the model and the whole answer are timed in this process on
the same needs, so that the ratios show what costs what. Options: --listings 20000, --rounds 4, --seed 3745.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import tempfile
import time
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from listing_questions import market, multiplied, read_needs  # noqa: E402

from benchmarks.search import Server, build, share  # noqa: E402

CHARACTERS = 600
FRAMEWORK = "rm6309"
"""The one with most listings."""


def posted(port: int, need: dict[str, Any]) -> float:
    """Milliseconds of one request."""
    body = json.dumps({"need": need, "seed": 0}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/matches/", body, {"Content-Type": "application/json"}
    )
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        told = json.load(answer)
    took = (time.perf_counter() - began) * 1000
    if not told["answer"]["results"]:
        raise SystemExit("a need was answered with nothing")
    return took


def alone(folder: Path, needs: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Milliseconds in this process: the engine's gathering, the model, the whole answer, and its processor time."""
    from django.utils import timezone  # noqa: PLC0415 - the environment comes first

    from procurement.requirements import RequirementContent  # noqa: PLC0415
    from search.engines.embedded import EmbeddedEngine  # noqa: PLC0415
    from search.matching import MatchOptions, match  # noqa: PLC0415
    from search.meaning import model  # noqa: PLC0415
    from search.measured import MeasuredEngine  # noqa: PLC0415

    gathered: list[float] = []

    class Watched(MeasuredEngine):
        def reading(self) -> Any:
            within = super().reading()
            gather = within.gather

            def timed(need: Any) -> Any:
                began = time.perf_counter()
                found = gather(need)
                gathered.append((time.perf_counter() - began) * 1000)
                return found

            within.gather = timed  # type: ignore[method-assign]
            return within

    engine = Watched(EmbeddedEngine(folder))
    understood = model()
    contents = [RequirementContent.from_json(need) for need in needs]
    options = MatchOptions(timezone.localdate(), seed=0)
    for content in contents:
        match(content, options, engine)
    gathered.clear()
    gc.collect()
    gc.freeze()
    whole, used, meant = [], [], []
    for content in contents:
        began, busy = time.perf_counter(), time.process_time()
        match(content, options, engine)
        whole.append((time.perf_counter() - began) * 1000)
        used.append((time.process_time() - busy) * 1000)
        began = time.perf_counter()
        if understood is not None:
            understood.encode([content.text])
        meant.append((time.perf_counter() - began) * 1000)
    return {
        "gathering": gathered,
        "model, the need": meant,
        "whole answer": whole,
        "its processor time": used,
    }


def main() -> None:
    """Builds, asks, prints."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("needs", type=Path)
    options.add_argument("--listings", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--seed", type=int, default=3745)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="calloff-matching-") as work:
        os.environ.update(CALLOFF_DATA=work, DEMO="1", LOG_LEVEL="ERROR", STATIC_HASHED="0",
                          DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
        documents = market()
        build(
            Path(work) / "index",
            multiplied(documents, asked.listings, random.Random(asked.seed)),
            asked.listings,
        )
        needs = [
            {
                "text": text[:CHARACTERS],
                "framework": FRAMEWORK,
                "regions": ["UKC"],
                "team": [{"grade": "G3", "days": str(Decimal(number) / 2)}, {"grade": "G5", "days": "4"}],
                "work_type": "advice",
            }
            for number, text in enumerate(read_needs(asked.needs), start=1)
        ]
        with Server() as server:
            for need in needs:
                posted(server.port, need)
            before = server.processor_seconds()
            taken = [posted(server.port, need) for _ in range(asked.rounds) for need in needs]
            used = (server.processor_seconds() - before) / len(taken) * 1000
        parts = alone(Path(work) / "index", needs)
    print(f"{len(needs)} needs of {CHARACTERS} characters, {len(taken)} requests: p50 {share(taken, 0.5):.1f} ms "
          f"(60 wanted), p99 {share(taken, 0.99):.1f} ms (200 wanted), {used:.1f} ms of processor each")  # fmt: skip
    for name, values in parts.items():
        print(f"  {name}: p50 {share(values, 0.5):.1f} ms, p99 {share(values, 0.99):.1f} ms")
    whole = share(parts["whole answer"], 0.5)
    print(f"the request takes {share(taken, 0.5) / whole:.2f} times the answer, the answer "
          f"{whole / share(parts['gathering'], 0.5):.2f} times the engine's gathering")  # fmt: skip


if __name__ == "__main__":
    main()
