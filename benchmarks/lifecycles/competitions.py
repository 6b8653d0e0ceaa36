"""Every ending of a further competition, as it is driven. What a competition goes through is in contest.py."""

from __future__ import annotations

from typing import Final

from benchmarks.lifecycles.contest import (
    Contest,
    agreed_anew,
    assessed,
    closed,
    evaluated,
    opened,
    planned,
    published,
    ranked_first,
)
from benchmarks.lifecycles.purchase import Ending, Purchase, Steps

CANCELLED: Final = {"reason": "The money has gone."}
FAILED: Final = {"reason": "No tender answers what is needed."}


def _contracted(at: Contest, *events: str) -> None:
    """Awards to the tenderer that ranks first, and both sign."""
    first = ranked_first(at)
    assert at.it.awarded(*events) == first
    at.it.signed(first)


def _letters(at: Contest) -> tuple[str, ...]:
    """What an outcome leaves for each tenderer, in the order in which they were invited."""
    first, left = ranked_first(at), []
    for supplier in at.suppliers:
        if supplier in at.disqualified:
            left.append("tender.told")
        elif supplier in at.tendered:
            left += ["tender.successful" if supplier == first else "tender.unsuccessful", "tender.told"]
    return tuple(left)


def _reopened(at: Contest) -> tuple[str, ...]:
    """What taking an outcome back leaves."""
    standing = [one for one in at.suppliers if one in at.tendered and one not in at.disqualified]
    return ("tender.reopened", "tender.told") * len(standing)


def _passed_by(at: Contest, first: str) -> tuple[str, ...]:
    """What it leaves that the supplier of the tender that was awarded did not sign."""
    standing = [one for one in at.suppliers if one in at.tendered]
    each = (("tender.not_signed" if one == first else "tender.reopened", "tender.told") for one in standing)
    return tuple(event for both in each for event in both)


def _ended(at: Contest) -> tuple[str, ...]:
    """What a call-off that ends without a contract leaves of the tenders that stand."""
    return ("tender.ended",) * len([one for one in at.tendered if one not in at.disqualified])


def _ended_ranked(at: Contest, ended: int) -> tuple[str, ...]:
    """The same once the tenders were ranked: each has a letter, and so many are ended that were not told before that
    another is to be awarded.
    """
    return (*("tender.told",) * len(at.tendered), *("tender.ended",) * ended)


def tendered(it: Purchase) -> Steps:
    at = published(it)
    yield it.after(1, 9)
    at.all_tender()
    yield from evaluated(at)
    _contracted(at, *_letters(at))


def approved(it: Purchase) -> Steps:
    at = planned(it, value="45000.00")
    it.move("ask-approval", {}, "call_off.approval_asked")
    it.move("approve", {}, "call_off.approved", who=it.approver)
    at.publish()
    at.all_tender()
    yield from evaluated(at)
    _contracted(at, *_letters(at))


def interested(it: Purchase) -> Steps:
    """Interest is asked for first: one says no, one nothing, one no and then yes."""
    at = published(it, interest=True)
    yes, no = [*at.suppliers[2:], at.suppliers[1]], at.suppliers[:1]
    at.interest(at.suppliers[1], False)
    for supplier in yes:
        at.interest(supplier, True)
    if it.chance.random() < 0.5:
        at.interest(no[0], False)
    at.suppliers = [one for one in at.suppliers if one in yes]
    yield at.interest_until
    at.invited("call_off.interest_ended")
    at.all_tender()
    yield from evaluated(at)
    _contracted(at, *_letters(at))


def nobody_interested(it: Purchase) -> Steps:
    at = published(it, interest=True)
    at.interest(at.suppliers[0], False)
    yield at.interest_until
    it.happened.append("call_off.unsuccessful")


def clarified(it: Purchase) -> Steps:
    """Two questions, answered to all; more time; a document added."""
    at = published(it, document=True)
    asked = it.chance.sample(at.suppliers, 2)
    for supplier in asked:
        at.ask(supplier)
    at.answer()
    at.extend()
    yield it.after(2, 9)
    at.all_tender()
    yield from evaluated(at)
    _contracted(at, *_letters(at))


def amended(it: Purchase) -> Steps:
    """A material amendment: one submits anew, one does neither and is out, the others confirm."""
    at = published(it)
    at.all_tender()
    yield it.after(1, 9)
    at.amend()
    anew, silent, *others = it.chance.sample(at.suppliers, len(at.suppliers))
    at.write(anew)
    at.submit(anew)
    for supplier in others:
        at.confirm(supplier)
    at.disqualified.append(silent)
    yield from evaluated(at, "tender.disqualified")
    _contracted(at, *_letters(at))


def resubmitted(it: Purchase) -> Steps:
    """One takes its tender back and submits anew, another takes its back for good."""
    at = published(it)
    at.all_tender()
    back, gone = it.chance.sample(at.suppliers, 2)
    yield it.after(1, 9)
    at.withdraw(back)
    at.withdraw(gone)
    yield it.after(1, 15)
    at.write(back)
    at.submit(back)
    yield from evaluated(at)
    _contracted(at, *_letters(at))


def declined(it: Purchase) -> Steps:
    """Two decline, one of which thinks again."""
    at = published(it)
    gone, again = it.chance.sample(at.suppliers, 2)
    at.decline(gone)
    at.decline(again)
    yield it.after(1, 9)
    at.all_tender(but=(gone,))
    yield from evaluated(at)
    _contracted(at, *_letters(at))


def none_tendered(it: Purchase) -> Steps:
    """One declines, one writes and does not submit, one takes its tender back, the others are silent."""
    at = published(it)
    gone, writing, back = it.chance.sample(at.suppliers, 3)
    at.decline(gone)
    at.write(writing)
    at.tender(back)
    at.withdraw(back)
    yield at.deadline
    it.happened.append("call_off.unsuccessful")


def disqualified(it: Purchase) -> Steps:
    """One does not answer what was asked; another was disqualified by mistake and takes part again."""
    at = published(it)
    at.all_tender()
    yield from opened(at)
    out, mistaken = it.chance.sample(at.tendered, 2)
    at.disqualify(mistaken, "not_compliant")
    at.disqualify(out, "not_compliant")
    at.reinstate(mistaken)
    assessed(at)
    _contracted(at, *_letters(at))


def none_passes(it: Purchase) -> Steps:
    """Every tender is below a pass mark."""
    at = published(it)
    at.all_tender()
    yield from opened(at)
    assessed(at, scores=(0, 1))
    it.move("fail", FAILED, *_ended_ranked(at, len(at.tendered)), "call_off.unsuccessful")


def low_explained(it: Purchase) -> Steps:
    """A price looks abnormally low; its explanation is taken."""
    at = published(it)
    low = it.chance.choice(at.suppliers)
    at.all_tender(low=low)
    yield from evaluated(at)
    at.ask_price(low)
    yield it.weekday(1, 9)
    at.explain_price(low)
    at.accept_price(low)
    _contracted(at, *_letters(at))


def low_unexplained(it: Purchase) -> Steps:
    """A price looks abnormally low, and its tenderer says nothing."""
    at = published(it)
    low = it.chance.choice(at.suppliers)
    at.all_tender(low=low)
    yield from evaluated(at)
    yield at.ask_price(low)
    at.disqualify(low, "abnormally_low")
    _contracted(at, *_letters(at))


def standstill(it: Purchase) -> Steps:
    """The intention is told, and eight working days stood still."""
    at = published(it, standstill=True)
    at.all_tender()
    yield from evaluated(at)
    shown = it.move("intend", {}, *_letters(at), "call_off.intention")
    assert "award" not in shown["available_actions"]
    yield at.standstill_until()
    _contracted(at)


def intention_undone(it: Purchase) -> Steps:
    """The intention is taken back, the first tenderer disqualified, and the next awarded."""
    at = published(it)
    at.all_tender()
    yield from evaluated(at)
    it.move("intend", {}, *_letters(at), "call_off.intention")
    yield it.after(1, 9)
    why = {"reason": "A conflict of interest came to light."}
    it.move("undo", why, *_reopened(at), "call_off.award_undone", who=it.approver)
    at.disqualify(ranked_first(at), "conflict")
    _contracted(at, *_letters(at))


def award_undone(it: Purchase) -> Steps:
    """The award is taken back before contract, the first tenderer disqualified, and the next awarded."""
    at = published(it)
    at.all_tender()
    yield from evaluated(at)
    assert it.awarded(*_letters(at)) == ranked_first(at)
    yield it.after(1, 9)
    why = {"reason": "The supplier was excluded meanwhile."}
    it.move("undo", why, "contract.voided", *_reopened(at), "call_off.award_undone", who=it.approver)
    at.disqualify(ranked_first(at), "excluded")
    _contracted(at, *_letters(at))


def award_not_signed(it: Purchase) -> Steps:
    """The first tenderer does not sign, and the next is awarded."""
    at = published(it)
    at.all_tender()
    yield from evaluated(at)
    first = it.awarded(*_letters(at))
    assert first == ranked_first(at)
    yield it.weekday(14, 9)
    why = {"reason": "No signature in two weeks."}
    it.move("not-sign", why, "contract.voided", *_passed_by(at, first), "call_off.award_undone")
    at.tendered.remove(first)
    _contracted(at, *_letters(at))


def conflicted(it: Purchase) -> Steps:
    """A conflict of interest is declared after the ranking, which is made anew without whoever has it."""
    at = published(it)
    at.all_tender()
    yield from evaluated(at)
    yield it.after(1, 9)
    agreed_anew(at)
    _contracted(at, *_letters(at))


def terminated(it: Purchase) -> Steps:
    at = published(it)
    at.all_tender()
    yield from evaluated(at)
    _contracted(at, *_letters(at))
    yield it.after(120)
    own, why = f"contracts/{it.contract}/", {"reason": "The service has closed."}
    it.act(it.owner, f"{own}extend/", {}, "contract.extended", of=own)
    it.act(it.owner, f"{own}terminate/", why, "contract.terminated", of=own)


def failed_closed(it: Purchase) -> Steps:
    """The buyer gives up before it opens the tenders."""
    at = published(it)
    at.all_tender()
    yield from closed(at)
    it.move("fail", FAILED, *_ended(at), "call_off.unsuccessful")


def cancelled_draft(it: Purchase) -> Steps:
    planned(it)
    yield it.after(1, 9)
    it.move("cancel", CANCELLED, "call_off.cancelled")


def cancelled_interest(it: Purchase) -> Steps:
    """Cancelled while interest is asked for."""
    at = published(it, interest=True)
    at.interest(at.suppliers[0], True)
    yield it.after(1, 9)
    it.move("cancel", CANCELLED, "call_off.cancelled")


def cancelled_out(it: Purchase) -> Steps:
    at = published(it)
    at.tender(at.suppliers[0])
    yield it.after(1, 9)
    it.move("cancel", CANCELLED, *_ended(at), "call_off.cancelled")


def cancelled_evaluating(it: Purchase) -> Steps:
    at = published(it)
    at.all_tender()
    yield from opened(at)
    it.move("cancel", CANCELLED, *_ended(at), "call_off.cancelled")


def cancelled_intention(it: Purchase) -> Steps:
    at = published(it, standstill=True)
    at.all_tender()
    yield from evaluated(at)
    it.move("intend", {}, *_letters(at), "call_off.intention")
    yield it.after(1, 9)
    it.move("cancel", CANCELLED, *_ended_ranked(at, 1), "call_off.cancelled")


def cancelled_awarded(it: Purchase) -> Steps:
    at = published(it)
    at.all_tender()
    yield from evaluated(at)
    it.awarded(*_letters(at))
    yield it.after(1, 9)
    it.move("cancel", CANCELLED, "contract.voided", *_ended_ranked(at, 1), "call_off.cancelled")


ENDINGS: Final = tuple(
    Ending(name, "competition", drive, status, contract)
    for name, drive, status, contract in (
        ("tendered", tendered, "contracted", "active"),
        ("tendered, after approval", approved, "contracted", "active"),
        ("tendered, after interest", interested, "contracted", "active"),
        ("tendered, after questions and more time", clarified, "contracted", "active"),
        ("tendered, after a material amendment", amended, "contracted", "active"),
        ("tendered, one withdrawn and submitted anew", resubmitted, "contracted", "active"),
        ("tendered, some declined", declined, "contracted", "active"),
        ("tendered, one disqualified", disqualified, "contracted", "active"),
        ("tendered, a low price explained", low_explained, "contracted", "active"),
        ("tendered, a low price not explained", low_unexplained, "contracted", "active"),
        ("tendered, a standstill kept", standstill, "contracted", "active"),
        ("tendered, the intention undone, then the next", intention_undone, "contracted", "active"),
        ("tendered, the award undone, then the next", award_undone, "contracted", "active"),
        ("tendered, not signed, then the next", award_not_signed, "contracted", "active"),
        ("tendered, ranked anew after a conflict", conflicted, "contracted", "active"),
        ("tendered, extended, terminated", terminated, "contracted", "terminated"),
        ("nobody is interested", nobody_interested, "unsuccessful", ""),
        ("nobody tenders", none_tendered, "unsuccessful", ""),
        ("no tender passes", none_passes, "unsuccessful", ""),
        ("given up unopened", failed_closed, "unsuccessful", ""),
        ("cancelled as a plan", cancelled_draft, "cancelled", ""),
        ("cancelled while interest is asked for", cancelled_interest, "cancelled", ""),
        ("cancelled while it is out", cancelled_out, "cancelled", ""),
        ("cancelled while evaluated", cancelled_evaluating, "cancelled", ""),
        ("cancelled in its standstill", cancelled_intention, "cancelled", ""),
        ("cancelled once awarded", cancelled_awarded, "cancelled", ""),
    )
)
