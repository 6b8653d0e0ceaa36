"""The demonstration's call-offs: fixtures/call_offs.yaml, brought to their statuses by the actions everybody takes.

Loaded once, after the people who take part (demo_cast.py) can sign in. An offer's window ends by the clock alone: its
sweep is told the moment at which the window closes, so that such an offer expires while its last day is still ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils import timezone

from procurement.actions.awards import (
    award_direct,
    cancel_call_off,
    fail_call_off,
    offer_not_signed,
    undo_award,
)
from procurement.actions.call_offs import CallOffDraft, approve_call_off, create_call_off
from procurement.actions.demo_cast import Cast, cast_of
from procurement.actions.demo_competitions import load_competitions
from procurement.actions.demo_contracts import CONTRACT_STEPS
from procurement.actions.demo_outcomes import claim_outcomes, plan_outcomes
from procurement.actions.limits import set_limit
from procurement.actions.offers import accept_offer, decline_offer, expire_offer, send_offer, view_offer
from procurement.actions.outcome import Outcome
from procurement.actions.requirements import create_requirement
from procurement.actions.shortlist_entries import decide_entry
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist
from procurement.models import CallOff, Offer
from procurement.permissions import Actor
from procurement.snapshots import Index

FRAMEWORK: Final = "cx-demo-01"
LOT: Final = "cx-demo-01~1"
STARTS_IN: Final = 45
"""Days from the day of loading, unless a row says otherwise."""
TERMS: Final[dict[str, Any]] = {
    "expenses": "500.00",
    "mechanism": "ranked",
    "reason": "First of the suppliers that were compared for this need.",
    "reply_days": 5,
}

Step = Callable[[Cast, CallOff], object]


def load_call_offs(folder: Path) -> Outcome:
    """Makes every direct award of the file and every competition of competitions.yaml, each route unless the buyer has
    any of it already; none where not everybody who takes part can sign in.
    """
    read = yaml.safe_load((folder / "call_offs.yaml").read_text(encoding="utf-8"))
    cast = cast_of(read["buyer"], read["assessor"], read["moderator"])
    if cast is None:
        return Outcome()
    held = set(CallOff.objects.filter(organisation__reference=read["buyer"]).values_list("route", flat=True))
    made: list[str] = []
    if CallOff.Route.DIRECT_AWARD not in held:
        set_limit(cast.administrator, read["buyer"], read["limit"])
        made += [_direct_award(cast, row).reference for row in read["direct_awards"]]
    if CallOff.Route.COMPETITION not in held:
        made += load_competitions(cast, folder)
    return Outcome(made)


def _direct_award(cast: Cast, row: Mapping[str, Any]) -> CallOff:
    content = {
        "text": row["text"],
        "framework": FRAMEWORK,
        "lot": LOT,
        "starts_on": (
            timezone.localdate() + timedelta(days=row.get("starts_in_days", STARTS_IN))
        ).isoformat(),
        "months": 3,
        "team": [{"grade": grade, "days": days} for grade, days in row["team"].items()],
    }
    requirement = create_requirement(cast.editor, content)
    listings = [f"{FRAMEWORK}~{one}" for one in row["listings"]]
    shortlist = _locked(cast.editor, row["title"], listings) if listings else None
    terms = TERMS if listings else {}
    draft = CallOffDraft(row["title"], CallOff.Route.DIRECT_AWARD, requirement.reference, shortlist, terms)
    call_off = create_call_off(cast.editor, draft)
    outcomes = row.get("outcomes")
    if outcomes is not None:
        plan_outcomes(cast, call_off, outcomes)
    for step in row["steps"]:
        call_off.refresh_from_db()
        STEPS[step](cast, call_off)
    if outcomes is not None and "claims" in outcomes:
        claim_outcomes(cast, call_off, outcomes)
    return call_off


def _locked(actor: Actor, title: str, listings: list[str]) -> str:
    shortlist = create_shortlist(actor, ShortlistDraft(title, listings=listings))
    for listing in listings:
        decide_entry(actor, shortlist.reference, shortlist.revision, listing, "in", "")
        shortlist.refresh_from_db()
    lock_shortlist(actor, shortlist.reference, shortlist.revision, Index(None, None))
    return shortlist.reference


def _offer(call_off: CallOff) -> Offer:
    return call_off.offers.select_related("asked__appointment__supplier").latest("pk")


def _accept(cast: Cast, call_off: CallOff) -> object:
    offer = _offer(call_off)
    return accept_offer(cast.lead(offer.asked.appointment), offer.reference, offer.revision)


def _decline(cast: Cast, call_off: CallOff) -> object:
    offer = _offer(call_off)
    reason = "The people whom it needs are on other work until the spring."
    return decline_offer(cast.lead(offer.asked.appointment), offer.reference, offer.revision, reason)


def _expire(_: Cast, call_off: CallOff) -> object:
    # Only the clock ends a window: it is told the moment at which the window closes.
    offer = _offer(call_off)
    return expire_offer(offer.reference, offer.reply_by)


def _not_sign(cast: Cast, call_off: CallOff) -> object:
    offer = _offer(call_off)
    reason = "The firm told us that it cannot sign before its own board meets in the spring."
    return offer_not_signed(cast.editor, offer.reference, offer.revision, reason)


STEPS: Final[dict[str, Step]] = {
    "approve": lambda cast, one: approve_call_off(cast.approver, one.reference, one.revision),
    "send_offer": lambda cast, one: send_offer(cast.editor, one.reference, one.revision),
    "view": lambda cast, one: view_offer(cast.lead(_offer(one).asked.appointment), _offer(one).reference),
    "accept": _accept,
    "decline": _decline,
    "award": lambda cast, one: award_direct(cast.editor, one.reference, one.revision, "None is known."),
    "expire": _expire,
    "not_sign": _not_sign,
    "undo": lambda cast, one: undo_award(
        cast.approver, one.reference, one.revision, "The fund was not agreed by the partner councils."
    ),
    "cancel": lambda cast, one: cancel_call_off(
        cast.editor, one.reference, one.revision, "The service will be reviewed as a whole next year."
    ),
    "fail": lambda cast, one: fail_call_off(
        cast.editor, one.reference, one.revision, "The only supplier that was asked declined."
    ),
    **CONTRACT_STEPS,
}
