"""The tender that ranks first: whom a competition is to be awarded to, and what that comes to.

Journey: actions/ranking.py ranks -> here -> shown before the award (call_off_facts.py), approved where the buyer's
limit asks for it (actions/call_offs.py), told and awarded (actions/competition_awards.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from procurement.models import CallOff, CallOffSupplier, Competition, Tender
from procurement.order_form import terms_of
from procurement.pricing import MINOR_PER_MAJOR
from procurement.tender_document import submitted
from procurement.terms import Terms


@dataclass(frozen=True, slots=True)
class First:
    """The tender that ranks first: who is to contract, the price of the work, the terms with its own prices; in pence
    without VAT.
    """

    tender: Tender
    asked: CallOffSupplier
    work: int
    terms: Terms

    @property
    def total(self) -> int:
        """The most that it may come to, expenses and options included."""
        return self.terms.total(self.work)


def ranked_first(call_off: CallOff) -> First | None:
    """What ranks first as it was last ranked, None where nothing does; two queries."""
    ranking = Competition.objects.filter(call_off=call_off).values_list("ranking", flat=True).first()
    best = next((one["tender"] for one in (ranking or {}).get("rows", []) if one["rank"] == 1), None)
    if best is None:
        return None
    tender = Tender.objects.select_related("current", "invitation__asked__appointment__supplier").get(
        reference=best
    )
    assert tender.current is not None
    stated = terms_of(call_off)
    prices = submitted(tender.current)["price"]
    extensions = tuple(
        replace(one, minor=_minor(own)) for one, own in zip(stated.extensions, prices["options"], strict=True)
    )
    terms = replace(stated, expenses=tender.current.expenses_minor, extensions=extensions)
    return First(tender, tender.invitation.asked, tender.current.work_minor, terms)


def _minor(amount: str) -> int:
    """A decimal string of pounds in pence; exact, as it was written by us with two decimals."""
    pounds, pence = amount.split(".")
    return int(pounds) * MINOR_PER_MAJOR + int(pence)
