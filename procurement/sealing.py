"""How much of a tender somebody may read: the one place that says so, for the API, pages and files alike.

Until the deadline it is its own tenderer's alone. Opened, those of the buyer who have a part in the purchase read what
answers the criteria, its price only once every score is agreed, so that no assessor knows a price while scoring. What
was taken back before the deadline stays its tenderer's alone. Scores, the ranking, what was asked about a price and the
letters say what stands in a tender, and are read by the same people.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from procurement.competition_checks import conflict_declared
from procurement.errors import NotFound, NotPermitted
from procurement.models import CallOff, Tender, TenderFile, TenderRevision
from procurement.models.tenders import STANDING
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.querysets_competitions import TenderQuerySet
from procurement.states import Part
from procurement.tender_document import submitted
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
    reads = opened and takes_part(actor, competition.call_off)
    return Open(own=False, answers=reads, price=reads and competition.ranking is not None)


def stands(found: Open, tender: Tender) -> bool:
    """Whether the reader is told that something was submitted, by what of the tender is open to them."""
    return tender.current_id is not None and (found.own or tender.status in STANDING)


def is_own(actor: Actor, tender: Tender) -> bool:
    """Whether the actor reads for the firms that write it, in any role (one query): only who answers for them changes
    it.
    """
    return TenderQuerySet(Tender).of_supplier(actor).filter(pk=tender.pk).exists()


def takes_part(actor: Actor, call_off: CallOff, parts: frozenset[Part] | None = None) -> bool:
    """Whether somebody of the buyer has a part for which tenders are read (two queries, one where their `parts` are
    known): whoever runs the call-off or may approve it, its assessors and moderators once they have declared that no
    interest of theirs conflicts. Who declared one that does reads nothing, whatever else they may do: what they read
    they could not forget.
    """
    parts = buyer_parts(actor, call_off) if parts is None else parts
    if not parts:
        return False
    conflict = conflict_declared(call_off, actor)
    return parts.isdisjoint(SCORING) if conflict is None else not conflict


def require_part(actor: Actor, call_off: CallOff) -> None:
    """Raises NotPermitted for somebody of the buyer who does not take part, so that they read neither the ranking nor
    what else is said of the tenders.
    """
    if not takes_part(actor, call_off):
        raise NotPermitted(
            "Prices and scores are read by whoever runs or approves the call-off, and by its assessors and moderators "
            "once they have declared that they have no conflict of interest."
        )


def require_reader(actor: Actor, tender: Tender) -> Open:
    """What of a tender that they see is open to its tenderer, or to somebody of the buyer who takes part; raises
    NotPermitted for others.
    """
    found = open_to(actor, tender)
    if not (found.own or found.answers):
        require_part(actor, tender.competition.call_off)
    return found


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
    """Whether the actor may fetch a file of a tender: its tenderer any, the buyer only what was submitted with it
    last.
    """
    found = open_to(actor, file.tender)
    return found.own or open_files(found, file.tender).filter(pk=file.pk).exists()


def open_files(found: Open, tender: Tender) -> QuerySet[TenderFile]:
    """Its files, by what of it is open: to its tenderer those that it has now, to the buyer those that the last receipt
    names, removed since or not. No moments are compared: clocks of several hosts differ.
    """
    if found.own:
        return tender.files.filter(removed_at=None)
    if not found.answers or tender.current is None:
        return tender.files.none()
    parts = [TenderFile.Part.QUALITY, *([TenderFile.Part.PRICE] if found.price else [])]
    named = [one["reference"] for one in submitted(tender.current)["files"]]
    return tender.files.filter(reference__in=named, part__in=parts)
