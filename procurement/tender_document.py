"""A tender as it is submitted: what it must be by the competition's rules and its card, and the sealed document.

Reads the rates of the card that was pinned at publishing; they are ceilings whatever the supplier publishes since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.utils import timezone

from procurement.competition_checks import rules_of
from procurement.errors import Fault
from procurement.models import Tender, TenderFile, TenderRevision
from procurement.order_form import content_of, outcomes_told, terms_of
from procurement.pricing import money
from procurement.quotes import card_lines, roles_of
from procurement.rules import value_faults
from procurement.team_lines import needs_hours
from procurement.team_rates import LineRate, Unpriced, rate_for
from procurement.tenders import TenderContent, TenderPrice, answer_faults, price_of

FORMAT: Final = 1
"""Of the document: a reader of a later one must know the earlier ones, too."""


def tender_faults(tender: Tender, content: TenderContent) -> TenderPrice | list[Fault]:
    """What the tender costs, or everything that keeps it from being submitted."""
    competition, call_off = tender.competition, tender.competition.call_off
    rules, terms = rules_of(competition), terms_of(call_off)
    version = tender.invitation.card_version
    unit = "day" if version is None else version.card.unit
    faults = list(answer_faults(content, rules))
    team = [one.line for one in content.team]
    if version is not None and terms.hours_per_day is None and needs_hours(team, unit):
        faults.append(Fault("/team", "hours_per_day", "The terms do not say how many hours a day has."))
        return faults
    price = price_of(
        content,
        content_of(call_off),
        terms,
        ceilings(tender, content),
        terms.hours_per_day,
        unit,
    )
    if isinstance(price, list):
        return [*faults, *price]
    # As at publishing and at award: what is paid for outcomes beside counts with it.
    total = price.whole + terms.outcomes
    bounds = value_faults(call_off.lot, call_off.route, total)
    faults.extend(Fault("/price", one.code, one.message) for one in bounds)
    if price.on_basis(rules.price_basis) <= 0:
        faults.append(Fault("/price", "price", "What is compared costs nothing."))
    return faults or price


def tender_document(
    tender: Tender, content: TenderContent, price: TenderPrice, number: int, now: datetime
) -> dict[str, Any]:
    """The tender as JSON values: what it answers (digest of what was published, last material amendment, what is paid
    for outcomes), its content, its prices, its files by their digests.
    """
    competition = tender.competition
    version = tender.invitation.card_version
    return {
        "format": FORMAT,
        "tender": tender.reference,
        "number": number,
        "call_off": competition.call_off.reference,
        "supplier": tender.invitation.asked.appointment.supplier.reference,
        "published": competition.digest,
        "amendment": competition.material,
        "rate_card": version and {"reference": version.card.reference, "version": version.number},
        "outcomes": outcomes_told(competition.call_off),
        "content": content.to_json(),
        "price": {
            "work": money(price.work),
            "expenses": money(price.expenses),
            "options": [money(one) for one in price.options],
            "compared": money(price.on_basis(rules_of(competition).price_basis)),
            "currency": "GBP",
            "vat": "excluded",
        },
        "files": [
            {
                "reference": one.reference,
                "name": one.name,
                "part": one.part,
                "size": one.size,
                "digest": one.digest,
            }
            for one in tender.files.filter(removed_at=None)
        ],
        "submitted_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def submitted(revision: TenderRevision) -> dict[str, Any]:
    """The document of a revision as values."""
    document: dict[str, Any] = json.loads(revision.document)
    return document


def edited_since(tender: Tender, revision: TenderRevision, files: Iterable[TenderFile]) -> bool:
    """Whether what is being written, with these files of the tender, is no longer what was submitted."""
    document = submitted(revision)
    kept = {one["reference"] for one in document["files"]}
    content = TenderContent.from_json(tender.draft).to_json()
    return bool(content != document["content"] or kept != {one.reference for one in files})


def ceilings(tender: Tender, content: TenderContent) -> Mapping[str, LineRate]:
    """The pinned card's rates of the lines that are offered, by the key of the line (one query, three where a role is
    among them).
    """
    version, call_off = tender.invitation.card_version, tender.competition.call_off
    team = [one.line for one in content.team]
    if version is None or not team:
        return {}
    card = card_lines([version.pk], call_off.lot, roles_of(team))[version.pk]
    published = tender.competition.published_at or timezone.now()
    on, kind = timezone.localdate(published), content_of(call_off).work_type or None
    found = {line.key: rate_for(line, card, call_off.lot.reference, kind, on) for line in team}
    return {key: rate for key, rate in found.items() if not isinstance(rate, Unpriced)}
