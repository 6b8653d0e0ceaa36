"""References with capitals, given before those were refused: they are for ever, and found in whatever capitals somebody
asks. Two that differ in capitals alone there are not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.offerings import save_offerings
from procurement.actions.organisations import (
    OrganisationDraft,
    PartnerDraft,
    save_organisations,
    save_partners,
)
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Invalid
from procurement.models import Event, Organisation, Partner, Supplier, SupplierMember
from procurement.permissions import SYSTEM
from procurement.references import as_they_stand
from search.alerts import found
from search.saved_query import canonical_query, kept_query
from tests.world import LIVE_FROM, make_world, placed, profile, publish_rates

pytestmark = pytest.mark.django_db
OLD = "Quux.Upper_1"
LISTING = f"wr1~{OLD}~{OLD}"
SPELT = [OLD, OLD.lower(), OLD.upper()]


@pytest.fixture(autouse=True)
def standing(settings: Any, tmp_path: Path) -> None:
    """The world, and beside it a firm of that reference with rates on wr1; both indexed."""
    make_world()
    body = Organisation.objects.create(reference=OLD, name="Quux Evaluation")
    firm = Partner.objects.create(reference=OLD, organisation=body)
    with transaction.atomic():
        supplier = Supplier.objects.create(reference=OLD, name="Quux Evaluation", form="alone")
        SupplierMember.objects.create(supplier=supplier, partner=firm, role="lead", joined_on=LIVE_FROM)
    publish_profiles(SYSTEM, [ProfileDraft(OLD, profile("Quux Evaluation"))])
    save_appointments(SYSTEM, [AppointmentDraft(OLD, "wr1~1", LIVE_FROM)])
    save_offerings(SYSTEM, [placed("wr1", OLD, OLD, "wr1~1", ["wr1~1~1"], ["UK"])])
    publish_rates(OLD, "wr1", {"wr1~1~G1": 50_000, "wr1~1~G2": 70_000})
    settings.INDEX_FOLDER = tmp_path / "index"
    call_command("rebuild_index", verbosity=0)


def answer(address: str, **sent: Any) -> Any:
    body = {"data": json.dumps(sent), "content_type": "application/json"} if sent else {}
    told = getattr(Client(), "post" if sent else "get")(f"/api/v1/{address}", **body)
    assert told.status_code == 200, told.content
    return told.json()


@pytest.mark.parametrize("supplier", SPELT)
def test_a_search_by_supplier_finds_its_listing(supplier: str) -> None:
    told = answer(f"listings/?supplier={supplier}")
    assert [one["reference"] for one in told["results"]] == [LISTING]
    assert [one for one in told["facets"]["supplier"]["values"] if one["selected"]] == [
        {"value": OLD, "label": "Quux Evaluation", "count": 1, "selected": True}
    ]
    assert answer(f"listings/?supplier={supplier}&supplier=OAK")["count"] == 6
    page = Client().get(f"/search?supplier={supplier}")
    assert page.status_code == 200
    assert f"/listings/{LISTING}" in page.content.decode()
    kept = kept_query(canonical_query(f"supplier={supplier}", timezone.localdate()), timezone.localdate())
    assert list(found(kept, None)) == [LISTING]


@pytest.mark.parametrize("supplier", SPELT)
def test_rates_of_a_supplier_are_found(supplier: str) -> None:
    told = answer(f"rates/?supplier={supplier}")
    assert [line["supplier"]["reference"] for line in told["results"]] == [OLD, OLD]
    assert Client().get(f"/rates?supplier={supplier}").status_code == 200
    assert Client().get(f"/api/v1/rates.csv?supplier={supplier}").status_code == 200


@pytest.mark.parametrize("supplier", SPELT)
def test_lists_and_addresses_take_it(supplier: str) -> None:
    assert answer(f"suppliers/{supplier}/")["reference"] == OLD
    assert answer(f"partners/{supplier}/")["reference"] == OLD
    assert [
        one["supplier"]["reference"] for one in answer(f"rate-cards/?supplier={supplier}")["results"]
    ] == [OLD]
    assert [one["reference"] for one in answer(f"partners/?supplier={supplier}")["results"]] == [OLD]


@pytest.mark.parametrize("supplier", SPELT)
def test_a_listing_is_shown(supplier: str) -> None:
    assert answer(f"listings/WR1~{supplier}~{supplier}/")["reference"] == LISTING
    page = Client().get(f"/listings/WR1~{supplier}~{supplier}")
    assert (page.status_code, "Quux Evaluation" in page.content.decode()) == (200, True)
    for nobody in (f"wr1~{supplier}~nobody", f"{supplier}", f"wr1~{supplier}~{supplier}~more"):
        assert Client().get(f"/api/v1/listings/{nobody}/").status_code == 404
        assert Client().get(f"/listings/{nobody}").status_code == 404


@pytest.mark.parametrize("supplier", SPELT)
def test_it_is_compared_and_priced(supplier: str) -> None:
    listing = f"wr1~{supplier}~{supplier}"
    told = answer(f"comparisons/?listing={listing}&listing=WR1~oak~elm")
    assert [one["reference"] for one in told["results"]] == [LISTING, "wr1~oak~elm"]
    asked = {"framework": "WR1", "lot": "1", "team": [{"grade": "G1", "days": 2}]}
    proposed = {supplier.swapcase(): {"G1": "400.00"}}
    priced = answer("quotes/", suppliers=[supplier, "Oak"], proposed=proposed, **asked)["results"]
    assert [(one["supplier"]["reference"], one["price"]["total"]) for one in priced] == [
        (OLD, "800.00"),
        ("oak", "800.00"),
    ]
    [by_listing] = answer("quotes/", listings=[listing], **asked)["results"]
    assert (by_listing["listing"], by_listing["price"]["total"]) == (listing, "1000.00")
    [team] = answer("teams/", suppliers=[supplier], specialisms=["1"], **asked)["results"]
    assert team["supplier"]["reference"] == OLD


def test_one_that_is_given_twice_in_other_capitals_is_told() -> None:
    asked = {
        "framework": "wr1",
        "lot": "1",
        "team": [{"grade": "G1", "days": 2}],
        "suppliers": ["oak", "OAK"],
    }
    told = Client().post("/api/v1/quotes/", json.dumps(asked), content_type="application/json")
    assert told.status_code == 422
    assert [(one["pointer"], one["code"]) for one in told.json()["errors"]] == [("/suppliers/1", "twice")]


def test_what_there_is_not_is_refused_in_any_capitals() -> None:
    told = Client().get("/api/v1/listings/?supplier=Quux.Upper_2")
    assert (told.status_code, told.json()["errors"][0]["code"]) == (400, "choice")
    assert Client().get("/api/v1/suppliers/Quux.Upper_2/").status_code == 404


def test_no_new_reference_differs_from_one_that_stands_in_capitals_alone() -> None:
    before = [list(each.objects.values_list()) for each in (Organisation, Partner, Supplier, Event)]
    small = OLD.lower()
    told = f"{OLD} stands already, and no two differ in capitals alone: write it so, or give another."
    alone = SupplierDraft(small, "Quux", "alone", (MemberDraft("ash", "lead", LIVE_FROM),))
    for refused in (
        lambda: save_organisations(SYSTEM, [OrganisationDraft(small, "Quux")]),
        lambda: save_partners(SYSTEM, [PartnerDraft(small, "Quux")]),
        lambda: save_suppliers(SYSTEM, [alone]),
    ):
        with pytest.raises(Invalid) as refusal:
            refused()
        assert [(one.pointer, one.message) for one in refusal.value.faults] == [("/0/reference", told)]
    assert [list(each.objects.values_list()) for each in (Organisation, Partner, Supplier, Event)] == before


def test_where_both_stand_each_is_the_one_that_is_written_so() -> None:
    Organisation.objects.create(reference="two", name="Two")
    Organisation.objects.create(reference="TWO", name="Two")
    assert as_they_stand(Organisation, ["two", "TWO", "Two", "Three", OLD.lower()]) == {
        "two": "two",
        "TWO": "TWO",
        "Two": "two",
        OLD.lower(): OLD,
    }
