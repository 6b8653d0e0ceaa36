"""A match's answer as JSON values: what the API gives, the page shows and procurement/actions/matches.py keeps.

Money is decimal strings without VAT; scores are from 0 to 1; `adds` is what the score of the text would lack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from procurement.pricing import money
from procurement.requirements import RequirementContent
from search.engines.matching_base import Covered, Gathered, RuledOut
from search.engines.suggestions import Labels
from search.explaining import Why
from search.lots import FittingLot, Named
from search.meaning import Model
from search.need import Need, Pair
from search.ranks import Facts, Ranked, meets, percentile_of, preferred

WORDS_TOLD: Final = 20
WORDS_ALONE: Final = "Matched by words alone: there is no model of meaning that made this index's vectors."


def answer_of(
    *,
    content: RequirementContent,
    need: Need,
    gathered: Gathered,
    facts: Sequence[Facts],
    shown: Sequence[Ranked],
    explained: Sequence[Why] | None,
    count: int,
    labels: Labels,
    fits: tuple[list[Named], list[FittingLot]],
    mode: str,
    weights: Mapping[str, int],
    seed: int,
    ranking: str,
    understood: Model | None,
) -> dict[str, Any]:
    """The whole answer. `count` is how many were ranked, `gathered.eligible` how many could have been."""
    whys: Sequence[Why | None] = explained if explained is not None else [None] * len(shown)
    specialisms, lots = fits
    return {
        "on": need.on.isoformat(),
        "mode": mode,
        "weights": dict(weights),
        "seed": seed,
        "ranking": ranking,
        "model": None if understood is None else {"name": understood.name, "digest": understood.digest},
        "notes": _notes(content, need, facts, understood),
        "words": [term.word for term in need.terms[:WORDS_TOLD]],
        "asked": [_pair(pair, labels) for pair in need.pairs],
        "suggested_specialisms": [
            {
                "reference": one.reference,
                "name": one.name,
                "score": round(one.score, 4),
                "words": list(one.words),
            }
            for one in specialisms
        ],
        "recommended_lots": [_lot(one) for one in lots],
        "eligible": gathered.eligible,
        "count": count,
        "results": [
            _result(place, one, facts[one.place], why, content, need, gathered, labels)
            for place, (one, why) in enumerate(zip(shown, whys, strict=True), start=1)
        ],
        "ruled_out_count": gathered.ruled_out_count,
        "ruled_out_by": [
            {**_pair(need.pairs[at], labels), "rule": "must_have", "count": number}
            for at, number in gathered.without.items()
        ],
        "ruled_out": [_ruled_out(one, need, labels) for one in gathered.ruled_out],
        "index": {"generation": gathered.index.generation, "caught_up_at": gathered.index.caught_up_at},
    }


def _notes(
    content: RequirementContent, need: Need, facts: Sequence[Facts], understood: Model | None
) -> list[str]:
    notes = []
    if understood is None and content.text:
        notes.append(WORDS_ALONE)
    if content.text and not need.terms and need.vector is None:
        notes.append("No word of the text stands in any listing.")
    if need.framework is not None and facts:
        framework = facts[0].stored["framework"]
        if framework["ends_on"] < need.on.isoformat():
            notes.append(
                f"{framework['number']} ended on {framework['ends_on']}: no call-off can be made under it any more."
            )
        elif framework["status"] != "live" or framework["starts_on"] > need.on.isoformat():
            notes.append(f"{framework['number']} is not open to call-offs yet.")
    if content.team and need.framework is None:
        notes.append("A team is priced within one framework: name it.")
    return notes


def _pair(pair: Pair, labels: Labels) -> dict[str, Any]:
    return {
        "specialism": None if pair.specialism is None else _named("specialism", pair.specialism, labels),
        "region": None if pair.region is None else _named("region", pair.region, labels),
    }


def _named(kind: str, reference: str, labels: Labels) -> dict[str, str]:
    return {"reference": reference, "name": labels.facts[kind].get(reference, {}).get("name", reference)}


def _lot(one: FittingLot) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "number": one.number,
        "name": one.name,
        "framework": one.framework,
        "score": round(one.score, 4),
        "because": [
            {"reference": each.reference, "name": each.name, "words": list(each.words)}
            for each in one.because
        ],
    }


def _result(
    rank: int,
    one: Ranked,
    facts: Facts,
    why: Why | None,
    content: RequirementContent,
    need: Need,
    gathered: Gathered,
    labels: Labels,
) -> dict[str, Any]:
    stored = facts.stored
    return {
        "rank": rank,
        "reference": facts.candidate.key,
        "partner": stored["partner"],
        "supplier": stored["supplier"],
        "lead": stored["lead"],
        "framework": {name: stored["framework"][name] for name in ("reference", "number", "name")},
        "lots": [{name: lot[name] for name in ("reference", "number", "name")} for lot in stored["lots"]],
        "score": one.score,
        "parts": {part: round(value, 4) for part, value in one.parts.items()},
        "coverage": _coverage(facts.candidate.covered, need, labels),
        "text": {
            "words": round(one.words, 4),
            "meaning": round(one.meaning, 4),
            "terms": [] if why is None else [{"word": term.word, "adds": term.adds} for term in why.terms],
        },
        "evidence": [] if why is None else _evidence(why, stored),
        "price": _price(facts, content, gathered),
        "preferences": {kind: meets(stored, kind, content) for kind in preferred(content)},
        "confirmed_on": stored["confirmed_on"],
    }


def _coverage(covered: Sequence[Covered], need: Need, labels: Labels) -> dict[str, Any] | None:
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


def _price(facts: Facts, content: RequirementContent, gathered: Gathered) -> dict[str, Any] | None:
    if not content.team:
        return None
    card = facts.stored["rates"]
    if card is None:
        return {"total": None, "because": "There is no rate card."}
    told = {
        "total": None,
        "currency": card["currency"],
        "vat": "excluded",
        "card": card["card"],
        "version": card["version"],
        "basis": card["basis"],
    }
    if facts.candidate.total is None:
        return told | {
            "because": "Not every grade of the team has one rate per day here: state the lot and the work type."
        }
    budget = None
    if content.budget is not None and content.budget.currency == card["currency"]:
        budget = "within" if facts.candidate.total <= content.budget.minor else "above"
    place = percentile_of(facts, gathered)
    return told | {
        "total": money(facts.candidate.total),
        "percentile": None if place is None else place[0],
        "among": 0 if place is None else place[1],
        "budget": budget,
    }


def _ruled_out(one: RuledOut, need: Need, labels: Labels) -> dict[str, Any]:
    stored = orjson.loads(one.record.stored())
    return {
        "reference": one.key,
        "partner": stored["partner"],
        "supplier": stored["supplier"],
        "rules": [{"rule": "must_have", **_pair(need.pairs[at], labels)} for at in one.missing],
    }
