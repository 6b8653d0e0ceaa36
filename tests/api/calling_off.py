"""A lot that allows direct award, two suppliers on it, and call-offs brought to where an example or a test begins.

All firms and the framework are made up. Larch leads a consortium with Alder as its partner; Brightwater stands alone.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.awards import award_direct
from procurement.actions.call_offs import CallOffDraft, create_call_off
from procurement.actions.contracts import complete_contract, sign_contract, terminate_contract
from procurement.actions.frameworks import (
    FrameworkDraft,
    GradeDraft,
    LotDraft,
    SpecialismDraft,
    save_framework,
)
from procurement.actions.indicators import set_indicators
from procurement.actions.limits import set_limit
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.offers import accept_offer, decline_offer, send_offer
from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.public_notices import publish_notice
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.actions.requirements import create_requirement
from procurement.actions.shortlist_entries import decide_entry
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.indicators import lacking, of_performance
from procurement.models import CallOff, Contract, Membership, Offer, Organisation, Shortlist, User
from procurement.notice_facts import contract_notices
from procurement.permissions import SYSTEM, Actor, person
from procurement.public_notices import told_first
from procurement.snapshots import Index
from tests.api.buying import BUYER, buyer
from tests.bought import begin

BEGAN: Final = date(2025, 4, 1)
READY: Final = "Larch, then Brightwater"
"""Title of the locked shortlist that place() leaves, so that not every draft has one made for it."""
INDICATORS: Final = [
    {"name": "Reports on time", "target": "95 in 100 by the day agreed."},
    {"name": "Answered calls", "target": "Nine of ten within a minute."},
    {"name": "Satisfied users", "target": "Four of five say that it helped them."},
]
PEOPLE: Final = (
    ("approver", BUYER, "approver"),
    ("chief", BUYER, "administrator"),
    ("larch", "larch", "editor"),
    ("alder", "alder", "editor"),
    ("brightwater", "brightwater", "editor"),
)
TERMS: Final[dict[str, Any]] = {
    "expenses": "100.00",
    "extensions": [{"months": 3, "amount": "500.00"}],
    "mechanism": "ranked",
    "reason": "First of the suppliers ranked for the need.",
}
"""With ten days at 400.00 on the card of Larch: 4,000.00, and 600.00 beside; on Brightwater's 5,000.00."""


def place() -> None:
    """The lot, its suppliers and everybody who takes part."""
    grades = (GradeDraft("G3", "Senior consultant", 3), GradeDraft("G4", "Principal consultant", 4))
    lot = LotDraft(
        "1", "Evaluation", (SpecialismDraft("1", "Evaluation"),), grades, direct_award=True, competition=True
    )
    save_framework(
        SYSTEM,
        FrameworkDraft(
            reference="xd1",
            number="XD1",
            name="Direct awards",
            owner="commons-exchange",
            status="live",
            starts_on=BEGAN,
            ends_on=date(2099, 3, 31),
            regime="pa2023",
            lots=(lot,),
            region_scheme="ITL2025",
            fictional=True,
        ),
    )
    firms = {"larch": "Larch Advisers", "alder": "Alder Research"}
    save_partners(SYSTEM, [PartnerDraft(one, name) for one, name in firms.items()])
    publish_profiles(
        SYSTEM,
        [ProfileDraft(one, {"name": name, "summary": f"{name} evaluates."}) for one, name in firms.items()],
    )
    members = (MemberDraft("larch", "lead", BEGAN), MemberDraft("alder", "member", BEGAN))
    save_suppliers(SYSTEM, [SupplierDraft("larch", "Larch Consortium", "prime", members)])
    for supplier, partner, price in (("larch", "alder", 40_000), ("brightwater", "brightwater", 50_000)):
        save_appointments(SYSTEM, [AppointmentDraft(supplier, "xd1~1", BEGAN)])
        offered = (OfferingDraft("xd1~1", "xd1~1~1", ("UK",)),)
        save_offerings(SYSTEM, [Placement("xd1", supplier, partner, offered)])
        lines = (LineDraft("1-G3", price, lot="xd1~1", grade="xd1~1~g3"),)
        publish_cards(SYSTEM, [CardDraft(supplier, "xd1", lines)])
    for name, organisation, role in PEOPLE:
        user = User.objects.create_user(f"{name}@example.org", "a long enough password")
        body = Organisation.objects.get(reference=organisation)
        Membership.objects.create(user=user, organisation=body, role=role)
    ordered()


def acting(name: str) -> Actor:
    """The person of that name."""
    return person(User.objects.get(email=f"{name}@example.org"))


def need(grade: str = "G3") -> str:
    """A requirement on the lot for six months from a month ahead; no card has a price for G4."""
    content = {
        "text": "Evaluate a service.",
        "framework": "xd1",
        "lot": "xd1~1",
        "starts_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "months": 6,
        "team": [{"grade": grade, "days": "10"}],
    }
    return create_requirement(buyer(), content).reference


def ordered() -> str:
    """A locked shortlist: Larch with its partner Alder, then Brightwater; the one that stands, if one does."""
    ready = Shortlist.objects.filter(title=READY, status=Shortlist.Status.LOCKED).first()
    if ready:
        return ready.reference
    listings = ("xd1~larch~alder", "xd1~brightwater~brightwater")
    made = create_shortlist(buyer(), ShortlistDraft(READY, listings=listings))
    for number, listing in enumerate(listings, start=1):
        decide_entry(buyer(), made.reference, number, listing, "in", "")
    lock_shortlist(buyer(), made.reference, 3, Index("embedded", 3))
    return made.reference


def drafted(**terms: Any) -> CallOff:
    draft = CallOffDraft("Evaluation", "direct_award", need(), ordered(), TERMS | terms)
    return create_call_off(buyer(), draft)


def sent() -> Offer:
    call_off = drafted()
    return send_offer(buyer(), call_off.reference, call_off.revision)


def accepted(**terms: Any) -> Offer:
    call_off = drafted(**terms)
    offer = send_offer(buyer(), call_off.reference, call_off.revision)
    return accept_offer(acting("larch"), offer.reference, 1)


def awarded(**terms: Any) -> Contract:
    call_off = accepted(**terms).call_off
    return award_direct(buyer(), call_off.reference, call_off.revision, "None known.")


def active(**terms: Any) -> Contract:
    """Signed by both; what the law asks to be told of before is published first."""
    contract = awarded(**terms)
    today = timezone.localdate()
    if told_first(contract_notices(contract, today)) is not None:
        contract = publish_notice(
            buyer(), contract.reference, contract.revision, "uk6", "2026/S 000-6", today.isoformat()
        )
    if lacking(contract):
        contract = set_indicators(buyer(), contract.reference, contract.revision, {"indicators": INDICATORS})
    sign_contract(acting("larch"), contract.reference, contract.revision)
    return sign_contract(buyer(), contract.reference, contract.revision + 1)


def measured() -> Contract:
    """Above £5 million, and ended before its time: its performance is to be assessed."""
    contract = active(expenses="5000000.00")
    return terminate_contract(buyer(), contract.reference, contract.revision, "The service was closed.")


def period(contract: Contract) -> str:
    """The key of the notice that tells how such a contract performed."""
    found = contract_notices(contract, timezone.localdate())
    return next(one.key for one in found if of_performance(one) and one.waits)


def declined() -> Offer:
    return decline_offer(acting("larch"), sent().reference, 1, "Not enough people.")


def complete() -> Contract:
    contract = begin(active())
    return complete_contract(acting("buyer"), contract.reference, contract.revision)


MADE: Final = {
    "SENT": lambda: sent().reference,
    "ACCEPTED": lambda: accepted().call_off.reference,
    "AWARDED": lambda: awarded().call_off.reference,
    "UNSIGNED_OFFER": lambda: awarded().call_off.offers.get().reference,
    "CONTRACT": lambda: awarded().reference,
    "ACTIVE": lambda: begin(active()).reference,
    "COMPLETE": lambda: complete().reference,
    "NOTIFIED": lambda: active(expenses="300000.00").reference,
    "MEASURED": lambda: measured().reference,
    "PERIOD": lambda: period(Contract.objects.filter(indicators__position=1).latest("pk")),
    "TODAY": lambda: timezone.localdate().isoformat(),
    "LONGER": lambda: (timezone.now() + timedelta(days=10)).isoformat(timespec="seconds"),
    "DECLINED": lambda: declined().call_off.reference,
    "TO_APPROVE": lambda: _to_approve(),
    "BODY": lambda: BUYER,
    "BOUGHT": need,
    "ORDERED": ordered,
}
"""What the examples name, and how it is made."""


def _to_approve() -> str:
    """Beyond the limit, which every other of these stays below."""
    set_limit(acting("chief"), BUYER, "10000.00")
    return drafted(extensions=[{"months": 3, "amount": "9000.00"}]).reference


def calling_off() -> dict[str, str]:
    """What the examples name, each of what was made for it, where place() has been. What is named `$CALL_OFF` is a
    draft, made last so that it is the newest.
    """
    made = {name: make() for name, make in MADE.items()}
    call_off = drafted()
    return made | {"CALL_OFF": call_off.reference, "CALL_OFF_ETAG": f'"{call_off.revision}-"'}
