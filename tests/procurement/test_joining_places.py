"""An application meets what became of a place since: one that is over is given anew, one that rests is not, and nobody
joins where nothing can be bought.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.joining import (
    JoiningDraft,
    admit_joining,
    check_joining,
    draft_joining,
    submit_joining,
)
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.standing import move_appointment
from procurement.errors import Conflict, Invalid
from procurement.models import Appointment, Event, Framework, Lot, Offering
from procurement.permissions import SYSTEM, Actor
from tests.bought import Market
from tests.procurement.test_joining import DRAFT, STEPS, brought, refused, takers
from tests.world import editor_of

pytestmark = pytest.mark.django_db

PLACE = "wr1~1~yew"
OTHER = [{"specialism": "wr1~1~2", "regions": ["TLC"]}]
ALONE = JoiningDraft("yew", "wr1~1", None, "We evaluate again.", OTHER)
DAY = timedelta(days=1)


@pytest.fixture
def owner(market: Market) -> Actor:
    return editor_of("owner")


@pytest.fixture
def open_framework(market: Market) -> None:
    Framework.objects.filter(reference="wr1").update(regime="pa2023")


def put(reference: str, state: str) -> None:
    """Brings a place to a state by whoever runs the framework, or by the passing of its last day."""
    if state == "ended":
        Appointment.objects.filter(reference=reference).update(ends_on=timezone.localdate() - DAY)
    else:
        step = {"withdrawn": "withdraw", "suspended": "suspend"}[state]
        move_appointment(editor_of("owner", name=state), reference, None, step, "As agreed.")


def offers() -> list[tuple[str | None, list[str]]]:
    rows = Offering.objects.filter(partner__reference="yew", appointment__supplier__reference="yew")
    return list(rows.order_by("specialism__reference").values_list("specialism__reference", "regions"))


@pytest.mark.usefixtures("open_framework")
@pytest.mark.parametrize("state", ["withdrawn", "ended"])
def test_a_firm_has_its_own_place_that_is_over_given_anew_with_what_it_applies_with(
    market: Market, owner: Actor, state: str
) -> None:
    Appointment.objects.filter(reference=PLACE).update(quality_marks=["Gold"])
    held = (OfferingDraft("wr1~1", "wr1~1~1"), OfferingDraft("wr1~2a", "wr1~2a~1", ("UK",)))
    save_offerings(SYSTEM, [Placement("wr1", "yew", "yew", held)])
    put(PLACE, state)
    today = timezone.localdate()
    joining = draft_joining(market.yew, ALONE)
    submit_joining(market.yew, joining.reference, 1)
    check_joining(owner, joining.reference, 2)
    admit_joining(owner, joining.reference, 3)
    place = Appointment.objects.get(reference=PLACE)
    assert (place.status, place.starts_on, place.ends_on, place.quality_marks) == (
        "active", today, None, ["Gold"],
    )  # fmt: skip
    # What it offered there before does not come back; what it offers on another lot stays.
    assert offers() == [("wr1~1~2", ["TLC"]), ("wr1~2a~1", ["UK"])]
    event = Event.objects.get(type="appointment.reinstated")
    assert (event.subject, event.changes["starts_on"]) == (PLACE, today.isoformat())


@pytest.mark.usefixtures("open_framework")
def test_what_was_offered_on_a_place_that_is_over_is_new_again(market: Market, owner: Actor) -> None:
    same = JoiningDraft("yew", "wr1~1", None, "We evaluate.", [{"specialism": "wr1~1~1"}])
    refused(Conflict, lambda: draft_joining(market.yew, same))
    put(PLACE, "withdrawn")
    assert draft_joining(market.yew, same).status == "draft"


@pytest.mark.usefixtures("open_framework")
def test_a_firm_whose_own_place_is_suspended_waits_for_that_to_be_reinstated(
    market: Market, owner: Actor
) -> None:
    joining = draft_joining(market.yew, ALONE)
    submit_joining(market.yew, joining.reference, 1)
    put(PLACE, "suspended")
    told = "The firm's own place on lot 1 is suspended: it offers more once that is reinstated."
    with pytest.raises(Conflict, match=told):
        check_joining(owner, joining.reference, 2)
    refused(Conflict, lambda: check_joining(owner, joining.reference, 2))
    assert refused(Invalid, lambda: draft_joining(market.yew, ALONE)) == [("/supplier", "closed")]
    assert Appointment.objects.get(reference=PLACE).status == "suspended"
    move_appointment(owner, PLACE, None, "reinstate", "Settled.")
    assert check_joining(owner, joining.reference, 2).status == "checked"


@pytest.mark.parametrize("state", ["withdrawn", "ended"])
def test_under_the_regulations_of_2015_a_place_that_is_over_is_no_way_in(market: Market, state: str) -> None:
    assert draft_joining(market.yew, ALONE).status == "draft"
    put(PLACE, state)
    assert refused(Invalid, lambda: draft_joining(market.yew, ALONE)) == [("/supplier", "closed")]


@pytest.mark.parametrize("state", ["withdrawn", "suspended", "ended"])
@pytest.mark.parametrize(("status", "step"), [("draft", "submit"), ("agreed", "check"), ("checked", "admit")])
def test_nobody_joins_a_consortium_whose_place_does_not_stand(
    market: Market, owner: Actor, state: str, status: str, step: str
) -> None:
    joining, actor = brought(market, owner, status), takers(market, owner)[step]
    put("wr1~1~oak", state)
    draft = JoiningDraft("ash", "wr1~1", "oak", "We design.", [{"specialism": "wr1~1~3"}])
    assert refused(Invalid, lambda: draft_joining(market.ash, draft)) == [("/supplier", "not_appointed")]
    with pytest.raises(Conflict, match="Oak Consortium holds no place in force on lot 1"):
        STEPS[step](actor, joining.reference, joining.revision)
    refused(Conflict, lambda: STEPS[step](actor, joining.reference, joining.revision))


def test_a_place_that_is_to_come_is_one_to_join(market: Market) -> None:
    Appointment.objects.filter(reference="wr1~1~oak").update(starts_on=timezone.localdate() + DAY)
    assert draft_joining(market.yew, DRAFT).status == "draft"


@pytest.mark.parametrize(("status", "step"), [("agreed", "check"), ("checked", "admit")])
@pytest.mark.parametrize(
    ("framework", "lot", "told"),
    [
        ({"ends_on": "2024-05-01"}, {}, "WR1 ended on 2024-05-01: no firm joins it."),
        ({"status": "expired"}, {}, "WR1 is expired: no firm joins it."),
        ({}, {"closes_on": "2024-05-01"}, "The lot closed on 2024-05-01: no firm joins it."),
    ],
)
def test_what_was_submitted_is_neither_checked_nor_admitted_where_nothing_is_bought_any_more(
    market: Market,
    owner: Actor,
    framework: dict[str, Any],
    lot: dict[str, Any],
    told: str,
    status: str,
    step: str,
) -> None:
    joining = brought(market, owner, status)
    Framework.objects.filter(reference="wr1").update(**{"status": "live"} | framework)
    Lot.objects.filter(reference="wr1~1").update(**{"number": "1"} | lot)
    with pytest.raises(Conflict, match=told):
        STEPS[step](owner, joining.reference, joining.revision)
    refused(Conflict, lambda: STEPS[step](owner, joining.reference, joining.revision))


def test_what_was_submitted_is_checked_and_admitted_while_the_award_is_pending(
    market: Market, owner: Actor
) -> None:
    joining = brought(market, owner, "agreed")
    Framework.objects.filter(reference="wr1").update(status="pending")
    joining = check_joining(owner, joining.reference, joining.revision)
    assert admit_joining(owner, joining.reference, joining.revision).status == "joined"


def test_a_firm_that_is_admitted_before_the_framework_begins_has_its_place_from_then(
    market: Market, owner: Actor
) -> None:
    begins = timezone.localdate() + DAY
    Framework.objects.filter(reference="wr1").update(status="open")
    alone = JoiningDraft("yew", "wr1~1", None, "We evaluate.", OTHER)
    Offering.objects.filter(appointment__reference=PLACE).delete()
    Appointment.objects.filter(reference=PLACE).delete()
    joining = brought(market, owner, "submitted", alone)
    joining = check_joining(owner, joining.reference, joining.revision)
    Framework.objects.filter(reference="wr1").update(starts_on=begins)
    admit_joining(owner, joining.reference, joining.revision)
    assert Appointment.objects.get(reference=PLACE).starts_on == begins
