"""A small part of the demonstration, loaded from the same fixtures through the same actions.

RM3745 and RM6309 as they are, the founding consortium with its illustrative card, and beside them
Brightwater, a made-up firm alone on two lots of RM6309 with a published card and contacts; the people of the
demonstration.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.frameworks import (
    FrameworkDraft,
    GradeDraft,
    LotDraft,
    SpecialismDraft,
    save_framework,
)
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.organisations import (
    OrganisationDraft,
    PartnerDraft,
    save_organisations,
    save_partners,
)
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.actions.regions import RegionDraft, TwinDraft, save_regions
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Membership, Organisation, User
from procurement.permissions import SYSTEM
from procurement.profiles import FIELDS

FIXTURES = Path(__file__).parents[2] / "fixtures"
OWNER = "crown-commercial-service"
STARTS, ENDS = date(2025, 8, 18), date(2028, 8, 18)
PEOPLE = (
    ("buyer", "leeds-city-council", "editor"),
    ("reader", "leeds-city-council", "viewer"),
    ("neighbour", "kirklees-council", "administrator"),
    ("partner", "opm-group", "editor"),
    ("viewer", "opm-group", "viewer"),
    ("lead", "ppl", "administrator"),
    ("operator", "calloff-operations", "administrator"),
)
PRICES = {"G1": 42500, "G2": 61050, "G3": 78000, "G4": 91000, "G5": 110000, "G6": 137500}


def load() -> None:
    """Write it to the database."""
    organisations = [
        OrganisationDraft(OWNER, "Crown Commercial Service", capabilities=frozenset({"framework_owner"})),
        OrganisationDraft(
            "commons-exchange", "Commons Exchange", "XX-DEMO", "10000001", frozenset({"framework_owner"})
        ),
        OrganisationDraft("calloff-operations", "Operations", "XX-DEMO", "10000002", frozenset({"operator"})),
        OrganisationDraft(
            "leeds-city-council", "Leeds City Council", "GB-LAE", "LDS", frozenset({"buyer"}),
            "local-government",
            "england",
        ),
    ]  # fmt: skip
    organisations.append(
        OrganisationDraft(
            "kirklees-council", "Kirklees Council", "GB-LAE", "KIR", frozenset({"buyer"}), "local-government",
            "england",
        )
    )  # fmt: skip
    save_organisations(SYSTEM, organisations)
    _regions()
    for reference in ("rm3745", "rm6309"):
        _framework(reference)
    _founding()
    _brightwater()
    _people()


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def _yaml(name: str) -> Any:
    return yaml.load((FIXTURES / name).read_text(encoding="utf-8"), yaml.CSafeLoader)


def _regions() -> None:
    regions = [
        RegionDraft(row["code"], row["scheme"], int(row["level"]), row["name"], row["parent"])
        for row in _rows("regions.csv")
    ]
    twins = [TwinDraft(row["nuts"], row["itl"], row["same"] == "yes") for row in _rows("region_twins.csv")]
    save_regions(SYSTEM, regions, twins)


def _framework(reference: str) -> None:
    told = _yaml(f"frameworks/{reference}.yaml")
    lines = _rows(f"frameworks/{reference}-specialisms.csv")
    grades = tuple(GradeDraft(each["code"], each["name"], each["rank"]) for each in told["grades"])
    lots = tuple(
        LotDraft(
            lot["number"],
            lot["name"],
            tuple(
                SpecialismDraft(row["number"], row["name"]) for row in lines if row["lot"] == lot["number"]
            ),
            grades,
            direct_award=lot.get("direct_award", False),
            competition=lot.get("competition", False),
        )
        for lot in told["lots"]
    )
    save_framework(
        SYSTEM,
        FrameworkDraft(
            reference, told["number"], told["name"], OWNER, told["status"], told["starts_on"],
            told["ends_on"],
            told["regime"], lots, told["nickname"], told["description"].strip(),
            region_scheme=told["region_scheme"],
        ),
    )  # fmt: skip


def _founding() -> None:
    told = _yaml("founding/consortium.yaml")
    supplier, partners = told["supplier"]["reference"], told["partners"]
    save_partners(SYSTEM, [PartnerDraft(each["reference"], each["name"]) for each in partners])
    publish_profiles(
        SYSTEM,
        [
            ProfileDraft(each["reference"], {name: each[name] for name in FIELDS if name in each})
            for each in partners
        ],
    )
    joined = told["supplier"]["joined_on"]
    members = tuple(MemberDraft(each["reference"], each["role"], joined) for each in partners)
    save_suppliers(
        SYSTEM, [SupplierDraft(supplier, told["supplier"]["name"], told["supplier"]["form"], members)]
    )
    places = told["appointments"]
    save_appointments(
        SYSTEM,
        [
            AppointmentDraft(
                supplier,
                each["lot"],
                each["starts_on"],
                each["ends_on"],
                quality_marks=tuple(each["quality_marks"]),
            )
            for each in places
        ],
    )
    save_offerings(
        SYSTEM,
        [Placement("rm3745", supplier, each["reference"], _offered(each, places)) for each in partners],
    )
    card = told["rate_card"]
    lines = [
        LineDraft(
            f"{lot}-{grade}",
            int(price.replace(".", "")),
            lot=f"rm3745~{lot}",
            grade=f"rm3745~{lot}~{grade.lower()}",
        )
        for lot in card["lots"]
        for grade, price in card["prices"].items()
    ]
    publish_cards(
        SYSTEM,
        [CardDraft(supplier, "rm3745", tuple(lines), basis=card["basis"], valid_from=card["valid_from"],
                   valid_to=card["valid_to"], source=card["source"])],
    )  # fmt: skip


def _offered(partner: dict[str, Any], places: list[dict[str, Any]]) -> tuple[OfferingDraft, ...]:
    """What is stated, and "not stated" on every lot of which nothing is."""
    stated = [
        OfferingDraft(
            each["specialism"].rpartition("~")[0], each["specialism"], evidence=tuple(each["evidence"])
        )
        for each in partner.get("offerings", ())
    ]
    told = {offering.lot for offering in stated}
    return (*stated, *(OfferingDraft(each["lot"], None) for each in places if each["lot"] not in told))


def _brightwater() -> None:
    save_partners(SYSTEM, [PartnerDraft("brightwater", "Brightwater Advisory", "XX-DEMO", "10000003")])
    publish_profiles(
        SYSTEM,
        [
            ProfileDraft(
                "brightwater",
                {
                    "name": "Brightwater Advisory",
                    "summary": "Strategy and evaluation for health and care, in the North and in Scotland.",
                    "ownership": "private-company",
                    "size": "small",
                    "sectors": ["health", "social-care"],
                    "regions": ["UKC", "UKM"],
                    "accreditations": ["cyber-essentials", "living-wage"],
                    "case_studies": [
                        {
                            "key": "wards",
                            "title": "Safer wards",
                            "text": "An evaluation on twelve wards.",
                            "year": 2024,
                        }
                    ],
                    "contacts": {"email": "hello@brightwater.example.org", "phone": "020 7946 0123"},
                },
            )
        ],
    )
    member = MemberDraft("brightwater", "lead", STARTS)
    save_suppliers(SYSTEM, [SupplierDraft("brightwater", "Brightwater Advisory", "alone", (member,))])
    lots = ("rm6309~2", "rm6309~7")
    save_appointments(SYSTEM, [AppointmentDraft("brightwater", lot, STARTS, ENDS) for lot in lots])
    offerings = tuple(
        OfferingDraft(lot, f"{lot}~{number}", ("UKC", "UKM"), ("wards",)) for lot in lots for number in (1, 2)
    )
    save_offerings(SYSTEM, [Placement("rm6309", "brightwater", "brightwater", offerings)])
    lines = [
        LineDraft(
            f"{lot}-{grade}",
            price,
            lot=lot,
            grade=f"{lot}~{grade.lower()}",
            work_type="advice",
            qualification="masters",
            site="both",
            size="small",
        )
        for lot in lots
        for grade, price in PRICES.items()
    ]
    publish_cards(
        SYSTEM,
        [CardDraft("brightwater", "rm6309", tuple(lines), valid_from=STARTS, valid_to=ENDS, source="test")],
    )


def _people() -> None:
    for name, reference, role in PEOPLE:
        user = User.objects.create_user(
            f"{name}@example.org", "a long enough password", full_name=name.title()
        )
        organisation = Organisation.objects.get(reference=reference)
        Membership.objects.create(user=user, organisation=organisation, role=role)
