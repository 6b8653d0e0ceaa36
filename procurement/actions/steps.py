"""May this step be taken now, and by this actor: what every action asks of its table in states.py before it writes."""

from __future__ import annotations

from collections.abc import Collection

from procurement.errors import Conflict, NotPermitted
from procurement.states import Machine, Part, Transition


def allowed(
    machine: Machine, name: str, status: str, parts: Collection[Part], told: str, route: str | None = None
) -> Transition:
    """The step of that name out of that status, for somebody with these parts.

    Raises NotPermitted, which says who, where somebody else takes it; Conflict, with what was `told` of the status,
    where it does not lead out of it.
    """
    step = machine.step(name, status, route)
    if step is not None:
        who = step.who
    else:
        who = frozenset(part for one in machine.transitions if one.name == name for part in one.who)
    if who.isdisjoint(parts):
        raise not_theirs(name.replace("_", " "), who)
    if step is None:
        raise Conflict(told)
    return step


def not_theirs(what: str, who: Collection[Part]) -> NotPermitted:
    """That the actor may not do this, and who may: the clock only where nobody else does."""
    people = frozenset(who) - {Part.SYSTEM} or {Part.SYSTEM}
    named = " or the ".join(str(part) for part in Part if part in people)
    return NotPermitted(f"You may not do this: {what}. The {named} may.")
