"""The drift check sees what only searches look at: a field that no page shows and that differs is found and mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.models import Partner, RateCard
from search.documents import listings_of
from search.drift import drift, repair
from search.engines.base import Writer
from search.index import engine
from search.places import places
from search.rate_documents import rate_documents
from search.sync import drain, stamp

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_engine")]

OAK: Final = "wr1~oak~oak"

LISTING_FIELDS: Final[dict[str, Any]] = {
    "status": "expired",
    "starts_on": "2019-01-01",
    "ends_on": "2020-01-01",
    "supplier": "wr1~elm",
    "partner": "elm",
    "name": "Another name",
    "summary": "A zebra crosses.",
    "sectors": ["zebras"],
    "ownership": "charity",
    "size": "micro",
    "accreditations": ["zebra"],
    "case_studies": [],
    "offerings": [],
    "specialisms": [],
    "rates": [],
    "comparable": False,
    "unit": "hour",
    "confirmed_on": "2001-01-01",
}

LINE_FIELDS: Final[dict[str, Any]] = {
    "text": "Zebra keeper",
    "lots": ["wr1~9"],
    "grade": "Z9",
    "work_type": "zebra",
    "min_experience": 77,
    "qualification": "doctorate",
    "site": "remote",
    "size": "micro",
    "basis": "illustrative",
    "price_minor": 1,
    "valid_from": "2001-01-01",
    "valid_to": "2001-01-02",
    "stands_from": "2001-01-01",
    "stands_to": "2001-01-02",
}


def listing_document() -> Mapping[str, Any]:
    partner = Partner.objects.get(reference="oak")
    made = listings_of([partner.pk], stamp().pk, places(), timezone.localdate())
    (document,) = [document for document in made.puts if document["key"] == OAK]
    return document


def card_document() -> Mapping[str, Any]:
    (document,) = rate_documents([RateCard.objects.get(reference="wr1~oak").pk], stamp().pk)
    return document


@pytest.mark.whole
@pytest.mark.parametrize("field", LISTING_FIELDS)
def test_a_field_of_a_listing_that_only_searches_look_at_is_compared(writer: Writer, field: str) -> None:
    right = listing_document()
    assert right.get(field) != LISTING_FIELDS[field]
    writer.apply("listings", [{**right, field: LISTING_FIELDS[field]}])
    found = drift()
    assert (found.different, found.missing, found.orphaned, found.cards) == ([OAK], [], [], [])
    repair(found)
    drain(writer)
    assert drift().count == 0


@pytest.mark.whole
@pytest.mark.parametrize("field", LINE_FIELDS)
def test_a_field_of_a_rate_line_that_only_searches_look_at_is_compared(writer: Writer, field: str) -> None:
    right = card_document()
    first, *rest = right["lines"]
    assert first[field] != LINE_FIELDS[field]
    writer.apply("rates", [{**right, "lines": [{**first, field: LINE_FIELDS[field]}, *rest]}])
    found = drift()
    assert (found.cards, found.count) == (["wr1~oak"], 1)
    repair(found)
    drain(writer)
    assert drift().count == 0


@pytest.mark.parametrize("field", ["framework", "supplier", "currency", "unit"])
def test_what_all_lines_of_a_card_share_is_compared(writer: Writer, field: str) -> None:
    writer.apply("rates", [{**card_document(), field: "another"}])
    found = drift()
    assert (found.cards, found.count) == (["wr1~oak"], 1)
    repair(found)
    drain(writer)
    assert drift().count == 0


def test_a_listing_that_is_withdrawn_during_the_check_is_no_orphan(writer: Writer) -> None:
    Partner.objects.filter(reference="yew").update(suspended=True)
    assert drift().orphaned == ["wr1~yew~yew"]

    def withdraw(_done: int, _total: int) -> None:
        writer.apply("listings", [], [("wr1~yew~yew", stamp().pk)])

    assert drift(withdraw).count == 0
    assert "wr1~yew~yew" not in dict(engine().listing_keys())
