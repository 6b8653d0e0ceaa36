"""The readable seeds in `fixtures/`, read into what the actions take. Pure: files in, drafts out.

Journey: `manage.py load_fixtures` -> here -> actions/demo.py -> the same actions that everybody else
goes through.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils.text import slugify

from procurement.actions.appointments import AppointmentDraft
from procurement.actions.frameworks import FrameworkDraft, GradeDraft, LotDraft, SpecialismDraft
from procurement.actions.offerings import OfferingDraft, Placement
from procurement.actions.organisations import OrganisationDraft, PartnerDraft
from procurement.actions.people import PersonDraft
from procurement.actions.profiles import ProfileDraft
from procurement.actions.rate_lines import CardDraft, LineDraft
from procurement.actions.regions import RegionDraft, TwinDraft
from procurement.actions.suppliers import MemberDraft, SupplierDraft
from procurement.profiles import FIELDS

FRAMEWORKS: Final = ("rm3745", "rm6187", "rm6309", "cx-demo-01")
GRADES: Final = ("G1", "G2", "G3", "G4", "G5", "G6")
PENCE: Final = (
    "direct_award_cap", "minimum_value", "maximum_value", "professional_indemnity", "public_liability",
)  # fmt: skip

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fixtures:
    """Everything that the demonstration starts with, in the order in which it is loaded."""

    regions: Sequence[RegionDraft]
    twins: Sequence[TwinDraft]
    organisations: Sequence[OrganisationDraft]
    frameworks: Sequence[FrameworkDraft]
    partners: Sequence[PartnerDraft]
    profiles: Sequence[ProfileDraft]
    suppliers: Sequence[SupplierDraft]
    appointments: Sequence[AppointmentDraft]
    placements: Sequence[Placement]
    cards: Sequence[CardDraft]
    people: Sequence[PersonDraft]


def digest(folder: Path) -> str:
    """SHA-256 over the names and bytes of every file of the fixtures."""
    total = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.suffix in (".csv", ".yaml", ".jsonl")):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def read_fixtures(folder: Path) -> Fixtures:
    """The fixtures in a folder. Raises KeyError or ValueError where a file is not as it should be."""
    frameworks = [read_framework(folder / "frameworks", reference) for reference in FRAMEWORKS]
    founding: Row = _yaml(folder / "founding" / "consortium.yaml")
    firms = list(_json_lines(folder / "market" / "partners.jsonl"))
    suppliers = list(_json_lines(folder / "market" / "suppliers.jsonl"))
    everyone = [*founding["partners"], *firms]
    return Fixtures(
        regions=read_regions(folder),
        twins=read_twins(folder),
        organisations=[
            *(_organisation(row) for row in _yaml(folder / "organisations.yaml")),
            *(_organisation({**row, "capabilities": ["buyer"]}) for row in _csv(folder / "buyers.csv")),
            *(_organisation({**row, "capabilities": ["partner"]}) for row in everyone),
        ],
        frameworks=frameworks,
        partners=[PartnerDraft(row["reference"], row["name"]) for row in everyone],
        profiles=[
            ProfileDraft(row["reference"], {name: row[name] for name in FIELDS if name in row})
            for row in everyone
        ],
        suppliers=[_founding_supplier(founding), *(_supplier(row) for row in suppliers)],
        appointments=[
            *(_appointment(founding["supplier"]["reference"], row) for row in founding["appointments"]),
            *(_appointment(one["reference"], row) for one in suppliers for row in one["appointments"]),
        ],
        placements=[
            *_founding_placements(founding),
            *(_placement(row) for row in _json_lines(folder / "market" / "placements.jsonl")),
        ],
        cards=[_founding_card(founding), *_cards(folder / "market", frameworks)],
        people=[PersonDraft(**row) for row in _yaml(folder / "demo_users.yaml")],
    )


def read_regions(folder: Path) -> list[RegionDraft]:
    """The kingdom's regions, which every installation has."""
    return [
        RegionDraft(row["code"], row["scheme"], int(row["level"]), row["name"], row["parent"])
        for row in _csv(folder / "regions.csv")
    ]


def read_twins(folder: Path) -> list[TwinDraft]:
    """Which regions of the two schemes share ground."""
    return [
        TwinDraft(row["nuts"], row["itl"], row["same"] == "yes") for row in _csv(folder / "region_twins.csv")
    ]


def read_framework(folder: Path, reference: str) -> FrameworkDraft:
    """A framework from its YAML file and its specialisms from the CSV file beside it."""
    row = dict(_yaml(folder / f"{reference}.yaml"))
    specialisms: dict[str, list[SpecialismDraft]] = {}
    for line in _csv(folder / f"{reference}-specialisms.csv"):
        specialisms.setdefault(line["lot"], []).append(
            SpecialismDraft(line["number"], line["name"], line["description"], tuple(line["cpv"].split()))
        )
    grades = row.pop("grades")
    kinds = row.pop("work_types", [])
    lots = tuple(_lot({"work_types": kinds, **lot}, grades, specialisms) for lot in row.pop("lots"))
    row |= {f"{name}_pence": pence(row.pop(name)) for name in PENCE if name in row}
    for name in ("management_charge", "rate_rise_ceiling"):
        if name in row:
            row[name] = Decimal(row[name])
    row["buyer_classes"] = tuple(row["buyer_classes"])
    return FrameworkDraft(**row, lots=lots)


def _lot(row: Row, grades: Sequence[Row], specialisms: Mapping[str, Sequence[SpecialismDraft]]) -> LotDraft:
    own: dict[str, Any] = {
        name: value for name, value in row.items() if name not in ("grades", "roles", *PENCE)
    }
    own |= {f"{name}_pence": pence(row[name]) for name in PENCE if name in row}
    return LotDraft(
        **own,
        specialisms=tuple(specialisms[row["number"]]),
        grades=tuple(GradeDraft(**grade) for grade in row.get("grades", grades)),
    )


def pence(pounds: str) -> int:
    """A sum such as "650.50" in pence, to the penny. Raises ValueError for a fraction of a penny."""
    exact = Decimal(pounds) * 100
    if exact != exact.to_integral_value():
        raise ValueError(f"{pounds} is not a whole number of pence.")
    return int(exact)


def _organisation(row: Row) -> OrganisationDraft:
    return OrganisationDraft(
        reference=row["reference"],
        name=row["name"],
        scheme=row.get("scheme", ""),
        identifier=row.get("identifier", ""),
        capabilities=frozenset(row["capabilities"]),
        buyer_class=row.get("buyer_class", ""),
        nation=row.get("nation", ""),
    )


def _founding_supplier(founding: Row) -> SupplierDraft:
    supplier = founding["supplier"]
    members = tuple(
        MemberDraft(one["reference"], one["role"], supplier["joined_on"]) for one in founding["partners"]
    )
    return SupplierDraft(supplier["reference"], supplier["name"], supplier["form"], members)


def _founding_placements(founding: Row) -> Iterator[Placement]:
    """Each partner stands on each lot; where its specialisms are not known, the offering states none."""
    lots = [one["lot"] for one in founding["appointments"]]
    supplier = founding["supplier"]["reference"]
    for partner in founding["partners"]:
        stated = partner.get("offerings", [])
        offers = [
            OfferingDraft(
                lot,
                one["specialism"] if one else None,
                ("UK",),
                tuple(one.get("evidence", ())) if one else (),
            )
            for lot in lots
            for one in [row for row in stated if row["specialism"].startswith(f"{lot}~")] or [None]
        ]
        yield Placement(lots[0].split("~")[0], supplier, partner["reference"], tuple(offers))


def _founding_card(founding: Row) -> CardDraft:
    card = founding["rate_card"]
    framework = card["framework"]
    return CardDraft(
        supplier=founding["supplier"]["reference"],
        framework=framework,
        lines=tuple(
            LineDraft(
                f"{lot}-{grade}",
                pence(price),
                lot=f"{framework}~{lot}",
                grade=f"{framework}~{lot}~{grade.lower()}",
            )
            for lot in card["lots"]
            for grade, price in card["prices"].items()
        ),
        currency=card["currency"],
        unit=card["unit"],
        basis=card["basis"],
        valid_from=card["valid_from"],
        valid_to=card["valid_to"],
        source=card["source"],
    )


def _supplier(row: Row) -> SupplierDraft:
    members = tuple(
        MemberDraft(one["partner"], one["role"], date.fromisoformat(one["joined_on"]))
        for one in row["members"]
    )
    return SupplierDraft(row["reference"], row["name"], row["form"], members)


def _appointment(supplier: str, row: Row) -> AppointmentDraft:
    return AppointmentDraft(
        supplier=supplier,
        lot=row["lot"],
        starts_on=_day(row["starts_on"]),
        ends_on=_day(row["ends_on"]) if row.get("ends_on") else None,
        status=row.get("status", "active"),
        quality_marks=tuple(row.get("quality_marks", ())),
    )


def _placement(row: Row) -> Placement:
    framework = row["framework"]
    return Placement(
        framework,
        row["supplier"],
        row["partner"],
        tuple(
            OfferingDraft(
                f"{framework}~{one['lot']}",
                f"{framework}~{one['lot']}~{specialism}",
                tuple(one["regions"]),
                tuple(one["evidence"]),
            )
            for one in row["offerings"]
            for specialism in one["specialisms"]
        ),
    )


def _cards(folder: Path, frameworks: Sequence[FrameworkDraft]) -> Iterator[CardDraft]:
    """The market's cards: one for each supplier and framework, priced by grade and, on some lots, by role."""
    ends = {one.reference: one.ends_on for one in frameworks}
    lines: dict[tuple[str, str], list[LineDraft]] = {}
    starts: dict[tuple[str, str], date] = {}
    for row in _csv(folder / "rates.csv"):
        card = (row["supplier"], row["framework"])
        starts[card] = _day(row["valid_from"])
        lot = f"{row['framework']}~{row['lot']}"
        lines.setdefault(card, []).extend(
            LineDraft(
                "-".join(part for part in (row["lot"], row["work_type"], grade) if part),
                pence(row[grade]),
                lot=lot,
                grade=f"{lot}~{grade.lower()}",
                work_type=row["work_type"],
            )
            for grade in GRADES
            if row[grade]
        )
    for row in _csv(folder / "rates_by_role.csv"):
        card = (row["supplier"], row["framework"])
        starts[card] = _day(row["valid_from"])
        lines.setdefault(card, []).append(
            LineDraft(
                f"{row['lot']}-{slugify(row['role_title'])}",
                pence(row["price"]),
                role_title=row["role_title"],
                lot=f"{row['framework']}~{row['lot']}",
                min_experience=int(row["min_experience"]),
                max_experience=int(row["max_experience"]),
                qualification=row["qualification"],
                site=row["site"],
            )
        )
    for (supplier, framework), rows in lines.items():
        yield CardDraft(
            supplier,
            framework,
            tuple(rows),
            valid_from=starts[supplier, framework],
            valid_to=ends[framework],
            source="Fictional market",
        )


def _day(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
