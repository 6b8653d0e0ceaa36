"""Which steps are offered: every status of every machine against every step, and what a step needs beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from procurement.available import (
    Purchase,
    call_off_steps,
    claim_steps,
    contract_steps,
    offer_steps,
    plan_steps,
)
from procurement.states import CALL_OFFS, CLAIMS, CONTRACTS, OFFERS, PLANS, Part

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUYER = (Part.OWNER, Part.APPROVER)
APPROVING = ("approve", "send_back", "undo")
READY = {"approval_asked": True, "left": 1}
DIRECT = {
    ("draft", None): ["edit", "ask_approval", "approve", "send_back", "send_offer", "cancel"],
    ("approved", None): ["edit", "send_back", "send_offer", "cancel"],
    ("out", None): ["send_offer", "cancel", "fail"],
    ("out", "sent"): ["cancel"],
    ("out", "viewed"): ["cancel"],
    ("out", "accepted"): ["award", "cancel"],
    ("awarded", "accepted"): ["undo", "cancel"],
    ("contracted", "accepted"): [],
    ("cancelled", None): [],
    ("unsuccessful", None): [],
}
COMPETITION = {
    "draft": ["edit", "ask_approval", "approve", "send_back", "publish", "cancel"],
    "approved": ["edit", "send_back", "publish", "cancel"],
    "out": ["cancel", "fail"],
    "closed": ["open_tenders", "cancel", "fail"],
    "evaluating": ["conclude", "cancel", "fail"],
    "evaluated": ["intend", "award", "cancel", "fail"],
    "intention": ["award", "undo", "cancel"],
    "awarded": ["undo", "not_sign", "cancel"],
    "contracted": [],
    "cancelled": [],
    "unsuccessful": [],
}


@pytest.mark.parametrize(("at", "steps"), list(DIRECT.items()))
def test_the_steps_of_a_direct_award(at: tuple[str, str | None], steps: list[str]) -> None:
    purchase = Purchase("direct_award", at[0], offer=at[1], **READY)
    assert call_off_steps(purchase, BUYER, wrote=False) == steps
    assert call_off_steps(purchase, (), wrote=False) == []
    of_owner = call_off_steps(purchase, (Part.OWNER,), wrote=False)
    of_approver = call_off_steps(purchase, (Part.APPROVER,), wrote=False)
    assert of_approver == [one for one in steps if one in APPROVING]
    assert of_owner == [one for one in steps if one not in APPROVING]


@pytest.mark.parametrize(("status", "steps"), list(COMPETITION.items()))
def test_the_steps_of_a_competition(status: str, steps: list[str]) -> None:
    assert call_off_steps(Purchase("competition", status, **READY), BUYER, wrote=False) == steps


@pytest.mark.parametrize("status", list(COMPETITION))
def test_where_scores_count_no_longer_it_is_evaluated_again_and_nothing_is_told_or_awarded(
    status: str,
) -> None:
    steps = call_off_steps(Purchase("competition", status, uncounted=True, **READY), BUYER, wrote=False)
    if status == "evaluated":
        assert steps == ["evaluate_again", "cancel", "fail"]
    else:
        ranked = status == "intention"
        assert steps == [one for one in COMPETITION[status] if not (ranked and one == "award")]


def test_every_status_is_asked_about() -> None:
    assert {status for status, _ in DIRECT} < set(CALL_OFFS.labels) == set(COMPETITION)


@pytest.mark.parametrize(
    ("changed", "wrote", "gone"),
    [
        ({"approval_asked": False}, False, {"ask_approval", "approve", "send_back"}),
        ({}, True, {"approve", "send_back"}),
        ({"approval_missing": True}, False, {"send_offer"}),
        ({"left": 0}, False, {"send_offer"}),
        ({"offer": "sent"}, False, {"send_offer"}),
    ],
)
def test_what_a_step_needs_beside_the_status(changed: dict[str, Any], wrote: bool, gone: set[str]) -> None:
    steps = call_off_steps(Purchase("direct_award", "draft", **(READY | changed)), BUYER, wrote=wrote)
    assert set(DIRECT["draft", None]) - set(steps) == gone


def test_a_competition_is_not_published_without_the_approval_that_it_needs() -> None:
    purchase = Purchase("competition", "draft", approval_asked=True, approval_missing=True)
    assert call_off_steps(purchase, BUYER, wrote=False) == [
        "edit", "ask_approval", "approve", "send_back", "cancel",
    ]  # fmt: skip


OFFERED = {
    "sent": (["view", "accept", "decline"], ["extend", "withdraw"], []),
    "viewed": (["accept", "decline"], ["extend", "withdraw"], []),
    "accepted": ([], ["withdraw"], ["not_sign"]),
    "declined": ([], [], []),
    "expired": ([], [], []),
    "withdrawn": ([], [], []),
    "not_signed": ([], [], []),
}


@pytest.mark.parametrize(("status", "steps"), list(OFFERED.items()))
def test_the_steps_of_an_offer(status: str, steps: tuple[list[str], ...]) -> None:
    later, lead = NOW + timedelta(hours=1), (Part.LEAD,)
    assert offer_steps(status, "out", lead, later, NOW) == steps[0]
    assert offer_steps(status, "out", (Part.OWNER,), later, NOW) == steps[1]
    ahead = [one for one in steps[1] if one == "extend"]
    assert offer_steps(status, "awarded", (Part.OWNER,), later, NOW) == ahead + steps[2]
    assert offer_steps(status, "out", (Part.OWNER,), NOW, NOW) == [
        one for one in steps[1] if one not in ahead
    ]
    assert offer_steps(status, "out", lead, NOW, NOW) == [one for one in steps[0] if one == "view"]
    assert offer_steps(status, "out", (Part.MEMBER,), later, NOW) == []
    assert set(OFFERED) == set(OFFERS.labels)


SIGNED = {
    "unsigned": ["sign", "identify", "set_indicators"],
    "active": ["identify", "set_indicators", "extend", "complete", "terminate"],
    "extended": ["identify", "set_indicators", "extend", "complete", "terminate"],
    "complete": ["identify", "set_indicators", "reopen"],
    "terminated": [],
}


@pytest.mark.parametrize(("status", "steps"), list(SIGNED.items()))
def test_the_steps_of_a_contract(status: str, steps: list[str]) -> None:
    def told(parts: tuple[Part, ...], **more: Any) -> list[str]:
        day = date(2026, 3, 2)
        given = {"signed": frozenset(), "options_left": 1, "starts_on": day, "ends_on": day, "on": day} | more
        return contract_steps(status, parts, **given)

    assert told((Part.OWNER,)) == steps
    published = told((Part.OWNER,), to_publish=True)
    assert [one for one in published if one != "publish_notice"] == steps
    assert "publish_notice" in published
    assert "publish_notice" not in told((Part.LEAD,), to_publish=True)
    assessed = told((Part.OWNER,), to_assess=True)
    assert [one for one in assessed if one != "assess"] == steps
    assert ("assess" in assessed) is (status != "unsigned")
    assert "assess" not in told((Part.LEAD,), to_assess=True)
    assert told((Part.LEAD,)) == [one for one in steps if one == "sign"]
    assert told((Part.OWNER,), signed={Part.OWNER}) == [one for one in steps if one != "sign"]
    assert told((Part.OWNER, Part.LEAD), signed={Part.OWNER}) == steps
    assert told((Part.OWNER,), signed={Part.LEAD}) == steps
    without = [one for one in steps if one != "extend"]
    assert told((Part.OWNER,), options_left=0) == without
    late = [one for one in without if one != "reopen"]
    assert told((Part.OWNER,), on=date(2026, 3, 3)) == late
    assert told((Part.OWNER,), end_told=True) == [one for one in steps if one != "reopen"]
    assert told((Part.OWNER,), to_tell=True) == without
    assert told((Part.OWNER,), termination_told=True) == without
    assert told((Part.OWNER,), on=date(2026, 3, 1)) == [one for one in steps if one != "complete"]
    untold = [one for one in steps if one != "sign"]
    assert told((Part.OWNER,), to_tell_first=True) == untold
    assert told((Part.LEAD,), to_tell_first=True) == [one for one in steps if one == "sign"]
    assert told((Part.LEAD,), to_tell_first=True, signed={Part.OWNER}) == []
    entered = told((Part.OWNER,), signed={Part.OWNER, Part.LEAD})
    assert "set_indicators" in entered
    assert set(SIGNED) == set(CONTRACTS.labels)


PLANNED = {
    "draft": ["edit", "remove", "propose"],
    "proposed": ["edit", "remove", "approve_share", "approve_investor"],
    "agreed": ["edit"],
}


@pytest.mark.parametrize(("status", "steps"), list(PLANNED.items()))
def test_the_steps_of_a_plan_of_outcomes(status: str, steps: list[str]) -> None:
    def told(*parts: Part, at: str = "draft", waiting: bool = True, investor: bool = True) -> list[str]:
        return plan_steps(status, at, parts, waiting=waiting, investor=investor)

    approved = ("approve_share", "approve_investor")
    everybody = (Part.OWNER, Part.APPROVER, Part.PAYER, Part.INVESTOR)
    assert told(*everybody) == told(*everybody, at="approved") == steps
    assert told(Part.OWNER) == [one for one in steps if one not in approved]
    assert told(Part.PAYER) == [one for one in steps if one == "approve_share"]
    assert told(Part.INVESTOR) == told(Part.APPROVER) == [one for one in steps if one == "approve_investor"]
    assert told(*everybody, waiting=False) == [one for one in steps if one != "approve_share"]
    assert told(*everybody, investor=False) == [one for one in steps if one != "approve_investor"]
    assert told(Part.LEAD, Part.MEMBER) == []
    for out in set(CALL_OFFS.labels) - {"draft", "approved"}:
        assert told(*everybody, at=out) == []
    assert set(PLANNED) == set(PLANS.labels)


CLAIMED = {
    "submitted": ["add_file", "verify", "reject"],
    "verified": ["unverify", "pay"],
    "rejected": [],
    "paid": [],
}


@pytest.mark.parametrize(("status", "steps"), list(CLAIMED.items()))
def test_the_steps_of_a_claim(status: str, steps: list[str]) -> None:
    everybody = (Part.OWNER, Part.APPROVER, Part.LEAD)
    assert claim_steps(status, everybody, claimed=False, verified=True) == steps
    assert claim_steps(status, everybody, claimed=False) == [one for one in steps if one != "unverify"]
    own = [one for one in steps if one not in ("verify", "unverify")]
    assert claim_steps(status, everybody, claimed=True) == own
    of_owner, of_approver, of_lead = (claim_steps(status, (one,), claimed=False) for one in everybody)
    assert of_owner == [one for one in steps if one in ("verify", "reject", "unverify")]
    assert of_approver == [one for one in steps if one == "pay"]
    assert of_lead == [one for one in steps if one == "add_file"]
    assert claim_steps(status, (Part.PAYER, Part.MEMBER), claimed=False) == []
    assert set(CLAIMED) == set(CLAIMS.labels)
