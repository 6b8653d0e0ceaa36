"""docs/states.md, written from the tables of states.py: a diagram and a table for each kind of object.

Pure. `manage.py states_document` writes it (`make schema`), a test holds the committed copy against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from procurement.models.call_offs import CallOff
from procurement.states import Machine, Part, Transition

ROUTES: Final = dict(CallOff.Route.choices)

HEAD: Final = """\
# How a purchase moves, how a firm joins, how a rate card changes

Written by `make schema` from `procurement/states.py`; a test compares the two, so this is what the code does. A step is
refused with 409 out of any status that it does not stand beside, and with 403 to whoever is not named. Steps of the
system are the clock's, or follow from another step. Rules that a step must meet beside its status are in
`procurement/rules.py`.
"""


def document(machines: Iterable[Machine]) -> str:
    """The whole document as Markdown."""
    return "\n".join([HEAD, *(line for machine in machines for line in _section(machine))]).rstrip() + "\n"


def _section(machine: Machine) -> Iterator[str]:
    yield f"## {machine.kind.replace('_', '-').capitalize()}"
    yield ""
    used = {one.route for one in machine.transitions}
    routes = [route for route in ROUTES if route in used]
    if routes:
        for route in routes:
            yield f"### {ROUTES[route]}"
            yield ""
            yield from _diagram(machine, route)
    else:
        yield from _diagram(machine, None)
    yield from _table(machine, with_route=bool(routes))


def _diagram(machine: Machine, route: str | None) -> Iterator[str]:
    steps = [one for one in machine.transitions if route is None or one.route in (None, route)]
    known = {machine.first} | {one.target for one in steps if one.target}
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status, label in machine.labels.items():
        if status in known:
            yield f"    {status}: {label}"
    yield f"    [*] --> {machine.first}"
    for one in steps:
        for source in _ordered(machine, one.sources & known):
            yield f"    {source} --> {one.target or source}: {_named(one)}"
    for status in _ordered(machine, machine.last & known):
        yield f"    {status} --> [*]"
    yield "```"
    yield ""


def _table(machine: Machine, *, with_route: bool) -> Iterator[str]:
    head = ["step", "from", "to", "who", "event", "what it means"]
    if with_route:
        head.insert(1, "route")
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for one in machine.transitions:
        cells = [
            f"`{one.name}`",
            ", ".join(machine.labels[status] for status in _ordered(machine, one.sources)),
            machine.labels[one.target] if one.target else "as it is",
            ", ".join(part.value for part in Part if part in one.who),
            f"`{one.event}`",
            one.meaning,
        ]
        if with_route:
            cells.insert(1, ROUTES[one.route] if one.route else "both")
        yield f"| {' | '.join(cells)} |"
    ends = ", ".join(machine.labels[status] for status in _ordered(machine, machine.last))
    yield ""
    yield f"Nothing leads out of: {ends or 'none'}."
    yield ""


def _ordered(machine: Machine, statuses: Iterable[str]) -> list[str]:
    found = set(statuses)
    return [status for status in machine.labels if status in found]


def _named(step: Transition) -> str:
    return step.name.replace("_", " ")
