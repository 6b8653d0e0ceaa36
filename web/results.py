"""A hit as a page shows it: what stands in the stored result, why it matched in words, and its rates.

The search journey's last step before its template. It reads nothing but what the engine answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _
from markupsafe import escape

from procurement.vocabulary import OWNERSHIP, WORK_TYPES
from search.query import Highlight, Hit, HitRate, lot_of_specialism
from web.formats import day, minor, money
from web.saying import said

SHOWN_SPECIALISMS: Final = 4
SHOWN_PASSAGES: Final = 2
SUMMARY_LENGTH: Final = 240
PASSAGES: Final = ("evidence", "summary")
"""Fields whose highlights are shown as passages, the most telling first."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text with what matched marked (`html` of the engine), and where it stands."""

    source: str
    html: str


@dataclass(frozen=True, slots=True)
class Why:
    """Words found in one field and what they added to the score."""

    words: tuple[str, ...]
    field: str
    score: float


@dataclass(frozen=True, slots=True)
class Result:
    """One listing of the page. `via` is the consortium it is reached through, "" for a firm alone."""

    reference: str
    name: str
    framework: str
    framework_name: str
    status: str
    via: str
    lead: str
    lots: tuple[str, ...]
    specialisms: tuple[str, ...]
    matched: bool
    more_specialisms: int
    specialisms_stated: bool
    fictional: bool
    ownership: str
    rates: str
    no_rates: str
    by_hour: bool
    illustrative: bool
    summary: str
    passages: tuple[Passage, ...]
    why: tuple[Why, ...]
    score: float


def result(hit: Hit, lots: Collection[str] = ()) -> Result:
    """Reads the stored JSON of the hit and puts it into words. `lots` (references) are those whose rates are asked
    for; without any they are those of the specialisms that matched, if some did.
    """
    stored: dict[str, Any] = orjson.loads(hit.stored)
    rates, lacking = _rates(hit, stored, lots or set(map(lot_of_specialism, hit.specialisms)))
    alone = stored["supplier"]["form"] == "alone"
    named = {one["reference"]: one["name"] for one in stored["specialisms"]}
    matched = [named[reference] for reference in hit.specialisms if reference in named]
    shown = list(dict.fromkeys(matched or named.values()))
    ownership = stored["ownership"]
    return Result(
        reference=hit.reference,
        name=stored["partner"]["name"],
        framework=stored["framework"]["number"],
        framework_name=stored["framework"]["name"],
        status=hit.status,
        via="" if alone else stored["supplier"]["name"],
        lead="" if stored["lead"]["name"] == stored["supplier"]["name"] else stored["lead"]["name"],
        lots=tuple(f"{lot['number']} {lot['name']}" for lot in stored["lots"]),
        specialisms=tuple(shown[:SHOWN_SPECIALISMS]),
        matched=bool(matched),
        more_specialisms=max(0, len(shown) - SHOWN_SPECIALISMS),
        specialisms_stated=stored["specialisms_stated"],
        fictional=stored["fictional"],
        ownership="" if ownership == "not-stated" else said(OWNERSHIP.get(ownership, ownership)),
        rates=rates,
        no_rates=no_rates(stored["rates_not_in_force"]) or lacking,
        by_hour=bool(stored["rates"]) and _by_hour(stored["rates"]["unit"]),
        illustrative=bool(stored["rates"]) and stored["rates"]["basis"] == "illustrative",
        summary=shortened(stored["summary"], SUMMARY_LENGTH),
        passages=_passages(hit, stored["case_studies"]),
        why=tuple(Why(part.words, said(part.label), part.score) for part in hit.why),
        score=hit.score,
    )


def shortened(text: str, length: int) -> str:
    """The text, cut after a whole word with an ellipsis where it is longer than `length`."""
    if len(text) <= length:
        return text
    end = text.rfind(" ", 0, length)
    return text[: end if end > 0 else length].rstrip(".,;:") + "…"


def _rates(hit: Hit, stored: Mapping[str, Any], lots: Collection[str]) -> tuple[str, str]:
    """The rate of the grade asked for, else the span of the card's on these lots (on all, if none is named), "" where
    there is none; and in that case what to say of it.
    """
    card = stored["rates"]
    every = card["lines"] if card else ()
    if hit.rate is not None:
        return _rate(hit.rate, every), ""
    lines = [line for line in every if not lots or line["lot"] is None or line["lot"] in lots]
    where = ""
    if len(lines) < len(every):
        numbers = [one["number"] for one in stored["lots"] if one["reference"] in lots]
        where = ", ".join(_("lot %(number)s") % {"number": number} for number in numbers)
    if not lines:
        return "", _("None by grade for %(lots)s") % {"lots": where} if where else _("None by grade")
    span = _span([minor(line["amount"]) for line in lines], card["currency"], by_hour=_by_hour(card["unit"]))
    return f"{span} ({where})" if where else span, ""


def _rate(asked: HitRate, lines: Iterable[Mapping[str, Any]]) -> str:
    # As the card writes it, which may be in small letters.
    grade = next((line["grade"] for line in lines if line["grade"].upper() == asked.grade), asked.grade)
    kind = said(WORK_TYPES.get(asked.work_type, asked.work_type))
    lot = _("lot %(number)s") % {"number": asked.lot.rpartition("~")[2]} if asked.lot else ""
    detail = ", ".join(part for part in (grade, kind.lower(), lot) if part)
    told = (
        _("%(amount)s an hour (%(detail)s)") if _by_hour(asked.unit) else _("%(amount)s a day (%(detail)s)")
    )
    return told % {"amount": money(asked.price_minor, asked.currency), "detail": detail}


def _span(amounts: Sequence[int], currency: str, *, by_hour: bool) -> str:
    """From the lowest to the highest of some amounts (pence or cents)."""
    low, high = money(min(amounts), currency), money(max(amounts), currency)
    if low == high:
        told = _("%(amount)s an hour") if by_hour else _("%(amount)s a day")
        return told % {"amount": low}
    told = _("%(low)s to %(high)s an hour") if by_hour else _("%(low)s to %(high)s a day")
    return told % {"low": low, "high": high}


def no_rates(gap: dict[str, Any] | None) -> str:
    """In a sentence when a card that is not in force was and will be, as a listing stores it; "" for none."""
    if gap is None:
        return ""
    days = {"ended_on": day(gap["ended_on"]), "begins_on": day(gap["begins_on"])}
    if gap["ended_on"] and gap["begins_on"]:
        return (
            _("Not in force: the rate card ended on %(ended_on)s and the next begins on %(begins_on)s.")
            % days
        )
    if gap["ended_on"]:
        return _("Not in force: the rate card ended on %(ended_on)s.") % days
    return _("Not yet in force: the rate card begins on %(begins_on)s.") % days


def _by_hour(unit: str) -> bool:
    return unit == "hour"


def _passages(hit: Hit, case_studies: Iterable[dict[str, Any]]) -> tuple[Passage, ...]:
    titles = {study["key"]: study["title"] for study in case_studies}
    found = [
        Passage(_source(light, titles), light.html)
        for field in PASSAGES
        for light in hit.highlights
        if light.field == field
    ]
    return tuple(found[:SHOWN_PASSAGES])


def _source(light: Highlight, titles: dict[str, str]) -> str:
    """Where a passage stands; a case study's title is not said twice."""
    if not light.part:
        return _("Summary")
    title = titles.get(light.part, "")
    begins = light.html.replace("<mark>", "").replace("</mark>", "").startswith(str(escape(title)))
    return _("Case study") if begins or not title else _("Case study %(title)s") % {"title": title}


def grades_of(results: Iterable[Hit]) -> list[tuple[str, str]]:
    """(code, code and name) of every grade on the cards of these hits, lowest first: what a rate may be asked
    for
    by.
    """
    grades: dict[int, tuple[str, str]] = {}
    for hit in results:
        card = orjson.loads(hit.stored)["rates"]
        for line in card["lines"] if card else ():
            grades.setdefault(line["rank"], (line["grade"], f"{line['grade']} {line['name']}"))
    return [grades[rank] for rank in sorted(grades)]
