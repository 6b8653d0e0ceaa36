"""The demonstration's call-offs: fixtures/call_offs.yaml, brought to their statuses by the actions everybody takes.

Loaded once, after the people who take part can sign in. Suppliers whose firms nobody signs in for answer by a stand-in
for their lead, which the log names `demo`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils import timezone

from procurement.actions.awards import award_direct, cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_offs import CallOffDraft, approve_call_off, create_call_off
from procurement.actions.contracts import complete_contract, sign_contract
from procurement.actions.limits import set_limit
from procurement.actions.offers import accept_offer, decline_offer, send_offer, view_offer
from procurement.actions.outcome import Outcome
from procurement.actions.requirements import create_requirement
from procurement.actions.shortlist_entries import decide_entry
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist
from procurement.models import CallOff, Capability, Contract, Membership, Offer, Organisation, User
from procurement.parts import lead_of
from procurement.permissions import Actor, person
from procurement.snapshots import Index

FRAMEWORK: Final = "cx-demo-01"
LOT: Final = "cx-demo-01~1"
STARTS_IN: Final = timedelta(days=45)
STAND_IN: Final = "demo"
TERMS: Final[dict[str, Any]] = {
    "expenses": "500.00",
    "mechanism": "ranked",
    "reason": "First of the suppliers that were compared for this need.",
    "reply_days": 5,
}

Step = Callable[["Cast", CallOff], object]


class Cast:
    """Who takes part: the buyer's editor and approver, and whoever answers for a supplier."""

    def __init__(self, buyer: Organisation) -> None:
        people = {
            role: person(User.objects.get(pk=user))
            for user, role in Membership.objects.filter(organisation=buyer).values_list("user", "role")
        }
        self.editor = people[Membership.Role.EDITOR]
        self.approver = people[Membership.Role.APPROVER]
        self.administrator = _stand_in(buyer, Capability.Kind.BUYER)

    def lead(self, offer: Offer) -> Actor:
        """Whoever answers for the supplier that was asked."""
        organisation = lead_of(offer.asked.appointment)
        assert organisation is not None
        member = Membership.objects.filter(organisation=organisation).exclude(role=Membership.Role.VIEWER)
        known = member.select_related("user").first()
        return person(known.user) if known else _stand_in(organisation, Capability.Kind.PARTNER)


def load_call_offs(folder: Path) -> Outcome:
    """Makes every call-off of the file, unless the buyer has any already or nobody signs in for it."""
    read = yaml.safe_load((folder / "call_offs.yaml").read_text(encoding="utf-8"))
    buyer = Organisation.objects.filter(reference=read["buyer"]).first()
    if buyer is None or CallOff.objects.filter(organisation=buyer).exists():
        return Outcome()
    if not Membership.objects.filter(organisation=buyer, role=Membership.Role.APPROVER).exists():
        return Outcome()
    cast = Cast(buyer)
    set_limit(cast.administrator, buyer.reference, read["limit"])
    return Outcome([_direct_award(cast, row).reference for row in read["direct_awards"]])


def _direct_award(cast: Cast, row: Mapping[str, Any]) -> CallOff:
    content = {
        "text": row["text"],
        "framework": FRAMEWORK,
        "lot": LOT,
        "starts_on": (timezone.localdate() + STARTS_IN).isoformat(),
        "months": 3,
        "team": [{"grade": grade, "days": days} for grade, days in row["team"].items()],
    }
    requirement = create_requirement(cast.editor, content)
    listings = [f"{FRAMEWORK}~{one}" for one in row["listings"]]
    shortlist = _locked(cast.editor, row["title"], listings) if listings else None
    terms = TERMS if listings else {}
    draft = CallOffDraft(row["title"], CallOff.Route.DIRECT_AWARD, requirement.reference, shortlist, terms)
    call_off = create_call_off(cast.editor, draft)
    for step in row["steps"]:
        call_off.refresh_from_db()
        STEPS[step](cast, call_off)
    return call_off


def _locked(actor: Actor, title: str, listings: list[str]) -> str:
    shortlist = create_shortlist(actor, ShortlistDraft(title, listings=listings))
    for listing in listings:
        decide_entry(actor, shortlist.reference, shortlist.revision, listing, "in", "")
        shortlist.refresh_from_db()
    lock_shortlist(actor, shortlist.reference, shortlist.revision, Index(None, None))
    return shortlist.reference


def _stand_in(organisation: Organisation, kind: str) -> Actor:
    roles = {organisation.pk: str(Membership.Role.ADMINISTRATOR)}
    return Actor(STAND_IN, roles, {organisation.pk: frozenset({kind})})


def _offer(call_off: CallOff) -> Offer:
    return call_off.offers.select_related("asked__appointment__supplier").latest("pk")


def _contract(call_off: CallOff) -> Contract:
    return call_off.contracts.latest("pk")


def _sign_supplier(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return sign_contract(cast.lead(_offer(call_off)), contract.reference, contract.revision)


def _sign_buyer(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return sign_contract(cast.editor, contract.reference, contract.revision)


def _accept(cast: Cast, call_off: CallOff) -> object:
    offer = _offer(call_off)
    return accept_offer(cast.lead(offer), offer.reference, offer.revision)


def _decline(cast: Cast, call_off: CallOff) -> object:
    offer = _offer(call_off)
    reason = "The people whom it needs are on other work until the spring."
    return decline_offer(cast.lead(offer), offer.reference, offer.revision, reason)


def _complete(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return complete_contract(cast.editor, contract.reference, contract.revision)


STEPS: Final[dict[str, Step]] = {
    "approve": lambda cast, one: approve_call_off(cast.approver, one.reference, one.revision),
    "send_offer": lambda cast, one: send_offer(cast.editor, one.reference, one.revision),
    "view": lambda cast, one: view_offer(cast.lead(_offer(one)), _offer(one).reference),
    "accept": _accept,
    "decline": _decline,
    "award": lambda cast, one: award_direct(cast.editor, one.reference, one.revision, "None is known."),
    "sign_supplier": _sign_supplier,
    "sign_buyer": _sign_buyer,
    "complete": _complete,
    "undo": lambda cast, one: undo_award(
        cast.approver, one.reference, one.revision, "The fund was not agreed by the partner councils."
    ),
    "cancel": lambda cast, one: cancel_call_off(
        cast.editor, one.reference, one.revision, "The service will be reviewed as a whole next year."
    ),
    "fail": lambda cast, one: fail_call_off(
        cast.editor, one.reference, one.revision, "The only supplier that was asked declined."
    ),
}
