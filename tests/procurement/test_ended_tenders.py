"""The data step that ends what was submitted for call-offs which had ended before their tenders ended with them."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from procurement.actions.awards import cancel_call_off, fail_call_off
from procurement.actions.events import verify
from procurement.models import CallOff, Delivery, Event, Tender
from tests.competed import Contest, closed, published, submitted, tender_of

pytestmark = pytest.mark.django_db

STEP = import_module("procurement.migrations.0021_ended_tenders")
WHY = "The money has gone."


def end_all() -> None:
    STEP.end_tenders(apps, SimpleNamespace(connection=connection))


def as_before(call_off: CallOff, *suppliers: str) -> None:
    """As the versions before left it: the call-off ended, its tenders stand."""
    for one in suppliers:
        Tender.objects.filter(pk=tender_of(call_off, one).pk).update(status="submitted", reason="")


def standing() -> list[Any]:
    rows = Tender.objects.order_by("pk").values_list("status", "reason", "revision")
    return [list(rows), Event.objects.count(), Delivery.objects.count()]


def test_what_still_stands_in_an_ended_call_off_is_ended_in_the_log_and_for_its_readers(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(STEP, "BATCH", 1)
    buyer = contest.market.buyer
    gone, failed, live = closed(contest), closed(contest), closed(contest)
    early = published(contest)
    submitted(contest.market.oak, early, "oak")
    for call_off, end in ((gone, cancel_call_off), (failed, fail_call_off), (early, cancel_call_off)):
        call_off.refresh_from_db()
        end(buyer, call_off.reference, call_off.revision, WHY)
    for call_off, suppliers in ((gone, ("oak", "yew")), (failed, ("oak", "yew")), (early, ("oak",))):
        as_before(call_off, *suppliers)
    before, deliveries = Event.objects.count(), Delivery.objects.count()
    end_all()
    ended = Tender.objects.filter(status="unsuccessful", reason=WHY)
    assert sorted(ended.values_list("competition__call_off", flat=True)) == sorted(
        [gone.pk, gone.pk, failed.pk, failed.pk, early.pk]
    )
    assert {one.status for one in Tender.objects.filter(competition__call_off=live)} == {"submitted"}
    events = list(Event.objects.order_by("position")[before:])
    assert {(one.type, one.actor, one.changes["reason"]) for one in events} == {
        ("tender.ended", "system", WHY)
    }
    readers = [{each.organisation.reference for each in one.audience.all()} for one in events]
    assert readers == [{"shire", "oak"}, {"shire", "yew"}] * 2 + [{"oak"}]
    assert [one.references.get("organisation") for one in events] == ["shire"] * 4 + [None]
    assert verify() is None
    assert Delivery.objects.count() == deliveries
    again = standing()
    end_all()
    assert standing() == again


def test_it_says_of_an_end_what_the_action_says(contest: Contest) -> None:
    call_off = closed(contest)
    cancel_call_off(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    as_before(call_off, "oak", "yew")
    end_all()
    kept = [
        (one.references, one.changes, {each.organisation_id for each in one.audience.all()})
        for one in Event.objects.filter(type="tender.ended").order_by("position")
    ]
    assert kept[:2] == kept[2:]
