"""A call-off of the small market that pays for outcomes, planned and claimed by the forms of the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.test import Client
from django.utils import timezone

from procurement.models import CallOff, Claim, Contract, Measure, OutcomePlan
from procurement.outcomes import QUESTIONS
from tests.web.buying import colleague, signed
from tests.web.calling_off import begun
from tests.web.calling_off import step as buying_step
from tests.web.market import HOSTILE

APPROVER, PAYER, ALDER = "approver@example.org", "payer@example.org", "alder@example.org"
OUTCOME: Final = {
    "do": "add",
    "name": "In work",
    "definition": "In paid work for 26 weeks.",
    "data_source": "Payroll returns.",
    "unit": "a person",
}


def people() -> None:
    """An approver of the buyer, and one of the body that pays beside it."""
    colleague(APPROVER, "council", "approver")
    colleague(PAYER, "ministry", "approver")


def library(page: Client) -> str:
    """An outcome in the library; its reference."""
    if not Measure.objects.exists():
        assert page.post("/measures", OUTCOME).status_code == 303
    return Measure.objects.get().reference


def plan_form(measure: str, **changes: Any) -> dict[str, Any]:
    """At most thirty outcomes at 100.01, together at most 2,500; a third of it by a fund of 300."""
    answers = {f"answer-{name}": "yes" for name in QUESTIONS}
    reasons = {f"why-{name}": "Shown in the business case." for name in QUESTIONS}
    return answers | reasons | {
        "long_stop_on": (timezone.localdate() + timedelta(days=700)).isoformat(),
        "cap": "£2,500",
        "measure": [measure, "", ""],
        "baseline": ["10", "", ""],
        "target": ["30", "", ""],
        "price": ["100.01", "", ""],
        "most": ["30", "", ""],
        "payer_organisation": ["council", "ministry", ""],
        "payer_share": ["66.67", "33.33", ""],
        "payer_fund": ["", "Top-up", ""],
        "payer_pot": ["", "£300", ""],
        "payer_opens_on": ["", "2020-01-01", ""],
        "payer_closes_on": ["", "2099-01-01", ""],
    } | changes  # fmt: skip


def send(page: Client, address: str, **sent: Any) -> Any:
    """A plan's form, made from the call-off as it is now."""
    row = CallOff.objects.get(reference=address.split("/")[2])
    return page.post(address, {"revision": row.revision, **sent})


def step(page: Client, address: str, do: str, **sent: Any) -> Any:
    """The form of a step of a plan or a claim, made from it as it is now."""
    reference = address.rpartition("/")[2]
    row = OutcomePlan.objects.filter(reference=reference).first() or Claim.objects.get(reference=reference)
    return page.post(address, {"do": do, "revision": row.revision, **sent})


def planned(page: Client, **changes: Any) -> str:
    """A draft's plan, not yet proposed; its address."""
    address = begun(signed(page))
    answer = send(page, f"{address}/outcomes", **plan_form(library(page), **changes))
    assert answer.status_code == 303, answer.content[:3000]
    return str(answer["Location"]).partition("?")[0]


def agreed(page: Client) -> str:
    """The same, which both bodies have approved."""
    address = planned(page)
    assert step(page, address, "propose").status_code == 303
    for email in (APPROVER, PAYER):
        assert step(signed(page, email), address, "approve_share").status_code == 303
    return address


def contracted(page: Client, plan: str) -> str:
    """The contract of that plan's call-off, begun forty days ago; its address."""
    call_off = f"/call-offs/{plan.rpartition('/')[2].partition('~')[0]}"
    assert buying_step(signed(page), call_off, "send_offer").status_code == 303
    assert (
        buying_step(signed(page, ALDER), f"/offers/{call_off.rpartition('/')[2]}~1", "accept").status_code
        == 303
    )
    assert buying_step(signed(page), call_off, "award", conflicts="None known").status_code == 303
    contract = f"/contracts/{Contract.objects.latest('pk').reference}"
    assert buying_step(page, contract, "sign").status_code == 303
    assert buying_step(signed(page, ALDER), contract, "sign").status_code == 303
    Contract.objects.update(starts_on=timezone.localdate() - timedelta(days=40))
    return contract


def claim_form(**changes: Any) -> dict[str, Any]:
    """Twenty outcomes of the last thirty days."""
    today = timezone.localdate()
    return {
        "do": "claim",
        "measure": Measure.objects.get().reference,
        "count": "20",
        "first_day": (today - timedelta(days=30)).isoformat(),
        "last_day": today.isoformat(),
        "evidence": "Returns for March.",
    } | changes


def claimed(page: Client, contract: str, **changes: Any) -> str:
    """A claim by the lead; its address."""
    row = Contract.objects.get(reference=contract.rpartition("/")[2])
    answer = signed(page, ALDER).post(
        f"{contract}/claims", claim_form(**changes) | {"revision": row.revision}
    )
    assert answer.status_code == 303, answer.content[:3000]
    return f"/claims/{Claim.objects.latest('pk').reference}"


def paid_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """By whoever reads them, the addresses of a plan that is a draft, of one that is agreed, and of a claim of its
    contract that was verified.
    """
    people()
    draft, plan = planned(page, cap=""), agreed(page)
    contract = contracted(page, plan)
    claim = claimed(page, contract, evidence=HOSTILE)
    step(signed(page), claim, "verify", counted="10")
    form = f"/call-offs/{draft.rpartition('/')[2].partition('~')[0]}/outcomes"
    return {
        "buyer@example.org": (draft, form, plan, f"{contract}/claims", claim, "/measures", "/outcome-plans"),
        APPROVER: (claim,),
        PAYER: (plan, claim, "/outcome-plans"),
        ALDER: (contract, f"{contract}/claims", claim),
    }
