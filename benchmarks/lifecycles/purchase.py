"""One call-off on its planned way: who takes part, what was answered, and what is to stand in its history afterwards.

An ending (direct.py, competitions.py) is a generator over a Purchase: each step is asked of the API and says which
events it must leave, in their order; where it yields a moment it goes on once the clock has passed that.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.lifecycles.client import Answer, Client, Unplanned, Who
from benchmarks.lifecycles.market import FRAMEWORK, Market

Steps = Iterator[datetime]
LONDON: Final = ZoneInfo("Europe/London")
API: Final = "/api/v1/"
STALE: Final = 412


@dataclass(frozen=True, slots=True)
class Ending:
    """A row of the plan: its name, how it is driven, and the status that the call-off ends in; `contract` is the status
    of the contract that stands then, "" for none.
    """

    name: str
    route: str
    drive: Callable[[Purchase], Steps]
    status: str
    contract: str = ""


@dataclass
class Purchase:
    """A call-off of `buyer` on `lot`; `owner` is who moves it, an integration or an editor who signs in."""

    ending: Ending
    market: Market
    client: Client
    chance: random.Random
    buyer: str
    lot: str
    reference: str = ""
    requirement: str = ""
    contract: str = ""
    happened: list[str] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    def __post_init__(self) -> None:
        machine, person = self.market.machines[self.buyer], self.market.people[self.buyer, "editor"]
        self.owner = self.chance.choice((machine, person))
        self.approver = self.market.people[self.buyer, "approver"]

    # --- asking ---------------------------------------------------------------------------------------------

    def get(self, who: Who, path: str) -> Any:
        """The body at a path of the API."""
        return self.client.ask(who, "GET", API + path).body

    def act(
        self, who: Who, path: str, body: Any, *events: str, of: str = "", method: str = "POST",
    ) -> Any:  # fmt: skip
        """Takes a step, for which the ETag of the object at `of` is asked for where it is named; the body that is
        answered. Whoever has read an older state reads it anew and tries once more.
        """
        answer = self._sent(who, method, path, body, of)
        if of and answer.status == STALE:
            self.etags.pop(of)
            answer = self._sent(who, method, path, body, of)
        if answer.status == STALE:
            raise Unplanned(f"{method} {path}: stale twice")
        if of and answer.etag:
            self.etags[of] = answer.etag
        self.happened += events
        return answer.body

    def _sent(self, who: Who, method: str, path: str, body: Any, of: str) -> Answer:
        if of and of not in self.etags:
            self.etags[of] = self.client.ask(who, "GET", API + of).etag
        wanted = (200, 201, 204, STALE) if of else (200, 201, 204)
        return self.client.ask(who, method, API + path, body, etag=self.etags.get(of, ""), wanted=wanted)

    def move(self, name: str, body: Any, *events: str, who: Who | None = None) -> Any:
        """A step of the call-off itself, which must be among those that it says are open to who takes it."""
        who = who or self.owner
        shown = self.client.ask(who, "GET", f"{API}{self.own}")
        self.etags[self.own] = shown.etag
        step = {"offers": "send_offer"}.get(name, name.replace("-", "_"))
        if step not in shown.body["available_actions"]:
            raise Unplanned(f"{self.reference}: {step} is not among {shown.body['available_actions']}")
        return self.act(who, f"{self.own}{name}/", body, *events, of=self.own)

    @property
    def own(self) -> str:
        """The call-off's path."""
        return f"call-offs/{self.reference}/"

    # --- time -----------------------------------------------------------------------------------------------

    def after(self, days: int, hour: int = 12) -> datetime:
        """So many days ahead at that hour in London."""
        day = self.client.clock.now().astimezone(LONDON).date() + timedelta(days=days)
        return datetime.combine(day, time(hour), LONDON)

    def weekday(self, days: int, hour: int = 12) -> datetime:
        """The same, or the Monday after where that is a weekend."""
        found = self.after(days, hour)
        return found + timedelta(days=max(0, 7 - found.isoweekday()) + 1 if found.isoweekday() > 5 else 0)

    # --- what both routes begin with ------------------------------------------------------------------------

    def need(self, days: str = "10", ahead: int = 90) -> None:
        """Says what is needed: so many days of a senior consultant, some time ahead."""
        lot = f"{FRAMEWORK}~{self.lot}"
        content = {
            "text": "Evaluate a service for people who look for work.",
            "framework": FRAMEWORK,
            "lot": lot,
            "specialisms": [f"{lot}~1"],
            "starts_on": self.after(ahead).date().isoformat(),
            "months": 6,
            "team": [{"grade": "G3", "days": days}],
        }
        self.requirement = self.act(self.owner, "requirements/", content)["reference"]

    def drafted(self, terms: dict[str, Any], shortlist: str | None = None) -> None:
        """Begins the call-off."""
        said = {"title": f"Evaluation ({self.ending.name})", "route": self.ending.route}
        said |= {"requirement": self.requirement, "terms": terms}
        if shortlist:
            said["shortlist"] = shortlist
        self.reference = self.act(self.owner, "call-offs/", said, "call_off.drafted")["reference"]

    # --- what both routes end with --------------------------------------------------------------------------

    def awarded(self, *events: str) -> str:
        """Awards; the supplier whose contract is to be signed."""
        shown = self.move("award", {"conflicts": "None known."}, *events, "call_off.awarded")
        made = shown["contract"]
        assert made["status"] == "unsigned"
        self.contract = made["reference"]
        return str(made["supplier"])

    def signed(self, supplier: str) -> None:
        """Both sides sign, in either order, and the buyer says what it calls the contract."""
        sides = [self.owner, self.market.answering(supplier)]
        self.chance.shuffle(sides)
        at = f"contracts/{self.contract}/"
        self.act(sides[0], f"{at}sign/", {}, "contract.signed", of=at)
        ended = ("contract.signed", "contract.concluded", "call_off.contracted")
        self.act(sides[1], f"{at}sign/", {}, *ended, of=at)
        names = {"identifiers": {"purchase_order": f"PO-{self.reference}"}}
        self.act(self.owner, at, names, "contract.identified", of=at, method="PATCH")
