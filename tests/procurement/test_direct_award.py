"""Direct award from draft to signed contract, and everything that is refused on the way."""

from __future__ import annotations

import pytest

from procurement.actions.awards import award_direct, offer_not_signed
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.errors import Conflict
from procurement.models import CallOff, Event
from procurement.notices import notice_for, worded
from tests.bought import Market, accepted, drafted

pytestmark = pytest.mark.django_db


def test_a_supplier_that_has_signed_is_not_said_to_have_not(market: Market) -> None:
    offer = accepted(market)
    call_off = CallOff.objects.get(pk=offer.call_off_id)
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
    sign_contract(market.oak, contract.reference, contract.revision)
    before = Event.objects.count()
    with pytest.raises(Conflict, match="has signed"):
        offer_not_signed(market.buyer, offer.reference, offer.revision, "They would not.")
    contract.refresh_from_db()
    assert (contract.status, Event.objects.count()) == ("unsigned", before)


def test_the_lead_is_told_that_a_contract_waits_to_be_signed_and_nobody_else_is(market: Market) -> None:
    offer = accepted(market)
    call_off = CallOff.objects.get(pk=offer.call_off_id)
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
    event = Event.objects.get(type="call_off.awarded")
    assert sorted(event.deliveries.values_list("channel", "organisation__reference", "user__email")) == [
        ("email", "oak", "editor@oak.example.org"),
        ("inbox", "oak", None),
    ]
    told = worded(event, notice_for("call_off.awarded", "lead"), {})
    assert (told.title, told.link) == (
        f"A contract to sign: {contract.reference}",
        f"/contracts/{contract.reference}",
    )
    # Value and most are those of its own contract, and no other supplier reads them.
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "oak"}


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
