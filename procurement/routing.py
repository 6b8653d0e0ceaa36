"""From a sketch of a purchase to the ways that lots leave open for it, before anything is written down.

Journey: the guided finder (web/finder.py) asks few questions -> here, by the very rules that a call-off is asked by
(rules.py) -> one lot and one route with why, and why not the others. Pure; money in pence without VAT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from procurement.errors import Fault
from procurement.models import CallOff, Lot, Organisation
from procurement.requirements import RequirementContent
from procurement.rules import buyer_faults, open_faults, route_faults, term_faults, value_faults
from procurement.terms import Terms

Route = CallOff.Route


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is known of a purchase before it is one: the class of buyer (a slug of BUYER_CLASSES), what it may come to
    in pence without VAT, its first day and its months; None where that is not known yet.
    """

    buyer_class: str
    total: int | None = None
    starts_on: date | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """What each route of a lot would break, by route; `route` is the one to take, "" where there is none.

    A direct award is offered where the lot allows one and the total is known to be below its cap, else a competition.
    """

    lot: Lot
    against: dict[str, tuple[Fault, ...]]

    @property
    def open(self) -> tuple[str, ...]:
        """The routes that break nothing."""
        return tuple(route for route, faults in self.against.items() if not faults)

    @property
    def route(self) -> str:
        return next(iter(self.open), "")

    @property
    def why_not(self) -> tuple[str, ...]:
        """Why no route is open: what stands against every route, else what stands against each; () where one is."""
        if self.open:
            return ()
        told = [dict.fromkeys(one.message for one in faults) for faults in self.against.values()]
        always = [one for one in told[0] if all(one in each for each in told)]
        return tuple(always or dict.fromkeys(one for each in told for one in each))


def ways_of(lot: Lot, sketch: Sketch, on: date) -> Ways:
    """The ways of a lot, fetched with its framework, as of a day."""
    buyer = Organisation(name="A body of this class", buyer_class=sketch.buyer_class)
    content = RequirementContent(starts_on=sketch.starts_on or on, months=sketch.months or 1)
    always = (
        *open_faults(lot.framework, lot, on),
        *buyer_faults(buyer, lot.framework),
        *term_faults(lot, content, Terms(), on),
    )
    return Ways(
        lot,
        {
            route: (*always, *_of_route(lot, route, sketch.total))
            for route in (Route.DIRECT_AWARD, Route.COMPETITION)
        },
    )


def _of_route(lot: Lot, route: str, total: int | None) -> Iterable[Fault]:
    yield from route_faults(lot, route)
    if total is not None:
        yield from value_faults(lot, route, total)
    elif route == Route.DIRECT_AWARD and lot.direct_award and lot.direct_award_cap_pence is not None:
        message = "A direct award has a cap here: say what it may come to."
        yield Fault("/terms/value", "required", message)
