"""How fast rate lines load and are searched: `.venv/bin/python benchmarks/rates.py RATES_CSV TITLES_CSV`.

RATES_CSV is the real sheet, TITLES_CSV real role titles. First the real sheet is imported and every price
held against it. Then sheets of 50,000 and 240,000 lines are made from both with a seed, imported and indexed
through `manage.py import_rates`, and searched by eight clients over two web processes: keyword, six filters,
three roles, browsing to page 50 of 200, autocomplete. Every request is a distinct question; answers are not
cached. After the timing every answer that was timed is held against a plain scan: count, minimum, maximum, mean,
deviation, percentiles, histogram; of some questions of each mix, asked again, and of every sort on its first pages and
on page 50 the lines of the page too, with the order of equals. What the service that users know answers stands
beside. Options: --sizes 50000 240000, --seconds 10 (for each mix), --seed 3745, --check 60 (pages); --search-url
ADDRESS for Elasticsearch instead of the embedded engine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from rates_questions import Mixes, Question, address, read_rows, write_sheet  # noqa: E402

PEER = {
    50_000: {
        "keyword": 7.6,
        "six filters": 13.0,
        "three roles": 4.5,
        "deep browse": 9.0,
        "autocomplete": 25.0,
    },
    240_000: {
        "keyword": 1.8,
        "six filters": 2.9,
        "three roles": 0.8,
        "deep browse": 2.8,
        "autocomplete": 5.9,
    },
}
WANTED = {50_000: (30, 50), 240_000: (75, 250)}
CLIENTS = 8
MAP = (
    "supplier=vendor_name", "role=labor_category", "qualification=education_level",
    "min_experience=min_years_experience", "price=price_usd_per_hour", "site=worksite", "size=business_size",
    "valid_from=contract_start", "valid_to=contract_end",
)  # fmt: skip
FRAMEWORK = """
from datetime import date
from procurement.models import Framework, Organisation
owner = Organisation.objects.create(reference="bench-owner", name="Benchmark")
Framework.objects.create(reference="bench", number="BENCH", name="Benchmark", owner=owner, status="live",
    starts_on=date(2015, 1, 1), ends_on=date(2049, 1, 1), regime="pcr2015", rate_unit="hour")
"""
PRICES = """
import json, sys
from procurement.models import RateLine
rows = RateLine.objects.filter(version__status="published")
json.dump(list(rows.values_list("version__card__supplier__name", "role_title", "price_minor")), sys.stdout)
"""


class Place:
    """A data folder of its own with migrated database and one framework."""

    def __init__(self, folder: Path, search_url: str = "") -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
        kept["DJANGO_SETTINGS_MODULE"] = "config.settings"
        self.environment = kept | {
            "CALLOFF_DATA": str(folder),
            "DEMO": "1",
            "LOG_LEVEL": "ERROR",
            "STATIC_HASHED": "0",
        }
        if search_url:
            self.environment |= {
                "SEARCH_URL": search_url,
                "SEARCH_PREFIX": f"{folder.parent.name}-{folder.name}-",
            }
        self.manage("migrate", "-v0")
        self.manage("shell", "-v0", given=FRAMEWORK)

    def manage(self, *words: str, given: str | None = None) -> str:
        """Runs a command and returns what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment, input=given, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{words[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout

    def load(self, sheet: Path) -> dict[str, Any]:
        """Imports a sheet and returns the report."""
        words = (
            "--framework",
            "bench",
            "--currency",
            "USD",
            "--unit",
            "hour",
            "--create-suppliers",
            "--json",
        )
        report: dict[str, Any] = json.loads(self.manage("import_rates", str(sheet), *words, "--map", *MAP))
        return report


class Server:
    """Two web processes over a folder, as `make run` starts them."""

    def __init__(self, place: Place) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        environment = place.environment | {
            "WEB_BIND": f"127.0.0.1:{self.port}", "WEB_PROCESSES": "2",
            "API_LIMIT_SEARCH": "1000000000",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Server:
        for _ in range(100):
            try:
                self.get("/api/v1/rates/suggestions/?q=pro")
            except OSError:
                time.sleep(0.2)
            else:
                return self
        raise SystemExit("the web processes do not answer")

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)

    def get(self, target: str) -> dict[str, Any]:
        """One answer, parsed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", target)
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        if response.status != 200:
            raise SystemExit(f"{response.status} for {target}: {body}")
        answer: dict[str, Any] = body
        return answer

    def processor_seconds(self) -> float:
        """Processor time that the web processes have used so far."""
        total = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self._process.pid:
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def load(self, targets: list[str], kept: Path | None = None) -> dict[str, Any]:
        """Asks them all by the load generator; `kept` gets what was answered."""
        before = self.processor_seconds()
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks/load.py"), str(self.port), str(CLIENTS),
             *([str(kept)] if kept else [])],
            input="\n".join(targets), text=True, capture_output=True, check=True,
        )  # fmt: skip
        report: dict[str, Any] = json.loads(done.stdout)
        report["web_ms"] = (self.processor_seconds() - before) / report["requests"] * 1000
        if report["wrong_count"]:
            raise SystemExit(f"{report['wrong_count']} requests failed: {report['wrong']}")
        return report


def check_prices(place: Place, rates: Path) -> None:
    """Every line of the real sheet stands in the database with its price to the cent."""
    wanted = Counter(
        (
            " ".join(row["vendor_name"].split()),
            row["labor_category"].strip(),
            int(Decimal(row["price_usd_per_hour"]) * 100),
        )
        for row in read_rows(rates)
    )
    held = Counter(tuple(row) for row in json.loads(place.manage("shell", "-v0", given=PRICES)))
    if held != wanted:
        raise SystemExit(
            f"prices differ: {list((wanted - held).items())[:3]} {list((held - wanted).items())[:3]}"
        )
    print(f"real sheet: {sum(held.values()):,} lines, every price kept to the cent")


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="calloff-rates-") as work:
        folder = Path(work)
        real = Place(folder / "real", options.search_url)
        report = real.load(options.rates)
        print(f"real sheet: {report['loaded']:,} of {report['rows']:,} rows loaded, {report['refused']} refused, "
              f"{len(report['warnings'])} warnings, indexed after {report['indexed_seconds']:.1f} s")  # fmt: skip
        check_prices(real, options.rates)
        for size in options.sizes:
            _measure(folder, size, options)


def _measure(folder: Path, size: int, options: argparse.Namespace) -> None:
    sheet = folder / f"{size}.csv"
    write_sheet(sheet, size, options.rates, options.titles, options.seed)
    place = Place(folder / str(size), options.search_url)
    report = place.load(sheet)
    print(f"\n{size:,} lines: {report['loaded']:,} loaded in {report['loaded_seconds']:.1f} s, "
          f"in the index after {report['indexed_seconds']:.1f} s (wanted at 240,000: under 180 s)")  # fmt: skip
    rows = read_rows(sheet)
    titles = [row["labor_category"] for row in rows]
    with Server(place) as server:
        os.environ.update(place.environment)
        mixes, timed = Mixes(titles, options.seed + 1), []
        print(
            f"{'':14}{'requests/s':>11}{'p50 ms':>8}{'p99 ms':>8}{'web CPU ms':>12}{'generator':>11}"
            f"{'peer':>7}{'times':>7}  wanted"
        )
        for kind in mixes.kinds():
            few = server.load([address(one) for one in mixes.questions(kind, 40)])
            count = max(100, round(options.seconds * few["requests"] / few["seconds"]))
            timed.append(folder / f"{size} {kind}.answers")
            got = server.load([address(one) for one in mixes.questions(kind, count)], timed[-1])
            rate = got["requests"] / got["seconds"]
            peer = PEER.get(size, {}).get(kind)
            beside = ""
            if peer is not None:
                least, aim = WANTED[size]
                beside = f"{peer:7.1f}{rate / peer:7.0f}  {peer * least:.0f}, aim {peer * aim:.0f}"
            busy = got["generator_seconds"] / got["seconds"]
            print(
                f"{kind:14}{rate:11.0f}{got['p50_ms']:8.2f}{got['p99_ms']:8.2f}{got['web_ms']:12.2f}{busy:11.0%}{beside}"
            )
        _check(server, rows, timed, options.check, mixes.every_sort())


def _check(
    server: Server, rows: list[dict[str, str]], timed: list[Path], again: int, sorts: Iterable[Question]
) -> None:
    """Holds every answer that was timed against a plain scan of the sheet; the first of each mix, asked again, and
    `sorts` with the lines of their page.
    """
    from rates_check import PlainScan  # noqa: PLC0415 - it needs Django's settings, which the mixes do not

    scan, checked, pages, began = PlainScan(rows), 0, 0, time.perf_counter()
    for file in timed:
        with file.open(encoding="utf-8") as answers:
            for number, line in enumerate(answers):
                target, _, body = line.partition("\t")
                asked = dict(parse_qsl(urlsplit(target).query))
                wrong = scan.wrong_with(asked, json.loads(body))
                if not wrong and number < again:
                    wrong = scan.wrong_with(asked, server.get(target))
                    pages += 1
                if wrong:
                    raise SystemExit(f"{target}: {wrong}")
                checked += 1
    for question in sorts:
        target = address(question)
        if wrong := scan.wrong_with(dict(question[1]), server.get(target)):
            raise SystemExit(f"{target}: {wrong}")
        pages += 1
    spent = time.perf_counter() - began
    print(
        f"all {checked:,} answers that were timed hold against a plain scan, and {pages} pages line by line "
        f"({spent:.0f} s)"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rates", type=Path)
    parser.add_argument("titles", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 240_000])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=3745)
    parser.add_argument("--check", type=int, default=60)
    parser.add_argument("--search-url", default="")
    return parser.parse_args()


if __name__ == "__main__":
    main()
