"""A match's answer in words, whether it was made just now or kept years ago: the last step before its template.

It reads nothing but the answer. A kept one outlives its form (search/answers.py): what is absent beside a result's
reference, rank and score reads as not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from procurement.ranked import ranked_of
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES, WORK_TYPES
from search.ranks import MODES, WEIGHTS
from web import team_words
from web.formats import day, days_written, minor, money, number
from web.need_form import PARTS
from web.results import shortened
from web.saying import one_in_another, said

LEAST_TOLD: Final = 0.005
"""What a word must add to be named: pages write two places, and a word that adds 0.00 explains nothing."""
RULED_OUT_SHOWN: Final = 100
LINES_SHOWN: Final = 6
"""Of the lines of a card by which a team is priced: a page names twenty results, and a team may have fifty lines."""
LONGEST_BECAUSE: Final = 400
"""Characters of why there is no price."""
"""On the page; the answer names more of them."""
EVIDENCE: Final = {"summary": N_("Summary"), "specialisms": N_("Specialism"), "evidence": N_("Case study")}
PREFERENCES: Final = {
    "ownership": N_("ownership"),
    "size": N_("size"),
    "sector": N_("sectors"),
    "accreditation": N_("accreditations"),
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
    """What the team costs, in words; `place` says where that stands among the cards of its kind, `lines` by which lines
    of the card roles are priced, and `more` how many further lines there are.
    """

    told: str
    place: str
    budget: str
    illustrative: bool
    lines: tuple[str, ...] = ()
    more: int = 0


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

    @property
    def listings(self) -> list[str]:
        """References of all that the page names: who fits, then who is ruled out."""
        return [
            *(one.reference for one in self.fits),
            *(reference for reference, _name, _rules in self.ruled_out),
        ]


def answer_of(told: Mapping[str, Any], asked: Iterable[str] = ()) -> Answer:
    """The answer in words. A lot or specialism in `asked`, by reference, is not offered again."""
    ranked = ranked_of(told)
    results = {one["reference"]: one for one in told.get("results", ())}
    had = set(asked)
    count = told.get("count", len(ranked))
    return Answer(
        heading=_heading(count, ranked=told.get("scored_by") != []),
        count=count,
        eligible=told.get("eligible", len(ranked)),
        notes=tuple(map(days_written, told.get("notes", ()))),
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
        mode=said(MODES.get(told.get("mode", ""), "")),
        weights=_weighed(told.get("weights") or {}),
        model=(told.get("model") or {}).get("name", ""),
        caught_up_at=(told.get("index") or {}).get("caught_up_at") or "",
    )


def _heading(count: int, *, ranked: bool) -> str:
    if ranked:
        told = ngettext("%(count)s listing answers this need", "%(count)s listings answer this need", count)
    else:
        told = ngettext(
            "%(count)s listing, in no order of fitness", "%(count)s listings, in no order of fitness", count
        )
    return told % {"count": number(count)}


def _part(name: str) -> str:
    """A part of the score as it is called within a line; a kept answer may have one that there is no more."""
    return _(PARTS[name]).lower() if name in PARTS else name


def _weighed(weights: Mapping[str, int]) -> str:
    """The weights in the order of the parts, which a database need not keep."""
    return ", ".join(f"{_part(part)} {weights[part]}" for part in WEIGHTS if part in weights)


def named_in(told: Mapping[str, Any]) -> dict[str, str]:
    """How the answer named the specialisms and regions that were asked for, by reference."""
    return {
        each["reference"]: each["name"]
        for pair in told.get("asked", ())
        for each in (pair.get("specialism"), pair.get("region"))
        if each is not None
    }


def asked_for(content: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is asked for beside the text, as label and value. `content` is a requirement's in JSON values, `names` has
    the names of its framework, lot, specialisms and regions by reference; one without a name stands by its reference.
    """
    must, liked = content.get("must_have") or {}, content.get("preferences") or {}
    budget = content.get("budget")

    def named(references: Iterable[str]) -> str:
        return "; ".join(names.get(one, one) for one in references)

    known = {"ownership": OWNERSHIP, "size": SIZES, "sector": SECTORS, "accreditation": ACCREDITATIONS}
    preferred = [said(table.get(one, one)) for kind, table in known.items() for one in liked.get(kind, ())]
    starts_on, months = content.get("starts_on"), content.get("months")
    framework, lot = content.get("framework") or "", content.get("lot") or ""
    lines = [
        (_("Framework"), names.get(framework, framework)),
        (_("Lot"), names.get(lot, lot)),
        (_("Specialisms"), named(content.get("specialisms", ()))),
        (_("Regions"), named(content.get("regions", ()))),
        (_("Must have"), named((*must.get("specialisms", ()), *must.get("regions", ())))),
        (_("First day"), day(starts_on) if starts_on else ""),
        (_("Length"), _months(months) if months else ""),
        (_("Team"), "; ".join(team_words.asked(line) for line in content.get("team", ()))),
        (_("Kind of work"), said(WORK_TYPES.get(content.get("work_type") or "", ""))),
        (_("Budget"), _without_vat(money(minor(budget["amount"]), budget["currency"])) if budget else ""),
        (_("Preferred"), "; ".join(preferred)),
    ]
    return [(label, value) for label, value in lines if value]


def _months(months: int) -> str:
    return ngettext("%(count)s month", "%(count)s months", months) % {"count": number(months)}


def _without_vat(amount: str) -> str:
    return _("%(amount)s without VAT") % {"amount": amount}


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
        parts=", ".join(f"{_part(part)} {value:.2f}" for part, value in parts),
        coverage=coverage.get("told", ""),
        regions="; ".join(_region(each) for each in one.get("regions", ()) if each["asked"] > 1),
        words=tuple(
            (term["word"], term["adds"]) for term in text.get("terms", ()) if term["adds"] >= LEAST_TOLD
        ),
        sentences=tuple(_sentence(each) for each in one.get("evidence", ())),
        price=_price(one.get("price")),
        preferences=_preferences(one.get("preferences") or {}),
        confirmed=_("Confirmed by the firm on %(day)s") % {"day": day(confirmed)}
        if confirmed
        else _("Not confirmed by the firm"),
    )


def _region(one: Mapping[str, Any]) -> str:
    told = (
        _("%(region)s %(met)s of %(asked)s, %(unknown)s not stated")
        if one["not_stated"]
        else _("%(region)s %(met)s of %(asked)s")
    )
    found = {"met": one["met"], "asked": one["asked"], "unknown": one["not_stated"]}
    return told % (found | {"region": one["region"]["name"]})


def _sentence(one: Mapping[str, Any]) -> Sentence:
    source = said(EVIDENCE.get(one.get("field", ""), ""))
    title = one.get("title", "")
    named = f"{source}: {title}" if title and title != one["sentence"] else source
    return Sentence(named, one["sentence"], one.get("alike"), one.get("adds"))


def _price(told: Mapping[str, Any] | None) -> Price | None:
    if told is None:
        return None
    illustrative = told.get("basis") == "illustrative"
    if told.get("total") is None:
        return Price(shortened(days_written(told.get("because", "")), LONGEST_BECAUSE), "", "", illustrative)
    total = money(minor(told["total"]), told["currency"])
    lines = told.get("lines", ())
    place, among = told.get("percentile"), told.get("among", 0)
    within = {"within": _("within the budget"), "above": _("above the budget")}
    return Price(
        _without_vat(total),
        "" if place is None else _among(place, among, illustrative=illustrative),
        within.get(told.get("budget") or "", ""),
        illustrative,
        tuple(team_words.charged(line) for line in lines[:LINES_SHOWN]),
        max(0, len(lines) - LINES_SHOWN),
    )


def _among(place: float, among: int, *, illustrative: bool) -> str:
    if illustrative:
        told = ngettext(
            "at or above %(share)s per cent of %(count)s illustrative card",
            "at or above %(share)s per cent of %(count)s illustrative cards",
            among,
        )
    else:
        told = ngettext(
            "at or above %(share)s per cent of %(count)s published card",
            "at or above %(share)s per cent of %(count)s published cards",
            among,
        )
    return told % {"share": f"{place:g}", "count": number(among)}


def _preferences(told: Mapping[str, bool]) -> str:
    met, missed = _("%(kind)s as preferred"), _("%(kind)s not as preferred")
    return "; ".join(
        (met if found else missed) % {"kind": said(PREFERENCES.get(kind, kind))}
        for kind, found in told.items()
    ).capitalize()


def _lot(one: Mapping[str, Any]) -> Offer:
    because = ", ".join(each["name"] for each in one.get("because", ()))
    named = {"framework": one["framework"].upper(), "number": one["number"], "name": one["name"]}
    return Offer(one["reference"], _("%(framework)s lot %(number)s %(name)s") % named, because)


def _named(one: Mapping[str, Any]) -> Offer:
    return Offer(one["reference"], one["name"], ", ".join(one.get("words", ())))


def _pair(one: Mapping[str, Any]) -> str:
    """What a rule asks for: a specialism in a region, or either."""
    return one_in_another(
        each["name"] for each in (one.get("specialism"), one.get("region")) if each is not None
    )


def _name(one: Mapping[str, Any]) -> str:
    return str((one.get("partner") or {}).get("name") or one["reference"])
