"""A plain scan of a sheet of rates, to hold the answers of benchmarks/rates.py against: no index, no
arrays.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import django

django.setup()

from procurement.actions.rate_cells import read_qualification  # noqa: E402
from search.analysis import GAP, fold, normalise, term_of, words_of  # noqa: E402
from search.rate_roles import roles_of  # noqa: E402

SITES = {"Both": "both", "Customer": "customer", "Contractor": "contractor"}


@dataclass(frozen=True)
class Line:
    """What of a line is asked about; `price` in cents."""

    price: int
    title: str
    experience: int | None
    qualification: str
    site: str
    small: bool


class PlainScan:
    """All lines that are in force today."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        today = date.today().isoformat()  # noqa: DTZ011
        self.lines = [
            Line(
                int(Decimal(row["price_usd_per_hour"]) * 100),
                row["labor_category"].strip(),
                int(row["min_years_experience"]) if row["min_years_experience"] else None,
                read_qualification(row["education_level"].strip())[0],
                SITES.get(row["worksite"], ""),
                row["business_size"] == "S",
            )
            for row in rows
            if row["contract_end"] >= today
        ]
        titles = {line.title for line in self.lines} | {row["labor_category"].strip() for row in rows}
        self.words = {title: [fold(word) for word in words_of(normalise(title))] for title in titles}
        self.terms = {
            title: {term_of(word) for word in words_of(normalise(title))} - {GAP} for title in titles
        }
        self.roles: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for line in self.lines:
            self.roles[tuple(filter(None, self.words[line.title]))][line.title] += 1

    def wrong_with(self, asked: Mapping[str, str], answer: Mapping[str, Any]) -> str:
        """What is wrong with an answer, "" if it holds."""
        if "limit" in asked:
            return self._wrong_suggestions(asked, answer)
        prices, unknown = self._prices(asked)
        if answer["count"] != len(prices):
            return f"count {answer['count']}, not {len(prices)}"
        if answer["unknown_experience_left_out"] != unknown:
            return f"{answer['unknown_experience_left_out']} of unknown experience, not {unknown}"
        return self._wrong_figures(prices, asked, answer)

    def _stop_words(self, title: str) -> set[str]:
        return {word for word in self.words[title] if term_of(word) == GAP}

    def _prices(self, asked: Mapping[str, str]) -> tuple[list[int], int]:
        """The prices found, sorted, and how many lines were left out for stating no experience."""
        # A stop word that is a role's whole name ("IT") is looked for as it is written.
        roles = [
            {word if term_of(word) == GAP else term_of(word) for word in role.words}
            for role in roles_of(asked.get("q", ""))
        ]
        found = {
            title
            for title, terms in self.terms.items()
            if not roles or any((terms | self._stop_words(title)) & role for role in roles)
        }
        least, most = Decimal(asked.get("min_rate", "0")) * 100, Decimal(asked.get("max_rate", "1e9")) * 100
        prices, unknown = [], 0
        for line in self.lines:
            if (
                line.title in found
                and least <= line.price <= most
                and asked.get("qualification", line.qualification) == line.qualification
                and asked.get("site", line.site) == line.site
                and ("size" not in asked or line.small)
            ):
                if "min_experience" in asked and line.experience is None:
                    unknown += 1
                elif line.experience is None or (
                    int(asked.get("min_experience", 0))
                    <= line.experience
                    <= int(asked.get("max_experience", 99))
                ):
                    prices.append(line.price)
        return sorted(prices), unknown

    def _wrong_figures(self, prices: list[int], asked: Mapping[str, str], answer: Mapping[str, Any]) -> str:
        figures = answer["statistics"]
        if not prices:
            return "" if figures is None else "statistics of nothing"
        wanted: dict[str, Any] = {
            "minimum": prices[0],
            "maximum": prices[-1],
            **{str(p): prices[math.ceil(p * len(prices) / 100) - 1] for p in (10, 25, 50, 75, 90)},
        }
        for name, price in wanted.items():
            told = figures["percentiles"][name] if name.isdigit() else figures[name]
            if told != f"{price / 100:.2f}":
                return f"{name} {told}, not {price / 100:.2f}"
        for name, value in (
            ("mean", statistics.fmean(prices)),
            ("standard_deviation", statistics.pstdev(prices, statistics.fmean(prices))),
        ):
            if abs(float(figures[name]) * 100 - value) > 0.51:
                return f"{name} {figures[name]}, not {value / 100}"
        if prices[0] < prices[-1]:
            counts = [0] * 12
            for price in prices:
                counts[min((price - prices[0]) * 12 // (prices[-1] - prices[0]), 11)] += 1
            if [part["count"] for part in figures["histogram"]] != counts:
                return f"histogram {figures['histogram']}, not {counts}"
        if "proposed" in asked:
            below = sum(price < Decimal(asked["proposed"]) * 100 for price in prices)
            if answer["proposed"]["below"] != below:
                return f"{answer['proposed']['below']} below the proposed price, not {below}"
        if asked.get("sort") in ("price", "-price"):
            start = (int(asked["page"]) - 1) * 200
            page = (prices[::-1] if asked["sort"] == "-price" else prices)[start : start + 200]
            if [round(float(line["amount"]) * 100) for line in answer["results"]] != page:
                return "the page holds other prices"
        return ""

    def _wrong_suggestions(self, asked: Mapping[str, str], answer: Mapping[str, Any]) -> str:
        typed = [fold(word) for word in words_of(normalise(asked["q"]))]
        counts = Counter(
            {
                words: sum(titles.values())
                for words, titles in self.roles.items()
                if all(any(word.startswith(start) for word in words) for start in typed)
            }
        )
        wanted = sorted(counts.values(), reverse=True)[: int(asked["limit"])]
        if [one["count"] for one in answer["results"]] != wanted:
            return f"suggestions {answer['results']}, not of counts {wanted}"
        for one in answer["results"]:
            if counts[tuple(filter(None, self.words[one["title"]]))] != one["count"]:
                return f"{one} is not counted so"
        return ""
