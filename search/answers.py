"""A match's answer as JSON values: what the API gives, the page shows and procurement/actions/matches.py keeps.

Money is decimal strings without VAT; scores are from 0 to 1; `adds` is what the score of the text would lack.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import orjson

from procurement.models import RateCard
from procurement.pricing import money
from procurement.quotes import Quote
from procurement.requirements import RequirementContent
from search.engines.matching_base import NO_TOTAL, Covered, Gathered, RuledOut
from search.engines.suggestions import Labels
from search.explaining import Why
from search.lots import FittingLot, Named
from search.meaning import Model
from search.need import Need, Pair, says_something
from search.ranks import Ranked, percentile_of
from search.role_prices import RolePrices

WORDS_TOLD: Final = 20
RULES_TOLD: Final = 5_000
"""So many failed rules are told with the ruled out, of whom none is told in part: a need of a hundred must-haves
would else fill a hundred megabytes.
"""
MUST_HAVE: Final = "must_have"
CARD: Final = ("currency", "card", "version", "basis")
NO_CARD: Final = "There is no rate card."
NO_RATE: Final = "Not every grade of the team has one rate a day here: state the lot and the work type."
HOURLY: Final = "Its card is by the hour, so days are not priced here: a quote takes the hours of a day."
WORDS_ALONE: Final = "Matched by words alone: there is no model of meaning that made this index's vectors."

SAYS_NOTHING: Final = "The text has no word that says what is needed: nobody is ranked by it."
UNFOUND: Final = "No word of the text stands in any listing: nobody is ranked by it."
UNRANKED: Final = "There is nothing to rank by, so the listings stand in a fair order that the seed draws."


@dataclass(frozen=True, slots=True)
class Told:
    """Tells a match in JSON values."""

    content: RequirementContent
    need: Need
    gathered: Gathered
    labels: Labels
    understood: Model | None
    prices: RolePrices = field(default_factory=RolePrices)

    def answer(
        self,
        shown: Sequence[Ranked],
        explained: Sequence[Why] | None,
        fits: tuple[list[Named], list[FittingLot]],
    ) -> dict[str, Any]:
        """The whole answer. `count` in it is how many were ranked, `eligible` how many could have been."""
        need, gathered, labels = self.need, self.gathered, self.labels
        whys: Sequence[Why | None] = explained if explained is not None else [None] * len(shown)
        specialisms, lots = fits
        results = [
            self._result(place, one, why)
            for place, (one, why) in enumerate(zip(shown, whys, strict=True), start=1)
        ]
        model = self.understood
        return {
            "on": need.on.isoformat(),
            "mode": need.order,
            "seed": need.seed,
            "model": None if model is None else {"name": model.name, "digest": model.digest},
            "scored_by": self._scored_by(),
            "notes": self._notes(),
            "words": [term.word for term in need.terms[:WORDS_TOLD]],
            "asked": [_pair(pair, labels) for pair in need.pairs],
            "suggested_specialisms": [_fitting(one) | {"score": round(one.score, 4)} for one in specialisms],
            "recommended_lots": [_lot(one) for one in lots],
            "eligible": gathered.eligible,
            "count": len(gathered.candidates),
            "results": results,
            "ruled_out_count": gathered.ruled_out_count,
            "ruled_out_by": [
                {**_pair(need.pairs[at], labels), "rule": MUST_HAVE, "count": number}
                for at, number in gathered.without.items()
            ],
            "ruled_out": [_ruled_out(one, need, labels) for one in _bounded(gathered.ruled_out)],
            "index": {
                "generation": gathered.index.generation,
                "caught_up_at": gathered.index.caught_up_at,
            },
        }

    def _scored_by(self) -> list[str]:
        """What the need says that listings are scored by."""
        need = self.need
        stated = {
            "text": bool(need.terms) or need.vector is not None,
            "coverage": bool(need.pairs),
            "price": need.priced,
            "preferences": bool(need.preferences),
        }
        return [part for part, said in stated.items() if said]

    def _notes(self) -> list[str]:
        need, notes = self.need, []
        if self.understood is None and self.content.text:
            notes.append(WORDS_ALONE)
        if self.content.text and not need.terms and need.vector is None:
            notes.append(UNFOUND if says_something(self.content.text) else SAYS_NOTHING)
        if not self._scored_by():
            notes.append(UNRANKED)
        if need.framework is not None and self.gathered.candidates.records:
            framework = orjson.loads(self.gathered.candidates.records[0].stored())["framework"]
            if framework["ends_on"] < need.on.isoformat():
                notes.append(
                    f"{framework['number']} ended on {framework['ends_on']}: "
                    "no call-off can be made under it any more."
                )
            elif framework["status"] != "live" or framework["starts_on"] > need.on.isoformat():
                notes.append(f"{framework['number']} is not open to call-offs yet.")
        if need.by_role and self.gathered.eligible > len(self.gathered.candidates):
            notes.append(
                f"Roles are priced after the first {len(self.gathered.candidates):,} of {self.gathered.eligible:,} "
                "were chosen by everything else: a cheaper team may be among the others."
            )
        if need.priced and need.framework is None:
            notes.append("A team is priced within one framework: name it.")
        starts_on = self.content.starts_on
        if starts_on is not None and starts_on < need.on:
            notes.append(
                f"The work would have begun on {starts_on}, before {need.on}, whose facts count here."
            )
        elif starts_on is not None and starts_on > need.on and need.priced and need.framework is not None:
            notes.append(
                f"The team is priced on the cards in force on {need.on}: "
                f"a quote prices it on those of {starts_on}, when the work begins."
            )
        return notes

    def _result(self, rank: int, one: Ranked, why: Why | None) -> dict[str, Any]:
        candidates = self.gathered.candidates
        stored = orjson.loads(candidates.records[one.place].stored())
        return {
            "rank": rank,
            "reference": candidates.keys[one.place],
            "partner": stored["partner"],
            "supplier": stored["supplier"],
            "lead": stored["lead"],
            "fictional": stored["fictional"],
            "framework": {name: stored["framework"][name] for name in ("reference", "number", "name")},
            "lots": [{name: lot[name] for name in ("reference", "number", "name")} for lot in stored["lots"]],
            "score": one.score,
            "parts": {part: round(value, 4) for part, value in one.parts.items()},
            "coverage": _coverage(candidates.covered[one.place].tolist(), self.need, self.labels),
            "regions": _regions(candidates.covered[one.place].tolist(), self.need, self.labels),
            "text": {
                "words": round(one.words, 4),
                "meaning": round(one.meaning, 4),
                "terms": []
                if why is None
                else [{"word": term.word, "adds": term.adds} for term in why.terms],
            },
            "evidence": [] if why is None else _evidence(why, stored),
            "price": self._price(one.place, stored),
            "preferences": dict(
                zip(self.need.preferences, candidates.preferred[one.place].tolist(), strict=True)
            ),
            "confirmed_on": stored["confirmed_on"],
        }

    def _price(self, candidate: int, stored: Mapping[str, Any]) -> dict[str, Any] | None:
        """The team's price; every field is there, null where it does not apply."""
        if not self.need.priced:
            return None
        quote = self.prices.of(self.gathered.candidates.keys[candidate])
        card = (_card(quote) if self.need.by_role else stored["rates"]) or dict.fromkeys(CARD)
        total = int(self.gathered.candidates.totals[candidate])
        place = percentile_of(candidate, self.gathered)
        budget, asked = None, self.content.budget
        if total != NO_TOTAL and asked is not None and asked.currency == card["currency"]:
            budget = "within" if total <= asked.minor else "above"
        because, lines = "", {}
        if self.need.by_role:
            because = " ".join(one.message for one in quote.unpriced) if quote else NO_CARD
            lines = {"lines": [line.to_json() for line in quote.price.lines] if quote and quote.price else []}
        elif stored["rates"] is None:
            because = _no_card(stored["rates_not_in_force"])
        elif card["unit"] == RateCard.Unit.HOUR:
            because = HOURLY
        elif total == NO_TOTAL:
            because = NO_RATE
        return {
            "total": None if total == NO_TOTAL else money(total),
            "currency": card["currency"],
            "vat": "excluded",
            "card": card["card"],
            "version": card["version"],
            "basis": card["basis"],
            "percentile": None if place is None else place[0],
            "among": 0 if place is None else place[1],
            "budget": budget,
            "because": because,
            **lines,
        }


def _no_card(gap: Mapping[str, Any] | None) -> str:
    """Why there is no card to price a team on: there is none, or when the one that there is was or will be in force."""
    if gap is None:
        return NO_CARD
    ended, begins = gap["ended_on"], gap["begins_on"]
    if ended is None:
        return f"The rate card is not in force: it begins on {begins}."
    after = f" and the next begins on {begins}" if begins else ""
    return f"The rate card is not in force: it ended on {ended}{after}."


def _card(quote: Quote | None) -> dict[str, Any] | None:
    """The card that a quote rests on, by the names of a listing's."""
    if quote is None or quote.held is None:
        return None
    card, version = quote.held.card, quote.held.version
    return dict(zip(CARD, (card.currency, card.reference, version.number, version.basis), strict=True))


def _pair(pair: Pair, labels: Labels) -> dict[str, Any]:
    return {
        "specialism": None if pair.specialism is None else _named("specialism", pair.specialism, labels),
        "region": None if pair.region is None else _named("region", pair.region, labels),
    }


def _named(kind: str, reference: str, labels: Labels) -> dict[str, str]:
    return {"reference": reference, "name": labels.facts[kind].get(reference, {}).get("name", reference)}


def _fitting(one: Named) -> dict[str, Any]:
    return {"reference": one.reference, "name": one.name, "words": list(one.words)}


def _lot(one: FittingLot) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "number": one.number,
        "name": one.name,
        "framework": one.framework,
        "score": round(one.score, 4),
        "because": [_fitting(each) for each in one.because],
    }


def _coverage(covered: Sequence[int], need: Need, labels: Labels) -> dict[str, Any] | None:
    if not covered:
        return None
    by_state = {
        state: [_pair(need.pairs[at], labels) for at, one in enumerate(covered) if one == state]
        for state in Covered
    }
    met = len(by_state[Covered.MET])
    told = f"{met} of {len(covered)}"
    if by_state[Covered.MISSING]:
        told += f", missing {'; '.join(map(_said, by_state[Covered.MISSING]))}"
    if by_state[Covered.NOT_STATED]:
        told += f", not stated: {'; '.join(map(_said, by_state[Covered.NOT_STATED]))}"
    return {
        "asked": len(covered),
        "met": met,
        "told": told,
        "missing": by_state[Covered.MISSING],
        "not_stated": by_state[Covered.NOT_STATED],
    }


def _regions(covered: Sequence[int], need: Need, labels: Labels) -> list[dict[str, Any]]:
    """How each region that is asked for is served: how much is asked for there, met, and not stated."""
    states: dict[str, list[int]] = {}
    for pair, state in zip(need.pairs, covered, strict=True):
        if pair.region is not None:
            states.setdefault(pair.region, []).append(state)
    return [
        {
            "region": _named("region", region, labels),
            "asked": len(found),
            "met": found.count(Covered.MET),
            "not_stated": found.count(Covered.NOT_STATED),
        }
        for region, found in states.items()
    ]


def _said(pair: Mapping[str, Any]) -> str:
    return " in ".join(one["name"] for one in (pair["specialism"], pair["region"]) if one is not None)


def _evidence(why: Why, stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = {study["key"]: study["title"] for study in stored["case_studies"]}
    names = {one["reference"]: one["name"] for one in stored["specialisms"]}
    return [
        {
            "field": one.field,
            "part": one.part,
            "title": titles.get(one.part) or names.get(one.part) or "",
            "sentence": one.sentence,
            "alike": one.alike,
            "adds": one.adds,
        }
        for one in why.evidence
    ]


def _bounded(ruled_out: Sequence[RuledOut]) -> Sequence[RuledOut]:
    """The first of them whose rules together are at most RULES_TOLD."""
    rules = list(accumulate(len(one.missing) for one in ruled_out))
    return ruled_out[: bisect_right(rules, RULES_TOLD)]


def _ruled_out(one: RuledOut, need: Need, labels: Labels) -> dict[str, Any]:
    stored = orjson.loads(one.record.stored())
    return {
        "reference": one.key,
        "partner": stored["partner"],
        "supplier": stored["supplier"],
        "fictional": stored["fictional"],
        "rules": [{"rule": MUST_HAVE, **_pair(need.pairs[at], labels)} for at in one.missing],
    }
