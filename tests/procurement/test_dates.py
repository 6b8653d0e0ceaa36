"""Dated facts become events on their day, once, also for the days on which nothing ran."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from procurement.actions.dates import announce_due
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.models import Appointment, Chain, Event, Framework, RateCardVersion, SupplierMember
from procurement.permissions import SYSTEM
from search.models import IndexRequest
from tests.guards import unguarded
from tests.world import make_world

pytestmark = pytest.mark.django_db
DAY = date(2030, 6, 15)


@pytest.fixture
def world() -> None:
    make_world()
    announce_due(DAY - timedelta(days=3))
    with unguarded():
        Event.objects.all().delete()
    Chain.objects.update(position=0, hash="0" * 64)
    IndexRequest.objects.all().delete()


def announced() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("position").values_list("type", "subject"))


def test_a_framework_expires_on_the_day_after_its_last(world: None) -> None:
    Framework.objects.filter(reference="wr1").update(ends_on=DAY - timedelta(days=1))
    assert announce_due(DAY - timedelta(days=1)) == 0
    assert announce_due(DAY) == 1
    assert announced() == [("framework.expired", "wr1")]
    assert list(IndexRequest.objects.values_list("kind", "reference")) == [("framework", "wr1")]


def test_everything_dated_is_announced_on_its_day(world: None) -> None:
    Appointment.objects.filter(reference="wr1~1~oak").update(starts_on=DAY)
    Appointment.objects.filter(reference="wr1~2a~yew").update(ends_on=DAY - timedelta(days=1))
    SupplierMember.objects.filter(partner__reference="ash").update(left_on=DAY)
    SupplierMember.objects.filter(partner__reference="elm").update(joined_on=DAY)
    with unguarded():
        RateCardVersion.objects.update(valid_from=DAY, valid_to=None)
    announce_due(DAY)
    assert announced() == [
        ("appointment.started", "wr1~1~oak"),
        ("appointment.ended", "wr1~2a~yew"),
        ("supplier.member_joined", "oak"),
        ("supplier.member_left", "oak"),
        ("rate_card.took_effect", "wr1~oak"),
    ]


def test_a_day_is_announced_once(world: None) -> None:
    Framework.objects.filter(reference="wr1").update(ends_on=DAY - timedelta(days=1))
    announce_due(DAY)
    assert announce_due(DAY) == 0
    assert len(announced()) == 1


def test_days_on_which_nothing_ran_are_made_up_for(world: None) -> None:
    Framework.objects.filter(reference="wr1").update(ends_on=DAY - timedelta(days=2))
    with unguarded():
        RateCardVersion.objects.update(valid_from=None, valid_to=DAY + timedelta(days=3))
    announce_due(DAY + timedelta(days=10))
    assert announced() == [("framework.expired", "wr1"), ("rate_card.expired", "wr1~oak")]


def line(key: str, first: int | None = None, last: int | None = None) -> LineDraft:
    """A line of G1 between these days, counted from DAY."""
    days = [None if day is None else DAY + timedelta(days=day) for day in (first, last)]
    return LineDraft(key, 40_000, lot="wr1~1", grade="wr1~1~g1", valid_from=days[0], valid_to=days[1])


def lines_changed(first: date | None, last: date | None, *lines: LineDraft) -> list[tuple[int, date]]:
    """The version and the day of each announcement up to ten days after DAY, all made at once."""
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", lines, valid_from=first, valid_to=last)])
    announce_due(DAY + timedelta(days=10))
    assert announce_due(DAY + timedelta(days=10)) == 0
    told = Event.objects.filter(type="rate_card.lines_changed").order_by("position")
    assert {(event.subject, event.references["framework"]) for event in told} <= {("wr1~oak", "wr1")}
    return [(event.changes["version"], date.fromisoformat(event.changes["on"])) for event in told]


def test_lines_that_begin_or_end_are_announced_once_for_each_day(world: None) -> None:
    told = lines_changed(
        None, None, line("a", last=-1), line("b", 0, 4), line("c", 0, 4), line("d", 5), line("e", 11)
    )
    assert told == [(2, DAY), (2, DAY + timedelta(days=5))]
    assert ("rate_card", "wr1~oak") in IndexRequest.objects.values_list("kind", "reference")


def test_lines_that_begin_and_end_with_their_version_are_announced_with_it(world: None) -> None:
    first, last = DAY + timedelta(days=2), DAY + timedelta(days=6)
    assert lines_changed(first, last, line("a", 2, 6), line("b", 2, 4)) == [(2, DAY + timedelta(days=5))]
    assert [kind for kind, _ in announced() if kind != "rate_card.published"] == [
        "rate_card.took_effect",
        "rate_card.expired",
        "rate_card.lines_changed",
    ]


def test_lines_of_a_version_that_another_has_followed_are_not_announced(world: None) -> None:
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", (line("old", 0, 4),))])
    assert lines_changed(DAY + timedelta(days=3), None, line("new")) == [(2, DAY)]
