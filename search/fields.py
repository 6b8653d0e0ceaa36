"""What can be searched, filtered, counted and shown of a listing: one table, from which the mapping, the
query, the facets, the parameters, the API's schema and the docs are computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES

STATUSES: Final[dict[str, str]] = {
    "coming": "Coming",
    "open": "Open to applications",
    "pending": "Pending award",
    "standstill": "In standstill",
    "live": "Live",
    "expired": "Expired",
}
"""Framework.Status, as slug to label; a test compares the two."""


@dataclass(frozen=True, slots=True)
class TextField:
    """A field of words. Its BM25 score is multiplied by `weight`; `highlighted` fields show passages."""

    name: str
    label: str
    weight: float
    highlighted: bool = True


TEXT_FIELDS: Final = (
    TextField("name", "Name", 3.0),
    TextField("specialisms", "Specialisms", 2.4),
    TextField("supplier", "Supplier and lead", 2.0),
    TextField("summary", "Summary", 1.6),
    TextField("lots", "Framework and lots", 1.2),
    TextField("evidence", "Case studies", 1.6),
    TextField("about", "Sectors, ownership and accreditations", 1.0, highlighted=False),
)
TEXT_FIELD: Final = {field.name: field for field in TEXT_FIELDS}

TIE_BREAKER: Final = 0.2
"""A word counts fully in the field where it scores best, and by this share in the others."""

NAME_START_SCORE: Final = 4.0
"""What a partner's name adds that only begins with a word asked for (`collab` for Collaborate)."""

WHOLE_NAME_SCORE: Final = 40.0
"""What a partner's name adds that is the whole question."""

ALL_WORDS_SCORE: Final = 10.0
"""What it adds that a listing holds every word of a short question, wherever each of them stands."""

CONSTANT_SCORE: Final = 2.0
"""What a field adds, times its weight, for a word found by its beginning."""


@dataclass(frozen=True, slots=True)
class FilterField:
    """A filter, and a facet that counts its values.

    `one_of` holds the values of a closed list with their labels (another value is a fault); None where values
    are references or codes that data adds. `several`: a listing has any number of them. `by_offering`: lot,
    specialism and region asked together must be met by one offering.
    """

    name: str
    label: str
    one_of: Mapping[str, str] | None = None
    several: bool = False
    by_offering: bool = False


FILTERS: Final = (
    FilterField("framework", "Framework"),
    FilterField("status", "Framework status", one_of=STATUSES),
    FilterField("lot", "Lot", several=True, by_offering=True),
    FilterField("specialism", "Specialism", several=True, by_offering=True),
    FilterField("region", "Region", several=True, by_offering=True),
    FilterField("sector", "Sector", one_of=SECTORS, several=True),
    FilterField("ownership", "Ownership", one_of=OWNERSHIP),
    FilterField("size", "Size", one_of=SIZES),
    FilterField("supplier", "Supplier"),
    FilterField("accreditation", "Accreditation", one_of=ACCREDITATIONS, several=True),
)
FILTER: Final = {field.name: field for field in FILTERS}

SORTS: Final[Mapping[str, str]] = {
    "relevance": "Best match",
    "rate": "Lowest rate of the grade",
    "name": "Name",
}

REGION_SCHEMES: Final = ("ITL2025", "UK")
"""The region codes that the facet counts when the question spans frameworks; with one framework it counts the
framework's own.
"""


def texts_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The texts of a listing document as (text field, part, text), in the order of the document.

    `part` tells several texts of one field apart: a case study's key, a specialism's reference; a phrase
    never reaches from one text into the next.
    """
    yield "name", "", document["name"]
    yield "supplier", document["supplier"], document["supplier_name"]
    if document["lead_name"] != document["supplier_name"]:
        yield "supplier", document["lead"], document["lead_name"]
    yield "lots", document["framework"], f"{document['framework_number']} {document['framework_name']}"
    for lot in document["lots"]:
        # The reference lets "RM3745/5" be found as it is written, the number lets "lot 5".
        yield (
            "lots",
            lot["reference"],
            f"{document['framework_number']}/{lot['number']} Lot {lot['number']} {lot['name']}",
        )
    for specialism in document["specialisms"]:
        yield "specialisms", specialism["reference"], specialism["name"]
    yield "summary", "", document["summary"]
    for study in document["case_studies"]:
        yield "evidence", study["key"], f"{study['title']}. {study['text']}"
    yield "about", "", " ".join([*labels_of(document)])


def labels_of(document: Mapping[str, Any]) -> Iterator[str]:
    """The labels of a listing's closed-list values, so that "charity" or "cyber essentials" typed as words is
    found.
    """
    for sector in document["sectors"]:
        yield SECTORS.get(sector, sector) + ","
    if document["ownership"] != "not-stated":
        yield OWNERSHIP.get(document["ownership"], document["ownership"]) + ","
    for accreditation in document["accreditations"]:
        yield ACCREDITATIONS.get(accreditation, accreditation) + ","


LAYOUT: Final = 10
"""Raise it when the analysis, the texts, the columns or what is stored change in a way that this table does not
show.
"""

MAPPING: Final = hashlib.blake2b(
    repr(
        (LAYOUT, [field.name for field in TEXT_FIELDS], [(field.name, field.several) for field in FILTERS])
    ).encode(),
    digest_size=5,
).hexdigest()
"""Names the shape of the index: an index of another mapping is rebuilt. Weights are not in it, they are
applied when asked.
"""
