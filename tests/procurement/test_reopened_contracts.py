"""A contract that was said to be complete by mistake goes on, until its last day or a public notice of its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.actions.contracts import complete_contract, extend_contract, reopen_contract, sign_contract
from procurement.actions.public_notices import publish_notice
from procurement.errors import Conflict, Invalid, Stale
from procurement.models import Contract, Delivery, Event, Framework
from procurement.notice_facts import contract_notices
from procurement.outcome_checks import ended_of
from procurement.permissions import Actor
from tests.bought import Market, active, begin, begun, refused_to_all_but_its_buyer
from tests.competed import told
from tests.paid import agreed, awarded
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db

WHY = "The last report is still to come."


def kept() -> list[object]:
    return [Event.objects.count(), list(Contract.objects.order_by("pk").values()), Delivery.objects.count()]


def complete(market: Market, contract: Contract) -> Contract:
    now = Contract.objects.get(pk=contract.pk)
    return complete_contract(market.buyer, now.reference, now.revision)


def reopened(actor: Actor, contract: Contract, why: object = WHY) -> Contract:
    now = Contract.objects.get(pk=contract.pk)
    return reopen_contract(actor, now.reference, now.revision, why)


def test_it_goes_on_as_it_stood_and_its_supplier_is_told_why(market: Market) -> None:
    before = begun(market)
    goes_on = reopened(market.buyer, complete(market, before))
    assert (goes_on.status, goes_on.ended_on, goes_on.ended_reason) == ("active", None, "")
    assert (goes_on.ends_on, goes_on.value_minor) == (before.ends_on, before.value_minor)
    assert (goes_on.notice_on, goes_on.remind_on) == (before.notice_on, before.remind_on)
    event = Event.objects.latest("position")
    assert (event.type, event.subject, event.changes) == (
        "contract.reopened", goes_on.reference, {"reason": WHY},
    )  # fmt: skip
    assert told("contract.reopened") == {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
    assert complete(market, goes_on).status == "complete"


def test_an_option_that_was_taken_stands(market: Market) -> None:
    contract = extend_contract(market.buyer, active(market).reference, 3)
    contract = reopened(market.buyer, complete(market, begin(contract)))
    assert (contract.status, contract.taken) == ("extended", 1)


def test_it_is_refused_once_its_last_day_has_passed(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = complete(market, begun(market))
    late, before = contract.ends_on + timedelta(days=1), kept()
    monkeypatch.setattr(timezone, "localdate", lambda *_: late)
    with pytest.raises(Conflict, match="can no longer go on"):
        reopened(market.buyer, contract)
    assert kept() == before
    monkeypatch.setattr(timezone, "localdate", lambda *_: contract.ends_on)
    assert reopened(market.buyer, contract).status == "active"


def test_it_is_refused_once_a_notice_says_publicly_that_it_has_ended(market: Market) -> None:
    contract = begun(market)
    # As if it were large enough for the Act to ask for a notice of its end.
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    Contract.objects.update(value_minor=30_000_000, maximum_minor=30_000_000)
    contract, today = complete(market, contract), timezone.localdate()
    assert "uk11" in {one.key for one in contract_notices(contract, today) if one.open}
    publish_notice(market.buyer, contract.reference, contract.revision, "uk11", "N-11", today.isoformat())
    before = kept()
    with pytest.raises(Conflict, match="UK11 contract termination notice says publicly"):
        reopened(market.buyer, contract)
    assert kept() == before


def test_whoever_pays_for_its_outcomes_is_told_that_the_purchase_goes_on(market: Market) -> None:
    make_buyers("ministry")
    contract = awarded(market, agreed(market, editor_of("ministry", "approver")))
    sign_contract(market.oak, contract.reference, 1)
    sign_contract(market.buyer, contract.reference, 2)
    contract = complete(market, begin(Contract.objects.get()))
    assert ended_of(contract.call_off) is not None
    reopened(market.buyer, contract)
    assert ended_of(contract.call_off) is None
    event = Event.objects.get(type="outcome_plan.resumed")
    assert (event.changes, event.references["payer"]) == ({"reason": WHY}, ["ministry", "shire"])
    assert told("contract.reopened") == {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
    assert told("outcome_plan.resumed")["inbox"] == {"ministry", "shire"}


def test_none_but_its_buyer_and_nobody_without_a_reason(market: Market) -> None:
    contract = begun(market)
    before = kept()
    with pytest.raises(Conflict, match="reopen is not possible"):
        reopened(market.buyer, contract)
    assert kept() == before
    contract = complete(market, contract)
    before = kept()
    refused_to_all_but_its_buyer(market, lambda actor: reopened(actor, contract))
    for why in ("", " ", None, "x" * 1_001):
        with pytest.raises(Invalid) as refusal:
            reopened(market.buyer, contract, why)
        assert [one.pointer for one in refusal.value.faults] == ["/reason"]
    with pytest.raises(Stale):
        reopen_contract(market.buyer, contract.reference, contract.revision + 1, WHY)
    assert kept() == before
