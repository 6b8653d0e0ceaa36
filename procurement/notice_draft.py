"""A notice as a draft: the fields that we hold, for whoever fills in the form of the central digital platform.

Pure but for the rows that its contract brings along. Nothing in it is personal. What the notice asks for and nobody has
told us is named under `missing`, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from procurement.indicators import (
    LEAST,
    indicators_asked,
    indicators_of,
    of_performance,
    period_of,
    rating_of,
)
from procurement.models import Contract, Indicator, Organisation, Specialism
from procurement.notice_facts import contract_facts
from procurement.order_form import content_of, terms_of
from procurement.parts import lead_of
from procurement.pricing import money
from procurement.public_notices import DueNotice, Status

FORMAT: Final = 1
"""Of the draft: a reader of a later one must know the earlier ones, too."""


def notice_draft(contract: Contract, notice: DueNotice) -> dict[str, Any]:
    """The draft of one of the notices of a contract, or of one that is to be awarded (awarded.py), as JSON values:
    amounts are decimal strings of pounds without VAT and, beside, with it; days YYYY-MM-DD. A fixed number of queries.
    """
    call_off, facts = contract.call_off, contract_facts(contract)
    framework, content = call_off.lot.framework, content_of(call_off)
    codes = Specialism.objects.filter(reference__in=content.specialisms or [""]).values_list("cpv", flat=True)
    cpv = sorted({code for found in codes for code in found})
    lead = lead_of(contract.appointment)
    indicators = indicators_of(contract) if _tells_indicators(notice) else []
    return {
        "format": FORMAT,
        "notice": {
            "kind": notice.rule.kind,
            "key": notice.key,
            "name": notice.rule.name,
            "source": notice.rule.source,
        },
        "due_on": notice.due_on.isoformat() if notice.due_on else None,
        "ocid": call_off.ocid,
        "title": call_off.title,
        "description": content.text,
        "framework": {"reference": framework.reference, "number": framework.number, "name": framework.name},
        "lot": {
            "reference": call_off.lot.reference,
            "number": call_off.lot.number,
            "name": call_off.lot.name,
        },
        "procedure": {
            "route": call_off.route,
            "reason": terms_of(call_off).reason if call_off.route == "direct_award" else None,
            "light_touch": facts.light_touch,
        },
        "parties": [
            {"role": "buyer", **_party(call_off.organisation)},
            *([{"role": "supplier", **_party(lead)}] if lead else []),
        ],
        "contract": {
            "reference": contract.reference or None,
            "status": contract.status if contract.reference else None,
            "awarded_on": facts.awarded_on.isoformat() if facts.awarded_on else None,
            "signed_on": facts.entered_on.isoformat() if facts.entered_on else None,
            "starts_on": contract.starts_on.isoformat(),
            "ends_on": contract.ends_on.isoformat(),
            "ended_on": facts.ended_on.isoformat() if facts.ended_on else None,
            "ended_reason": contract.ended_reason if facts.ended_on else "",
            "options": [
                {
                    "months": one["months"],
                    "amount": money(one["minor"]),
                    "taken_on": one.get("taken_on") if number < contract.taken else None,
                }
                for number, one in enumerate(contract.options)
            ],
        },
        "value": {
            "currency": contract.currency,
            "without_vat": money(contract.maximum_minor),
            "with_vat": money(facts.value),
            "of_first_term_without_vat": money(
                contract.value_minor - sum(one["minor"] for one in contract.options[: contract.taken])
            ),
        },
        "cpv": cpv,
        "indicators": [
            {"position": one.position, "name": one.name, "target": one.target} for one in indicators
        ],
        "no_indicators": (contract.no_indicators or "") if _tells_indicators(notice) else "",
        "performance": _performance(notice, indicators),
        "missing": _missing(notice, contract, lead, cpv, indicators),
    }


def _tells_indicators(notice: DueNotice) -> bool:
    """Whether the notice says what performance is assessed by: that of the contract's details, and of performance."""
    return notice.rule.kind == "uk7" or of_performance(notice)


def _performance(notice: DueNotice, indicators: Sequence[Indicator]) -> dict[str, Any] | None:
    """Each indicator's rating for the period that a notice of performance is about; None of any other, and before it is
    assessed whole. One that was published tells what it told: of an indicator that was set since, nothing.
    """
    if not of_performance(notice):
        return None
    rated = [(one, rating_of(one, notice)) for one in indicators]
    told = [
        {"position": one.position, "rating": found.rating, "note": found.note}
        for one, found in rated
        if found
    ]
    if not told or (len(told) < len(rated) and notice.status != Status.PUBLISHED):
        return None
    first, last = period_of(notice, indicators)
    return {"first_day": first.isoformat(), "last_day": last.isoformat(), "ratings": told}


def _party(organisation: Organisation) -> dict[str, Any]:
    identifier = {"scheme": organisation.scheme, "id": organisation.identifier}
    return {
        "reference": organisation.reference,
        "name": organisation.name,
        "identifier": identifier if organisation.identifier else None,
    }


def _missing(
    notice: DueNotice,
    contract: Contract,
    lead: Organisation | None,
    cpv: list[str],
    indicators: Sequence[Indicator],
) -> list[str]:
    """What the notice asks for and we do not hold, in words."""
    found = []
    if not cpv:
        found.append("CPV codes: the requirement names no specialism that has any")
    if not contract.call_off.organisation.identifier:
        found.append("the buyer's identifier")
    if lead is None or not lead.identifier:
        found.append("the supplier's identifier")
    asked = _tells_indicators(notice) and indicators_asked(contract_facts(contract))
    if asked and len(indicators) < LEAST and not contract.no_indicators:
        found.append("key performance indicators: three or more, or why there are none")
    if indicators and of_performance(notice) and _performance(notice, indicators) is None:
        found.append("ratings: performance is not assessed for the period yet")
    return found
