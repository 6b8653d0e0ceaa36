"""Listing documents for tests, and how an index is built of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from search.engines.base import Engine, Label

REGIONS = [
    Label("UK", "United Kingdom", "UK"),
    Label("TLC", "North East (England)", "ITL2025"),
    Label("TLD", "North West (England)", "ITL2025"),
    Label("UKC", "North East (England)", "NUTS2013"),
    Label("UKD", "North West (England)", "NUTS2013"),
]


def listing(
    partner: str, *, framework: str = "rm3745", supplier: str = "ppl", **changes: Any
) -> dict[str, Any]:
    """A plain listing of a partner; `changes` replace whole entries of the document."""
    number = framework.upper()
    document: dict[str, Any] = {
        "key": f"{framework}~{supplier}~{partner}",
        "version": 1,
        "framework": framework,
        "framework_number": number,
        "framework_name": "Management Consultancy",
        "status": "live",
        "starts_on": "2025-01-01",
        "ends_on": "2029-01-01",
        "region_scheme": "NUTS2013",
        "partner": partner,
        "name": partner.replace("-", " ").title(),
        "supplier": supplier,
        "supplier_name": supplier.upper(),
        "lead": "ppl",
        "lead_name": "PPL",
        "lots": [{"reference": f"{framework}~5", "number": "5", "name": "Health and community"}],
        "specialisms": [],
        "offerings": [
            {"lot": f"{framework}~5", "specialism": None, "regions": ["UK", "UKC", "UKD", "TLC", "TLD"]}
        ],
        "summary": "",
        "case_studies": [],
        "sectors": [],
        "ownership": "private-company",
        "size": "small",
        "accreditations": [],
        "rates": [],
        "currency": "GBP",
        "unit": "day",
        "basis": "published",
    }
    document |= changes
    document.setdefault(
        "stored", {"reference": document["key"], "name": document["name"], "version": document["version"]}
    )
    return document


def offering(lot: str, specialism: str | None, *regions: str) -> dict[str, Any]:
    return {"lot": lot, "specialism": specialism, "regions": list(regions)}


def lots(framework: str, *numbers: str) -> list[dict[str, str]]:
    return [
        {"reference": f"{framework}~{number}", "number": number, "name": f"Lot name {number}"}
        for number in numbers
    ]


def specialism(lot: str, number: str, name: str) -> dict[str, str]:
    return {"reference": f"{lot}~{number}", "number": number, "name": name}


def rate(grade: str, pounds: int, lot: str | None = None, work_type: str = "") -> dict[str, Any]:
    return {
        "lot": lot,
        "grade": grade,
        "rank": int("".join(filter(str.isdigit, grade))),
        "work_type": work_type,
        "price_minor": pounds * 100,
    }


def fill(engine: Engine, documents: Iterable[dict[str, Any]]) -> None:
    """Builds the engine's index of listings anew, of the documents."""
    with engine.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        rebuild.label("region", REGIONS)
        rebuild.put(documents)
        rebuild.commit()
