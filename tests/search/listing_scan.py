"""A plain scan of listing documents that answers the same questions as the engine: slow, short and obvious.

It shares the planner and the analysis with the engine, and nothing else.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from rapidfuzz.distance import OSA

from search.analysis import GAP, fold, normalise, term_of, terms_of, words_of
from search.fields import (
    ALL_WORDS_SCORE,
    CONSTANT_SCORE,
    FILTERS,
    NAME_START_SCORE,
    TEXT_FIELDS,
    TIE_BREAKER,
    WHOLE_NAME_SCORE,
    texts_of,
)
from search.planner import Clause, Plan, plan
from search.query import ListingQuery
from search.ties import hashes_of, ties

Document = dict[str, Any]


def folded_name(name: str) -> str:
    return " ".join(fold(word) for word in words_of(normalise(name)))


class Scan:
    """Documents to be asked one by one."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.listings = list(documents)
        self.texts = [
            [(field, terms_of(text)) for field, _, text in texts_of(document) if text]
            for document in self.listings
        ]
        self.words = Counter(
            word
            for document in self.listings
            for word in {
                fold(word) for _, _, text in texts_of(document) for word in words_of(normalise(text))
            }
            - {""}
        )
        self.names = {
            fold(word) for document in self.listings for word in words_of(normalise(document["name"]))
        }

    # What the planner asks of an index.

    @property
    def documents(self) -> int:
        return len(self.listings)

    def frequency(self, term: str) -> int:
        return sum(any(term in terms for _, terms in texts) for texts in self.texts)

    def beginning(self, start: str) -> list[str]:
        return sorted({term_of(word) for word in self.words if word.startswith(start)} - {GAP})

    def names_beginning(self, start: str) -> list[str]:
        return sorted({term_of(word) for word in self.names if word.startswith(start)} - {GAP})

    def near(self, word: str, distance: int) -> list[str]:
        away = {
            other: OSA.distance(word, other)
            for other in self.words
            if term_of(other) != GAP and not any(letter.isdigit() for letter in other)
        }
        close = [other for other in away if away[other] <= distance]
        nearest = [other for other in close if away[other] == min(away[found] for found in close)]
        return sorted(nearest, key=lambda other: (-self.words[other], other))[:10]

    # Scores.

    @cached_property
    def lengths(self) -> dict[str, list[int]]:
        """The length of each field in each document; a field without terms counts one."""
        return {
            field.name: [
                sum(term != GAP for name, terms in texts if name == field.name for term in terms) or 1
                for texts in self.texts
            ]
            for field in TEXT_FIELDS
        }

    def field_frequency(self, field: str, term: str) -> int:
        return sum(any(name == field and term in terms for name, terms in texts) for texts in self.texts)

    def bm25(self, at: int, field: str, terms: tuple[str, ...]) -> float:
        count = sum(occurrences(text, terms) for name, text in self.texts[at] if name == field)
        if not count:
            return 0.0
        idf = 0.0
        for term in terms:
            if term != GAP:
                frequency = self.field_frequency(field, term)
                idf += math.log(1 + (self.documents - frequency + 0.5) / (frequency + 0.5))
        average = sum(self.lengths[field]) / self.documents
        return idf * 2.2 * count / (count + 1.2 * (0.25 + 0.75 * self.lengths[field][at] / average))

    def clause_score(self, at: int, clause: Clause) -> float:
        """The best field's score and a share of the others', 0 if the clause does not match."""
        scores = [
            self.bm25(at, field.name, alternative.terms) * field.weight * alternative.weight
            for alternative in clause.alternatives
            for field in TEXT_FIELDS
        ]
        begun = {name for name, terms in self.texts[at] if set(clause.constants) & set(terms)}
        scores.extend(field.weight * CONSTANT_SCORE for field in TEXT_FIELDS if field.name in begun)
        if any(name == "name" and set(clause.name_starts) & set(terms) for name, terms in self.texts[at]):
            scores.append(NAME_START_SCORE)
        return max(scores, default=0.0) * (1 - TIE_BREAKER) + sum(scores) * TIE_BREAKER

    def score(self, at: int, asked: Plan) -> float | None:
        """A document's score, None if it does not match."""
        if any(occurrences(terms, excluded) for excluded in asked.excluded for _, terms in self.texts[at]):
            return None
        if not asked.asked:
            return 0.0
        scores = [self.clause_score(at, clause) for clause in asked.clauses]
        whole = bool(asked.whole_name) and folded_name(self.listings[at]["name"]) == asked.whole_name
        required = [score for score, clause in zip(scores, asked.clauses, strict=True) if clause.required]
        if not all(required) or not (any(scores) or whole):
            return None
        every = bool(asked.together) and all(scores[number] for number in asked.together)
        return sum(scores) + (WHOLE_NAME_SCORE if whole else 0.0) + (ALL_WORDS_SCORE if every else 0.0)

    @cached_property
    def _scored(self) -> dict[str, list[float | None]]:
        return {}

    def scores(self, question: str) -> list[float | None]:
        """The score of every document, reckoned once for a question."""
        if question not in self._scored:
            asked = plan(question, self)
            self._scored[question] = [self.score(at, asked) for at in range(self.documents)]
        return self._scored[question]

    # Answers.

    def matches(self, query: ListingQuery, priced: ListingQuery | None = None) -> dict[int, float]:
        """Every document that matches words and filters, with its score. `priced` says what rates are
        compared, if another.
        """
        found = {}
        for at, document in enumerate(self.listings):
            score = self.scores(query.q)[at]
            if score is not None and passes(document, query, priced or query):
                found[at] = score
        return found

    def facet(self, query: ListingQuery, name: str) -> dict[str, int]:
        """How many listings each value would leave as the only one of its facet, all other filters in force."""
        values = {value for document in self.listings for value in values_of_any(document, name, query.on)}
        counts = {}
        for value in values:
            chosen = replace(query, filters={**query.filters, name: (value,)})
            # A grade belongs to the framework asked for, also where frameworks are counted.
            counts[value] = len(self.matches(chosen, query if name == "framework" else chosen))
        return {value: count for value, count in counts.items() if count}

    def order(self, query: ListingQuery, scores: dict[str, float]) -> list[str]:
        """The keys found, in order, given the scores that ranked them."""
        found = [self.listings[at] for at in self.matches(query)]
        tie = {
            document["key"]: int(number)
            for document, number in zip(
                found, ties(hashes_of([document["key"] for document in found]), query.seed), strict=True
            )
        }

        def place(document: Document) -> tuple[Any, ...]:
            key = document["key"]
            if query.sort == "name":
                return folded_name(document["name"]), key
            if query.sort == "rate":
                price = lowest_rate(document, query)
                return (math.inf if price is None else price), tie[key], key
            return -scores[key], tie[key], key

        return [document["key"] for document in sorted(found, key=place)]


def occurrences(text: list[str], terms: tuple[str, ...]) -> int:
    """How often a term, or a phrase with gaps for its stop words, stands in a text."""
    return sum(
        all(term in (GAP, text[start + at]) for at, term in enumerate(terms))
        for start in range(len(text) - len(terms) + 1)
    )


def status_of(document: Document, on: date) -> str:
    if document["status"] == "live" and document["ends_on"] and date.fromisoformat(document["ends_on"]) < on:
        return "expired"
    if document["status"] == "live" and date.fromisoformat(document["starts_on"]) > on:
        return "coming"
    return str(document["status"])


def values_of(document: Document, name: str, on: date) -> set[str]:
    """A listing's values of a filter that does not depend on offerings."""
    if name == "status":
        return {status_of(document, on)}
    if name in ("sector", "accreditation"):
        return set(document[f"{name}s"])
    return {document[name]}


def offerings_met(document: Document, query: ListingQuery) -> list[dict[str, Any]]:
    """The offerings that meet lot, specialism and region together."""
    asked = query.filters
    return [
        offer
        for offer in document["offerings"]
        if (not asked.get("lot") or offer["lot"] in asked["lot"])
        and (not asked.get("specialism") or offer["specialism"] in asked["specialism"])
        and (not asked.get("region") or set(offer["regions"]) & set(asked["region"]))
    ]


def values_of_any(document: Document, name: str, on: date) -> set[str]:
    """A listing's values of any filter."""
    if name == "region":
        return {region for offer in document["offerings"] for region in offer["regions"]}
    if name in ("lot", "specialism"):
        return {offer[name] for offer in document["offerings"]} - {None}
    return values_of(document, name, on)


def lowest_rate(document: Document, query: ListingQuery) -> int | None:
    lots = set(query.filters.get("lot", ()))
    if asked := query.filters.get("specialism", ()):
        offered = {offer["lot"] for offer in document["offerings"] if offer["specialism"] in asked}
        lots = lots & offered if lots else offered
        if not lots:
            return None
    prices = [
        rate["price_minor"]
        for rate in document["rates"]
        if document.get("comparable", True)
        and rate["grade"] == query.grade
        and document["framework"] == query.filters["framework"][0]
        and (not lots or rate["lot"] is None or rate["lot"] in lots)
    ]
    return min(prices, default=None)


def passes(document: Document, query: ListingQuery, priced: ListingQuery) -> bool:
    """Whether a listing passes every filter and rate bound."""
    for field in FILTERS:
        wanted = query.filters.get(field.name)
        if wanted and not field.by_offering and not values_of(document, field.name, query.on) & set(wanted):
            return False
    if any(query.filters.get(name) for name in ("lot", "specialism", "region")) and not offerings_met(
        document, query
    ):
        return False
    if query.min_rate is None and query.max_rate is None:
        return True
    price = lowest_rate(document, priced)
    return (
        price is not None
        and price >= (query.min_rate or 0)
        and (query.max_rate is None or price <= query.max_rate)
    )
