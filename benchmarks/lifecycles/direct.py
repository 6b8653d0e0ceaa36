"""Every ending of a direct award, as it is driven from a locked shortlist of three suppliers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.lifecycles.client import uploaded
from benchmarks.lifecycles.market import OUTCOME, PAYER
from benchmarks.lifecycles.purchase import Ending, Purchase, Steps

TERMS: Final[dict[str, Any]] = {
    "expenses": "100.00",
    "extensions": [{"months": 3, "amount": "500.00"}],
    "mechanism": "ranked",
    "reason": "First of the suppliers ranked for the need.",
}
ASKED: Final = 3
"""Suppliers of a shortlist."""


def begun(it: Purchase, days: str = "10", ahead: int = 90) -> list[str]:
    """A draft over a locked shortlist; the suppliers in their order."""
    it.need(days, ahead)
    suppliers = it.chance.sample(it.market.on(it.lot), ASKED)
    listings = [it.market.listing(one) for one in suppliers]
    made = it.act(it.owner, "shortlists/", {"title": "Evaluators", "listings": listings})["reference"]
    own = f"shortlists/{made}/"
    for listing in listings:
        it.act(it.owner, f"{own}entries/{listing}/", {"decision": "in", "reason": "Has done it before."}, of=own,
               method="PATCH")  # fmt: skip
    it.act(it.owner, f"{own}lock/", {}, of=own)
    it.drafted(TERMS, made)
    return suppliers


def sent(it: Purchase) -> dict[str, Any]:
    """The order form goes to the next."""
    made: dict[str, Any] = it.move("offers", {}, "offer.sent")
    return made


def read(it: Purchase, supplier: str, offer: dict[str, Any]) -> str:
    """The supplier finds the offer, notes that it was read and takes the order form; the offer's path."""
    who, own = it.market.answering(supplier), f"offers/{offer['reference']}/"
    found = it.get(who, f"offers/?call_off={it.reference}")
    assert [one["reference"] for one in found["results"]] == [offer["reference"]]
    it.act(who, f"{own}view/", {}, "offer.viewed")
    order = it.get(who, f"{own}order-form/?form=json")
    assert order == it.get(who, own)["order"]
    return own


def takes(it: Purchase, supplier: str) -> str:
    """The next supplier is sent the order and takes it; the offer's path."""
    own = read(it, supplier, sent(it))
    it.act(it.market.answering(supplier), f"{own}accept/", {}, "offer.accepted", of=own)
    return own


def refuses(it: Purchase, supplier: str) -> None:
    """The next supplier is sent the order and does not take it."""
    own = read(it, supplier, sent(it))
    why = {"reason": "The team is bound elsewhere."}
    it.act(it.market.answering(supplier), f"{own}decline/", why, "offer.declined", of=own)


def contracted(it: Purchase, supplier: str) -> None:
    """The next supplier takes the order, is awarded it, and both sign."""
    takes(it, supplier)
    assert it.awarded() == supplier
    it.signed(supplier)


def window(offer: dict[str, Any]) -> tuple[datetime, datetime]:
    """When half of the time to answer has passed, and all of it."""
    first, last = (datetime.fromisoformat(offer[name]) for name in ("sent_at", "reply_by"))
    return first + (last - first) / 2, last


def accepted(it: Purchase) -> Steps:
    first, *_ = begun(it)
    yield it.weekday(1, 9)
    contracted(it, first)
    at = f"contracts/{it.contract}/"
    said = {"indicators": [{"name": "Reports on time", "target": "All of them."}]}
    it.act(it.owner, f"{at}indicators/", said, "contract.indicators_set", of=at, method="PUT")


def extended(it: Purchase) -> Steps:
    first, *_ = begun(it)
    contracted(it, first)
    yield it.after(120)
    at = f"contracts/{it.contract}/"
    it.act(it.owner, f"{at}extend/", {}, "contract.extended", of=at)
    _complete_too_early(it, at)
    it.act(it.owner, f"{at}complete/", {}, "contract.completed", of=at)


def terminated(it: Purchase) -> Steps:
    first, *_ = begun(it)
    contracted(it, first)
    yield it.after(120)
    at = f"contracts/{it.contract}/"
    _complete_too_early(it, at)
    it.act(it.owner, f"{at}terminate/", {"reason": "The service has closed."}, "contract.terminated", of=at)


def _complete_too_early(it: Purchase, at: str) -> None:
    """It is said by mistake that the work is done, and taken back."""
    it.act(it.owner, f"{at}complete/", {}, "contract.completed", of=at)
    it.act(it.owner, f"{at}reopen/", {"reason": "The report is missing."}, "contract.reopened", of=at)


def declined(it: Purchase) -> Steps:
    first, second, _ = begun(it)
    refuses(it, first)
    yield it.weekday(1, 9)
    contracted(it, second)


def expired(it: Purchase) -> Steps:
    """Reminded, given more time, reminded again, and not answered."""
    first, second, _ = begun(it)
    offer = sent(it)
    own = read(it, first, offer)
    half, end = window(offer)
    yield half
    it.happened.append("offer.reminded")
    later = {"reply_by": (end + timedelta(days=4)).isoformat()}
    it.act(it.owner, f"{own}extend/", later, "offer.extended", of=own)
    half, end = window(offer | later)
    yield half
    it.happened.append("offer.reminded")
    yield end
    it.happened.append("offer.expired")
    contracted(it, second)


def withdrawn(it: Purchase) -> Steps:
    first, second, _ = begun(it)
    own = read(it, first, sent(it))
    yield it.after(1, 9)
    it.act(it.owner, f"{own}withdraw/", {"reason": "It was sent too early."}, "offer.withdrawn", of=own)
    contracted(it, second)


def taken_back(it: Purchase) -> Steps:
    """Withdrawn after it was accepted."""
    first, second, _ = begun(it)
    own = takes(it, first)
    yield it.after(1, 9)
    it.act(it.owner, f"{own}withdraw/", {"reason": "The need has changed."}, "offer.withdrawn", of=own)
    contracted(it, second)


def not_signed(it: Purchase) -> Steps:
    first, second, _ = begun(it)
    own = takes(it, first)
    assert it.awarded() == first
    yield it.weekday(14, 9)
    why = {"reason": "No signature in two weeks."}
    it.act(
        it.owner,
        f"{own}not-sign/",
        why,
        "contract.voided",
        "offer.not_signed",
        "call_off.award_undone",
        of=own,
    )
    contracted(it, second)


def undone(it: Purchase) -> Steps:
    first, second, _ = begun(it)
    own = takes(it, first)
    assert it.awarded() == first
    yield it.after(1, 9)
    why = {"reason": "A conflict of interest came to light."}
    it.move("undo", why, "contract.voided", "call_off.award_undone", who=it.approver)
    it.act(it.owner, f"{own}withdraw/", why, "offer.withdrawn", of=own)
    contracted(it, second)


def approved(it: Purchase) -> Steps:
    """Sent back, approved, edited, which takes the approval away, and approved again."""
    first, *_ = begun(it, "100")
    why = {"reason": "Say where the work is done."}
    it.move("send-back", why, "call_off.sent_back", who=it.approver)
    it.move("approve", {}, "call_off.approved", who=it.approver)
    said = {"terms": TERMS | {"expenses": "200.00"}}
    fell = ("call_off.approval_lapsed", "call_off.edited")
    it.act(it.owner, it.own, said, *fell, of=it.own, method="PATCH")
    yield it.weekday(1, 9)
    it.move("approve", {}, "call_off.approved", who=it.approver)
    contracted(it, first)
    at = f"contracts/{it.contract}/"
    due = next(one["key"] for one in it.get(it.owner, at)["notices"] if one["status"] == "due")
    said = {"number": "2027/S 000-000001", "published_on": it.after(0).date().isoformat()}
    it.act(it.owner, f"{at}notices/{due}/publish/", said, "contract.notice_published", of=at)


def outcomes(it: Purchase) -> Steps:
    """Pays for outcomes beside days, by a plan that is taken away and said anew, with a body that pays a third; one
    claim is paid, another rejected.
    """
    first, *_ = begun(it, ahead=40)
    plan = f"{it.own}outcomes/"
    it.act(it.owner, plan, _plan(it), "outcome_plan.edited", of=it.own, method="PUT")
    removed = f"outcome-plans/{it.reference}~outcomes/"
    it.act(it.owner, removed, None, "outcome_plan.removed", of=removed, method="DELETE")
    it.etags.clear()
    it.act(it.owner, plan, _plan(it), "outcome_plan.edited", of=it.own, method="PUT")
    it.act(it.owner, f"{plan}propose/", {}, "outcome_plan.proposed", of=plan)
    theirs = f"outcome-plans/{it.reference}~outcomes/"
    payer = it.market.people[PAYER, "approver"]
    it.act(payer, f"{theirs}approve-share/", {}, "outcome_plan.share_approved", of=theirs)
    it.etags.clear()
    note = {"note": "A letter of the fund."}
    it.act(it.approver, f"{theirs}approve-investor/", note, "outcome_plan.investor_approved", of=theirs)
    ended = ("outcome_plan.share_approved", "outcome_plan.agreed")
    it.etags.clear()
    it.act(it.approver, f"{plan}approve-share/", {}, *ended, of=plan)
    contracted(it, first)
    yield it.after(75)
    lead, at = it.market.answering(first), f"contracts/{it.contract}/"
    today = it.after(0).date()
    for count, first_day, last_day in ((12, 30, 16), (8, 15, 0)):
        said = {"measure": OUTCOME, "count": count, "evidence": "Payroll returns."}
        said |= {"first_day": (today - timedelta(days=first_day)).isoformat()}
        said |= {"last_day": (today - timedelta(days=last_day)).isoformat()}
        claim = it.act(lead, f"{at}claims/", said, "claim.submitted", of=at)["reference"]
        own = f"claims/{claim}/"
        form = uploaded("returns.txt", b"Payroll returns.")
        it.act(lead, f"{own}files/", form, "claim.file_added", of=own)
        if count == 12:
            it.act(it.owner, f"{own}verify/", {"counted": 1}, "claim.verified", of=own)
            it.act(it.owner, f"{own}unverify/", {"reason": "A slip."}, "claim.unverified", of=own)
            it.act(it.owner, f"{own}verify/", {"counted": 10}, "claim.verified", of=own)
            it.act(it.approver, f"{own}pay/", {}, "claim.paid", of=own)
        else:
            it.act(it.owner, f"{own}reject/", {"reason": "No returns."}, "claim.rejected", of=own)
        it.etags.pop(at)


def _plan(it: Purchase) -> dict[str, Any]:
    questions = ("problem", "measurable", "attributable", "adds")
    return {
        "suitability": {name: {"answer": True, "why": "Shown in the case."} for name in questions},
        "long_stop_on": it.after(700).date().isoformat(),
        "cap": "2500.00",
        "investor_named": {"name": "A social fund", "scheme": "XX-DEMO", "identifier": "90000001"},
        "measures": [{"measure": OUTCOME, "baseline": 10, "target": 30, "price": "100.00", "most": 30}],
        "payers": [
            {"organisation": it.buyer, "share": "66.67"},
            {"organisation": PAYER, "share": "33.33", "fund": "Top-up", "pot": "300.00", "opens_on": "2020-01-01",
             "closes_on": "2099-01-01"},
        ],
    }  # fmt: skip


def nobody(it: Purchase) -> Steps:
    """Two decline, the third does not answer."""
    first, second, third = begun(it)
    refuses(it, first)
    refuses(it, second)
    offer = sent(it)
    half, end = window(offer)
    yield half
    it.happened.append("offer.reminded")
    yield end
    it.happened.append("offer.expired")
    assert third
    it.move("fail", {"reason": "No supplier was free."}, "call_off.unsuccessful")


def cancelled_draft(it: Purchase) -> Steps:
    begun(it)
    yield it.after(1, 9)
    it.move("cancel", {"reason": "The need has gone."}, "call_off.cancelled")


def cancelled_out(it: Purchase) -> Steps:
    first, *_ = begun(it)
    read(it, first, sent(it))
    yield it.after(1, 9)
    it.move("cancel", {"reason": "The need has gone."}, "offer.withdrawn", "call_off.cancelled")


def cancelled_awarded(it: Purchase) -> Steps:
    first, *_ = begun(it)
    takes(it, first)
    assert it.awarded() == first
    yield it.after(1, 9)
    ended = ("contract.voided", "offer.withdrawn", "call_off.cancelled")
    it.move("cancel", {"reason": "The money has gone."}, *ended)


ENDINGS: Final = tuple(
    Ending(name, "direct_award", drive, status, contract)
    for name, drive, status, contract in (
        ("accepted", accepted, "contracted", "active"),
        ("accepted, extended, complete", extended, "contracted", "complete"),
        ("accepted, terminated", terminated, "contracted", "terminated"),
        ("declined, then the next", declined, "contracted", "active"),
        ("expired, then the next", expired, "contracted", "active"),
        ("withdrawn, then the next", withdrawn, "contracted", "active"),
        ("withdrawn after acceptance, then the next", taken_back, "contracted", "active"),
        ("not signed, then the next", not_signed, "contracted", "active"),
        ("award undone, then the next", undone, "contracted", "active"),
        ("approved twice", approved, "contracted", "active"),
        ("pays for outcomes", outcomes, "contracted", "active"),
        ("nobody takes it", nobody, "unsuccessful", ""),
        ("cancelled as a draft", cancelled_draft, "cancelled", ""),
        ("cancelled while an offer is open", cancelled_out, "cancelled", ""),
        ("cancelled once awarded", cancelled_awarded, "cancelled", ""),
    )
)
