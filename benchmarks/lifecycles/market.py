"""The market of a run: a framework, twelve suppliers on its lots, three buyers with their people, a body that pays.

Everything is made by the service's own actions, and everybody is made up. Lot 1 holds all twelve suppliers, lots 2
to 4 four each, so that most competitions are of a usual size. The first supplier of each of the small lots is a
consortium of two firms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from benchmarks.lifecycles.client import Who
from procurement.actions.applications import create_client
from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.frameworks import (
    FrameworkDraft,
    GradeDraft,
    LotDraft,
    SpecialismDraft,
    save_framework,
)
from procurement.actions.limits import set_limit
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.organisations import (
    OrganisationDraft,
    PartnerDraft,
    save_organisations,
    save_partners,
)
from procurement.actions.outcome_plans import MeasureDraft, add_measure
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Membership, Organisation, Region, User
from procurement.permissions import SYSTEM, person

BEGAN: Final = date(2025, 4, 1)
FRAMEWORK: Final = "lc1"
LOTS: Final = ("1", "2", "3", "4")
SUPPLIERS: Final = {
    "aldergate": "Aldergate Advisers", "birchmoor": "Birchmoor Research", "cedarholt": "Cedarholt Evaluation",
    "dunlinfold": "Dunlinfold Partners", "elmcroft": "Elmcroft Insight", "fernbeck": "Fernbeck Design",
    "gorsefield": "Gorsefield Analysis", "hazelwick": "Hazelwick Consulting", "ivystone": "Ivystone Change",
    "juniperton": "Juniperton Studies", "kestrelby": "Kestrelby Delivery", "larkmere": "Larkmere Associates",
}  # fmt: skip
MEMBERS: Final = {"aldergate": "ashenden", "elmcroft": "oakhanger", "ivystone": "willowby"}
"""The other firm of a consortium."""
BUYERS: Final = {
    "saltmarsh": "Saltmarsh Council",
    "thornvale": "Thornvale Council",
    "upwater": "Upwater Council",
}
PAYER: Final = "vellum"
OPERATOR: Final = "operations"
OWNER: Final = "exchange"
PEOPLE: Final = {
    "editor": "editor", "approver": "approver", "administrator": "administrator",
    "first": "viewer", "second": "viewer", "moderator": "viewer",
}  # fmt: skip
"""Of each buyer, with their roles; the viewers assess and moderate."""
SIGNED_IN: Final = ("cedarholt", "kestrelby")
"""Suppliers that answer as people; the others by integrations."""
LIMIT: Final = "30000.00"
"""From here on a call-off of any buyer is approved."""
PASSWORD: Final = "twelve suppliers answer"  # noqa: S105 - of nobody
BUYS: Final = (
    "requirements:read requirements:write shortlists:read shortlists:write call_offs:read call_offs:write "
    "call_offs:approve events:read inbox:read webhooks:read webhooks:write"
)
ANSWERS: Final = "offers:read offers:write events:read inbox:read webhooks:read webhooks:write"
OUTCOME: Final = "in-work"


@dataclass
class Market:
    """Everybody by reference: `machines` the integration of each organisation, `people` (organisation, name) those who
    sign in, `users` their references; `emails` of each organisation with the role held. `rates` are each supplier's
    day rate of grade G3 in pounds.
    """

    machines: dict[str, Who] = field(default_factory=dict)
    people: dict[tuple[str, str], Who] = field(default_factory=dict)
    users: dict[tuple[str, str], str] = field(default_factory=dict)
    emails: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)

    def firms(self, supplier: str) -> list[str]:
        """The organisations of a supplier, its lead first."""
        return [supplier, MEMBERS[supplier]] if supplier in MEMBERS else [supplier]

    def on(self, lot: str) -> list[str]:
        """The suppliers on a lot, by their references, in which order they are asked."""
        number = LOTS.index(lot)
        every = list(SUPPLIERS)
        return every if not number else every[4 * (number - 1) : 4 * number]

    def answering(self, supplier: str) -> Who:
        """Whoever answers for a supplier."""
        return self.people[supplier, "editor"] if supplier in SIGNED_IN else self.machines[supplier]

    def listing(self, supplier: str) -> str:
        """What a shortlist names: the lead's, or that of the consortium's other firm."""
        return f"{FRAMEWORK}~{supplier}~{self.firms(supplier)[-1]}"


def make_market() -> Market:
    """Writes the whole of it."""
    market = Market(rates={one: 400 + 15 * at for at, one in enumerate(SUPPLIERS)})
    bodies = [OrganisationDraft(one, name, capabilities=frozenset({"buyer"})) for one, name in BUYERS.items()]
    bodies += [
        OrganisationDraft(PAYER, "Vellum Fund", capabilities=frozenset({"buyer"})),
        OrganisationDraft(OPERATOR, "Operations", capabilities=frozenset({"operator"})),
        OrganisationDraft(OWNER, "Exchange", capabilities=frozenset({"framework_owner"})),
    ]
    save_organisations(SYSTEM, bodies)
    _framework()
    _suppliers(market)
    for buyer in BUYERS:
        for name, role in PEOPLE.items():
            _person(market, buyer, name, role)
        _machine(market, buyer, BUYS)
        set_limit(person(User.objects.get(email=f"administrator@{buyer}.example.org")), buyer, LIMIT)
    _person(market, PAYER, "approver", "approver")
    _machine(market, PAYER, BUYS)
    _machine(market, OPERATOR, "events:read inbox:read admin:write")
    draft = MeasureDraft("In work", "In paid work for 26 weeks.", "Payroll.", "a person")
    add_measure(person(User.objects.get(email=f"editor@{next(iter(BUYERS))}.example.org")), draft)
    return market


def _framework() -> None:
    Region.objects.get_or_create(code="UK", scheme="ITL2025", defaults={"level": 0, "name": "United Kingdom"})
    grades = (GradeDraft("G3", "Senior consultant", 3), GradeDraft("G4", "Principal consultant", 4))
    lots = tuple(
        LotDraft(lot, f"Evaluation {lot}", (SpecialismDraft("1", "Evaluation"),), grades, direct_award=True,
                 competition=True)
        for lot in LOTS
    )  # fmt: skip
    save_framework(
        SYSTEM,
        FrameworkDraft(
            reference=FRAMEWORK,
            number=FRAMEWORK.upper(),
            name="Lifecycles",
            owner=OWNER,
            status="live",
            starts_on=BEGAN,
            ends_on=date(2099, 3, 31),
            regime="pa2023",
            lots=lots,
            region_scheme="ITL2025",
            fictional=True,
        ),
    )


def _suppliers(market: Market) -> None:
    firms = SUPPLIERS | {one: f"{one.title()} Practice" for one in MEMBERS.values()}
    save_partners(SYSTEM, [PartnerDraft(one, name) for one, name in firms.items()])
    said = [
        ProfileDraft(one, {"name": name, "summary": f"{name} evaluates services."})
        for one, name in firms.items()
    ]
    publish_profiles(SYSTEM, said)
    save_suppliers(
        SYSTEM,
        [
            SupplierDraft(
                one,
                name,
                "prime" if one in MEMBERS else "alone",
                tuple(
                    MemberDraft(firm, "lead" if firm == one else "member", BEGAN)
                    for firm in market.firms(one)
                ),
            )
            for one, name in SUPPLIERS.items()
        ],
    )
    for lot in LOTS:
        place = f"{FRAMEWORK}~{lot}"
        save_appointments(SYSTEM, [AppointmentDraft(one, place, BEGAN) for one in market.on(lot)])
    placements = []
    for one in SUPPLIERS:
        lots = [f"{FRAMEWORK}~{lot}" for lot in LOTS if one in market.on(lot)]
        offered = tuple(OfferingDraft(lot, f"{lot}~1", ("UK",)) for lot in lots)
        placements += [Placement(FRAMEWORK, one, firm, offered) for firm in market.firms(one)]
        lines = tuple(
            LineDraft(
                f"{lot}-{grade}", (market.rates[one] + more) * 100, lot=lot, grade=f"{lot}~{grade.lower()}"
            )
            for lot in lots
            for grade, more in (("G3", 0), ("G4", 300))
        )
        publish_cards(SYSTEM, [CardDraft(one, FRAMEWORK, lines)])
    save_offerings(SYSTEM, placements)
    for firm in firms:
        _person(market, firm, "editor", "editor")
        _machine(market, firm, ANSWERS)


def _person(market: Market, organisation: str, name: str, role: str) -> None:
    email = f"{name}@{organisation}.example.org"
    user = User.objects.create_user(email, PASSWORD)
    Membership.objects.create(
        user=user, organisation=Organisation.objects.get(reference=organisation), role=role
    )
    market.people[organisation, name] = Who(email, PASSWORD)
    market.users[organisation, name] = user.reference
    market.emails.setdefault(organisation, []).append((email, role))


def _machine(market: Market, organisation: str, scopes: str) -> None:
    made, secret = create_client(SYSTEM, organisation, "Integration")
    market.machines[organisation] = Who(made.client_id, secret, scopes)
