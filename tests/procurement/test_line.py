"""The route as a line: for every status of both routes one station is at hand or the line has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.available import Bar, Purchase, Turn, call_off_steps
from procurement.line import Line, line_of, optional, path, way
from procurement.states import CALL_OFFS, Part

ROUTES = ("direct_award", "competition")
PLACES = [
    (route, status) for route in ROUTES for status in (*path(route), "cancelled", "unsuccessful")
]  # fmt: skip
DUE = datetime(2026, 3, 4, tzinfo=UTC)


def standing(route: str, status: str, **more: Any) -> Purchase:
    stations = path(route)
    passed = stations[: stations.index(status) + 1] if status in stations else stations[:3]
    return Purchase(**({"route": route, "status": status, "passed": passed, "left": 1} | more))


def drawn(line: Line) -> list[tuple[str, str]]:
    return [(one.status, one.place) for one in line.stations]


def test_the_stations_of_a_route_are_the_statuses_between_its_first_and_the_contract() -> None:
    assert path("direct_award") == ("draft", "approved", "out", "awarded", "contracted")
    assert path("competition") == (
        "draft", "approved", "out", "closed", "evaluating", "evaluated", "intention", "awarded", "contracted",
    )  # fmt: skip
    assert optional("direct_award") == {"approved"}
    assert optional("competition") == {"approved", "intention"}


@given(
    place=st.sampled_from(PLACES),
    approval_asked=st.booleans(),
    missing=st.booleans(),
    offer=st.sampled_from([None, "sent", "viewed", "accepted"]),
    signed=st.frozensets(st.sampled_from([Part.OWNER, Part.LEAD])),
    due=st.sampled_from([None, DUE]),
    past=st.booleans(),
    left=st.integers(min_value=0, max_value=2),
    skipped=st.frozensets(st.sampled_from(["approved", "intention"])),
)
def test_one_station_is_at_hand_or_the_line_has_ended(
    place: tuple[str, str],
    approval_asked: bool,
    missing: bool,
    offer: str | None,
    signed: frozenset[Part],
    due: datetime | None,
    past: bool,
    left: int,
    skipped: frozenset[str],
) -> None:
    route, status = place
    passed = tuple(one for one in standing(route, status).passed if one not in skipped - {status})
    line = line_of(Purchase(route, status, approval_asked, missing, offer, left, due, past, signed, passed))
    places = [one.place for one in line.stations]
    assert places.count("here") == (line.ended is None)
    assert (line.ended is None) is (status not in CALL_OFFS.last)
    last = next((at for at, one in enumerate(places) if one != "done"), len(places))
    assert places[:last] == ["done"] * last
    assert set(places[last + 1 :]) <= {"ahead"}
    if line.ended is None:
        assert line.stations[last].status == status
        assert {one for one in line.stations[:last] if one.status in skipped} == set()
        assert line.next.who or signed == {Part.OWNER, Part.LEAD}
    else:
        assert line.next.who == ()
        assert places[-1] == ("done" if status == "contracted" else "ended")
    order = [one.status for one in line.stations]
    assert order == [one for one in path(route) if one in order]


@given(
    route=st.sampled_from(ROUTES),
    chosen=st.lists(st.integers(min_value=0, max_value=20), max_size=30),
)
def test_the_way_is_read_from_the_events_whatever_steps_were_taken(route: str, chosen: list[int]) -> None:
    status, kinds = CALL_OFFS.first, []
    for number in chosen:
        steps = [one for one in CALL_OFFS.transitions if status in one.sources and one.route in (None, route)]
        if not steps:
            break
        step = steps[number % len(steps)]
        kinds.append(step.event)
        status = step.target or status
    found = way(kinds, route)
    assert found[-1] == status
    assert found[0] == "draft"
    order = list(CALL_OFFS.labels)
    assert list(found) == sorted(set(found), key=order.index)
    line = line_of(Purchase(route, status, passed=found))
    assert line.ended == (status if status in CALL_OFFS.last else None)


def test_events_that_are_no_step_change_nothing() -> None:
    assert way(["call_off.drafted", "call_off.person_added", "offer.sent", "offer.viewed"], "direct_award") == (
        "draft", "out",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "more", "who", "steps", "by"),
    [
        ("draft", {}, (Part.OWNER,), ("send_offer",), None),
        ("draft", {"approval_asked": True}, (Part.APPROVER,), ("approve",), None),
        ("draft", {"approval_asked": True, "sent_back": True}, (Part.OWNER,), ("edit", "ask_approval"), None),
        ("draft", {"approval_asked": True, "sent_back": True, "left": 0}, (Part.OWNER,), ("edit",), None),
        (
            "draft",
            {"approval_asked": True, "sent_back": True, "plan": ("propose",)},
            (Part.OWNER,),
            ("edit",),
            None,
        ),
        ("draft", {"sent_back": True}, (Part.OWNER,), ("send_offer",), None),
        ("out", {"approval_missing": True, "sent_back": True}, (Part.OWNER,), ("ask_approval",), None),
        ("approved", {"approval_asked": True}, (Part.OWNER,), ("send_offer",), None),
        ("out", {"offer": "sent", "due": DUE}, (Part.LEAD,), ("accept", "decline"), DUE),
        ("out", {"offer": "viewed", "due": DUE}, (Part.LEAD,), ("accept", "decline"), DUE),
        ("out", {"offer": "accepted"}, (Part.OWNER,), ("award",), None),
        ("out", {}, (Part.OWNER,), ("send_offer",), None),
        ("out", {"left": 0}, (Part.OWNER,), ("cancel", "fail"), None),
        ("out", {"left": 0, "offer": "accepted"}, (Part.OWNER,), ("award",), None),
        ("out", {"left": 0, "offer": "sent", "due": DUE}, (Part.LEAD,), ("accept", "decline"), DUE),
        ("out", {"offer": "sent", "due": DUE, "past": True}, (Part.SYSTEM,), (), DUE),
        ("draft", {"left": 0, "approval_asked": True}, (Part.OWNER,), ("edit",), None),
        ("approved", {"left": 0}, (Part.OWNER,), ("edit",), None),
        ("draft", {"mending": ("edit",), "approval_asked": True}, (Part.OWNER,), ("edit",), None),
        ("out", {"mending": ("edit",)}, (Part.OWNER,), ("cancel", "fail"), None),
        ("out", {"mending": ("edit",), "offer": "accepted"}, (Part.OWNER,), ("award",), None),
        (
            "out",
            {"barred": Bar.OF_SUPPLIER, "offer": "accepted"},
            (Part.OWNER,),
            ("withdraw", "cancel"),
            None,
        ),
        ("out", {"barred": Bar.OF_CALL_OFF, "offer": "accepted"}, (Part.OWNER,), ("cancel",), None),
        ("awarded", {"barred": Bar.OF_SUPPLIER}, (Part.APPROVER,), ("undo",), None),
        ("awarded", {"barred": Bar.OF_CALL_OFF}, (Part.OWNER,), ("cancel",), None),
        ("approved", {"approval_missing": True}, (Part.OWNER,), ("edit",), None),
        ("awarded", {}, (Part.OWNER, Part.LEAD), ("sign",), None),
        ("awarded", {"signed": frozenset({Part.OWNER})}, (Part.LEAD,), ("sign",), None),
        ("awarded", {"barred": Bar.OF_NOTICE}, (Part.OWNER,), ("publish_notice",), None),
        (
            "awarded",
            {"barred": Bar.OF_NOTICE, "telling": ("set_indicators",)},
            (Part.OWNER,),
            ("set_indicators",),
            None,
        ),
        (
            "contracted",
            {"to_publish": True, "publish_by": DUE, "telling": ("assess",)},
            (Part.OWNER,),
            ("assess",),
            DUE,
        ),
        ("contracted", {}, (), (), None),
        ("contracted", {"to_publish": True, "publish_by": DUE}, (Part.OWNER,), ("publish_notice",), DUE),
        ("cancelled", {}, (), (), None),
    ],
)
def test_who_acts_next_in_a_direct_award(
    status: str, more: dict[str, Any], who: tuple[Part, ...], steps: tuple[str, ...], by: datetime | None
) -> None:
    turn = line_of(standing("direct_award", status, **more)).next
    assert (turn.who, turn.steps, turn.by) == (who, steps, by)


SCORED = Turn((Part.ASSESSOR,), ("declare", "assess"))
EXPLAINED = Turn((Part.LEAD,), ("answer_price",), DUE)
AGAIN = Turn((Part.OWNER, Part.MODERATOR), ("evaluate_again",))
ENDED = Turn((Part.OWNER,), ("cancel", "fail"))


@pytest.mark.parametrize(
    ("status", "more", "turn"),
    [
        ("draft", {}, Turn((Part.OWNER,), ("publish",))),
        ("out", {"due": DUE}, Turn((Part.LEAD,), ("draft", "submit"), DUE)),
        ("out", {"due": DUE, "asking": True}, Turn((Part.LEAD,), ("express_interest",), DUE)),
        ("out", {"due": DUE, "past": True}, Turn((Part.SYSTEM,), (), DUE)),
        ("closed", {}, Turn((Part.OWNER,), ("open_tenders",))),
        ("evaluating", {"unscored": SCORED}, SCORED),
        ("evaluating", {}, Turn((Part.OWNER, Part.MODERATOR), ("conclude",))),
        ("evaluated", {}, Turn((Part.OWNER,), ("intend", "award"))),
        ("evaluated", {"held": True}, Turn((Part.OWNER,), ("intend",))),
        ("evaluated", {"low_unsettled": EXPLAINED}, EXPLAINED),
        ("evaluated", {"low_unsettled": EXPLAINED, "approval_missing": True}, EXPLAINED),
        ("evaluated", {"approval_missing": True, "sent_back": True}, Turn((Part.OWNER,), ("ask_approval",))),
        ("evaluated", {"approval_missing": True, "sent_back": True, "low_unsettled": EXPLAINED}, EXPLAINED),
        ("intention", {"approval_missing": True, "sent_back": True}, Turn((Part.OWNER,), ("ask_approval",))),
        ("evaluated", {"uncounted": True}, AGAIN),
        ("evaluated", {"uncounted": True, "unranked": True, "low_unsettled": EXPLAINED}, AGAIN),
        ("evaluated", {"uncounted": True, "barred": Bar.OF_SUPPLIER, "approval_missing": True}, AGAIN),
        ("intention", {"uncounted": True, "held": True}, Turn((Part.APPROVER,), ("undo",))),
        ("evaluated", {"unranked": True}, ENDED),
        ("evaluated", {"unranked": True, "low_unsettled": EXPLAINED}, ENDED),
        ("evaluated", {"barred": Bar.OF_CALL_OFF}, ENDED),
        ("evaluated", {"barred": Bar.OF_SUPPLIER}, Turn((Part.OWNER,), ("disqualify", "cancel", "fail"))),
        ("intention", {}, Turn((Part.OWNER,), ("award",))),
        ("intention", {"held": True, "held_until": DUE}, Turn((Part.SYSTEM,), (), DUE)),
        ("intention", {"held": True, "to_publish": True}, Turn((Part.OWNER,), ("publish_notice",))),
        ("intention", {"to_publish": True}, Turn((Part.OWNER,), ("award",))),
        ("intention", {"barred": Bar.OF_SUPPLIER, "held": True}, Turn((Part.APPROVER,), ("undo",))),
        ("intention", {"barred": Bar.OF_CALL_OFF}, Turn((Part.OWNER,), ("cancel",))),
        ("awarded", {"barred": Bar.OF_SUPPLIER, "to_publish": True}, Turn((Part.APPROVER,), ("undo",))),
        ("awarded", {"barred": Bar.OF_NOTICE, "to_publish": True}, Turn((Part.OWNER,), ("publish_notice",))),
    ],
)
def test_who_acts_next_in_a_competition(status: str, more: dict[str, Any], turn: Turn) -> None:
    assert line_of(standing("competition", status, **more)).next == turn


@given(
    place=st.sampled_from(PLACES),
    more=st.fixed_dictionaries(
        {
            "approval_asked": st.booleans(),
            "approval_missing": st.booleans(),
            "offer": st.sampled_from([None, "sent", "viewed", "accepted"]),
            "left": st.integers(min_value=0, max_value=1),
            "unscored": st.sampled_from([None, SCORED]),
            "uncounted": st.booleans(),
            "unranked": st.booleans(),
            "low_unsettled": st.sampled_from([None, EXPLAINED]),
            "held": st.booleans(),
            "to_publish": st.booleans(),
            "barred": st.sampled_from([None, *Bar]),
            "mending": st.sampled_from([(), ("edit",)]),
            "sent_back": st.booleans(),
        }
    ),
)
def test_no_step_of_a_call_off_is_next_that_is_not_offered_to_whom_it_names(
    place: tuple[str, str], more: dict[str, Any]
) -> None:
    route, status = place
    if status == "draft":
        # Nothing has gone out: what the limit asks for is what is missing.
        more["approval_missing"] = more["approval_asked"]
    if more["barred"] == Bar.OF_NOTICE and status != "awarded":
        # It bars a contract that waits for its signatures.
        more["barred"] = None
    if status == "intention":
        # Nobody is told of an intention before these are settled.
        more["unranked"], more["low_unsettled"] = False, None
    if route == "direct_award" and status != "out":
        more["offer"] = "accepted" if status == "awarded" else None
    elif route == "direct_award" and more["offer"]:
        # The next order form, which an approval is asked for, is none while one is open.
        more["approval_missing"] = False
    purchase = standing(route, status, **more)
    turn = line_of(purchase).next
    # Once it is awarded a notice is published by a step of its contract.
    elsewhere = {"publish_notice"} if status in ("awarded", "contracted") else set()
    for part in turn.who:
        known = (set(CALL_OFFS.names) & set(turn.steps)) - elsewhere
        assert known <= set(call_off_steps(purchase, (part,), wrote=False)), (turn, part)


@pytest.mark.parametrize("steps", [("plan",), ("edit", "plan")])
def test_what_breaks_a_rule_of_a_competition_is_said_anew_before_it_is_approved_or_published(
    steps: tuple[str, ...],
) -> None:
    for status in ("draft", "approved"):
        turn = line_of(standing("competition", status, mending=steps, approval_asked=True)).next
        assert (turn.who, turn.steps) == ((Part.OWNER,), steps)


def test_between_a_deadline_and_the_clock_no_supplier_is_waited_for() -> None:
    turn = line_of(standing("competition", "out", due=DUE, past=True)).next
    assert (turn.who, turn.steps, turn.by) == ((Part.SYSTEM,), (), DUE)


@pytest.mark.parametrize("status", ["evaluated", "intention"])
def test_the_approver_acts_next_where_what_ranks_first_needs_an_approval(status: str) -> None:
    turn = line_of(standing("competition", status, approval_missing=True)).next
    assert (turn.who, turn.steps) == ((Part.APPROVER,), ("approve",))


def test_a_line_that_ended_shows_where() -> None:
    kinds = [
        "call_off.drafted",
        "offer.sent",
        "call_off.awarded",
        "call_off.award_undone",
        "call_off.cancelled",
    ]
    line = line_of(Purchase("direct_award", "cancelled", passed=way(kinds, "direct_award")))
    assert (drawn(line), line.ended) == ([("draft", "done"), ("out", "ended")], "cancelled")
    line = line_of(Purchase("direct_award", "cancelled", passed=way(["call_off.cancelled"], "direct_award")))
    assert drawn(line) == [("draft", "ended")]


def test_an_approval_stands_on_the_line_where_it_is_asked_for_or_was_given() -> None:
    line = line_of(Purchase("direct_award", "draft", approval_asked=True, passed=("draft",)))
    assert drawn(line)[:2] == [("draft", "here"), ("approved", "ahead")]
    line = line_of(Purchase("direct_award", "out", passed=("draft", "out")))
    assert drawn(line)[:2] == [("draft", "done"), ("out", "here")]
    line = line_of(Purchase("direct_award", "out", passed=("draft", "approved", "out")))
    assert drawn(line)[1] == ("approved", "done")
