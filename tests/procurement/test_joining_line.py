"""An application as a line: one station is at hand or it has ended; whoever is next may act."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from procurement.joining_line import LEAD_ALONE, Application, joining_line, joining_steps, stations
from procurement.states import JOININGS, Part

PLACES = [
    (alone, status)
    for alone in (True, False)
    for status in JOININGS.labels
    if status in (*stations(alone), "refused", "withdrawn")
]


def standing(alone: bool, status: str, passed: int = 2) -> Application:
    route = stations(alone)
    way = route[: route.index(status) + 1] if status in route else route[:passed]
    return Application(status, alone, way)


def test_a_firm_by_itself_has_no_station_of_the_leads() -> None:
    assert stations(False) == ("draft", "submitted", "agreed", "checked", "joined")
    assert stations(True) == ("draft", "submitted", "checked", "joined")


@given(place=st.sampled_from(PLACES), passed=st.integers(1, 3))
def test_one_station_is_at_hand_or_the_line_has_ended(place: tuple[bool, str], passed: int) -> None:
    alone, status = place
    application = standing(alone, status, passed)
    line = joining_line(application)
    places = [one.place for one in line.stations]
    assert places.count("here") == (line.ended is None)
    assert (line.ended is None) is (status not in JOININGS.last)
    last = next((at for at, one in enumerate(places) if one != "done"), len(places))
    assert places[:last] == ["done"] * last
    assert set(places[last + 1 :]) <= {"ahead"}
    if line.ended is None:
        assert line.stations[last].status == status
        assert [one.status for one in line.stations] == list(stations(alone))
        assert line.next.who
    else:
        assert line.ended == status
        assert (line.next.who, line.next.steps) == ((), ())
        assert places[-1] == ("done" if status == "joined" else "ended")
        if status != "joined":
            assert [one.status for one in line.stations] == list(stations(alone))[:passed]


@given(place=st.sampled_from(PLACES))
def test_whoever_acts_next_may_and_nobody_else_brings_it_on(place: tuple[bool, str]) -> None:
    alone, status = place
    application = standing(alone, status)
    turn = joining_line(application).next
    for part in Part:
        offered = set(joining_steps(application, {part})) & set(turn.steps)
        assert bool(offered) is (part in turn.who)


@given(
    place=st.sampled_from(PLACES),
    parts=st.frozensets(st.sampled_from([Part.MEMBER, Part.LEAD, Part.FRAMEWORK_OWNER, Part.OWNER])),
)
def test_steps_are_those_of_the_table_but_for_what_the_lead_comes_before(
    place: tuple[bool, str], parts: frozenset[Part]
) -> None:
    alone, status = place
    steps, table = joining_steps(standing(alone, status), parts), JOININGS.available(status, parts)
    if alone:
        assert steps == [
            name for name in table if any(
                one.name == name and status in one.sources and one.who != LEAD_ALONE and one.who & parts
                for one in JOININGS.transitions
            )
        ]  # fmt: skip
    else:
        assert steps == [name for name in table if (name, status) != ("check", "submitted")]


@given(alone=st.booleans())
def test_step_by_step_by_whoever_is_next_it_comes_to_belong(alone: bool) -> None:
    status, met = JOININGS.first, []
    while status != "joined":
        turn = joining_line(standing(alone, status)).next
        step = JOININGS.step(turn.steps[0], status)
        assert step is not None
        assert len(turn.steps) == 1
        met.append(status)
        status = step.target
    assert (*met, "joined") == stations(alone)
