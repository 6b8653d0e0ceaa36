"""A match's answer in words, whether it was made just now or kept years ago: the last step before its template.

It reads nothing but the answer. A kept one outlives its form (search/answers.py): what is absent beside a result's
reference, rank and score reads as not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from procurement.ranked import ranked_of
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES, WORK_TYPES
from search.ranks import MODES, WEIGHTS
from web.formats import day, minor, money, plural

RULED_OUT_SHOWN: Final = 100
"""On the page; the answer names more of them."""
EVIDENCE: Final = {"summary": "Summary", "specialisms": "Specialism", "evidence": "Case study"}
PREFERENCES: Final = {
    "ownership": "ownership",
    "size": "size",
    "sector": "sectors",
    "accreditation": "accreditations",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that answers the need, where it stands, how alike it is (0 to 1, None unknown), what it adds."""

    source: str
    text: str
    alike: float | None
    adds: float | None


@dataclass(frozen=True, slots=True)
class Price:
    """What the team costs, in words; `place` says where that stands among the cards of its kind."""

    told: str
    place: str
    budget: str
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """One listing in its place. `coverage` is "" where nothing was asked for, `regions` where they are no more than
    that, `price` None without a team.
    """

    rank: int
    reference: str
    name: str
    framework: str
    via: str
    lots: str
    score: float
    parts: str
    coverage: str
    regions: str
    words: tuple[tuple[str, float], ...]
    sentences: tuple[Sentence, ...]
    price: Price | None
    preferences: str
    confirmed: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A lot or specialism that fits, to be taken into the form, and why."""

    reference: str
    label: str
    because: str


@dataclass(frozen=True, slots=True)
class Answer:
    """All that the page says of an answer. `heading` says how many answer the need, or that nobody is ranked;
    `ruled_out` has each listing's reference, name and what it lacks.
    """

    heading: str
    count: int
    eligible: int
    notes: tuple[str, ...]
    words: tuple[str, ...]
    fits: tuple[Fit, ...]
    lots: tuple[Offer, ...]
    specialisms: tuple[Offer, ...]
    ruled_out_count: int
    ruled_out_by: tuple[tuple[str, int], ...]
    ruled_out: tuple[tuple[str, str, str], ...]
    mode: str
    weights: str
    model: str
    caught_up_at: str


def answer_of(told: Mapping[str, Any], asked: Iterable[str] = ()) -> Answer:
    """The answer in words. A lot or specialism in `asked`, by reference, is not offered again."""
    ranked = ranked_of(told)
    results = {one["reference"]: one for one in told.get("results", ())}
    had = set(asked)
    count = told.get("count", len(ranked))
    unranked = told.get("scored_by") == []
    return Answer(
        heading=f"{plural(count, 'listing')}, in no order of fitness"
        if unranked
        else f"{plural(count, 'listing answers', 'listings answer')} this need",
        count=count,
        eligible=told.get("eligible", len(ranked)),
        notes=tuple(told.get("notes", ())),
        words=tuple(told.get("words", ())),
        fits=tuple(_fit(one.listing, one.rank, one.score, results[one.listing]) for one in ranked),
        lots=tuple(_lot(one) for one in told.get("recommended_lots", ()) if one["reference"] not in had),
        specialisms=tuple(
            _named(one) for one in told.get("suggested_specialisms", ()) if one["reference"] not in had
        ),
        ruled_out_count=told.get("ruled_out_count", len(told.get("ruled_out", ()))),
        ruled_out_by=tuple((_pair(one), one["count"]) for one in told.get("ruled_out_by", ())),
        ruled_out=tuple(
            (one["reference"], _name(one), "; ".join(_pair(rule) for rule in one.get("rules", ())))
            for one in told.get("ruled_out", ())[:RULED_OUT_SHOWN]
        ),
        mode=MODES.get(told.get("mode", ""), ""),
        weights=_weighed(told.get("weights") or {}),
        model=(told.get("model") or {}).get("name", ""),
        caught_up_at=(told.get("index") or {}).get("caught_up_at") or "",
    )


def _weighed(weights: Mapping[str, int]) -> str:
    """The weights in the order of the parts, which a database need not keep."""
    return ", ".join(f"{part} {weights[part]}" for part in WEIGHTS if part in weights)


def asked_for(
    content: Mapping[str, Any], told: Mapping[str, Any], places: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What was asked for beside the text, as label and value. `content` is a requirement's in JSON values, `places` has
    the names of its framework and lot by reference; specialisms and regions are named as the answer named them.
    """
    names = {
        each["reference"]: each["name"]
        for pair in told.get("asked", ())
        for each in (pair.get("specialism"), pair.get("region"))
        if each is not None
    }
    must, liked = content.get("must_have") or {}, content.get("preferences") or {}
    budget = content.get("budget")

    def named(references: Iterable[str]) -> str:
        return "; ".join(names.get(one, one) for one in references)

    preferred = [OWNERSHIP.get(one, one) for one in liked.get("ownership", ())]
    preferred += [SIZES.get(one, one) for one in liked.get("size", ())]
    preferred += [SECTORS.get(one, one) for one in liked.get("sector", ())]
    preferred += [ACCREDITATIONS.get(one, one) for one in liked.get("accreditation", ())]
    starts_on, months = content.get("starts_on"), content.get("months")
    framework, lot = content.get("framework") or "", content.get("lot") or ""
    said = [
        ("Framework", places.get(framework, framework)),
        ("Lot", places.get(lot, lot)),
        ("Specialisms", named(content.get("specialisms", ()))),
        ("Regions", named(content.get("regions", ()))),
        ("Must have", named((*must.get("specialisms", ()), *must.get("regions", ())))),
        ("First day", day(starts_on) if starts_on else ""),
        ("Length", plural(months, "month") if months else ""),
        ("Team", "; ".join(f"{_days(line['days'])} of {line['grade']}" for line in content.get("team", ()))),
        ("Kind of work", WORK_TYPES.get(content.get("work_type") or "", "")),
        ("Budget", f"{money(minor(budget['amount']), budget['currency'])} without VAT" if budget else ""),
        ("Preferred", "; ".join(preferred)),
    ]
    return [(label, value) for label, value in said if value]


def _days(days: str) -> str:
    return f"{days} {'day' if days == '1' else 'days'}"


def _fit(reference: str, rank: int, score: float, one: Mapping[str, Any]) -> Fit:
    framework, supplier = one.get("framework") or {}, one.get("supplier") or {}
    text = one.get("text") or {}
    coverage = one.get("coverage") or {}
    alone = supplier.get("form") == "alone"
    parts = (one.get("parts") or {}).items()
    confirmed = one.get("confirmed_on")
    return Fit(
        rank=rank,
        reference=reference,
        name=_name(one),
        framework=f"{framework['number']} {framework['name']}" if framework else "",
        via="" if alone else supplier.get("name", ""),
        lots="; ".join(f"{lot['number']} {lot['name']}" for lot in one.get("lots", ())),
        score=score,
        parts=", ".join(f"{part} {value:.2f}" for part, value in parts),
        coverage=coverage.get("told", ""),
        regions="; ".join(_region(each) for each in one.get("regions", ()) if each["asked"] > 1),
        words=tuple((term["word"], term["adds"]) for term in text.get("terms", ())),
        sentences=tuple(_sentence(each) for each in one.get("evidence", ())),
        price=_price(one.get("price")),
        preferences=_preferences(one.get("preferences") or {}),
        confirmed=f"Confirmed by the firm on {day(confirmed)}" if confirmed else "Not confirmed by the firm",
    )


def _region(one: Mapping[str, Any]) -> str:
    unknown = f", {one['not_stated']} not stated" if one["not_stated"] else ""
    return f"{one['region']['name']} {one['met']} of {one['asked']}{unknown}"


def _sentence(one: Mapping[str, Any]) -> Sentence:
    source = EVIDENCE.get(one.get("field", ""), "")
    title = one.get("title", "")
    named = f"{source}: {title}" if title and title != one["sentence"] else source
    return Sentence(named, one["sentence"], one.get("alike"), one.get("adds"))


def _price(told: Mapping[str, Any] | None) -> Price | None:
    if told is None:
        return None
    illustrative = told.get("basis") == "illustrative"
    if told.get("total") is None:
        return Price(told.get("because", ""), "", "", illustrative)
    total = money(minor(told["total"]), told["currency"])
    place, among = told.get("percentile"), told.get("among", 0)
    kind = "illustrative" if illustrative else "published"
    return Price(
        f"{total} without VAT",
        "" if place is None else f"at or above {place:g} per cent of {plural(among, f'{kind} card')}",
        {"within": "within the budget", "above": "above the budget"}.get(told.get("budget") or "", ""),
        illustrative,
    )


def _preferences(told: Mapping[str, bool]) -> str:
    return "; ".join(
        f"{PREFERENCES.get(kind, kind)} {'as preferred' if met else 'not as preferred'}"
        for kind, met in told.items()
    ).capitalize()


def _lot(one: Mapping[str, Any]) -> Offer:
    because = ", ".join(each["name"] for each in one.get("because", ()))
    return Offer(one["reference"], f"{one['framework'].upper()} lot {one['number']} {one['name']}", because)


def _named(one: Mapping[str, Any]) -> Offer:
    return Offer(one["reference"], one["name"], ", ".join(one.get("words", ())))


def _pair(one: Mapping[str, Any]) -> str:
    """What a rule asks for: a specialism in a region, or either."""
    return " in ".join(
        each["name"] for each in (one.get("specialism"), one.get("region")) if each is not None
    )


def _name(one: Mapping[str, Any]) -> str:
    return str((one.get("partner") or {}).get("name") or one["reference"])
