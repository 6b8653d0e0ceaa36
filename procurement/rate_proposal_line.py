"""A proposed rate card as a line: its stations, where it stands, and who acts next.

Pure, computed from RATE_PROPOSALS of states.py, as line.py does it for call-offs; the API and the pages draw the same
line.
"""

from __future__ import annotations

from typing import Final

from procurement.available import Turn
from procurement.line import Line, Place, Station, drawn
from procurement.models.rate_proposals import RateProposal
from procurement.states import RATE_PROPOSALS, Part

Status = RateProposal.Status
ROUTE: Final = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED)
"""The stations on the way to a card in force."""


def proposal_line(status: str, *, submitted: bool) -> Line:
    """The line of a proposal; `submitted` says of one that has ended whether it ever was."""
    if status == Status.APPROVED:
        return Line(_drawn(len(ROUTE), Place.DONE), status, Turn())
    if status in ROUTE:
        here = ROUTE.index(Status(status))
        steps = [one for one in RATE_PROPOSALS.transitions if status in one.sources and one.target in ROUTE]
        who = {part for one in steps for part in one.who}
        turn = Turn(tuple(part for part in Part if part in who), tuple(one.name for one in steps))
        return Line(_drawn(here, Place.HERE), None, turn)
    at = ROUTE.index(Status.SUBMITTED if submitted else Status.DRAFT)
    return Line(_drawn(at, Place.ENDED)[: at + 1], status, Turn())


def _drawn(here: int, place: Place) -> tuple[Station, ...]:
    return drawn(RATE_PROPOSALS, ROUTE, here, place)
