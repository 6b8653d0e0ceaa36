"""A framework is kept as data: made, said anew and taken away part by part, unless something rests on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from procurement.actions.awards import cancel_call_off
from procurement.actions.framework_edits import (
    add_grade,
    add_lot,
    add_specialism,
    create_framework,
    edit_framework,
    edit_grade,
    edit_lot,
    edit_specialism,
    move_lot,
    remove_grade,
    remove_lot,
    remove_specialism,
)
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.models import CallOff, Event, Framework, Grade, Lot, Specialism
from procurement.permissions import Actor
from tests.bought import Market, drafted
from tests.world import editor_of

pytestmark = pytest.mark.django_db

NEW: dict[str, Any] = {
    "reference": "wr9", "number": "WR9", "name": "Another", "owner": "owner", "status": "coming",
    "starts_on": "2027-04-01", "ends_on": "2031-03-31", "regime": "pa2023", "region_scheme": "ITL2025",
    "rate_unit": "day",
}  # fmt: skip


@pytest.fixture
def owner(market: Market) -> Actor:
    return editor_of("owner", "administrator")


def revision(reference: str = "wr1") -> int:
    return Framework.objects.get(reference=reference).revision


def state() -> tuple[Any, ...]:
    return (
        list(Framework.objects.order_by("pk").values()),
        list(Lot.objects.order_by("pk").values()),
        list(Specialism.objects.order_by("pk").values()),
        list(Grade.objects.order_by("pk").values()),
        Event.objects.count(),
    )


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def why(kind: type[Refused], act: Callable[[], object]) -> str:
    with pytest.raises(kind) as refusal:
        act()
    return refusal.value.faults[0].message if refusal.value.faults else refusal.value.message


def test_a_framework_is_made_with_lots_specialisms_and_grades(market: Market, owner: Actor) -> None:
    extra = {
        "management_charge": "1.5",
        "maximum_value": "1,000.50",
        "rate_rise_ceiling": "2.50",
        "buyer_classes": ["health"],
    }
    made = create_framework(owner, NEW | extra)
    assert (made.maximum_value_pence, str(made.rate_rise_ceiling), made.buyer_classes) == (
        100_050,
        "2.50",
        ["health"],
    )
    lot = add_lot(
        owner, "wr9", 1, {"number": "1.2", "name": "One", "direct_award": True, "direct_award_cap": "75000"}
    )
    assert (lot.reference, lot.position, lot.direct_award_cap_pence, lot.competition) == (
        "wr9~1.2",
        1,
        7_500_000,
        False,
    )
    one = add_specialism(
        owner, "wr9~1.2", 2, {"number": "1", "name": "Advice", "cpv": ["79410000", "79410000"]}
    )
    assert (one.reference, one.position, one.cpv) == ("wr9~1.2~1", 1, ["79410000"])
    grade = add_grade(owner, "wr9~1.2", 3, {"code": "G1", "name": "Junior", "rank": 1})
    assert (grade.reference, revision("wr9")) == ("wr9~1.2~g1", 4)
    kinds = Event.objects.filter(subject="wr9").order_by("position").values_list("type", flat=True)
    assert list(kinds) == ["framework.published", *["framework.changed"] * 3]
    remove_grade(owner, grade.reference, 4)
    remove_specialism(owner, one.reference, 5)
    remove_lot(owner, lot.reference, 6)
    assert not Lot.objects.filter(framework=made).exists()
    assert revision("wr9") == 7


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reference": "WR 9"}, ("/reference", "shape")),
        ({"reference": "wr1"}, ("/reference", "taken")),
        ({"number": "WR1"}, ("/number", "taken")),
        ({"name": ""}, ("/name", "required")),
        ({"status": "open-ish"}, ("/status", "unknown_value")),
        ({"starts_on": "1 April"}, ("/starts_on", "shape")),
        ({"ends_on": "2026-01-01"}, ("/ends_on", "order")),
        ({"management_charge": "-1"}, ("/management_charge", "shape")),
        ({"management_charge": "١"}, ("/management_charge", "shape")),
        ({"management_charge": "1_0"}, ("/management_charge", "shape")),
        ({"management_charge": "99.5"}, ("/management_charge", "shape")),
        ({"management_charge": "1.2345"}, ("/management_charge", "shape")),
        ({"maximum_value": "much"}, ("/maximum_value", "shape")),
        ({"buyer_classes": ["kings"]}, ("/buyer_classes/0", "unknown_value")),
        ({"fictional": "yes"}, ("/fictional", "type")),
        ({"colour": "red"}, ("/colour", "unknown_field")),
    ],
)
def test_what_a_framework_cannot_say_is_named(
    market: Market, owner: Actor, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert refused(Invalid, lambda: create_framework(owner, NEW | change)) == [fault]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("0", "The amount '0' is zero; leave it out where there is no such bound."),
        ("92233720368547758.08", "The amount '92233720368547758.08' is more than 92233720368547758.07."),
        ("much", "The amount 'much' is not an amount of money; write it as 650, 650.50 or 1,250.00."),
    ],
)
def test_a_value_that_cannot_be_kept_is_told_in_words_of_a_value(
    market: Market, owner: Actor, said: str, told: str
) -> None:
    with pytest.raises(Invalid) as caught:
        create_framework(owner, NEW | {"maximum_value": said})
    assert [(one.pointer, one.message) for one in caught.value.faults] == [("/maximum_value", told)]
    assert not Framework.objects.filter(reference="wr9").exists()


def test_a_value_of_billions_is_a_value(market: Market, owner: Actor) -> None:
    made = create_framework(owner, NEW | {"maximum_value": "5000000000.00"})
    assert made.maximum_value_pence == 500_000_000_000
    edit_lot(owner, "wr1~1", 1, {"maximum_value": "92233720368547758.07"})
    assert Lot.objects.get(reference="wr1~1").maximum_value_pence == 2**63 - 1


def test_only_an_administrator_of_the_owner_keeps_a_framework(market: Market, owner: Actor) -> None:
    editor, stranger = editor_of("owner", "editor"), market.oak
    for actor in (editor, stranger, market.buyer):
        refused(NotPermitted, partial(create_framework, actor, NEW))
        refused(NotPermitted, partial(edit_framework, actor, "wr1", 1, {"name": "Mine"}))
        refused(NotPermitted, partial(remove_grade, actor, "wr1~1~g1", 1))
    refused(Stale, lambda: edit_framework(owner, "wr1", 7, {"name": "Old"}))
    refused(NotFound, lambda: edit_lot(owner, "wr1~9", 1, {"name": "None"}))
    refused(NotFound, lambda: edit_grade(owner, "wr1~1~g9", 1, {"name": "None"}))


def test_fields_are_said_anew_and_nothing_is_recorded_where_nothing_differs(
    market: Market, owner: Actor
) -> None:
    edit_framework(owner, "wr1", 1, {"name": "Renamed", "rate_rise_ceiling": "3"})
    event = Event.objects.latest("position")
    assert (event.type, event.changes) == (
        "framework.changed", {"object": "wr1", "fields": ["name", "rate_rise_ceiling"]},
    )  # fmt: skip
    edit_lot(owner, "wr1~1", 2, {"name": "Renamed", "maximum_value": "900000.00"})
    edit_specialism(owner, "wr1~1~1", 3, {"name": "Renamed", "cpv": ["79410000"]})
    edit_grade(owner, "wr1~1~g1", 4, {"name": "Renamed"})
    assert revision() == 5
    before = state()
    edit_framework(owner, "wr1", 5, {"name": "Renamed"})
    edit_grade(owner, "wr1~1~g1", 5, {"name": "Renamed", "rank": "1"})
    assert state() == before


def test_a_number_keeps_its_capitals_and_the_reference_made_of_it_has_none(
    market: Market, owner: Actor
) -> None:
    lot = add_lot(owner, "wr1", revision(), {"number": "3B", "name": "Third", "competition": True})
    assert (lot.number, lot.reference) == ("3B", "wr1~3b")
    made = add_specialism(owner, "wr1~3b", revision(), {"number": "A1", "name": "First"})
    assert (made.number, made.reference) == ("A1", "wr1~3b~a1")


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (lambda actor: edit_framework(actor, "wr1", 1, {"reference": "wr8"}), ("/reference", "fixed")),
        (
            lambda actor: edit_lot(actor, "wr1~1", 1, {"direct_award": False, "competition": False}),
            ("/competition", "route"),
        ),
        (
            lambda actor: edit_lot(actor, "wr1~1", 1, {"minimum_value": "5", "maximum_value": "4"}),
            ("/maximum_value", "order"),
        ),
        (lambda actor: edit_lot(actor, "wr1~1", 1, {"closes_on": "2199-01-01"}), ("/closes_on", "order")),
        (
            lambda actor: add_lot(actor, "wr1", 1, {"number": "1", "name": "x", "competition": True}),
            ("/number", "taken"),
        ),
        (
            lambda actor: add_lot(actor, "wr1", 1, {"number": "2A", "name": "x", "competition": True}),
            ("/number", "taken"),
        ),
        (
            lambda actor: add_specialism(actor, "wr1~1", 1, {"number": "9", "name": "x", "cpv": ["7"]}),
            ("/cpv/0", "shape"),
        ),
        (
            lambda actor: add_grade(actor, "wr1~1", 1, {"code": "g1", "name": "x", "rank": 9}),
            ("/code", "taken"),
        ),
        (
            lambda actor: add_grade(actor, "wr1~1", 1, {"code": "G9", "name": "x", "rank": 1}),
            ("/rank", "taken"),
        ),
        (
            lambda actor: add_grade(actor, "wr1~1", 1, {"code": "G9", "name": "x", "rank": 13}),
            ("/rank", "shape"),
        ),
        (lambda actor: edit_grade(actor, "wr1~1~g3", 1, {"rank": 4}), ("/rank", "other_rank")),
    ],
)
def test_what_a_part_cannot_say_is_named(
    market: Market, owner: Actor, act: Callable[[Actor], object], fault: tuple[str, str]
) -> None:
    assert refused(Invalid, lambda: act(owner)) == [fault]


def test_a_code_means_one_rank_in_whatever_capitals(market: Market, owner: Actor) -> None:
    add_grade(owner, "wr1~1", 1, {"code": "Band-5", "name": "Five", "rank": 5})
    other = {"code": "BAND-5", "name": "Five"}
    assert refused(Invalid, lambda: add_grade(owner, "wr1~2a", 2, other | {"rank": 6})) == [
        ("/rank", "other_rank")
    ]
    assert add_grade(owner, "wr1~2a", 2, other | {"rank": 5}).reference == "wr1~2a~band-5"


def test_what_call_offs_rest_on_does_not_change_under_them(market: Market, owner: Actor) -> None:
    call_off = drafted(market.buyer)
    CallOff.objects.filter(pk=call_off.pk).update(approved_minor=685_000)
    changes = (
        ("wr1", {"regime": "pa2023"}, "/regime"),
        ("wr1", {"status": "coming"}, "/status"),
        ("wr1", {"region_scheme": "NUTS2013"}, "/region_scheme"),
        ("wr1", {"ends_on": "2025-01-01"}, "/ends_on"),
        ("wr1~1", {"direct_award": False}, "/direct_award"),
        ("wr1~1", {"direct_award_cap": "6849.99"}, "/direct_award_cap"),
        ("wr1~1", {"light_touch": True}, "/light_touch"),
    )
    for reference, change, pointer in changes:
        act: Callable[..., object] = edit_lot if "~" in reference else edit_framework
        assert refused(Invalid, partial(act, owner, reference, 1, change)) == [(pointer, "in_use")]
    told = why(Invalid, lambda: edit_lot(owner, "wr1~1", 1, {"direct_award": False}))
    assert told == "1 call-off took this route."
    assert call_off.reference not in told
    edit_lot(owner, "wr1~1", 1, {"direct_award_cap": "6850.00"})
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "Not needed.")
    edit_lot(owner, "wr1~1", 2, {"direct_award": False})


def test_a_lot_is_moved_one_place_by_one_event(market: Market, owner: Actor) -> None:
    for number in ("8", "9"):
        add_lot(owner, "wr1", revision(), {"number": number, "name": number, "competition": True})
    lots = Lot.objects.filter(framework__reference="wr1").order_by("position")
    before = list(lots.values_list("number", flat=True))
    assert before[-2:] == ["8", "9"]
    events, read = Event.objects.count(), revision()
    move_lot(owner, "wr1~9", read, "up")
    assert list(lots.values_list("number", flat=True)) == [*before[:-2], "9", "8"]
    event = Event.objects.latest("position")
    assert (event.type, event.changes) == ("framework.changed", {"object": "wr1~9", "fields": ["position"]})
    assert (Event.objects.count(), revision()) == (events + 1, read + 1)
    move_lot(owner, "wr1~9", revision(), "down")
    assert list(lots.values_list("number", flat=True)) == before
    first, last = f"wr1~{before[0]}", "wr1~9"
    assert why(Conflict, lambda: move_lot(owner, first, revision(), "up")) == "It is the first lot."
    assert why(Conflict, lambda: move_lot(owner, last, revision(), "down")) == "It is the last lot."
    for to in ("top", None, ["up"]):
        assert refused(Invalid, partial(move_lot, owner, last, revision(), to)) == [("/to", "unknown_value")]
    assert refused(Stale, lambda: move_lot(owner, last, read, "up")) == []
    assert refused(NotFound, lambda: move_lot(owner, "wr1~99", revision(), "up")) == []
    editor = editor_of("owner")
    assert refused(NotPermitted, lambda: move_lot(editor, last, revision(), "up")) == []


@pytest.mark.parametrize(
    ("remove", "reference", "told"),
    [
        (remove_grade, "wr1~1~g1", "rate cards have it (wr1~oak, wr1~yew)"),
        (
            remove_specialism,
            "wr1~1~1",
            "firms offer it (Ash Research, Elm Evaluation, Oak Advisers and 1 more)",
        ),
        (remove_lot, "wr1~1", "2 suppliers hold places on it (Oak Consortium, Yew Digital)"),
    ],
)
def test_what_others_rest_on_is_not_taken_away_and_they_are_named(
    market: Market, owner: Actor, remove: Callable[[Actor, str, int], None], reference: str, told: str
) -> None:
    drafted(market.buyer)
    refused(Conflict, lambda: remove(owner, reference, 1))
    sentence = why(Conflict, lambda: remove(owner, reference, 1))
    assert told in sentence
    if remove is not remove_specialism:
        assert "requirement" in sentence
