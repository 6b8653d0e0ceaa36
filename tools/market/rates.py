"""Fictional rate cards inside the ranges of published UK rates, which `fixtures/rate_ranges.csv` states
by level.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tools.market.draw import Draw
from tools.market.market import SEED, STARTS, Supplier

LEVELS: Final = {
    "rm6187": {"G1": 1, "G2": 2, "G3": 3, "G4": 4, "G5": 5, "G6": 6},
    "rm6309": {"G1": 1, "G2": 2, "G3": 3, "G4": 4, "G5": 5, "G6": 6},
    "cx-demo-01": {"G1": 1, "G2": 2, "G3": 3, "G4": 5, "G5": 6},
}
"""Which level of the published ranges each grade is."""
BAND: Final = {1: (300, 600), 2: (430, 740), 3: (570, 930), 4: (830, 1110), 5: (1050, 1280), 6: (1160, 1690)}
"""Where fictional prices lie, in pounds a day, inside the published range of the level."""


def card_rows(suppliers: Sequence[Supplier], fixtures: Path) -> Iterator[dict[str, str]]:
    """One row for each supplier, framework, lot and work type, with a price in pounds for each grade."""
    for number, supplier in enumerate(suppliers):
        draw = Draw(f"{SEED}/rates/{number}")
        dearness, pence = draw.share() ** 1.3, draw.chance(0.1)
        for framework in supplier.frameworks:
            described = _read(fixtures, framework)
            for lot in described["lots"]:
                if lot["number"] not in supplier.lots[framework] or lot.get("grades") == []:
                    continue
                place = min(1.0, max(0.0, dearness + (draw.share() - 0.5) * 0.12))
                base = {
                    grade: BAND[level][0]
                    + (BAND[level][1] - BAND[level][0])
                    * min(1.0, max(0.0, place + (draw.share() - 0.5) * 0.08))
                    for grade, level in LEVELS[framework].items()
                }
                for kind in lot.get("work_types", described.get("work_types", [""])):
                    lower = draw.between(3, 9) / 100 if kind in ("delivery", "non-complex") else 0.0
                    yield {
                        "supplier": supplier.reference,
                        "framework": framework,
                        "valid_from": STARTS[framework],
                        "lot": lot["number"],
                        "work_type": kind,
                        **{
                            grade: _pounds(max(BAND[level][0], base[grade] * (1 - lower)), pence)
                            for grade, level in LEVELS[framework].items()
                        },
                    }


def role_rows(suppliers: Sequence[Supplier], fixtures: Path) -> Iterator[dict[str, str]]:
    """One row for each role of a lot that is priced by roles."""
    for number, supplier in enumerate(suppliers):
        draw = Draw(f"{SEED}/roles/{number}")
        dearness = draw.share()
        for framework in supplier.frameworks:
            for lot in _read(fixtures, framework)["lots"]:
                if lot["number"] not in supplier.lots[framework] or not lot.get("roles"):
                    continue
                for role in draw.some(lot["roles"], draw.between(6, 12)):
                    years = min(30, role["min_experience"] * 2 + role["max_experience"]) / 40
                    price = 320 + 900 * min(1.0, years * 0.8 + dearness * 0.25 + draw.share() * 0.08)
                    yield {
                        "supplier": supplier.reference,
                        "framework": framework,
                        "valid_from": STARTS[framework],
                        "lot": lot["number"],
                        "role_title": role["title"],
                        "min_experience": str(role["min_experience"]),
                        "max_experience": str(role["max_experience"]),
                        "qualification": role["qualification"],
                        "site": role["site"],
                        "price": _pounds(price, pence=False),
                    }


def _pounds(price: float, pence: bool) -> str:
    if pence:
        return f"{round(price * 2) / 2:.2f}"
    return f"{round(price / 5) * 5:.2f}"


def _read(fixtures: Path, framework: str) -> dict[str, Any]:
    if framework not in _KNOWN:
        _KNOWN[framework] = yaml.safe_load(
            (fixtures / "frameworks" / f"{framework}.yaml").read_text(encoding="utf-8")
        )
    return _KNOWN[framework]


def published_ranges(fixtures: Path) -> dict[int, tuple[int, int]]:
    """The published range of each level, in pounds a day."""
    with (fixtures / "rate_ranges.csv").open(encoding="utf-8", newline="") as file:
        return {int(row["level"]): (int(row["lowest"]), int(row["highest"])) for row in csv.DictReader(file)}


_KNOWN: dict[str, dict[str, Any]] = {}
