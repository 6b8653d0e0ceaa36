"""What a competition goes through on its way, each step by whoever takes it: planned, published, tendered for, closed
by the clock, opened, scored, ranked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.lifecycles.client import Unplanned, Who, uploaded
from benchmarks.lifecycles.market import MEMBERS
from benchmarks.lifecycles.purchase import Purchase, Steps

CRITERIA: Final = ("method", "social")
RULES: Final[dict[str, Any]] = {
    "criteria": [
        {
            "key": "method",
            "name": "Method",
            "weight": "50",
            "pass_mark": 2,
            "question": "How will you do it?",
        },
        {"key": "social", "name": "Value", "kind": "social_value", "weight": "10", "question": "What else?"},
    ],
    "price_weight": "40",
    "low_price": 60,
}
LOW: Final = "120.00"
"""A day rate far below every card's."""
OUT_DAYS: Final = 14
ANSWER_DAYS: Final = 7
"""More than the three working days that a tenderer has to explain its price."""


@dataclass
class Contest:
    """A competition of `it`: the suppliers that take part in the order in which they were asked, those that have
    tendered, and what each was sent.
    """

    it: Purchase
    suppliers: list[str]
    deadline: datetime
    interest_until: datetime | None = None
    tendered: list[str] = field(default_factory=list)
    disqualified: list[str] = field(default_factory=list)
    invitations: dict[str, str] = field(default_factory=dict)
    tenders: dict[str, str] = field(default_factory=dict)

    # --- the buyer, while it is out -------------------------------------------------------------------------

    def publish(self) -> None:
        """Looks at the preview, publishes, and names who assesses and moderates."""
        it, own = self.it, f"{self.it.own}competition/"
        shown = it.act(it.owner, f"{own}preview/", {})
        assert {one["supplier"]["reference"] for one in shown["invited"]} == set(self.suppliers)
        assert shown["blocking"] == []
        kind = "invitation.interest_asked" if self.interest_until else "invitation.sent"
        events = [kind] * len(self.suppliers)
        it.act(it.owner, f"{own}publish/", {}, *events, "call_off.published", of=it.own)
        for name, part in (("first", "assessor"), ("second", "assessor"), ("moderator", "moderator")):
            said = {"user": it.market.users[it.buyer, name], "part": part}
            it.act(it.owner, f"{it.own}people/", said, "call_off.person_added")
        self._find()

    def invited(self, event: str) -> None:
        """Interest has ended: those that are left are invited."""
        self.it.happened += ["invitation.sent"] * len(self.suppliers) + [event]
        self._find()

    def _find(self) -> None:
        """Each supplier finds what it was sent."""
        for supplier in self.suppliers:
            who = self.it.market.answering(supplier)
            (found,) = self.it.get(who, f"invitations/?call_off={self.it.reference}")["results"]
            self.invitations[supplier] = found["reference"]
            if found["tender"]:
                self.tenders[supplier] = found["tender"]

    def extend(self) -> None:
        """A week more."""
        self.deadline += timedelta(days=7)
        said = {"deadline": self.deadline.isoformat(), "reason": "Many questions."}
        at = self.it.own
        self.it.act(self.it.owner, f"{at}competition/extend/", said, "call_off.extended", of=at)

    def amend(self) -> None:
        """The need is said anew, and all are asked to confirm or to submit anew."""
        it, own = self.it, f"requirements/{self.it.requirement}/"
        said = {"text": "Evaluate a larger service."}
        it.act(it.owner, own, said, of=own, method="PATCH")
        why = {"reason": "The service is larger.", "material": True}
        it.act(it.owner, f"{it.own}competition/amend/", why, "call_off.amended", of=it.own)

    def answer(self) -> None:
        """Every question is answered to all."""
        it = self.it
        for one in it.get(it.owner, f"{it.own}clarifications/")["results"]:
            said = {"answer": "On site, two days a week."}
            it.act(it.owner, f"clarifications/{one['reference']}/answer/", said, "clarification.answered")

    # --- suppliers ------------------------------------------------------------------------------------------

    def who(self, supplier: str) -> Who:
        return self.it.market.answering(supplier)

    def interest(self, supplier: str, interested: bool) -> None:
        at = f"invitations/{self.invitations[supplier]}/interest/"
        self.it.act(self.who(supplier), at, {"interested": interested}, "invitation.interest_expressed")

    def ask(self, supplier: str) -> None:
        at = f"invitations/{self.invitations[supplier]}/clarifications/"
        self.it.act(self.who(supplier), at, {"question": "Where is the work done?"}, "clarification.asked")

    def decline(self, supplier: str) -> None:
        own, why = f"tenders/{self.tenders[supplier]}/", {"reason": "The team is bound elsewhere."}
        at = f"invitations/{self.invitations[supplier]}/decline/"
        self.it.act(self.who(supplier), at, why, "tender.declined", of=own)

    def write(self, supplier: str, rate: str = "") -> None:
        """Writes the tender; of a consortium its other firm does, which the lead lets."""
        it, own, who = self.it, f"tenders/{self.tenders[supplier]}/", self.who(supplier)
        if supplier in MEMBERS:
            shown = it.get(who, own)
            if not shown["drafters"]:
                said: dict[str, Any] = {"partners": [MEMBERS[supplier]]}
                it.act(who, f"{own}drafters/", said, "tender.drafters_named", of=own, method="PUT")
            who = it.market.machines[MEMBERS[supplier]]
        price = rate or f"{it.market.rates[supplier] - it.chance.randrange(60)}.00"
        said = {
            "team": [{"grade": "G3", "days": "10", "rate": price}],
            "answers": dict.fromkeys(CRITERIA, "We ask everybody, and hire nearby."),
        }
        it.act(who, own, said, "tender.drafted", of=own, method="PUT")

    def submit(self, supplier: str) -> None:
        own = f"tenders/{self.tenders[supplier]}/"
        got = self.it.act(self.who(supplier), f"{own}submit/", {}, "tender.submitted", of=own)
        if got["tender"] != self.tenders[supplier]:
            raise Unplanned(f"a receipt for another tender: {got}")
        if supplier not in self.tendered:
            self.tendered.append(supplier)

    def tender(self, supplier: str, rate: str = "") -> None:
        """Reads the invitation, writes, and submits."""
        self.it.act(self.who(supplier), f"tenders/{self.tenders[supplier]}/view/", {}, "tender.viewed")
        self.write(supplier, rate)
        self.submit(supplier)

    def all_tender(self, but: tuple[str, ...] = (), low: str = "") -> None:
        """Everybody that takes part tenders, in an order of their own; `low` at a price that is to be asked about."""
        for supplier in self.it.chance.sample(self.suppliers, len(self.suppliers)):
            if supplier in but:
                continue
            own = f"tenders/{self.tenders[supplier]}/"
            if self.it.get(self.who(supplier), own)["status"] == "invited":
                self.it.act(self.who(supplier), f"{own}view/", {}, "tender.viewed")
            self.write(supplier, LOW if supplier == low else "")
            self.submit(supplier)

    def confirm(self, supplier: str) -> None:
        own = f"tenders/{self.tenders[supplier]}/"
        self.it.act(self.who(supplier), f"{own}confirm/", {}, "tender.confirmed", of=own)

    def withdraw(self, supplier: str) -> None:
        own, why = f"tenders/{self.tenders[supplier]}/", {"reason": "The team is bound elsewhere."}
        self.it.act(self.who(supplier), f"{own}withdraw/", why, "tender.withdrawn", of=own)
        self.tendered.remove(supplier)

    # --- the buyer, afterwards ------------------------------------------------------------------------------

    def disqualify(self, supplier: str, ground: str) -> None:
        own = f"tenders/{self.tenders[supplier]}/"
        why = {"ground": ground, "reason": "It cannot be awarded."}
        self.it.act(self.it.owner, f"{own}disqualify/", why, "tender.disqualified", of=own)
        self.disqualified.append(supplier)

    def reinstate(self, supplier: str) -> None:
        own, why = f"tenders/{self.tenders[supplier]}/", {"reason": "It was disqualified by mistake."}
        self.it.act(self.it.owner, f"{own}reinstate/", why, "tender.reinstated", of=own)
        self.disqualified.remove(supplier)

    def ask_price(self, supplier: str) -> datetime:
        """Asks about the only price that looks abnormally low; until when it may be explained."""
        it = self.it
        (low,) = it.get(it.owner, f"{it.own}low-prices/")["results"]
        assert low["supplier"]["reference"] == supplier
        at = f"tenders/{self.tenders[supplier]}/price-question/"
        it.act(it.owner, at, {"question": "How can it be done for this?"}, "tender.price_asked")
        return it.after(ANSWER_DAYS)

    def explain_price(self, supplier: str) -> None:
        at = f"tenders/{self.tenders[supplier]}/price-question/explain/"
        self.it.act(
            self.who(supplier), at, {"answer": "The team is between contracts."}, "tender.price_answered"
        )

    def accept_price(self, supplier: str) -> None:
        at = f"tenders/{self.tenders[supplier]}/price-question/accept/"
        self.it.act(self.it.owner, at, {"reason": "That is sound."}, "tender.price_accepted")

    def standstill_until(self) -> datetime:
        shown = self.it.get(self.it.owner, f"{self.it.own}competition/")
        return datetime.fromisoformat(shown["standstill_until"])


def planned(
    it: Purchase,
    *,
    value: str = "9000.00",
    interest: bool = False,
    standstill: bool = False,
    document: bool = False,
) -> Contest:
    """A draft with its plan: tenders are due in fourteen days, and interest in three where it is asked for."""
    it.need()
    terms = {"value": value, "expenses": "100.00", "extensions": [{"months": 3, "amount": "500.00"}]}
    it.drafted(terms)
    deadline = it.weekday(OUT_DAYS)
    until = it.after(3, 17) if interest else None
    plan = {
        "rules": RULES | {"assessors": it.chance.choice((1, 2))},
        "interest_until": until.isoformat() if until else None,
        "clarify_until": it.after(7).isoformat(),
        "deadline": deadline.isoformat(),
        "standstill": standstill,
    }
    it.act(it.owner, f"{it.own}competition/", plan, "call_off.edited", of=it.own, method="PUT")
    if document:
        form = uploaded("brief.txt", b"What is needed.")
        it.act(it.owner, f"{it.own}documents/", form, "call_off.document_added")
    return Contest(it, sorted(it.market.on(it.lot)), deadline, until)


def published(it: Purchase, **said: Any) -> Contest:
    """The same, published."""
    at = planned(it, **said)
    at.publish()
    return at


def closed(at: Contest, *events: str) -> Steps:
    """Waits for the deadline, at which it closes by the clock; `events` are what the close leaves before."""
    yield at.deadline
    at.it.happened += [*events, "call_off.closed"]


def opened(at: Contest, *events: str) -> Steps:
    """The same, opened, with everybody's interests declared."""
    yield from closed(at, *events)
    it = at.it
    it.move("open-tenders", {}, "call_off.tenders_opened")
    for name in ("first", "second", "moderator"):
        who = it.market.people[it.buyer, name]
        it.act(who, f"{it.own}declarations/", {"conflict": False}, "call_off.interest_declared")


def assessed(at: Contest, scores: tuple[int, int] = (2, 5)) -> None:
    """Every criterion scored by both assessors, agreed by the moderator, and concluded; scores from the first of
    `scores` up to below the second.
    """
    it = at.it
    people = {name: it.market.people[it.buyer, name] for name in ("first", "second", "moderator")}
    listed = it.get(people["first"], f"tenders/?call_off={it.reference}&status=submitted")["results"]
    found = {one["reference"]: one["supplier"]["reference"] for one in listed}
    standing = [one for one in at.tendered if one not in at.disqualified]
    assert sorted(found.values()) == sorted(standing)
    for reference in sorted(found, key=lambda one: found[one]):
        for criterion in CRITERIA:
            for name in ("first", "second"):
                said = {"criterion": criterion, "score": it.chance.randrange(*scores), "note": "Read."}
                it.act(people[name], f"tenders/{reference}/assessments/", said, "tender.assessed")
            said = {"criterion": criterion, "score": it.chance.randrange(*scores), "reason": "Weighed."}
            it.act(people["moderator"], f"tenders/{reference}/consensus/", said, "tender.agreed")
    it.move("conclude", {}, "call_off.evaluated", who=it.chance.choice((it.owner, people["moderator"])))


def agreed_anew(at: Contest) -> None:
    """The moderator declares a conflict once it is ranked: the second assessor agrees every score instead, and it is
    ranked anew.
    """
    it = at.it
    moderator, other = (it.market.people[it.buyer, name] for name in ("moderator", "second"))
    conflict = {"conflict": True, "note": "A cousin works there."}
    lapsed = ("call_off.interest_declared", "call_off.scores_lapsed")
    it.act(moderator, f"{it.own}declarations/", conflict, *lapsed)
    it.move("evaluate-again", {"reason": "The moderator has a conflict."}, "call_off.evaluation_reopened")
    said = {"user": it.market.users[it.buyer, "second"], "part": "moderator"}
    it.act(it.owner, f"{it.own}people/", said, "call_off.person_added")
    it.act(other, f"{it.own}declarations/", {"conflict": False}, "call_off.interest_declared")
    listed = it.get(other, f"tenders/?call_off={it.reference}&status=submitted")["results"]
    for reference in sorted(one["reference"] for one in listed):
        for criterion in CRITERIA:
            said = {"criterion": criterion, "score": it.chance.randrange(2, 5), "reason": "Weighed anew."}
            it.act(other, f"tenders/{reference}/consensus/", said, "tender.agreed")
    it.move("conclude", {}, "call_off.evaluated")


def evaluated(at: Contest, *events: str) -> Steps:
    """From out to ranked."""
    yield from opened(at, *events)
    assessed(at)


def ranked_first(at: Contest) -> str:
    """The supplier whose tender ranks first, by the buyer's own reading of the ranking."""
    rows = at.it.get(at.it.owner, f"{at.it.own}ranking/")["rows"]
    (first,) = [one["supplier"]["reference"] for one in rows if one["rank"] == 1]
    return str(first)
