"""Call-offs that pay for outcomes, brought to where an example or a test begins, in the world of calling_off.py: Leeds
buys and pays two thirds, Kirklees pays a third by a top-up fund; Larch delivers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from procurement.actions.awards import award_direct
from procurement.actions.claims import ClaimDraft, pay_claim, reject_claim, submit_claim, verify_claim
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.outcome_plans import (
    MeasureDraft,
    add_measure,
    approve_share,
    propose_plan,
    save_plan,
)
from procurement.models import CallOff, Claim, Contract, Membership, Organisation, OutcomePlan, User
from procurement.outcomes import QUESTIONS
from tests.api.buying import BUYER, buyer
from tests.api.calling_off import acting, drafted

PAYER: Final = "kirklees-council"
OUTCOME: Final = "in-work"
PEOPLE: Final = (
    ("payer", PAYER, "approver"),
    ("payer-editor", PAYER, "editor"),
    ("payer-viewer", PAYER, "viewer"),
    ("larch-viewer", "larch", "viewer"),
)


def people() -> None:
    """Everybody who takes part, beside those of calling_off.py; and the outcome in the library."""
    for name, organisation, role in PEOPLE:
        user = User.objects.create_user(f"{name}@example.org", "a long enough password")
        body = Organisation.objects.get(reference=organisation)
        Membership.objects.create(user=user, organisation=body, role=role)
    add_measure(buyer(), MeasureDraft("In work", "In paid work for 26 weeks.", "Payroll.", "a person"))


def terms(**changes: Any) -> dict[str, Any]:
    """A plan: at most thirty outcomes at 100.01, together at most 2,500.00."""
    return {
        "suitability": {name: {"answer": True, "why": "Shown in the case."} for name in QUESTIONS},
        "long_stop_on": (timezone.localdate() + timedelta(days=700)).isoformat(),
        "cap": "2500.00",
        "measures": [{"measure": OUTCOME, "baseline": 10, "target": 30, "price": "100.01", "most": 30}],
        "payers": [
            {"organisation": BUYER, "share": "66.67"},
            {"organisation": PAYER, "share": "33.33", "fund": "Top-up", "pot": "300.00",
             "opens_on": "2020-01-01", "closes_on": "2099-01-01"},
        ],
    } | changes  # fmt: skip


def said() -> OutcomePlan:
    call_off = drafted()
    return save_plan(buyer(), call_off.reference, call_off.revision, terms())


def proposed() -> OutcomePlan:
    plan = said()
    return propose_plan(buyer(), plan.reference, plan.revision)


def invested() -> OutcomePlan:
    """Proposed, with a social investor that is not known here."""
    call_off = drafted()
    investor = {"name": "A social fund", "scheme": "XX-DEMO", "identifier": "00000001"}
    plan = save_plan(buyer(), call_off.reference, call_off.revision, terms(investor_named=investor))
    return propose_plan(buyer(), plan.reference, plan.revision)


def agreed() -> OutcomePlan:
    plan = proposed()
    for name in ("payer", "approver"):
        plan = approve_share(acting(name), plan.reference, plan.revision)
    return plan


def live() -> Contract:
    """Signed by both, and begun forty days ago."""
    call_off = CallOff.objects.get(pk=agreed().call_off_id)
    offer = send_offer(buyer(), call_off.reference, call_off.revision)
    accept_offer(acting("larch"), offer.reference, offer.revision)
    call_off.refresh_from_db()
    contract = award_direct(buyer(), call_off.reference, call_off.revision, "None known.")
    sign_contract(acting("larch"), contract.reference, 1)
    sign_contract(buyer(), contract.reference, 2)
    Contract.objects.filter(pk=contract.pk).update(starts_on=timezone.localdate() - timedelta(days=40))
    contract.refresh_from_db()
    return contract


def days() -> dict[str, str]:
    """The last month, which a claim is for."""
    today = timezone.localdate()
    return {"first_day": (today - timedelta(days=30)).isoformat(), "last_day": today.isoformat()}


def claimed(contract: Contract | None = None, ago: int | None = None) -> Claim:
    """A claim for the last month, or for the one day that lies so many days back."""
    contract = contract or live()
    contract.refresh_from_db()
    day = None if ago is None else (timezone.localdate() - timedelta(days=ago)).isoformat()
    span = {"first_day": day, "last_day": day} if day else days()
    draft = ClaimDraft(OUTCOME, 20, evidence="Payroll returns.", **span)
    return submit_claim(acting("larch"), contract.reference, contract.revision, draft)


def verified() -> Claim:
    return verify_claim(buyer(), claimed().reference, 1, 20)


def paid() -> Claim:
    return pay_claim(acting("approver"), verified().reference, 2)


def rejected() -> Claim:
    return reject_claim(buyer(), claimed().reference, 1, "No returns.")


MADE: Final = {
    "OUTCOMES": lambda: said().call_off.reference,
    "PROPOSED": lambda: proposed().call_off.reference,
    "PLAN": lambda: said().reference,
    "ASKED": lambda: proposed().reference,
    "INVESTED": lambda: invested().reference,
    "PAYS": lambda: live().reference,
    "CLAIMED": lambda: claimed().contract.reference,
    "CLAIMED_PLAN": lambda: f"{claimed().contract.call_off.reference}~outcomes",
    "CLAIM": lambda: claimed().reference,
    "VERIFIED": lambda: verified().reference,
}
"""What the examples name, and how it is made."""


def outcomes_made() -> dict[str, str]:
    """What the examples name, in the world of calling_off.py with people(): of what was made for it, or for several."""
    plan, asked, claim = said(), proposed(), claimed()
    shared = {
        "OUTCOMES": plan.call_off.reference,
        "PLAN": plan.reference,
        "PROPOSED": asked.call_off.reference,
        "ASKED": asked.reference,
        "CLAIMED": claim.contract.reference,
        "CLAIMED_PLAN": f"{claim.contract.call_off.reference}~outcomes",
        "CLAIM": claim.reference,
    }
    month = {one.upper(): day for one, day in days().items()}
    made = shared | {name: make() for name, make in MADE.items() if name not in shared}
    return made | month | {"OUTCOME": OUTCOME, "MEASURE": OUTCOME}
