"""Dated facts become events on their day, once, also for the days on which nothing ran."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from procurement.actions.dates import announce_due
from procurement.models import Appointment, Chain, Event, Framework, RateCardVersion, SupplierMember
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
