"""Proposals of rate cards, brought to where an example or a test begins: of the consortium of Larch on XD1, in the
world of calling_off.py with the people of joining.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from procurement.actions.rate_proposals import (
    RateProposalDraft,
    approve_rate_proposal,
    draft_rate_proposal,
    refuse_rate_proposal,
    submit_rate_proposal,
    withdraw_rate_proposal,
)
from procurement.models import RateProposal
from tests.api.calling_off import acting

LINES: Final[list[dict[str, Any]]] = [{"key": "1-G3", "lot": "xd1~1", "grade": "G3", "amount": "123.45"}]
NAMES: Final = {"CONSORTIUM": "larch", "FRAMEWORK": "xd1"}
RATES: Final = b"lot,grade,price\n1,G3,123.45\n"
"""What `rates.csv` holds."""
WAYS: Final = ("PROPOSAL", "CHANGED", "PROPOSED", "APPROVED", "REFUSED", "WITHDRAWN")


def first_day() -> str:
    return (timezone.localdate() + timedelta(days=30)).isoformat()


def brought(way: str) -> RateProposal:
    """A proposal that has come so far: begun with nothing new, begun with a lower rate, or moved from there."""
    draft = RateProposalDraft("larch", "xd1")
    if way == "PROPOSAL":
        return draft_rate_proposal(acting("larch"), draft)
    said = RateProposalDraft("larch", "xd1", valid_from=first_day(), lines=LINES)
    proposal = draft_rate_proposal(acting("larch"), said)
    if way == "CHANGED":
        return proposal
    proposal = submit_rate_proposal(acting("larch"), proposal.reference, 1)
    if way == "APPROVED":
        return approve_rate_proposal(acting("owner"), proposal.reference, 2)
    if way == "REFUSED":
        return refuse_rate_proposal(acting("owner"), proposal.reference, 2, "Not now.")
    return withdraw_rate_proposal(acting("larch"), proposal.reference, 2) if way == "WITHDRAWN" else proposal


def proposal_of(source: str) -> dict[str, str]:
    """The variables that these curl lines name, each of what was made for it; nothing where they are of no proposal."""
    if "/api/v1/rate-proposals/" not in source:
        return {}
    way = next((name for name in WAYS if f"${name}/" in source), None)
    if way is None and "-X POST" not in source:
        # A list finds something.
        way = "PROPOSED"
    return NAMES | ({way: brought(way).reference} if way else {})
