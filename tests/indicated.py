"""Contracts above £5 million under the Act, with key performance indicators, for tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct
from procurement.actions.contracts import (
    sign_contract,
    terminate_contract,
)
from procurement.actions.indicators import set_indicators
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.public_notices import publish_notice
from procurement.deadlines import end_of
from procurement.errors import Invalid
from procurement.indicators import of_performance
from procurement.models import (
    Contract,
    Event,
    Framework,
    Indicator,
    IndicatorRating,
    Organisation,
)
from procurement.notice_facts import contract_notices
from procurement.public_notices import DueNotice
from tests.bought import TERMS, Market, drafted

BIG: Final = TERMS | {"expenses": "5000000.00", "extensions": [{"months": 1, "amount": "500.00"}]}
ROWS: Final = [
    {"name": "Reports on time", "target": "95 in 100 by the day agreed."},
    {"name": "Answered calls", "target": "Nine of ten within a minute."},
    {"name": "Satisfied users", "target": "Four of five say that it helped them.\nAsked each quarter."},
]
NONE: Final = "It is one report, which is taken or sent back."
NUMBER: Final = "2026/S 000-1"


def awarded(market: Market, terms: dict[str, Any] = BIG, **changes: Any) -> Contract:
    """Above £5 million, by a local authority under the Act, its award notice published: revision 2."""
    Organisation.objects.filter(reference="shire").update(buyer_class="local-government")
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    call_off = drafted(market.buyer, terms=terms, **changes)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    accept_offer(market.oak, offer.reference, offer.revision)
    call_off.refresh_from_db()
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
    return publish_notice(market.buyer, contract.reference, 1, "uk6", NUMBER, today().isoformat())


def active(market: Market, content: dict[str, Any] | None = None, **changes: Any) -> Contract:
    """The same, its indicators set (ROWS unless the content says otherwise) and signed by both: revision 5."""
    contract = awarded(market, **changes)
    set_indicators(market.buyer, contract.reference, 2, content or {"indicators": ROWS})
    sign_contract(market.oak, contract.reference, 3)
    return sign_contract(market.buyer, contract.reference, 4)


def ended(market: Market, **changes: Any) -> Contract:
    """The same, ended before its time, so that its performance is told of: revision 6."""
    contract = active(market, **changes)
    return terminate_contract(market.buyer, contract.reference, 5, "The service was closed.")


def due(contract: Contract) -> DueNotice:
    """The contract's notice of performance that waits."""
    return next(one for one in contract_notices(contract, today()) if of_performance(one) and one.waits)


def rated(*ratings: str, note: str = "As the returns show.") -> list[dict[str, Any]]:
    return [
        {"position": at, "rating": one, "note": "" if one == "good" else note}
        for at, one in enumerate(ratings, start=1)
    ]


GOOD: Final = rated("good", "approaching_target", "other")


def today() -> date:
    return timezone.localdate()


def noon(day: date) -> datetime:
    return end_of(day) - timedelta(hours=12)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        *(list(one.objects.order_by("pk").values()) for one in (Contract, Indicator, IndicatorRating)),
    ]


def faults_of(refusal: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in refusal.value.faults]
