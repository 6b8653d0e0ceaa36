"""Firms as listings with whole stored results, for tests of matching."""

from __future__ import annotations

from typing import Any

from tests.search.listing_documents import listing, lots, offering, rate, specialism

LOT = "rm1~1"


def firm(name: str, *evidence: str, **told: Any) -> dict[str, Any]:
    """A firm alone on lot 1 of RM1. `told`: summary, offers {specialism number: regions} (None: not stated), rates
    {grade: pounds}, confirmed_on, ownership, size, basis, work_types {grade: {work type: pounds}}.
    """
    reference = name.lower().replace(" ", "-")
    offers = told.get("offers", {"1": ["UK", "TLC", "TLD"]})
    named = [specialism(LOT, number, SPECIALISMS[number]) for number in (offers or {})]
    offerings = [
        offering(LOT, None if offers is None else f"{LOT}~{number}", *regions)
        for number, regions in (offers or {"": ["UK", "TLC", "TLD"]}).items()
    ]
    rates = [rate(grade, pounds) for grade, pounds in told.get("rates", {}).items()]
    rates += [
        rate(grade, pounds, work_type=kind)
        for grade, kinds in told.get("work_types", {}).items()
        for kind, pounds in kinds.items()
    ]
    studies = [
        {"key": f"e{number}", "title": f"Work {number}", "text": text}
        for number, text in enumerate(evidence, 1)
    ]
    own = {"reference": reference, "name": name}
    basis = told.get("basis", "published")
    document = listing(
        reference,
        framework="rm1",
        supplier=reference,
        name=name,
        supplier_name=name,
        lead=reference,
        lead_name=name,
        lots=lots("rm1", "1"),
        specialisms=named,
        offerings=offerings,
        summary=told.get("summary", ""),
        case_studies=studies,
        ownership=told.get("ownership", "not-stated"),
        size=told.get("size", "not-stated"),
        rates=rates,
        basis=basis,
        confirmed_on=told.get("confirmed_on"),
    )
    card = {
        "card": f"{reference}-rm1",
        "version": 1,
        "currency": "GBP",
        "unit": "day",
        "basis": basis,
        "lines": [],
    }
    document["stored"] = {
        "reference": document["key"],
        "partner": own,
        "supplier": {**own, "form": "alone"},
        "lead": own,
        "fictional": True,
        "framework": {
            "reference": "rm1",
            "number": "RM1",
            "name": "Everything",
            "status": "live",
            "starts_on": document["starts_on"],
            "ends_on": document["ends_on"],
        },
        "lots": document["lots"],
        "specialisms": named,
        "specialisms_stated": offers is not None,
        "case_studies": [{"key": one["key"], "title": one["title"]} for one in studies],
        "ownership": document["ownership"],
        "size": document["size"],
        "sectors": [],
        "accreditations": [],
        "rates": card if rates else None,
        "rates_not_in_force": None,
        "confirmed_on": told.get("confirmed_on"),
    }
    return document


SPECIALISMS = {"1": "Evaluation", "2": "Community engagement", "3": "Data platforms"}
