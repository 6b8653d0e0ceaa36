"""An open offer that the buyer gives longer to answer: its reminder and its end follow, its order form stays."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from procurement.actions.due import move_due
from procurement.actions.offers import accept_offer, extend_offer, view_offer
from procurement.canonical import digest_of_text
from procurement.deadlines import after_working_days, half_way
from procurement.errors import Conflict, Invalid, Stale
from procurement.models import Delivery, Event, Offer
from procurement.notices import notice_for, worded
from procurement.permissions import Actor
from procurement.terms import LONGEST_REPLY
from tests.bought import Market, offered, refused_to_all_but_its_buyer
from tests.competed import at, told
from tests.turns import turn

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def kept() -> list[object]:
    return [Event.objects.count(), list(Offer.objects.order_by("pk").values()), Delivery.objects.count()]


def extended(actor: Actor, offer: Offer, until: datetime | str | None) -> Offer:
    now = Offer.objects.get(pk=offer.pk)
    said = until.isoformat() if isinstance(until, datetime) else until
    extend_offer(actor, now.reference, now.revision, said)
    return Offer.objects.get(pk=offer.pk)


def test_a_later_end_holds_and_what_was_sent_stays_as_it_was(market: Market) -> None:
    offer = view_offer(market.oak, offered(market).reference)
    later = offer.reply_by + timedelta(days=7)
    longer = extended(market.buyer, offer, later)
    assert (longer.status, longer.reply_by, longer.revision) == ("viewed", later, offer.revision + 1)
    assert (longer.document, longer.digest) == (offer.document, digest_of_text(offer.document))
    assert datetime.fromisoformat(json.loads(longer.document)["reply_by"]) == offer.reply_by
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("offer.extended", offer.reference)
    assert {name: datetime.fromisoformat(one) for name, one in event.changes.items()} == {
        "reply_by": later, "before": offer.reply_by,
    }  # fmt: skip
    assert turn(longer.call_off).by == later
    with at(offer.reply_by):
        assert accept_offer(market.oak, longer.reference, longer.revision).status == "accepted"


def test_the_lead_supplier_is_told_until_when(market: Market) -> None:
    offer = offered(market)
    longer = extended(market.buyer, offer, offer.reply_by + timedelta(days=7))
    assert told("offer.extended") == {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
    event = Event.objects.get(type="offer.extended")
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "oak", "ash"}
    message = worded(event, notice_for(event.type, "lead"), {})
    assert message.title == f"Longer to answer: {longer.reference}"
    assert message.text.startswith("The buyer gives oak longer to answer the order form")
    assert message.text.endswith(".")


def test_the_reminder_and_the_end_follow_the_longer_window(market: Market) -> None:
    offer = offered(market)
    assert move_due(offer.remind_at)["offers_reminded"] == 1
    with at(offer.remind_at):
        longer = extended(market.buyer, offer, offer.reply_by + timedelta(days=7))
    assert longer.remind_at == half_way(offer.sent_at, longer.reply_by) > offer.remind_at
    assert longer.reminded_at is None
    assert set(move_due(longer.remind_at - SECOND).values()) == {0}
    assert move_due(longer.remind_at)["offers_reminded"] == 1
    assert set(move_due(longer.reply_by - SECOND).values()) == {0}
    assert move_due(longer.reply_by)["offers_expired"] == 1


def test_nobody_is_reminded_twice_where_half_of_the_longer_window_has_passed(market: Market) -> None:
    offer = offered(market)
    move_due(offer.remind_at)
    with at(offer.reply_by - SECOND):
        longer = extended(market.buyer, offer, offer.reply_by + timedelta(hours=1))
    assert longer.reminded_at == offer.remind_at
    assert set(move_due(longer.reply_by - SECOND).values()) == {0}


def test_a_moment_that_is_not_later_or_too_far_ahead_changes_nothing(market: Market) -> None:
    offer = offered(market)
    furthest = after_working_days(timezone.now(), LONGEST_REPLY)
    before = kept()
    for until, code in (
        (offer.reply_by, "earlier"),
        (offer.reply_by - timedelta(hours=1), "earlier"),
        (furthest + SECOND, "too_far"),
        ("2999-01-01T00:00:00Z", "too_far"),
        ("2026-03-02", "shape"),
        ("soon", "shape"),
        ("", "required"),
        (None, "required"),
    ):
        with pytest.raises(Invalid) as refusal:
            extended(market.buyer, offer, until)
        assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/reply_by", code)], until
    assert kept() == before
    assert extended(market.buyer, offer, furthest).reply_by == furthest


def test_none_but_its_buyer_extends_it_and_only_while_it_waits(market: Market) -> None:
    offer = offered(market)
    later, before = offer.reply_by + timedelta(days=7), kept()
    refused_to_all_but_its_buyer(market, lambda actor: extended(actor, offer, later))
    with pytest.raises(Stale):
        extend_offer(market.buyer, offer.reference, offer.revision + 1, later.isoformat())
    with at(offer.reply_by), pytest.raises(Conflict, match="window for an answer has passed"):
        extended(market.buyer, offer, later)
    assert kept() == before
    accept_offer(market.oak, offer.reference, offer.revision)
    before = kept()
    with pytest.raises(Conflict, match="The offer is accepted"):
        extended(market.buyer, offer, later)
    assert kept() == before
