"""A firm is asked by inbox and e-mail whether its profile is still right, once a period, until it confirms it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.profile_reminders import ask_to_confirm, unconfirmed
from procurement.actions.profiles import confirm_profile, update_profile
from procurement.models import Delivery, Event, Partner
from procurement.notice import URGENT
from procurement.notices import notice_for, worded
from procurement.permissions import EDITORS
from procurement.tasks import sweep_profiles
from tests.world import editor_of, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()
    editor_of("ash")


@pytest.fixture(autouse=True)
def period(settings: Any) -> None:
    settings.CONFIRM_AFTER_DAYS = 180


def today() -> date:
    return timezone.localdate()


def confirmed(days_ago: int, *firms: str) -> None:
    """These have confirmed so many days ago, the others today."""
    Partner.objects.update(confirmed_on=today())
    Partner.objects.filter(reference__in=firms).update(confirmed_on=today() - timedelta(days=days_ago))


def asked() -> list[str]:
    events = Event.objects.filter(type="partner.confirmation_asked").order_by("position")
    return list(events.values_list("subject", flat=True))


def test_a_firm_is_asked_on_the_day_on_which_the_period_has_passed_and_not_before() -> None:
    confirmed(179, "ash")
    assert (ask_to_confirm(), asked()) == (0, [])
    assert ask_to_confirm(today() + timedelta(days=1)) == 1
    assert asked() == ["ash"]
    event = Event.objects.latest("position")
    assert event.changes == {"since": (today() - timedelta(days=179)).isoformat()}
    sent = Delivery.objects.filter(event=event).order_by("channel")
    assert list(sent.values_list("channel", "organisation__reference")) == [
        ("email", "ash"),
        ("inbox", "ash"),
    ]


def test_it_is_asked_once_a_period_and_again_after_another() -> None:
    confirmed(200, "ash")
    assert [ask_to_confirm(), ask_to_confirm(), ask_to_confirm(today() + timedelta(days=179))] == [1, 0, 0]
    Partner.objects.exclude(reference="ash").update(confirmed_on=today() + timedelta(days=1))
    assert ask_to_confirm(today() + timedelta(days=180)) == 1
    assert asked() == ["ash", "ash"]


@pytest.mark.parametrize("by", ["confirming", "publishing"])
def test_what_the_firm_says_itself_ends_it(by: str) -> None:
    confirmed(200, "ash")
    partner = Partner.objects.get(reference="ash")
    if by == "confirming":
        confirm_profile(editor_of("ash", name="again"), "ash", partner.revision)
    else:
        update_profile(
            editor_of("ash", name="again"), "ash", partner.revision, {"summary": "What we do now."}
        )
    assert (ask_to_confirm(), asked()) == (0, [])
    assert not unconfirmed(today()).exists()


def test_what_others_published_for_it_counts_from_that_day() -> None:
    Partner.objects.exclude(reference="elm").update(confirmed_on=today())
    assert Partner.objects.get(reference="elm").confirmed_on is None
    assert ask_to_confirm(today() + timedelta(days=179)) == 0
    Partner.objects.exclude(reference="elm").update(confirmed_on=today() + timedelta(days=180))
    assert ask_to_confirm(today() + timedelta(days=180)) == 1
    assert asked() == ["elm"]


def test_a_suspended_firm_is_not_asked() -> None:
    confirmed(200, "ash")
    Partner.objects.filter(reference="ash").update(suspended=True)
    assert (ask_to_confirm(), asked()) == (0, [])


def test_the_period_is_the_setting_s(settings: Any) -> None:
    settings.CONFIRM_AFTER_DAYS = 30
    confirmed(30, "ash", "elm")
    sweep_profiles()
    assert sorted(asked()) == ["ash", "elm"]
    assert set(Partner.objects.exclude(asked_on=None).values_list("asked_on", flat=True)) == {today()}


def test_it_goes_to_editors_with_the_way_to_the_firm_s_page() -> None:
    confirmed(200, "ash")
    ask_to_confirm()
    notice = notice_for("partner.confirmation_asked", "partner")
    told = worded(Event.objects.latest("position"), notice, {})
    assert (notice.channels, notice.roles) == (URGENT, EDITORS)
    assert (told.title, told.link) == ("Is your profile still right?", "/firms/ash")
    last = today() - timedelta(days=200)
    assert f"{last.day} {last:%B %Y}" in told.text
