"""What was bought is added up for whoever answers for the framework, and for nobody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from procurement.models import (
    Appointment,
    CallOff,
    Contract,
    Framework,
    Organisation,
    Requirement,
    RequirementRevision,
)
from procurement.spending import spending
from tests.web.administering import CHIEF, OPERATOR, make_administrators
from tests.web.buying import colleague, signed
from tests.web.market import make_buyer
from tests.web.reading import read, rows, wrong

SIGNED = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    make_administrators()
    colleague("buyer@example.org", "town", "editor")


def bought(number: int, place: str, minor: int, signed_at: datetime | None, **fields: Any) -> CallOff:
    """A call-off on the place's lot that went out, with a contract of that value."""
    fields = {"organisation": Organisation.objects.get(reference="town")} | fields
    body, at = fields["organisation"], Appointment.objects.get(reference=place)
    kept = Requirement.objects.create(reference=f"REQ-2026-{number:04}", organisation=body)
    made = CallOff.objects.create(
        reference=f"CO-2026-{number:04}",
        title="Bought",
        lot=at.lot,
        requirement=RequirementRevision.objects.create(
            requirement=kept, number=1, content={}, digest="0", actor="x"
        ),
        ocid=f"ocds-{number}",
        actor="x",
        **{"route": "direct_award", "status": "contracted", "went_out_at": SIGNED, **fields},
    )
    Contract.objects.create(
        reference=f"CON-2026-{number:04}",
        call_off=made,
        appointment=at,
        starts_on=date(2026, 4, 1),
        ends_on=date(2027, 3, 31),
        value_minor=minor,
        maximum_minor=minor,
        currency="GBP",
        supplier_signed_at=signed_at,
        buyer_signed_at=signed_at,
    )
    return made


def test_contracts_are_added_up_by_route_month_and_supplier(page: Client) -> None:
    bought(1, "rm1~1~dogwood", 1_000_050, SIGNED)
    bought(2, "rm1~1~alders", 2_000_000, SIGNED, route="competition")
    bought(3, "rm1~1~alders", 500_000, datetime(2026, 4, 2, tzinfo=UTC), route="competition")
    bought(4, "rm1~2a~alders", 9_000_000, None, status="awarded")
    # Drafts, one of which was cancelled.
    bought(5, "rm1~1~alders", 700, None, status="cancelled", went_out_at=None)
    bought(6, "rm1~1~alders", 700, None, status="approved", route="competition", went_out_at=None)
    keys = [Appointment.objects.get(reference="rm1~1~alders").lot.framework_id]
    found = spending(keys, date(2026, 4, 30))
    assert found.minor == 3_500_050
    assert [(one.route, one.begun, one.going, one.contracted, one.minor) for one in found.routes] == [
        ("Further competition", 2, 0, 2, 2_500_000),
        ("Direct award", 2, 1, 1, 1_000_050),
    ]
    # Signed at half past midnight of 1 April in London.
    assert [(one.label, one.contracts, one.minor) for one in found.months[-2:]] == [
        ("March 2026", 0, 0),
        ("April 2026", 3, 3_500_050),
    ]
    assert found.months[0].label == "May 2025"
    assert [(one.label, one.contracts, one.minor) for one in found.suppliers] == [
        ("Consortium Alder", 2, 2_500_000),
        ("Dogwood Digital", 1, 1_000_050),
    ]


def test_direct_awards_are_counted_by_ground_and_by_kind_of_body(page: Client) -> None:
    Organisation.objects.filter(reference="town").update(buyer_class="local-government")
    bought(1, "rm1~1~dogwood", 1_000_050, SIGNED, terms={"mechanism": "lowest-price"})
    bought(2, "rm1~1~alders", 2_000_000, SIGNED, route="competition", terms={"mechanism": "ranked"})
    bought(3, "rm1~2a~alders", 9_000_000, None, status="awarded", terms={"mechanism": "only-one"})
    bought(4, "rm1~1~alders", 500_000, SIGNED, terms={"mechanism": "lowest-price"})
    for number, status in ((5, "draft"), (7, "cancelled")):
        terms = {"mechanism": "ranked"}
        bought(number, "rm1~1~alders", 700, None, status=status, terms=terms, went_out_at=None)
    bought(6, "rm1~1~alders", 70_000, SIGNED)
    signed(page, CHIEF)
    found = read(page.get("/administration/spend"))
    assert rows(found, "Direct awards by ground") == [
        ["Ground", "Went out", "Under contract", "Value"],
        ["Lowest price for the stated team", "Went out: 2", "Under contract: 2", "Value: £15,000.50"],
        ["Not recorded", "Went out: 1", "Under contract: 1", "Value: £700"],
        [
            "The only supplier on the lot that can meet the need",
            "Went out: 1",
            "Under contract: 0",
            "Value: £0",
        ],
    ]
    assert rows(found, "Direct awards by kind of body") == [
        ["Kind of body", "Went out", "Under contract", "Value"],
        ["Local government", "Went out: 4", "Under contract: 3", "Value: £15,700.50"],
    ]
    assert [found.one("title", id=f"{one}-title").text for one in ("ground", "body")] == [
        "Direct awards by ground",
        "Direct awards by kind of body",
    ]
    told = page.get("/api/v1/spending/?framework=rm1").json()
    assert told["grounds"][0] == {
        "mechanism": "lowest-price",
        "went_out": 2,
        "contracted": 2,
        "value": {"amount": "15000.50", "currency": "GBP", "vat": "excluded"},
    }
    assert [one["mechanism"] for one in told["grounds"]] == ["lowest-price", None, "only-one"]
    assert [(one["buyer_class"], one["went_out"]) for one in told["buyer_classes"]] == [
        ("local-government", 4)
    ]


def test_buyers_are_told_by_how_often_they_signed_without_a_competition_and_at_no_price(page: Client) -> None:
    district = make_buyer("district", "Deep District")
    Organisation.objects.filter(reference="town").update(scheme="GB-LAE", identifier="TWN")
    bought(1, "rm1~1~dogwood", 1_000_050, SIGNED)
    bought(2, "rm1~1~alders", 2_000_000, SIGNED, route="competition")
    bought(3, "rm1~1~alders", 3_000_000, SIGNED)
    bought(4, "rm1~2a~alders", 9_000_000, None, status="awarded")
    bought(5, "rm1~1~alders", 400, SIGNED, organisation=district)
    bought(6, "rm1~1~alders", 500, SIGNED, organisation=make_buyer("fair", "Fair"), route="competition")
    signed(page, CHIEF)
    found = read(page.get("/administration/spend"))
    assert rows(found, "Direct awards by buyer") == [
        ["Buyer", "Contracts", "By direct award", "Share"],
        ["Town", "Contracts: 3", "By direct award: 2", "Share: 67 %"],
        ["Deep District Fictional body", "Contracts: 1", "By direct award: 1", "Share: 100 %"],
    ]
    assert found.one("title", id="buyer-title").text == "Direct awards by buyer"
    told = page.get("/api/v1/spending/?framework=rm1").json()
    assert (told["buyers"], told["other_buyers"]) == (
        [
            {
                "organisation": {"reference": "town", "name": "Town"},
                "fictional": False,
                "contracts": 3,
                "direct_awards": 2,
            },
            {
                "organisation": {"reference": "district", "name": "Deep District"},
                "fictional": True,
                "contracts": 1,
                "direct_awards": 1,
            },
        ],
        0,
    )
    assert page.get("/api/v1/spending/?framework=rm0").json()["buyers"] == []


def test_twenty_buyers_are_told_and_the_others_counted(page: Client) -> None:
    for number in range(1, 23):
        bought(
            number, "rm1~1~alders", 100, SIGNED, organisation=make_buyer(f"b{number}", f"Body {number:02}")
        )
    signed(page, CHIEF)
    found = read(page.get("/administration/spend"))
    assert [row[0].partition(" Fic")[0] for row in rows(found, "Direct awards by buyer")[1:]] == [
        f"Body {number:02}" for number in range(1, 21)
    ]
    assert "2 further buyers with fewer." in found.texts("p")
    assert page.get("/api/v1/spending/").json()["other_buyers"] == 2


def test_the_page_shows_the_totals_of_one_framework_or_of_all(page: Client) -> None:
    bought(1, "rm1~1~dogwood", 1_000_050, datetime.now(UTC))
    signed(page, CHIEF)
    every = page.get("/administration/spend").content.decode()
    assert every.count("£10,000.50") >= 4
    # Of a buyer how often it signed without a competition, and nothing else.
    assert every.count("Town") == 2
    of_another = Organisation.objects.create(
        reference="other", name="Other", scheme="XX-DEMO", identifier="O"
    )
    Framework.objects.filter(reference="rm0").update(owner=of_another)
    for named in ("RM9999", "rm0"):
        refused = page.get(f"/administration/spend?framework={named}")
        shown = read(refused)
        told = [(f"Framework: “{named}” is none of the choices", "#framework")]
        assert (refused.status_code, wrong(shown)) == (400, told)
        assert "£" not in refused.content.decode()
    Framework.objects.filter(reference="rm0").update(owner=Organisation.objects.get(reference="owner"))
    none = read(page.get("/administration/spend?framework=rm0"))
    assert {row[-1] for row in rows(none, "Value of contracts by month of signature")[1:]} == {"£0"}


def test_suppliers_that_a_made_up_firm_leads_are_marked(page: Client) -> None:
    bought(1, "rm1~1~dogwood", 1_000_050, SIGNED)
    bought(2, "rm1~1~alders", 2_000_000, SIGNED)
    Organisation.objects.filter(reference="alder").update(scheme="", identifier="")
    signed(page, CHIEF)
    shown = rows(read(page.get("/administration/spend")), "Value of contracts by supplier")[1:]
    assert [row[0] for row in shown] == ["Consortium Alder", "Dogwood Digital Fictional firm"]


def test_an_owner_sees_no_other_owners_frameworks(page: Client) -> None:
    bought(1, "rm1~1~dogwood", 1_000_050, datetime.now(UTC))
    other = Organisation.objects.create(reference="other", name="Other", scheme="XX-DEMO", identifier="OTHER")
    Appointment.objects.get(reference="rm1~1~dogwood").lot.framework.__class__.objects.update(owner=other)
    signed(page, CHIEF)
    assert "£10,000.50" not in page.get("/administration/spend").content.decode()
    signed(page, OPERATOR)
    assert "£10,000.50" in page.get("/administration/spend").content.decode()
