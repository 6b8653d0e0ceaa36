"""A tender as it is submitted: what it must be by the competition's rules and its card, and the sealed document.

Reads the rates of the card that was pinned at publishing; they are ceilings whatever the supplier publishes since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.utils import timezone

from procurement.competition_checks import rules_of
from procurement.errors import Fault
from procurement.models import RateCard, RateLine, Tender, TenderRevision
from procurement.order_form import content_of, terms_of
from procurement.pricing import money
from procurement.querysets import RateLineQuerySet
from procurement.rules import value_faults
from procurement.team_price import CardLine, GradeRate, Unpriced, rate_of
from procurement.tenders import TenderContent, TenderPrice, answer_faults, price_of

FORMAT: Final = 1
"""Of the document: a reader of a later one must know the earlier ones, too."""


def tender_faults(tender: Tender, content: TenderContent) -> TenderPrice | list[Fault]:
    """What the tender costs, or everything that keeps it from being submitted."""
    competition, call_off = tender.competition, tender.competition.call_off
    rules, terms = rules_of(competition), terms_of(call_off)
    version = tender.invitation.card_version
    by_hour = version is not None and version.card.unit == RateCard.Unit.HOUR
    faults = list(answer_faults(content, rules))
    if by_hour and content.team and terms.hours_per_day is None:
        faults.append(Fault("/team", "hours_per_day", "The terms do not say how many hours a day has."))
        return faults
    price = price_of(
        content,
        content_of(call_off),
        terms,
        ceilings(tender, content),
        terms.hours_per_day if by_hour else None,
    )
    if isinstance(price, list):
        return [*faults, *price]
    # As at publishing and at award: what is paid for outcomes beside counts with it.
    total = price.on_basis("whole") + terms.outcomes
    bounds = value_faults(call_off.lot, call_off.route, total)
    faults.extend(Fault("/price", one.code, one.message) for one in bounds)
    if price.on_basis(rules.price_basis) <= 0:
        faults.append(Fault("/price", "price", "What is compared costs nothing."))
    return faults or price


def tender_document(
    tender: Tender, content: TenderContent, price: TenderPrice, number: int, now: datetime
) -> dict[str, Any]:
    """The tender as JSON values: what it answers (digest of what was published, last material amendment), its content,
    its prices, its files by their digests.
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


def ceilings(tender: Tender, content: TenderContent) -> Mapping[str, GradeRate]:
    """The pinned card's rates of the grades that are offered, by grade in upper case (one query)."""
    version, call_off = tender.invitation.card_version, tender.competition.call_off
    if version is None or not content.team:
        return {}
    rows = RateLineQuerySet(RateLine).by_grade([version.pk], call_off.lot)
    lines = [CardLine(*row[1:]) for row in rows]
    published = tender.competition.published_at or timezone.now()
    on, kind = timezone.localdate(published), content_of(call_off).work_type or None
    found = {
        one.grade.upper(): rate_of(lines, one.grade, call_off.lot.reference, kind, on) for one in content.team
    }
    return {grade: rate for grade, rate in found.items() if not isinstance(rate, Unpriced)}
