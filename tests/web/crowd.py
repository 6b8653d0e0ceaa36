"""Beside the small market a large one: many firms alone with much to say, and specialisms with long names.

What a page shows of it is as much as a page may show.
"""

from __future__ import annotations

from procurement.models import Lot, Offering, Specialism, Supplier
from procurement.vocabulary import OWNERSHIP
from tests.web import market

FIRMS = 40
SPECIALISMS = 240


def make_crowd() -> None:
    """Adds it to the small market in the database; the index has to be rebuilt."""
    lot = Lot.objects.get(reference="rm1~1")
    Specialism.objects.bulk_create(
        Specialism(
            reference=f"{lot.reference}~{number}",
            lot=lot,
            number=str(number),
            position=number,
            name=f"Evaluation of {number} commissioned services, business cases & their delivery in the community",
        )
        for number in range(100, 100 + SPECIALISMS)
    )
    specialisms = list(Specialism.objects.filter(lot=lot, position__gte=100).order_by("position"))
    for number in range(FIRMS):
        partner = market._partner(
            f"elm-{number}",
            f"Elm Evaluation and Public Engagement Partnership {number}",
            summary="Evaluation of health services, and what they save in social care. " * 8,
            ownership=list(OWNERSHIP)[number % len(OWNERSHIP)],
            sectors=["health", "social-care"],
            accreditations=["living-wage"],
            size="small",
            case_studies=[
                {
                    "key": "one",
                    "title": f"Evaluation {number}",
                    "text": "An evaluation of a service for adults. " * 8,
                }
            ],
        )
        supplier = market._supplier(
            f"elm-{number}", f"Elm Evaluation Consortium {number}", Supplier.Form.ALONE, [partner]
        )
        place = market._appointment(supplier, lot.framework, lot.number)
        Offering.objects.bulk_create(
            Offering(appointment=place, partner=partner, specialism=one, regions=["TLC"], evidence=["one"])
            for one in specialisms[number * 6 : number * 6 + 30]
        )
        market._card(
            supplier, lot.framework, "published", {"G1": 40000 + number * 700, "G2": 65050, "G3": 90000}
        )
