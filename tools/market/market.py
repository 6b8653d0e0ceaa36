"""The whole fictional market: firms, the suppliers they form, the lots they stand on, what they offer
and what they ask.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tools.market.domains import FOLDER, read_domains, read_generics
from tools.market.draw import Draw
from tools.market.firms import Desk, Firm, make_firm, write_profile
from tools.market.names import Names, slug
from tools.market.prose import Guard, Phrasing

SEED: Final = "calloff-market-1"
CONSORTIA: Final = (
    2,
    8,
    5,
    6,
    7,
    4,
    6,
    5,
    8,
    3,
    6,
    7,
    5,
    4,
    8,
    6,
    5,
    7,
    6,
    3,
    5,
    8,
    6,
    4,
    7,
    5,
    6,
    7,
    3,
    6,
    5,
    8,
    4,
    6,
    7,
    5,
    6,
    2,
    7,
    6,
)
ALONE: Final = 80
LARGEST: Final = 8
TWICE: Final = 14
"""Firms that belong to a second supplier."""
STARTS: Final = {"rm6187": "2021-08-24", "rm6309": "2025-08-18", "cx-demo-01": "2026-02-02"}
LATE: Final = {"rm6187": "2022-03-01", "rm6309": "2026-01-12", "cx-demo-01": "2026-07-01"}
ON: Final = (
    (("rm6309",), 22), (("rm6309", "rm6187"), 24), (("rm6309", "cx-demo-01"), 22),
    (("rm6309", "rm6187", "cx-demo-01"), 16), (("rm6187",), 6), (("cx-demo-01",), 10),
)  # fmt: skip
FORMS: Final = (("prime", 6), ("joint_and_several", 3), ("incorporated", 1))
RESTING: Final = {7: "suspended", 31: "suspended", 58: "withdrawn", 96: "suspended"}
"""The first place of these suppliers, by number, is not active."""


@dataclass(slots=True)
class Supplier:
    """A supplier with its members (the lead first) and the numbers of its lots by framework."""

    reference: str
    name: str
    form: str
    members: list[Firm]
    frameworks: tuple[str, ...]
    lots: dict[str, list[str]] = field(default_factory=dict)
    late: bool = False
    first_status: str = "active"


@dataclass(frozen=True, slots=True)
class Geography:
    """ITL codes and the NUTS codes that share ground with them, in the order of the framework's own list."""

    nuts: dict[str, tuple[str, ...]]

    def codes(self, reach: Sequence[str], scheme: str) -> list[str]:
        """A reach, given in ITL codes, in the framework's own scheme."""
        if scheme == "ITL2025" or list(reach) == ["UK"]:
            return list(reach)
        return sorted({code for one in reach for code in self.nuts[one]})


@dataclass(frozen=True, slots=True)
class Market:
    """What the generator makes, before it is written down."""

    firms: list[Firm]
    suppliers: list[Supplier]
    placements: list[dict[str, Any]]


def make_market(fixtures: Path) -> Market:
    """The market, the same from the same seed; frameworks and regions are read from the committed
    fixtures.
    """
    domains = read_domains()
    names = Names(Draw(f"{SEED}/names"))
    guard, phrasing = Guard(), Phrasing(FOLDER / "phrasing.txt")
    desk = Desk(read_generics(), phrasing, guard)
    total = sum(CONSORTIA) + ALONE
    firms = []
    for number in range(total):
        draw = Draw(f"{SEED}/firm/{number}")
        main = domains[number % len(domains)]
        near = [one for one in domains if one is not main and set(one.sectors) & set(main.sectors)]
        others = draw.some(near, draw.weighted(((0, 3), (1, 5), (2, 2))))
        firm = make_firm(number + 1, [main, *others], names, draw)
        write_profile(firm, desk, draw)
        firms.append(firm)
    suppliers = _suppliers(firms, names)
    geography = read_geography(fixtures)
    schemes = {key: _framework(fixtures, key)["region_scheme"] for key in STARTS}
    for number, supplier in enumerate(suppliers):
        _appoint(supplier, Draw(f"{SEED}/lots/{number}"))
    placements = [
        placement
        for number, supplier in enumerate(suppliers)
        for placement in _placements(supplier, geography, schemes, Draw(f"{SEED}/offers/{number}"))
    ]
    return Market(firms, suppliers, placements)


def read_geography(fixtures: Path) -> Geography:
    nuts: dict[str, list[str]] = {}
    with (fixtures / "region_twins.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            nuts.setdefault(row["itl"], []).append(row["nuts"])
    return Geography({itl: tuple(codes) for itl, codes in nuts.items()})


def _framework(fixtures: Path, key: str) -> dict[str, Any]:
    framework: dict[str, Any] = yaml.safe_load(
        (fixtures / "frameworks" / f"{key}.yaml").read_text(encoding="utf-8")
    )
    return framework


def _suppliers(firms: Sequence[Firm], names: Names) -> list[Supplier]:
    """Forty consortia of two to eight firms, the other firms alone; some firms in a second consortium as
    well.
    """
    draw = Draw(f"{SEED}/suppliers")
    pool = draw.some(firms, len(firms))
    suppliers = []
    for size in CONSORTIA:
        members = [pool.pop() for _ in range(size)]
        name, _ = names.consortium(members[0].domains[0].words["nouns"])
        suppliers.append(Supplier(slug(name), name, draw.weighted(FORMS), members, ()))
    suppliers += [Supplier(firm.reference, firm.name, "alone", [firm], ()) for firm in pool]
    for firm in draw.some(pool, TWICE):
        draw.one([one for one in suppliers[: len(CONSORTIA)] if len(one.members) < LARGEST]).members.append(
            firm
        )
    for number, supplier in enumerate(suppliers):
        supplier.frameworks = draw.weighted(ON)
        supplier.late = draw.chance(0.12)
        supplier.first_status = RESTING.get(number, "active")
    return suppliers


def _appoint(supplier: Supplier, draw: Draw) -> None:
    for framework in supplier.frameworks:
        wanted: dict[str, int] = {}
        for firm in supplier.members:
            for weight, domain in enumerate(reversed(firm.domains), start=1):
                for lot in domain.lots(framework):
                    wanted[lot] = wanted.get(lot, 0) + weight
        ranked = sorted(wanted, key=lambda lot: (-wanted[lot], lot))
        most = draw.between(2, 3) if len(supplier.members) == 1 else draw.between(3, 6)
        supplier.lots[framework] = sorted(ranked[:most], key=lambda lot: (len(lot), lot))


def _placements(
    supplier: Supplier, geography: Geography, schemes: dict[str, str], draw: Draw
) -> list[dict[str, Any]]:
    """What each member offers on each framework: at least its line of work where the supplier stands for
    it.
    """
    placements = []
    for framework in supplier.frameworks:
        lots = set(supplier.lots[framework])
        for firm in supplier.members:
            regions = geography.codes(firm.reach, schemes[framework])
            home = geography.codes([firm.home], schemes[framework])
            offers: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
            for domain in firm.domains:
                keep = 1.0 if domain is firm.domains[0] else 0.6
                for code in domain.specialisms[framework]:
                    if code.split("~")[0] in lots and code not in offers and draw.chance(keep * 0.9):
                        where = home if draw.chance(0.12) else regions
                        proof = firm.evidence.get(domain.key, ()) if draw.chance(0.85) else ()
                        offers[code] = (tuple(where), tuple(proof))
            if offers:
                placements.append(
                    {
                        "framework": framework,
                        "supplier": supplier.reference,
                        "partner": firm.reference,
                        "offerings": _grouped(offers),
                    }
                )
    return placements


def _grouped(offers: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> list[dict[str, Any]]:
    """Offers of one lot, the same regions and the same evidence on one line, as a person would write them."""
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for code, (regions, evidence) in sorted(offers.items(), key=lambda item: _order(item[0])):
        lot, specialism = code.split("~")
        groups.setdefault((lot, regions, evidence), []).append(specialism)
    return [
        {"lot": lot, "specialisms": specialisms, "regions": list(regions), "evidence": list(evidence)}
        for (lot, regions, evidence), specialisms in groups.items()
    ]


def _order(code: str) -> tuple[int, str, int]:
    lot, specialism = code.split("~")
    return len(lot), lot, int(specialism)
