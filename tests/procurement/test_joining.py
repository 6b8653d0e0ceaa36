"""Applications to join a consortium or a lot, from draft to member, every refusal; and what leaving means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.joining import (
    JoiningDraft,
    admit_joining,
    agree_joining,
    check_joining,
    draft_joining,
    edit_joining,
    refuse_joining,
    submit_joining,
    withdraw_joining,
)
from procurement.actions.leaving import leave_supplier
from procurement.actions.offers import send_offer
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.listing_facts import shown
from procurement.models import (
    Appointment,
    Event,
    Framework,
    Joining,
    Offering,
    Organisation,
    Supplier,
    SupplierMember,
)
from procurement.permissions import SYSTEM, Actor
from procurement.querysets_joining import JoiningQuerySet
from procurement.states import JOININGS
from tests.bought import Market, accepted, drafted, offered
from tests.world import LIVE_FROM, editor_of

pytestmark = pytest.mark.django_db

OFFERS = [{"specialism": "wr1~1~3", "regions": ["TLC"]}]
DRAFT = JoiningDraft("yew", "wr1~1", "oak", "We evaluate.", OFFERS)
ALONE = JoiningDraft("ash", "wr1~2a", None, "We design.", [{"specialism": "wr1~2a~3"}])
STEPS: dict[str, Callable[[Actor, str, int], object]] = {
    "edit": lambda actor, reference, revision: edit_joining(
        actor, reference, revision, {"statement": "More."}
    ),
    "submit": submit_joining,
    "agree": agree_joining,
    "check": check_joining,
    "admit": admit_joining,
    "refuse": lambda actor, reference, revision: refuse_joining(actor, reference, revision, "Not now."),
    "withdraw": withdraw_joining,
}
WAY = {"submitted": ("submit",), "agreed": ("submit", "agree"), "checked": ("submit", "agree", "check"),
       "joined": ("submit", "agree", "check", "admit"), "refused": ("submit", "refuse"), "withdrawn": ("withdraw",),
       "draft": ()}  # fmt: skip


@pytest.fixture
def owner(market: Market) -> Actor:
    return editor_of("owner")


def state() -> tuple[Any, ...]:
    return (
        list(Joining.objects.order_by("pk").values_list("reference", "status", "revision", "statement")),
        SupplierMember.objects.count(),
        Offering.objects.count(),
        Event.objects.count(),
    )


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def takers(market: Market, owner: Actor) -> dict[str, Actor]:
    return {"edit": market.yew, "submit": market.yew, "agree": market.oak, "check": owner, "admit": owner,
            "refuse": owner, "withdraw": market.yew}  # fmt: skip


def brought(market: Market, owner: Actor, status: str, draft: JoiningDraft = DRAFT) -> Joining:
    """An application that has come to this status."""
    joining, who = draft_joining(market.yew, draft), takers(market, owner)
    for name in WAY[status]:
        STEPS[name](who[name], joining.reference, joining.revision)
        joining.refresh_from_db()
    return joining


def test_a_firm_joins_a_consortium_by_the_word_of_lead_and_framework_owner(
    market: Market, owner: Actor
) -> None:
    joining = brought(market, owner, "joined")
    today = timezone.localdate()
    member = SupplierMember.objects.get(supplier__reference="oak", partner__reference="yew")
    assert (joining.status, member.role, member.joined_on, member.left_on) == (
        "joined",
        "member",
        today,
        None,
    )
    assert shown(["wr1~oak~yew"], today) == {"wr1~oak~yew"}
    offering = Offering.objects.get(partner__reference="yew", appointment__supplier__reference="oak")
    assert (offering.specialism.reference if offering.specialism else "", offering.regions) == (
        "wr1~1~3",
        ["TLC"],
    )
    events = Event.objects.filter(subject=joining.reference).order_by("position")
    assert [one.type.partition(".")[2] for one in events] == [
        "drafted", "submitted", "agreed", "checked", "joined",
    ]  # fmt: skip


@pytest.fixture
def open_framework(market: Market) -> None:
    """WR1 is an open framework under the Act of 2023."""
    Framework.objects.filter(reference="wr1").update(regime="pa2023")


def test_under_the_regulations_of_2015_no_firm_is_admitted_by_itself_after_the_award(
    market: Market, owner: Actor
) -> None:
    assert refused(Invalid, lambda: draft_joining(market.ash, ALONE)) == [("/supplier", "closed")]
    Framework.objects.filter(reference="wr1").update(status="open")
    joining = draft_joining(market.ash, ALONE)
    Framework.objects.filter(reference="wr1").update(status="live")
    refused(Conflict, lambda: submit_joining(market.ash, joining.reference, 1))
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    submit_joining(market.ash, joining.reference, 1)
    Framework.objects.filter(reference="wr1").update(regime="pcr2015")
    refused(Conflict, lambda: check_joining(owner, joining.reference, 2))
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    check_joining(owner, joining.reference, 2)
    Framework.objects.filter(reference="wr1").update(regime="pcr2015")
    refused(Conflict, lambda: admit_joining(owner, joining.reference, 3))
    assert refuse_joining(owner, joining.reference, 3, "RM1 is closed.").status == "refused"


@pytest.mark.usefixtures("open_framework")
def test_a_firm_that_joins_a_lot_alone_needs_no_lead(market: Market, owner: Actor) -> None:
    joining = draft_joining(market.ash, ALONE)
    submit_joining(market.ash, joining.reference, 1)
    check_joining(owner, joining.reference, 2)
    admit_joining(owner, joining.reference, 3)
    place = Appointment.objects.get(lot__reference="wr1~2a", supplier__members__partner__reference="ash")
    assert (place.supplier.form, place.status) == (Supplier.Form.ALONE, "active")
    assert place.offerings.get().regions == ["UK"]
    assert SupplierMember.objects.filter(partner__reference="ash", left_on=None).count() == 2


def test_joining_for_another_lot_keeps_what_the_firm_offers_on_the_first(
    market: Market, owner: Actor
) -> None:
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
    offers = [{"specialism": "wr1~2a~2"}]
    joining = draft_joining(market.ash, JoiningDraft("ash", "wr1~2a", "oak", "We engage.", offers))
    for step, actor in ((submit_joining, market.ash), (agree_joining, market.oak), (check_joining, owner)):
        joining = step(actor, joining.reference, joining.revision)
    admit_joining(owner, joining.reference, joining.revision)
    rows = Offering.objects.filter(partner__reference="ash", appointment__lot__framework__reference="wr1")
    assert sorted(rows.values_list("specialism__reference", "regions")) == [
        ("wr1~1~1", ["TLC"]), ("wr1~1~2", ["TLC"]), ("wr1~2a~2", ["UK"]),
    ]  # fmt: skip
    assert SupplierMember.objects.filter(partner__reference="ash", supplier__reference="oak").count() == 1
    refused(Conflict, lambda: draft_joining(market.ash, JoiningDraft("ash", "wr1~2a", "oak")))


@pytest.mark.parametrize("name", JOININGS.names)
@pytest.mark.parametrize("status", JOININGS.labels)
def test_every_step_out_of_every_status_is_taken_or_refused_as_the_table_says(
    market: Market, owner: Actor, status: str, name: str
) -> None:
    joining = brought(market, owner, status)
    actor, step = takers(market, owner)[name], JOININGS.step(name, status)

    def act() -> object:
        return STEPS[name](actor, joining.reference, joining.revision)

    if step is None or (name == "check" and status == "submitted"):
        # A draft is its firm's alone: to others it is not there.
        hidden = status in ("draft", "withdrawn") and actor is not market.yew
        refused(NotFound if hidden else Conflict, act)
        return
    act()
    joining.refresh_from_db()
    assert joining.status == (step.target or status)
    assert Event.objects.filter(type=step.event).exists()


@pytest.mark.parametrize("name", JOININGS.names)
def test_nobody_else_takes_a_step(market: Market, owner: Actor, name: str) -> None:
    joining = brought(market, owner, "agreed" if name in ("check", "refuse") else "submitted")
    others = {"lead": market.oak, "firm": market.yew, "owner": owner}
    allowed = {part.value for one in JOININGS.transitions if one.name == name for part in one.who}
    mine = {"lead": "lead supplier", "firm": "member", "owner": "framework owner"}
    for who, actor in others.items():
        if mine[who] not in allowed:
            refused(NotPermitted, lambda actor=actor: STEPS[name](actor, joining.reference, joining.revision))
    for stranger in (market.buyer, market.ash, editor_of("elm", "administrator")):
        refused(NotFound, lambda actor=stranger: STEPS[name](actor, joining.reference, joining.revision))


def test_an_application_made_from_an_older_state_changes_nothing(market: Market, owner: Actor) -> None:
    joining = brought(market, owner, "submitted")
    refused(Stale, lambda: agree_joining(market.oak, joining.reference, 1))


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (JoiningDraft("yew", "wr1~9"), ("/lot", "unknown")),
        (JoiningDraft("yew", "wr1~1", "none"), ("/supplier", "unknown")),
        (JoiningDraft("yew", "wr1~1", "yew"), ("/supplier", "alone")),
        (JoiningDraft("yew", "wr1~2a", "oak"), ("/supplier", "not_appointed")),
        (JoiningDraft("yew", "wr1~1", "oak", "x", "y"), ("/offers", "type")),
        (JoiningDraft("yew", "wr1~1", "oak", "x", [{"specialism": "wr1~2a~1"}]), ("/offers/0/specialism", "unknown")),
        (JoiningDraft("yew", "wr1~1", "oak", "x", [*OFFERS, *OFFERS]), ("/offers/1/specialism", "duplicate")),
        (JoiningDraft("yew", "wr1~1", "oak", "x", [{"specialism": "wr1~1~1", "regions": ["XX"]}]),
         ("/offers/0/regions/0", "unknown_value")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_application_is_named(
    market: Market, draft: JoiningDraft, fault: tuple[str, str]
) -> None:
    assert refused(Invalid, lambda: draft_joining(market.yew, draft)) == [fault]


def test_an_empty_application_is_not_submitted(market: Market) -> None:
    joining = draft_joining(market.yew, JoiningDraft("yew", "wr1~1", "oak"))
    assert refused(Invalid, lambda: submit_joining(market.yew, joining.reference, 1)) == [
        ("/statement", "required"), ("/offers", "required"),
    ]  # fmt: skip


def test_an_excluded_firm_is_neither_checked_nor_admitted(market: Market, owner: Actor) -> None:
    joining = brought(market, owner, "checked")
    Organisation.objects.filter(reference="yew").update(excluded_since=timezone.localdate())
    refused(Conflict, lambda: admit_joining(owner, joining.reference, joining.revision))


def test_a_draft_is_its_firms_alone_and_an_application_is_seen_by_whom_it_concerns(
    market: Market, owner: Actor
) -> None:
    joining = draft_joining(market.yew, DRAFT)
    everybody = (market.yew, market.oak, owner, market.ash, market.buyer)

    def seen() -> list[int]:
        return [JoiningQuerySet(Joining).seen_by(one).count() for one in everybody]

    assert seen() == [1, 0, 0, 0, 0]
    submit_joining(market.yew, joining.reference, 1)
    assert seen() == [1, 1, 1, 0, 0]


def test_leaving_tells_buyers_with_open_offers_and_live_contracts_and_stops_new_offers(
    market: Market,
) -> None:
    offer = accepted(market)
    later = drafted(market.buyer)
    administrator = editor_of("ash", "administrator")
    member = leave_supplier(administrator, "oak", "ash")
    assert member.left_on == timezone.localdate()
    told = Event.objects.filter(type="offer.partner_left").get()
    assert (told.subject, told.references) == (
        offer.reference,
        {"call_off": offer.call_off.reference, "organisation": "shire", "supplier": "oak", "partner": "ash"},
    )
    sent = send_offer(market.buyer, later.reference, later.revision)
    assert sent.asked.appointment.supplier.reference == "yew"
    passed = Event.objects.get(type="call_off.supplier_passed_over")
    assert (passed.references["supplier"], passed.changes["codes"]) == ("oak", ["not_a_member"])
    assert shown(["wr1~oak~ash"], timezone.localdate()) == set()


def test_the_lead_does_not_leave_and_nobody_leaves_for_another(market: Market) -> None:
    offered(market)
    refused(Conflict, lambda: leave_supplier(editor_of("oak", "administrator"), "oak", "oak"))
    refused(NotPermitted, lambda: leave_supplier(market.ash, "oak", "ash"))
    refused(NotFound, lambda: leave_supplier(market.yew, "oak", "ash"))
