"""Two at once: one outcome, the other is told that it came too late, and nothing stands twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from procurement.actions.awards import award_direct, cancel_call_off
from procurement.actions.contracts import sign_contract
from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.actions.offers import accept_offer, send_offer
from procurement.errors import Refused
from procurement.models import CallOff, Contract, Event, Offer
from tests.bought import Market, accepted, drafted, make_market, offered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market() -> Market:
    return make_market()


def at_once(*acts: Callable[[], Any]) -> Counter[str]:
    """How many were done, and by what codes the others were refused."""
    told: list[str] = []
    ready = threading.Barrier(len(acts))

    def take(act: Callable[[], Any]) -> None:
        ready.wait(30)
        try:
            act()
            told.append("done")
        except Refused as refusal:
            told.append(refusal.code)
        except OperationalError as busy:  # SQLite has one writer: whoever cannot wait is told so (503)
            told.append(str(busy))
        finally:
            connection.close()

    workers = [threading.Thread(target=take, args=(act,)) for act in acts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Counter(told)


def test_one_of_two_offers_goes_out(market: Market) -> None:
    call_off = drafted(market.buyer)
    act = lambda: send_offer(market.buyer, call_off.reference, call_off.revision)  # noqa: E731
    assert at_once(act, act, act) == {"done": 1, "stale": 2}
    assert Offer.objects.count() == Event.objects.filter(type="offer.sent").count() == 1


def test_one_of_two_awards_stands(market: Market) -> None:
    call_off = accepted(market).call_off
    act = lambda: award_direct(market.buyer, call_off.reference, call_off.revision, "None.")  # noqa: E731
    assert at_once(act, act) == {"done": 1, "stale": 1}
    assert Contract.objects.count() == Event.objects.filter(type="call_off.awarded").count() == 1
    assert verify() is None


def test_an_acceptance_and_a_cancellation_have_one_outcome(market: Market) -> None:
    offer = offered(market)
    call_off = offer.call_off
    told = at_once(
        lambda: accept_offer(market.oak, offer.reference, offer.revision),
        lambda: cancel_call_off(market.buyer, call_off.reference, call_off.revision, "Gone."),
    )
    # Accepted first, it is withdrawn with the call-off; cancelled first, it can no longer be accepted.
    assert told in ({"done": 2}, {"done": 1, "stale": 1})
    assert (CallOff.objects.get().status, Offer.objects.get().status) == ("cancelled", "withdrawn")
    assert verify() is None


def test_an_expiry_and_an_acceptance_have_one_outcome(market: Market) -> None:
    offer = offered(market)
    told = at_once(
        lambda: accept_offer(market.oak, offer.reference, offer.revision),
        lambda: move_due(offer.reply_by),
        lambda: move_due(offer.reply_by),
    )
    assert told in ({"done": 3}, {"done": 2, "stale": 1})
    answered = Event.objects.filter(type__in=["offer.accepted", "offer.expired"])
    assert answered.count() == 1
    assert Offer.objects.get().status == answered.get().type.partition(".")[2]


def test_two_signatures_at_once_are_both_heeded_or_one_is_told_to_read_again(market: Market) -> None:
    call_off = accepted(market).call_off
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None.")
    told = at_once(
        lambda: sign_contract(market.oak, contract.reference, contract.revision),
        lambda: sign_contract(market.buyer, contract.reference, contract.revision),
    )
    assert told == {"done": 1, "stale": 1}
    assert Contract.objects.get().status == "unsigned"
