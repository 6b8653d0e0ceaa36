"""What a call-off costs with each of its suppliers, and the order form that one of them is sent; what it pays for
outcomes, as documents of both routes tell it.

In the direct award journey actions/offers.py prices the next supplier here and freezes the document. The card in force
on the day of sending is pinned by its version (rates are ceilings). Money in minor units of pounds (pence), VAT
excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from procurement.errors import Fault
from procurement.models import CallOff, CallOffSupplier, OutcomePlan, Supplier
from procurement.pricing import money
from procurement.quotes import Quote, QuoteQuestion, quotes
from procurement.requirements import RequirementContent
from procurement.rules import last_day
from procurement.terms import Terms

FORMAT: Final = 1
"""Of the document: a reader of a later one must know the earlier ones, too."""


@dataclass(frozen=True, slots=True)
class Priced:
    """One supplier's price for the call-off: `minor` None and `faults` where there is none. `quote` holds the lines and
    the card where the price is of a team's days.
    """

    minor: int | None
    quote: Quote | None
    faults: tuple[Fault, ...] = ()


def content_of(call_off: CallOff) -> RequirementContent:
    """What is bought."""
    return RequirementContent.from_json(call_off.requirement.content)


def terms_of(call_off: CallOff) -> Terms:
    """On which terms."""
    return replace(Terms.from_json(call_off.terms), outcomes=call_off.outcomes_minor)


def priced(call_off: CallOff, asked: Sequence[CallOffSupplier], today: date) -> dict[int, Priced]:
    """A price for each of these suppliers (with appointment and supplier), by the row's key: the team's days on the
    supplier's card, else the stated value. Three queries however many there are.
    """
    terms = terms_of(call_off)
    if not content_of(call_off).team:
        if terms.outcomes_alone(content_of(call_off)):
            return {one.pk: Priced(0, None) for one in asked}
        if terms.value is None:
            fault = Fault("/terms/value", "required", "Name a team in the requirement, or state the price.")
            return {one.pk: Priced(None, None, (fault,)) for one in asked}
        return {one.pk: Priced(terms.value, None) for one in asked}
    found = team_prices(call_off, [one.appointment.supplier for one in asked], today)
    return {one.pk: price for one, price in zip(asked, found, strict=True)}


def team_prices(call_off: CallOff, suppliers: Sequence[Supplier], today: date) -> list[Priced]:
    """What the team that is asked for costs at the rates of each of these suppliers' cards, in their order. Three
    queries however many there are.
    """
    content, terms = content_of(call_off), terms_of(call_off)
    question = QuoteQuestion(
        framework=call_off.lot.framework,
        lot=call_off.lot,
        team=content.team,
        starts_on=today,
        ends_on=last_day(content),
        work_type=content.work_type or None,
        hours_per_day=terms.hours_per_day,
    )
    return [_of_quote(quote) for quote in quotes(question, suppliers, today)]


def _of_quote(quote: Quote) -> Priced:
    if quote.price is None or quote.held is None:
        why = tuple(Fault("/supplier", one.code, one.message) for one in quote.unpriced)
        return Priced(None, quote, why)
    if quote.held.card.currency != "GBP":
        fault = Fault("/supplier", "currency", f"The card is in {quote.held.card.currency}, not in pounds.")
        return Priced(None, quote, (fault,))
    return Priced(quote.price.total, quote)


def order_document(
    call_off: CallOff, asked: CallOffSupplier, price: Priced, sent_at: datetime, reply_by: datetime
) -> dict[str, Any]:
    """The order as JSON values: who, what, for how long, at which frozen rates, up to which total, and by when to
    answer. Nothing in it is personal.
    """
    assert price.minor is not None
    content, terms, framework = content_of(call_off), terms_of(call_off), call_off.lot.framework
    supplier, ends = asked.appointment.supplier, last_day(content)
    return {
        "format": FORMAT,
        "call_off": {"reference": call_off.reference, "ocid": call_off.ocid, "title": call_off.title},
        "framework": {"reference": framework.reference, "number": framework.number, "name": framework.name},
        "lot": {
            "reference": call_off.lot.reference,
            "number": call_off.lot.number,
            "name": call_off.lot.name,
        },
        "buyer": {"reference": call_off.organisation.reference, "name": call_off.organisation.name},
        "supplier": {"reference": supplier.reference, "name": supplier.name},
        "partners": sorted(one.reference for one in asked.partners.all()),
        "requirement": {
            "reference": call_off.requirement.requirement.reference,
            "number": call_off.requirement.number,
            "digest": call_off.requirement.digest,
            "content": call_off.requirement.content,
        },
        "starts_on": content.starts_on.isoformat() if content.starts_on else None,
        "ends_on": ends.isoformat() if ends else None,
        "terms": terms.to_json(),
        "price": _price(price),
        "outcomes": outcomes_told(call_off),
        "total": {"amount": money(terms.total(price.minor)), "currency": "GBP", "vat": "excluded"},
        "sent_at": sent_at.astimezone(UTC).isoformat(timespec="seconds"),
        "reply_by": reply_by.astimezone(UTC).isoformat(timespec="seconds"),
    }


def outcomes_told(call_off: CallOff) -> dict[str, Any] | None:
    """What is paid for outcomes beside, or instead of, days, in the words of every document of the call-off: its order
    form, what its competition publishes, what is tendered for it, its contract. None where nothing is. Who pays which
    share, and why the plan was found suitable, is the buyer's and stays out. Two queries, none without a cap.
    """
    if not call_off.outcomes_minor:
        return None
    plan = OutcomePlan.objects.filter(call_off=call_off).first()
    if plan is None:
        return None
    return {
        "reference": plan.reference,
        "instead_of_days": terms_of(call_off).outcomes_alone(content_of(call_off)),
        "long_stop_on": plan.long_stop_on.isoformat() if plan.long_stop_on else None,
        "cap": {"amount": money(plan.cap_minor), "currency": "GBP", "vat": "excluded"},
        "measures": [
            {
                "measure": one.measure.reference,
                "name": one.measure.name,
                "definition": one.measure.definition,
                "data_source": one.measure.data_source,
                "unit": one.measure.unit,
                "baseline": one.baseline,
                "target": one.target,
                "price": money(one.price_minor),
                "most": one.most,
            }
            for one in plan.measures.select_related("measure")
        ],
    }


def _price(price: Priced) -> dict[str, Any]:
    assert price.minor is not None
    told: dict[str, Any] = {"amount": money(price.minor), "currency": "GBP", "vat": "excluded", "lines": []}
    if price.quote is None or price.quote.price is None or price.quote.held is None:
        return told | {"basis": "stated", "rate_card": None}
    held = price.quote.held
    return told | {
        "basis": "team",
        "rate_card": {
            "reference": held.card.reference,
            "version": held.version.number,
            "digest": held.version.digest,
            "basis": held.version.basis,
            "unit": held.card.unit,
        },
        "lines": [line.to_json() for line in price.quote.price.lines],
    }
