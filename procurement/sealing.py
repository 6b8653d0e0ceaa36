"""How much of a tender somebody may read: the one place that says so, for the API, pages and files alike.

Until the deadline it is its own tenderer's alone. Opened, those of the buyer who have a part in the purchase read what
answers the criteria, its price only once every score is agreed, so that no assessor knows a price while scoring. What
was taken back before the deadline stays its tenderer's alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from procurement.competition_checks import conflict_declared
from procurement.errors import NotFound
from procurement.models import Competition, Tender, TenderFile, TenderRevision
from procurement.models.tenders import STANDING
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.querysets_competitions import TenderQuerySet
from procurement.tender_facts import SCORING


@dataclass(frozen=True, slots=True)
class Open:
    """What is open: the `draft` and receipts (the tenderer's own), what answers the criteria, the price."""

    own: bool
    answers: bool
    price: bool


def open_to(actor: Actor, tender: Tender) -> Open:
    """What of the tender is open to the actor; the system, which reads for nobody, has nothing open."""
    if actor.system:
        return Open(own=False, answers=False, price=False)
    if is_own(actor, tender):
        return Open(own=True, answers=True, price=True)
    competition = tender.competition
    opened = competition.opened_at is not None and tender.status in STANDING
    reads = opened and _takes_part(actor, competition)
    return Open(own=False, answers=reads, price=reads and competition.ranking is not None)


def stands(found: Open, tender: Tender) -> bool:
    """Whether the reader is told that something was submitted, by what of the tender is open to them."""
    return tender.current_id is not None and (found.own or tender.status in STANDING)


def is_own(actor: Actor, tender: Tender) -> bool:
    """Whether the actor reads for the firms that write it, in any role (one query): only who answers for them changes
    it.
    """
    return TenderQuerySet(Tender).of_supplier(actor).filter(pk=tender.pk).exists()


def _takes_part(actor: Actor, competition: Competition) -> bool:
    """Whether somebody of the buyer has a part for which tenders are read (two queries): whoever runs the call-off or
    may approve it, its assessors and moderators once they have declared that no interest of theirs conflicts. Who
    declared one that does reads nothing, whatever else they may do: what they read they could not forget.
    """
    parts = buyer_parts(actor, competition.call_off)
    if not parts:
        return False
    conflict = conflict_declared(competition.call_off, actor)
    return parts.isdisjoint(SCORING) if conflict is None else not conflict


def receipt_of(actor: Actor, reference: str, number: int) -> TenderRevision:
    """What was submitted the `number`th time with the tender of that reference; its tenderer's alone. Raises
    NotFound.
    """
    tender = TenderQuerySet(Tender).seen_by(actor).told().filter(reference=reference).first()
    found = None
    if tender is not None and open_to(actor, tender).own:
        found = tender.revisions.filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no receipt {number} of {reference}.")
    return found


def file_open_to(actor: Actor, file: TenderFile) -> bool:
    """Whether the actor may fetch a file of a tender: the buyer only what was submitted with it last."""
    return file_open(open_to(actor, file.tender), file)


def file_open(found: Open, file: TenderFile) -> bool:
    """The same, by what of its tender is open; `file.tender` is fetched with what was submitted last."""
    if found.own:
        return True
    current = file.tender.current
    with_it = (
        current is not None
        and file.added_at <= current.submitted_at
        and (file.removed_at is None or file.removed_at > current.submitted_at)
    )
    return with_it and (found.price if file.part == TenderFile.Part.PRICE else found.answers)
