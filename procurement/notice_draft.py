"""A notice as a draft: the fields that we hold, for whoever fills in the form of the central digital platform.

Pure but for the rows that its contract brings along. Nothing in it is personal. What the notice asks for and nobody has
told us is named under `missing`, never guessed.
"""

from __future__ import annotations

from typing import Any, Final

from procurement.models import Contract, Organisation, Specialism
from procurement.notice_facts import contract_facts
from procurement.order_form import content_of, terms_of
from procurement.parts import lead_of
from procurement.pricing import money
from procurement.public_notices import LARGE, DueNotice, Moment

FORMAT: Final = 1
"""Of the draft: a reader of a later one must know the earlier ones, too."""


def notice_draft(contract: Contract, notice: DueNotice) -> dict[str, Any]:
    """The draft of one of the contract's notices, as JSON values: amounts are decimal strings of pounds without VAT
    and, beside, with it; days YYYY-MM-DD. A fixed number of queries.
    """
    call_off, facts = contract.call_off, contract_facts(contract)
    framework, content = call_off.lot.framework, content_of(call_off)
    codes = Specialism.objects.filter(reference__in=content.specialisms or [""]).values_list("cpv", flat=True)
    cpv = sorted({code for found in codes for code in found})
    lead = lead_of(contract.appointment)
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
            "reference": contract.reference,
            "status": contract.status,
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
        "missing": list(_missing(notice, contract, lead, cpv, facts.value)),
    }


def _party(organisation: Organisation) -> dict[str, Any]:
    identifier = {"scheme": organisation.scheme, "id": organisation.identifier}
    return {
        "reference": organisation.reference,
        "name": organisation.name,
        "identifier": identifier if organisation.identifier else None,
    }


def _missing(
    notice: DueNotice, contract: Contract, lead: Organisation | None, cpv: list[str], value: int
) -> list[str]:
    """What the notice asks for and we do not hold, in words."""
    found = []
    if not cpv:
        found.append("CPV codes: the requirement names no specialism that has any")
    if not contract.call_off.organisation.identifier:
        found.append("the buyer's identifier")
    if lead is None or not lead.identifier:
        found.append("the supplier's identifier")
    if value > LARGE and notice.rule.moment in (Moment.ENTRY, Moment.YEAR):
        found.append("key performance indicators: three or more, or why there are none")
    return found
