"""The demonstration's proposed rate cards: fixtures/rate_proposals.yaml, one in each status, by the actions everybody
takes.

Loaded once. Leads and the framework's owner whom nobody signs in for act by the stand-in of demo_cast.py. The approved
one is a supplier's first card by the hour: a card of the fixtures would be put back when they are compared again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils import timezone

from procurement.actions.demo_cast import somebody_of
from procurement.actions.outcome import Outcome
from procurement.actions.rate_proposal_lines import lines_of, told
from procurement.actions.rate_proposals import (
    RateProposalDraft,
    approve_rate_proposal,
    draft_rate_proposal,
    edit_rate_proposal,
    refuse_rate_proposal,
    submit_rate_proposal,
    withdraw_rate_proposal,
)
from procurement.models import Appointment, Capability, RateProposal
from procurement.parts import lead_of
from procurement.permissions import Actor
from procurement.pricing import money

FIFTY_PENCE: Final = 50
HUNDRED: Final = 100
Kind = Capability.Kind


def load_rate_proposals(folder: Path) -> Outcome:
    """Makes every proposal of the file, unless there is any already."""
    if RateProposal.objects.exists():
        return Outcome()
    read = yaml.safe_load((folder / "rate_proposals.yaml").read_text(encoding="utf-8"))
    return Outcome([_proposal(row, read["framework"], read["refused"]) for row in read["proposals"]])


def _proposal(row: Mapping[str, Any], framework: str, refused: str) -> str:
    places = Appointment.objects.select_related("lot__framework__owner")
    place = places.filter(supplier__reference=row["supplier"], lot__framework__reference=framework).first()
    assert place is not None
    leads = lead_of(place)
    assert leads is not None
    lead = somebody_of(leads, Kind.PARTNER)
    owner = somebody_of(place.lot.framework.owner, Kind.FRAMEWORK_OWNER)
    draft = RateProposalDraft(
        row["supplier"],
        framework,
        unit=row.get("unit", ""),
        valid_from=(timezone.localdate() + timedelta(days=row["days"])).isoformat(),
        note=row["note"],
        lines=row.get("lines"),
    )
    proposal = draft_rate_proposal(lead, draft)
    if "per_cent" in row:
        lines = {"lines": _changed(proposal, Decimal(row["per_cent"]))}
        proposal = edit_rate_proposal(lead, proposal.reference, proposal.revision, lines)
    for step in row["steps"]:
        actor = owner if step in ("approve", "refuse") else lead
        proposal = STEPS[step](actor, proposal, refused)
    return proposal.reference


def _changed(proposal: RateProposal, per_cent: Decimal) -> list[dict[str, Any]]:
    """The lines with every rate changed by so much, down to fifty pence."""
    part = FIFTY_PENCE * HUNDRED
    return [
        told(line)
        | {
            "amount": money(
                int((line.price_minor * (HUNDRED + per_cent) / part).to_integral_value(ROUND_FLOOR))
                * FIFTY_PENCE
            )
        }
        for line in lines_of(proposal)
    ]


def _refuse(actor: Actor, proposal: RateProposal, reason: str) -> RateProposal:
    return refuse_rate_proposal(actor, proposal.reference, proposal.revision, reason)


def _by(
    action: Callable[[Actor, str, int], RateProposal],
) -> Callable[[Actor, RateProposal, str], RateProposal]:
    return lambda actor, proposal, _: action(actor, proposal.reference, proposal.revision)


STEPS: Final[dict[str, Callable[[Actor, RateProposal, str], RateProposal]]] = {
    "submit": _by(submit_rate_proposal),
    "withdraw": _by(withdraw_rate_proposal),
    "approve": _by(approve_rate_proposal),
    "refuse": _refuse,
}
