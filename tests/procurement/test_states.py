"""The tables of states: sound in themselves, and told in docs/states.md as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from procurement.event_types import EVENT_TYPES
from procurement.states import MACHINES, Machine
from procurement.states_document import document

STANDS = {"outcome_plan": {"agreed"}, "tender": {"successful"}}
"""What ends by another table: a plan of outcomes stands once its call-off goes out, a tender once it has ended."""
DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"


@pytest.mark.parametrize("machine", list(MACHINES.values()), ids=list(MACHINES))
def test_a_table_names_known_statuses_and_events_and_each_step_once(machine: Machine) -> None:
    known = set(machine.labels)
    seen = set()
    for step in machine.transitions:
        assert step.sources <= known, step.name
        assert step.target in known | {""}, step.name
        assert step.who, step.name
        assert step.event in EVENT_TYPES, step.event
        for source in step.sources:
            assert (step.name, source, step.route) not in seen, (step.name, source)
            seen.add((step.name, source, step.route))
    assert machine.first in known
    assert bool(machine.last) is (machine.kind not in STANDS)


@pytest.mark.parametrize("machine", list(MACHINES.values()), ids=list(MACHINES))
def test_every_status_can_be_reached_and_an_end_from_each(machine: Machine) -> None:
    found = {machine.first}
    for _ in machine.labels:
        found |= {one.target or source for one in machine.transitions for source in one.sources & found}
    assert found == set(machine.labels)
    ending = set(machine.last) | STANDS.get(machine.kind, set())
    for _ in machine.labels:
        ending |= {source for one in machine.transitions if one.target in ending for source in one.sources}
    assert ending == set(machine.labels)


def test_the_document_is_what_the_tables_say() -> None:
    told = document(MACHINES.values())
    assert DOCUMENT.read_text(encoding="utf-8") == told, "`make schema` writes docs/states.md anew"
    for machine in MACHINES.values():
        for step in machine.transitions:
            assert f"| `{step.name}` |" in told
