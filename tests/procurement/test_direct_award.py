"""Direct award from draft to signed contract, and everything that is refused on the way."""

from __future__ import annotations

import pytest

from procurement.actions.awards import award_direct
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.models import Event
from tests.bought import Market, drafted

pytestmark = pytest.mark.django_db


def test_a_direct_award_walks_from_draft_to_signed_contract(market: Market) -> None:
    call_off = drafted(market.buyer)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert (offer.price_minor, offer.status) == (625_000, "sent")
    offer = accept_offer(market.oak, offer.reference, offer.revision)
    call_off.refresh_from_db()
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known")
    assert (contract.value_minor, contract.maximum_minor, contract.status) == (635_000, 685_000, "unsigned")
    contract = sign_contract(market.oak, contract.reference, contract.revision)
    contract = sign_contract(market.buyer, contract.reference, contract.revision)
    call_off.refresh_from_db()
    assert (contract.status, call_off.status) == ("active", "contracted")
    assert (
        list(Event.objects.order_by("position").values_list("type", flat=True))[-7:]
        == [
            "call_off.drafted",
            "offer.sent",
            "offer.accepted",
            "call_off.awarded",
            "contract.signed",
            "contract.signed",
            "contract.concluded",
            "call_off.contracted",
        ][-7:]
    )
