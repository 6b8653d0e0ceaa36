"""A world small enough to know by heart, made through the actions: for tests of the index, imports and
profiles.

Framework wr1 (live, ITL regions; lots 1 and 2a, three specialisms each, grades G1 to G3) and wr0 (expired,
NUTS regions; lot 5). Supplier oak is a consortium of oak (lead), ash and elm on wr1~1 and wr0~5 with a rate
card on wr1; yew stands alone on wr1~2a.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

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
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Membership, Organisation, Region, RegionTwin, User
from procurement.permissions import ANONYMOUS, SYSTEM, Actor, person

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
LIVE_FROM = date(2024, 4, 1)
OLD_FROM, OLD_TO = date(2017, 9, 4), date(2021, 9, 3)


def make_world() -> None:
    """Writes the whole of it; leaves the outbox as the events have filled it."""
    make_frameworks()
    profiles = {
        "oak": "Oak Advisers",
        "ash": "Ash Research",
        "elm": "Elm Evaluation",
        "yew": "Yew Digital",
    }
    make_partners(profiles)
    members = (
        MemberDraft("oak", "lead", OLD_FROM),
        MemberDraft("ash", "member", OLD_FROM),
        MemberDraft("elm", "member", OLD_FROM),
    )
    save_suppliers(
        SYSTEM,
        [
            SupplierDraft("oak", "Oak Consortium", "prime", members),
            SupplierDraft("yew", "Yew Digital", "alone", (MemberDraft("yew", "lead", LIVE_FROM),)),
        ],
    )
    save_appointments(
        SYSTEM,
        [
            AppointmentDraft("oak", "wr1~1", LIVE_FROM),
            AppointmentDraft("oak", "wr0~5", OLD_FROM, OLD_TO),
            AppointmentDraft("yew", "wr1~2a", LIVE_FROM),
        ],
    )
    save_offerings(
        SYSTEM,
        [
            *(
                placed("wr1", "oak", one, "wr1~1", ["wr1~1~1", "wr1~1~2"], ["TLC"])
                for one in ("oak", "ash", "elm")
            ),
            *(placed("wr0", "oak", one, "wr0~5", [None], ["UK"]) for one in ("oak", "ash")),
            placed("wr1", "yew", "yew", "wr1~2a", ["wr1~2a~1"], ["UK"]),
        ],
    )
    publish_rates("oak", "wr1", {"wr1~1~G1": 40_000, "wr1~1~G2": 65_050, "wr1~1~G3": 90_000})


def make_frameworks() -> None:
    """Regions of both schemes, an owner, the two frameworks."""
    make_regions()
    save_organisations(
        SYSTEM, [OrganisationDraft("owner", "Framework Owner", capabilities=frozenset({"framework_owner"}))]
    )
    grades = tuple(GradeDraft(f"G{rank}", f"Grade {rank}", rank) for rank in (1, 2, 3))
    names = ("Evaluation", "Public engagement", "Service design")
    specialisms = tuple(SpecialismDraft(str(number), name) for number, name in enumerate(names, start=1))
    for reference, starts_on, ends_on, scheme, lots in (
        ("wr1", LIVE_FROM, date(2099, 3, 31), "ITL2025", ("1", "2a")),
        ("wr0", OLD_FROM, OLD_TO, "NUTS2013", ("5",)),
    ):
        save_framework(
            SYSTEM,
            FrameworkDraft(
                reference=reference,
                number=reference.upper(),
                name=f"World {reference}",
                owner="owner",
                status="live" if reference == "wr1" else "expired",
                starts_on=starts_on,
                ends_on=ends_on,
                regime="pcr2015",
                lots=tuple(
                    LotDraft(lot, f"Lot {lot}", specialisms, grades, direct_award=True, competition=True)
                    for lot in lots
                ),
                region_scheme=scheme,
                fictional=True,
            ),
        )


def make_regions() -> None:
    """The real regions of both schemes, as the fixtures have them; written at once, since every test needs
    them.
    """
    known: dict[str, Region] = {}
    with (FIXTURES / "regions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for level in ("0", "1", "2"):
        made = [
            Region(
                code=row["code"],
                scheme=row["scheme"],
                level=int(level),
                name=row["name"],
                parent=known.get(row["parent"]),
            )
            for row in rows
            if row["level"] == level
        ]
        known.update({region.code: region for region in Region.objects.bulk_create(made)})
    with (FIXTURES / "region_twins.csv").open(encoding="utf-8") as file:
        RegionTwin.objects.bulk_create(
            RegionTwin(nuts=known[row["nuts"]], itl=known[row["itl"]], same=row["same"] == "yes")
            for row in csv.DictReader(file)
        )


def make_partners(names: dict[str, str]) -> None:
    """Firms with a published profile each."""
    save_partners(SYSTEM, [PartnerDraft(reference, name) for reference, name in names.items()])
    publish_profiles(SYSTEM, [ProfileDraft(reference, profile(name)) for reference, name in names.items()])


def profile(name: str, **changes: Any) -> dict[str, Any]:
    """The fields of a profile, as a firm or an import sends them."""
    return {
        "name": name,
        "summary": f"{name} helps public bodies with what they do.",
        "ownership": "employee-owned",
        "size": "small",
        "sectors": ["health"],
        "regions": ["TLC"],
        "accreditations": ["living-wage"],
        "case_studies": [{"title": "A first case", "text": f"What {name} achieved."}],
        "contacts": {"email": "hello@example.org"},
        **changes,
    }


def placed(
    framework: str, supplier: str, partner: str, lot: str, specialisms: list[str | None], codes: list[str]
) -> Placement:
    """What a partner offers on one lot."""
    return Placement(
        framework, supplier, partner, tuple(OfferingDraft(lot, one, tuple(codes)) for one in specialisms)
    )


def publish_rates(supplier: str, framework: str, prices: dict[str, int], **card: Any) -> None:
    """A card by grade: `{"wr1~1~G1": pence}` keyed by lot and grade code."""
    lines = tuple(
        LineDraft(key=key, price_minor=price, lot=key.rsplit("~", 1)[0], grade=grade_of(key))
        for key, price in prices.items()
    )
    publish_cards(SYSTEM, [CardDraft(supplier, framework, lines, **card)])


def grade_of(key: str) -> str:
    """`wr1~1~G2` to the reference of the grade."""
    lot, code = key.rsplit("~", 1)
    return f"{lot}~{code.lower()}"


def make_buyers(*references: str) -> None:
    """Public bodies that buy."""
    save_organisations(
        SYSTEM, [OrganisationDraft(one, one.title(), capabilities=frozenset({"buyer"})) for one in references]
    )


def askers(buyer: str, other: str, partner: str, scope: str) -> dict[str, Actor]:
    """Everybody who might ask for what `buyer` keeps, by who they are; `scope` is what an integration needs."""
    key = Organisation.objects.get(reference=buyer).pk
    machine = Actor("app_1", {key: "administrator"}, {key: frozenset({"buyer"})}, frozenset({scope}))
    return {
        "editor": editor_of(buyer),
        "approver": editor_of(buyer, "approver"),
        "viewer": editor_of(buyer, "viewer"),
        "other buyer": editor_of(other, "administrator"),
        "partner": editor_of(partner, "administrator"),
        "owner": editor_of("owner", "administrator"),
        "nobody": ANONYMOUS,
        "integration": machine,
        "integration without scope": replace(machine, scopes=frozenset({"read", "imports:write"})),
    }


def editor_of(reference: str, role: str = "editor", name: str = "") -> Actor:
    """Somebody with a role in the organisation of that reference; `name` tells two of one role apart."""
    user = User.objects.create_user(f"{name or role}@{reference}.example.org", None)
    Membership.objects.create(
        user=user, organisation=Organisation.objects.get(reference=reference), role=role
    )
    return person(user)


def tomorrow() -> date:
    return date.today() + timedelta(days=1)  # noqa: DTZ011 - the day by the clock of the tests
