"""How long 10,000 partner profiles take to load and to be found: `.venv/bin/python benchmarks/imports.py
[ROWS]`.

Makes a file of believable size (1.5 kB a row, two case studies, two lots with three specialisms each) with a
seed, loads it into a data folder of its own through `manage.py import_partners`, while another process
writes: reports the whole time, the longest that the other writer waited, and what a second run over the same
file does.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORDS = [
    "evaluation",
    "research",
    "engagement",
    "consultation",
    "strategy",
    "service",
    "design",
    "delivery",
    "commissioning",
    "outcomes",
    "data",
    "health",
    "care",
    "education",
    "housing",
    "transport",
    "digital",
    "change",
    "procurement",
    "finance",
    "risk",
    "programme",
    "benefits",
    "users",
    "evidence",
    "analysis",
    "review",
    "workforce",
    "training",
    "policy",
    "economic",
    "impact",
    "local",
    "national",
    "partners",
    "community",
    "citizens",
    "resilience",
    "planning",
    "governance",
]
SECTORS = ("health", "education", "local-government", "housing", "transport", "digital", "culture", "economy")
OWNERSHIP = ("private-company", "employee-owned", "charity", "partnership", "social-enterprise")
REGIONS = ("UK", "UKC", "UKD", "UKE", "UKF", "UKG", "UKH", "UKI", "UKJ", "UKK")
WRITER = """
import time, django
django.setup()
from procurement.models import Counter
from django.db import transaction
longest = failed = written = 0
while not STOP.exists():
    began = time.monotonic()
    try:
        with transaction.atomic():
            Counter.objects.update_or_create(kind="bench", year=1, defaults={"value": written})
        written += 1
    except Exception:
        failed += 1
    longest = max(longest, time.monotonic() - began)
    time.sleep(0.05)
print(f"other writer: {written} transactions, {failed} failed, waited at most {longest:.2f} s")
"""


LOTS = """
import json
from procurement.models import Lot
lots = Lot.objects.filter(framework__reference="rm3745").prefetch_related("specialisms")
print(json.dumps([
    {"framework": "rm3745", "number": lot.number, "specialisms": [one.number for one in lot.specialisms.all()]}
    for lot in lots
]))
"""


def sentence(chance: random.Random, words: int) -> str:
    """Words without sense, in a sentence's clothes."""
    text = " ".join(chance.choice(WORDS) for _ in range(words))
    return f"{text.capitalize()}."


def row(number: int, chance: random.Random, lots: list[dict[str, Any]]) -> dict[str, Any]:
    """One firm."""
    offered = chance.sample(lots, 2)
    return {
        "reference": f"bench-{number:05d}",
        "name": f"{chance.choice(WORDS).capitalize()} {chance.choice(WORDS).capitalize()} {number}",
        "summary": " ".join(sentence(chance, 14) for _ in range(6)),
        "ownership": chance.choice(OWNERSHIP),
        "size": chance.choice(("micro", "small", "medium")),
        "sectors": chance.sample(SECTORS, 2),
        "regions": [chance.choice(REGIONS)],
        "accreditations": ["iso-9001"],
        "case_studies": [
            {
                "title": f"{sentence(chance, 4)[:-1]} {part}",
                "text": " ".join(sentence(chance, 12) for _ in range(3)),
            }
            for part in (1, 2)
        ],
        "offerings": [
            {
                "framework": lot["framework"],
                "lot": lot["number"],
                "specialisms": chance.sample(lot["specialisms"], min(3, len(lot["specialisms"]))),
                "regions": [chance.choice(REGIONS)],
            }
            for lot in offered
        ],
    }


def manage(environment: dict[str, str], *words: str) -> str:
    """Runs a management command and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def main(rows: int) -> None:
    """Prints one line for each figure."""
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as folder:
        environment = {
            **os.environ,
            "DEMO": "1",
            "CALLOFF_DATA": f"{folder}/data",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        manage(environment, "migrate", "-v0")
        manage(environment, "load_fixtures")
        manage(environment, "rebuild_index")
        listed = json.loads(manage(environment, "shell", "-v0", "-c", LOTS))
        lots = [lot for lot in listed if lot["specialisms"]]
        chance = random.Random(3745)
        file = Path(folder) / "partners.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            for number in range(rows):
                lines.write(json.dumps(row(number, chance, lots), ensure_ascii=False) + "\n")
        print(f"{rows} rows, {file.stat().st_size / rows:.0f} bytes each")
        stop = Path(folder) / "stop"
        code = WRITER.replace("STOP", f"__import__('pathlib').Path({str(stop)!r})")
        other = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
        try:
            for turn in ("first", "again"):
                began = time.monotonic()
                report = json.loads(manage(environment, "import_partners", str(file), "--json"))
                whole = time.monotonic() - began
                print(
                    f"{turn}: {report['added']} added, {report['unchanged']} unchanged, "
                    f"{report['refused']} refused, loaded in {report['loaded_seconds']} s, "
                    f"found after {report['indexed_seconds']} s, "
                    f"{whole:.1f} s with start and end"
                )
        finally:
            stop.touch()
            other.wait(timeout=60)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
