"""Make the fictional market anew from its seed: `python -m tools.make_market [--known-names
suppliers.csv] [FOLDER]`.

The files are committed; a test makes them again and compares every byte. `--known-names` checks, where a
list of real
suppliers is at hand, that no fictional firm bears a word of a real one's name.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools.market.market import LATE, STARTS, Supplier, make_market
from tools.market.names import FIRST, SECOND, clashes
from tools.market.rates import card_rows, role_rows

ROLE_COLUMNS = [
    "supplier", "framework", "valid_from", "lot", "role_title", "min_experience", "max_experience",
    "qualification", "site", "price",
]  # fmt: skip
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def files(fixtures: Path) -> dict[str, str]:
    """Names and contents of the files of the market, made from the frameworks and regions in `fixtures`."""
    market = make_market(fixtures)
    return {
        "partners.jsonl": _json_lines(firm.profile for firm in market.firms),
        "suppliers.jsonl": _json_lines(_supplier(one) for one in market.suppliers),
        "placements.jsonl": _json_lines(market.placements),
        "rates.csv": _csv(
            ["supplier", "framework", "valid_from", "lot", "work_type", "G1", "G2", "G3", "G4", "G5", "G6"],
            card_rows(market.suppliers, fixtures),
        ),
        "rates_by_role.csv": _csv(
            ROLE_COLUMNS,
            role_rows(market.suppliers, fixtures),
        ),
    }


def _supplier(supplier: Supplier) -> dict[str, Any]:
    earliest = min(STARTS[framework] for framework in supplier.frameworks)
    starts = LATE if supplier.late else STARTS
    places = [
        {"lot": f"{framework}~{lot}", "starts_on": starts[framework], "status": "active"}
        for framework in supplier.frameworks
        for lot in supplier.lots[framework]
    ]
    places[0]["status"] = supplier.first_status
    return {
        "reference": supplier.reference,
        "name": supplier.name,
        "form": supplier.form,
        "members": [
            {"partner": firm.reference, "role": "member" if number else "lead", "joined_on": earliest}
            for number, firm in enumerate(supplier.members)
        ],
        "appointments": places,
    }


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(columns: list[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=FIXTURES / "market")
    parser.add_argument("--known-names", type=Path, help="CSV file of real suppliers, column supplier_name")
    options = parser.parse_args(arguments)
    if options.known_names:
        real = clashes([first + second for first in FIRST for second in SECOND], options.known_names)
        if real:
            print("Words that a real supplier's name holds: " + ", ".join(real), file=sys.stderr)
            return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(FIXTURES).items():
        (options.folder / name).write_text(content, encoding="utf-8")
        print(f"{name}: {content.count(chr(10)):,} lines, {len(content.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
