"""A purchase in the world of tests/world.py: who buys, who supplies, and a call-off brought to where a test begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.awards import award_direct
from procurement.actions.call_offs import CallOffDraft, create_call_off
from procurement.actions.contracts import sign_contract
from procurement.actions.offerings import save_offerings
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.requirements import create_requirement
from procurement.actions.shortlist_entries import decide_entry
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist
from procurement.errors import NotFound, NotPermitted
from procurement.models import CallOff, Contract, Offer, Shortlist
from procurement.permissions import SYSTEM, Actor
from procurement.snapshots import Index
from tests.world import LIVE_FROM, editor_of, make_buyers, make_world, placed, publish_rates

TERMS: Final[dict[str, Any]] = {
    "expenses": "100.00",
    "extensions": [{"months": 3, "amount": "500.00"}],
    "mechanism": "ranked",
    "reason": "First of the suppliers ranked for the need.",
}
"""With the team of NEED on the card of oak (10 days at 400.00 and 2.5 at 900.00): 6,250.00 and 600.00 beside."""
ASH, YEW = "wr1~oak~ash", "wr1~yew~yew"
READY: Final = "Oak, then Yew"
"""Title of the locked shortlist that stands in the market, so that not every draft has one made for it."""


@dataclass(frozen=True, slots=True)
class Market:
    """Whoever takes part: the buyer's editor, approver and administrator, another buyer, the leads of oak and yew, and
    a member of oak.
    """

    buyer: Actor
    approver: Actor
    stranger: Actor
    oak: Actor
    ash: Actor
    yew: Actor


def make_market() -> Market:
    """The world with two suppliers on wr1~1, oak and yew, both with a card."""
    make_world()
    make_buyers("shire", "borough")
    save_appointments(SYSTEM, [AppointmentDraft("yew", "wr1~1", LIVE_FROM)])
    save_offerings(
        SYSTEM,
        [placed("wr1", "yew", "yew", "wr1~1", ["wr1~1~1"], ["UK"])],
    )
    publish_rates("yew", "wr1", {"wr1~1~G1": 50_000, "wr1~1~G2": 70_000, "wr1~1~G3": 95_000})
    buyer = editor_of("shire")
    locked_shortlist(buyer, ASH, YEW, title=READY)
    return Market(
        buyer,
        editor_of("shire", "approver"),
        editor_of("borough", "administrator"),
        editor_of("oak"),
        editor_of("ash"),
        editor_of("yew"),
    )


def need(**changes: Any) -> dict[str, Any]:
    """A requirement on wr1~1 for six months from a week ahead."""
    return {
        "text": "Evaluate a service.",
        "framework": "wr1",
        "lot": "wr1~1",
        "starts_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "months": 6,
        "team": [{"grade": "G1", "days": "10"}, {"grade": "G3", "days": "2.5"}],
    } | changes


def locked_shortlist(
    actor: Actor, *listings: str, out: tuple[str, ...] = (), title: str = "Suppliers"
) -> Shortlist:
    """A locked shortlist with the listings in, in their order, and `out` decided out."""
    made = create_shortlist(actor, ShortlistDraft(title, listings=(*listings, *out)))
    for listing in (*listings, *out):
        made.refresh_from_db()
        decision, reason = ("out", "Not on time.") if listing in out else ("in", "")
        decide_entry(actor, made.reference, made.revision, listing, decision, reason)
    made.refresh_from_db()
    lock_shortlist(actor, made.reference, made.revision, Index("embedded", 1))
    made.refresh_from_db()
    return made


def drafted(actor: Actor, *, terms: dict[str, Any] | None = None, **changes: Any) -> CallOff:
    """A direct award to oak (its partner ash is wanted) and then yew; `changes` are of the requirement."""
    requirement = create_requirement(actor, need(**changes))
    ready = Shortlist.objects.filter(title=READY, status=Shortlist.Status.LOCKED).first()
    shortlist = ready or locked_shortlist(actor, ASH, YEW)
    draft = CallOffDraft(
        "Evaluation",
        "direct_award",
        requirement.reference,
        shortlist.reference,
        TERMS if terms is None else terms,
    )
    return create_call_off(actor, draft)


def offered(market: Market) -> Offer:
    """An offer of such a call-off, sent to oak."""
    call_off = drafted(market.buyer)
    return send_offer(market.buyer, call_off.reference, call_off.revision)


def accepted(market: Market) -> Offer:
    """The same, accepted by oak's lead."""
    offer = offered(market)
    return accept_offer(market.oak, offer.reference, offer.revision)


def awarded(market: Market) -> Contract:
    """Awarded to whoever accepted, and signed by nobody."""
    call_off = accepted(market).call_off
    return award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")


def active(market: Market) -> Contract:
    """Signed by both: six months from thirty days ahead on, with one option of three months."""
    contract = awarded(market)
    sign_contract(market.oak, contract.reference, 1)
    return sign_contract(market.buyer, contract.reference, 2)


def begun(market: Market) -> Contract:
    """Signed by both, and its first day has come."""
    return begin(active(market))


def begin(contract: Contract) -> Contract:
    """As if it had been signed before its first day came: only then may it be complete."""
    contract.starts_on = timezone.localdate()
    contract.save(update_fields=["starts_on"])
    return contract


def refused_to_all_but_its_buyer(market: Market, act: Callable[[Actor], object]) -> None:
    """An act that is the buyer's own: the supplier and its member see what it is about, all others do not."""
    for actor, refused in (
        (market.oak, NotPermitted),
        (market.ash, NotPermitted),
        (market.yew, NotFound),
        (market.stranger, NotFound),
    ):
        with pytest.raises(refused):
            act(actor)
