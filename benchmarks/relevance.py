"""How well needs find who met them: `.venv/bin/python benchmarks/relevance.py DIR... [--engine elasticsearch]
[--words-only] [--floor 0.23]`.

Each DIR is a judged set (benchmarks/judged.py): corpus.jsonl or corpus.jsonl.gz, queries.jsonl, qrels.tsv. Its
suppliers are put into one made-up framework and lot, each alone, every piece of evidence a case study, by the import
of partner profiles; the index is built as `manage.py rebuild_index` builds it; every need is a requirement of that lot
and answered by search/matching.py. Judgements are read for scoring alone. One line of JSON a set: nDCG at 10 (gains
as judged), the reciprocal rank of the first who met it among 10, the share of them among 100, whether one is among
10; all means over the needs. Times are of one match, with the order of 100 and without reasons; `explained_p50_ms`
with the reasons of the first 20, as the API answers. `--floor` fails below that nDCG.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from judged import Need, Piece, Supplier, read_corpus, read_judgements, read_needs  # noqa: E402

from benchmarks.search import share  # noqa: E402
from tools.search_node import cluster  # noqa: E402

FRAMEWORK, LOT, SPECIALISM = "xj1", "1", "1"
TITLE = 250
"""Characters of a case study's title, at most."""


def profile(supplier: Supplier) -> dict[str, Any]:
    """A supplier as a row of the import."""
    return {
        "reference": supplier.identifier,
        "name": supplier.title or supplier.identifier,
        "case_studies": [
            {"key": f"e{number}", **study(piece)} for number, piece in enumerate(supplier.pieces, start=1)
        ],
        "offerings": [{"framework": FRAMEWORK, "lot": LOT, "specialisms": [], "regions": ["UK"]}],
    }


def study(piece: Piece) -> dict[str, str]:
    """A piece of evidence as a case study: its first sentence is the title."""
    title, _, rest = piece.text.partition(". ")
    if len(title) > TITLE:
        title, rest = piece.text[:TITLE], piece.text[TITLE:]
    label = f" [{piece.category}]" if piece.category else ""
    return {"title": title.strip() or "-", "text": f"{rest.strip()}{label}".strip() or "-"}


class Quiet:
    """Nobody watches the import."""

    def begun(self, rows: int) -> None: ...
    def judged(self, rows: int) -> None: ...
    def writing(self, rows: int) -> None: ...
    def written(self, rows: int) -> None: ...


def load(suppliers: list[Supplier], work: Path) -> None:
    """Imports and indexes the suppliers of a set, in this process."""
    from django.core.management import call_command  # noqa: PLC0415 - the environment comes first

    from procurement.actions import frameworks  # noqa: PLC0415
    from procurement.actions.organisations import OrganisationDraft, save_organisations  # noqa: PLC0415
    from procurement.actions.partner_imports import import_partners  # noqa: PLC0415
    from procurement.actions.regions import save_regions  # noqa: PLC0415
    from procurement.fixtures import read_fixtures  # noqa: PLC0415
    from procurement.models import Capability, Framework  # noqa: PLC0415
    from procurement.permissions import SYSTEM  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    fixtures = read_fixtures(ROOT / "fixtures")
    save_regions(SYSTEM, fixtures.regions, fixtures.twins)
    owner = OrganisationDraft("judge", "Judge", capabilities=frozenset({Capability.Kind.FRAMEWORK_OWNER}))
    save_organisations(SYSTEM, [owner])
    lot = frameworks.LotDraft(
        LOT,
        "Everything",
        (frameworks.SpecialismDraft(SPECIALISM, "Everything"),),
        (frameworks.GradeDraft("G1", "Consultant", 1),),
        competition=True,
    )
    draft = frameworks.FrameworkDraft(
        FRAMEWORK, "XJ1", "Judged needs", "judge", Framework.Status.LIVE, date(2020, 1, 1), date(2090, 1, 1),
        Framework.Regime.PA2023, (lot,), fictional=True,
    )  # fmt: skip
    frameworks.save_framework(SYSTEM, draft)
    rows = work / "suppliers.jsonl"
    rows.write_text("".join(f"{json.dumps(profile(one))}\n" for one in suppliers))
    report = import_partners(SYSTEM, rows, Quiet())
    if report.loaded != len(suppliers):
        raise SystemExit(
            f"{report.loaded} of {len(suppliers)} loaded: {[one.shown() for one in report.faults[:5]]}"
        )
    call_command("rebuild_index", verbosity=0, stdout=sys.stderr)


def answer(needs: list[Need]) -> tuple[dict[str, list[str]], list[float], list[float]]:
    """Each need's order of 100, and how many milliseconds its answers took, without and with reasons."""
    from django.utils import timezone  # noqa: PLC0415

    from procurement.requirements import RequirementContent  # noqa: PLC0415
    from search.index import engine  # noqa: PLC0415
    from search.matching import MatchOptions, match  # noqa: PLC0415

    today = timezone.localdate()
    bare, whole = (
        MatchOptions(today, seed=0, size=100, explained=False),
        MatchOptions(today, seed=0, size=20),
    )
    ranks, taken, explained = {}, [], []
    for need in needs:
        content = RequirementContent(text=need.text, framework=FRAMEWORK, lot=f"{FRAMEWORK}~{LOT}")
        began = time.perf_counter()
        found = match(content, bare, engine()).answer["results"]
        taken.append((time.perf_counter() - began) * 1000)
        ranks[need.identifier] = [one["partner"]["reference"] for one in found]
    for need in needs:
        content = RequirementContent(text=need.text, framework=FRAMEWORK, lot=f"{FRAMEWORK}~{LOT}")
        began = time.perf_counter()
        match(content, whole, engine())
        explained.append((time.perf_counter() - began) * 1000)
    return ranks, taken, explained


def ndcg(ranks: Sequence[str], gains: dict[str, float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain."""
    found = sum(gains.get(one, 0.0) / math.log2(rank + 2) for rank, one in enumerate(ranks[:depth]))
    ideal = sorted(gains.values(), reverse=True)[:depth]
    return found / sum(gain / math.log2(rank + 2) for rank, gain in enumerate(ideal))


def scored(ranks: dict[str, list[str]], judged: dict[str, dict[str, float]]) -> dict[str, float]:
    """The figures of a set: means over the needs that somebody met."""
    rows = [(ranks[need], gains) for need, gains in judged.items() if need in ranks]
    first = [
        next((at for at, one in enumerate(found[:10], start=1) if one in gains), 0) for found, gains in rows
    ]
    return {
        "queries": len(rows),
        "ndcg10": round(statistics.mean(ndcg(found, gains) for found, gains in rows), 4),
        "mrr10": round(statistics.mean(1 / at if at else 0.0 for at in first), 4),
        "recall100": round(
            statistics.mean(len(set(found[:100]) & set(gains)) / len(gains) for found, gains in rows), 4
        ),
        "hit10": round(statistics.mean(1.0 if at else 0.0 for at in first), 4),
    }


def measure(directory: Path, work: Path) -> dict[str, Any]:
    """One set, in this process: the engine is the one that the environment names."""
    import django  # noqa: PLC0415 - its settings are read from the environment that main() has made

    django.setup()
    from search import meaning  # noqa: PLC0415
    from search.index import engine  # noqa: PLC0415

    load(read_corpus(directory), work)
    ranks, taken, explained = answer(read_needs(directory))
    return {
        "set": directory.name,
        "engine": getattr(engine(), "name", "embedded"),
        "model": None if meaning.model() is None else meaning.model().digest,
        **scored(ranks, read_judgements(directory)),
        "p50_ms": round(share(taken, 0.5), 1),
        "p99_ms": round(share(taken, 0.99), 1),
        "explained_p50_ms": round(share(explained, 0.5), 1),
        "explained_p99_ms": round(share(explained, 0.99), 1),
    }


def apart(directory: Path, words_only: bool, url: str) -> dict[str, Any]:
    """Measures a set in a process and a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="calloff-relevance-") as work:
        given = os.environ | {
            "CALLOFF_DATA": work,
            "DEMO": "1",
            "LOG_LEVEL": "ERROR",
            "STATIC_HASHED": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "MEANING": "0" if words_only else "1",
        }
        if url:
            given |= {"SEARCH_URL": url, "SEARCH_PREFIX": "relevance-"}
        command = [sys.executable, __file__, "--measure", str(directory.resolve()), work]
        done = subprocess.run(command, env=given, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Measures every set and prints its line."""
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]), Path(sys.argv[3]))))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directories", type=Path, nargs="+")
    parser.add_argument("--engine", choices=("embedded", "elasticsearch"), default="embedded")
    parser.add_argument("--words-only", action="store_true")
    parser.add_argument("--floor", type=float, default=0.0)
    options = parser.parse_args()
    below = False

    def every(url: str) -> None:
        nonlocal below
        for directory in options.directories:
            told = apart(directory, options.words_only, url)
            print(json.dumps(told), flush=True)
            below |= told["ndcg10"] < options.floor

    if options.engine == "embedded":
        every("")
    else:
        with cluster() as node:
            every(node.urls[0])
    if below:
        sys.exit(f"below the floor of {options.floor}")


if __name__ == "__main__":
    main()
