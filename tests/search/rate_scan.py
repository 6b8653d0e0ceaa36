"""A plain scan over rate documents: what the rates engine must answer, computed line by line without any of
its means.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from search.analysis import GAP, fold, normalise, term_of, terms_of, words_of
from search.rate_query import RateQuery
from search.rate_roles import Role, roles_of


@dataclass(frozen=True)
class Scanned:
    """`lines` are the (card, line) pairs found, by price and key; `scores` by line key where there are
    words.
    """

    lines: list[tuple[Mapping[str, Any], Mapping[str, Any]]]
    scores: dict[str, float]
    unknown: int

    @property
    def keys(self) -> list[str]:
        return [line["key"] for _, line in self.lines]

    def counted(self, query: RateQuery) -> list[int]:
        """The prices of which statistics are made, sorted."""
        lines = [line for _, line in self.lines if query.bases or line["basis"] != "illustrative"]
        return [line["price_minor"] for line in lines]


class Scan:
    """All lines of some cards, with what BM25 needs to know of all of them."""

    def __init__(self, cards: Sequence[Mapping[str, Any]]) -> None:
        self._terms: dict[str, list[str]] = {}
        self.lines = [(card, line) for card in cards for line in card["lines"]]
        self.lines.sort(key=lambda pair: (pair[1]["price_minor"], pair[1]["key"].encode()))
        self.holders: Counter[str] = Counter()
        total = self.texts = 0
        for _, line in self.lines:
            terms = self.terms(line["text"])
            self.holders.update(set(terms) - {GAP})
            total += sum(term != GAP for term in terms)
            self.texts += any(term != GAP for term in terms)
        self.mean = total / max(self.texts, 1)
        self.words = {fold(word) for _, line in self.lines for word in words_of(normalise(line["text"]))}

    def terms(self, text: str) -> list[str]:
        if text not in self._terms:
            self._terms[text] = terms_of(text)
        return self._terms[text]

    def find(self, query: RateQuery) -> Scanned:
        """Every line that meets the question."""
        roles = roles_of(query.q)
        found: dict[str, float] = {}
        for text in {line["text"] for _, line in self.lines} if roles else ():
            scores = [score for role in roles if (score := self.score(role, text)) is not None]
            if scores:
                found[text] = max(scores)
        lines, scores_by_key, unknown = [], {}, 0
        for card, line in self.lines:
            if (roles and line["text"] not in found) or not meets(card, line, query):
                continue
            least = line["min_experience"]
            if query.min_experience is not None or query.max_experience is not None:
                if least is None:
                    unknown += 1
                    continue
                most = 10**6 if query.max_experience is None else query.max_experience
                if not (query.min_experience or 0) <= least <= most:
                    continue
            lines.append((card, line))
            scores_by_key[line["key"]] = found.get(line["text"], 0.0)
        return Scanned(lines, scores_by_key, unknown)

    def score(self, role: Role, text: str) -> float | None:
        """BM25 of a text for a role, None if it does not match. Words that stand in no title are not known
        here.
        """
        terms = self.terms(text)
        length = sum(term != GAP for term in terms)
        norm = 1.2 * (0.25 + 0.75 * length / self.mean)
        score, matched = 0.0, not (role.words or role.prefixes)
        folded = {fold(word) for word in words_of(normalise(text))}
        for word in role.words:
            term = term_of(word)
            if term != GAP and (frequency := terms.count(term)):
                score += self.rarity(term) * frequency / (frequency + norm)
                matched = True
            elif term == GAP and word in folded:
                score, matched = score + 1.0, True
        for prefix in role.prefixes:
            if any(word.startswith(prefix) for word in folded):
                score, matched = score + 1.0, True
        for phrase in role.phrases:
            frequency = occurrences(phrase, terms)
            if not frequency:
                return None
            score += sum(self.rarity(term) for term in phrase if term != GAP) * frequency / (frequency + norm)
        if any(occurrences(phrase, terms) for phrase in role.excluded):
            return None
        if any(word.startswith(prefix) for prefix in role.excluded_prefixes for word in folded):
            return None
        return score if matched or role.phrases else None

    def rarity(self, term: str) -> float:
        holders = self.holders[term]
        return math.log1p((self.texts - holders + 0.5) / (holders + 0.5))


def occurrences(phrase: Sequence[str], terms: Sequence[str]) -> int:
    return sum(
        all(wanted in (GAP, term) for wanted, term in zip(phrase, terms[start:], strict=False))
        for start in range(len(terms) - len(phrase) + 1)
    )


def meets(card: Mapping[str, Any], line: Mapping[str, Any], query: RateQuery) -> bool:
    """Whether a line meets everything but the words and the experience."""
    day = query.as_of
    first, last = ("stands_from", "stands_to") if query.include_expired else ("valid_from", "valid_to")
    in_force = (line[first] is None or date.fromisoformat(line[first]) <= day) and (
        line[last] is None or date.fromisoformat(line[last]) >= day
    )
    any_of: Iterable[tuple[tuple[str, ...], str]] = (
        (query.frameworks, card["framework"]),
        (query.suppliers, card["supplier"]),
        (query.bases, line["basis"]),
        (query.grades, line["grade"]),
        (query.qualifications, line["qualification"]),
        (query.sites, line["site"]),
        (query.sizes, line["size"]),
        (query.work_types, line["work_type"]),
    )
    return (
        in_force
        and (card["currency"], card["unit"]) == (query.currency, query.unit)
        and all(not wanted or value in wanted for wanted, value in any_of)
        and (not query.lots or bool(set(query.lots) & set(line["lots"])))
        and (query.min_rate is None or line["price_minor"] >= query.min_rate)
        and (query.max_rate is None or line["price_minor"] <= query.max_rate)
        and line["key"] not in query.exclude
    )


def figures(prices: Sequence[int], bins: int) -> dict[str, Any] | None:
    """Statistics of sorted prices, straight from their definitions."""
    if not prices:
        return None
    least, most = prices[0], prices[-1]
    counts = [0] * bins
    for price in prices:
        counts[min((price - least) * bins // (most - least), bins - 1) if most > least else 0] += 1
    return {
        "count": len(prices),
        "minimum": least,
        "maximum": most,
        "mean": statistics.fmean(prices),
        "standard_deviation": statistics.pstdev(prices),
        "percentiles": {p: prices[math.ceil(p * len(prices) / 100) - 1] for p in (10, 25, 50, 75, 90)},
        "histogram": counts if most > least else [len(prices)],
    }
