"""A plain scan of a sheet of rates, to hold the answers of benchmarks/rates.py against: every line is looked at for
every question, by arrays and without an index; pages by any sort, line by line (rates_order.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

django.setup()

from rates_order import Order  # noqa: E402

from procurement.actions.rate_cells import read_qualification  # noqa: E402
from procurement.references import slug  # noqa: E402
from search.analysis import GAP, fold, normalise, term_of, words_of  # noqa: E402
from search.rate_roles import roles_of  # noqa: E402

SITES = {"Both": "both", "Customer": "customer", "Contractor": "contractor"}
UNKNOWN = -1
"""Years of experience of a line that states none."""


class PlainScan:
    """All lines that are in force today, in arrays side by side; prices in cents."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        today = date.today().isoformat()  # noqa: DTZ011
        lines = [row for row in rows if row["contract_end"] >= today]
        self.titles = list(dict.fromkeys(row["labor_category"].strip() for row in rows))
        places = {title: place for place, title in enumerate(self.titles)}
        self.title = np.array([places[row["labor_category"].strip()] for row in lines])
        self.price = np.array([int(Decimal(row["price_usd_per_hour"]) * 100) for row in lines])
        self.experience = np.array([int(row["min_years_experience"] or UNKNOWN) for row in lines])
        qualifications = {
            text: read_qualification(text.strip())[0] for text in {row["education_level"] for row in lines}
        }
        self.qualification = np.array([qualifications[row["education_level"]] for row in lines])
        self.site = np.array([SITES.get(row["worksite"], "") for row in lines])
        self.small = np.array([row["business_size"] == "S" for row in lines])
        self.words = {title: [fold(word) for word in words_of(normalise(title))] for title in self.titles}
        self._bearing: dict[str, NDArray[np.bool_]] = {}
        # A stop word that is a role's whole name ("IT") is looked for as it is written; "at" is the term of ATS, too.
        self._asked_by = {
            title: ({term_of(word) for word in words_of(normalise(title))} - {GAP})
            | {f"{GAP}{word}" for word in self.words[title] if term_of(word) == GAP}
            for title in self.titles
        }
        roles: dict[tuple[str, ...], int] = defaultdict(int)
        for place, many in enumerate(np.bincount(self.title, minlength=len(self.titles)).tolist()):
            if many:
                roles[tuple(filter(None, self.words[self.titles[place]]))] += many
        self.roles = list(roles)
        self.counts = np.array(list(roles.values()))
        self._starting: dict[str, NDArray[np.bool_]] = {}
        every = np.array([places[row["labor_category"].strip()] for row in rows])
        keys = [key for row, key in zip(rows, _keys(rows), strict=True) if row["contract_end"] >= today]
        self._order = Order(self.titles, self.title, self.price, self.experience, keys, every)

    def wrong_with(self, asked: Mapping[str, str], answer: Mapping[str, Any]) -> str:
        """What is wrong with an answer, "" if it holds; its page where it has one."""
        if "limit" in asked:
            return self._wrong_suggestions(asked, answer)
        found, unknown = self._found(asked)
        prices = np.sort(self.price[found])
        if answer["count"] != len(prices):
            return f"count {answer['count']}, not {len(prices)}"
        if answer["unknown_experience_left_out"] != unknown:
            return f"{answer['unknown_experience_left_out']} of unknown experience, not {unknown}"
        return self._wrong_figures(prices, asked, answer) or self._wrong_page(found, asked, answer)

    def _with_word(self, word: str) -> NDArray[np.bool_]:
        """Which titles bear a word of a role."""
        if word not in self._bearing:
            self._bearing[word] = np.array([word in self._asked_by[title] for title in self.titles])
        return self._bearing[word]

    def _found(self, asked: Mapping[str, str]) -> tuple[NDArray[np.bool_], int]:
        """Which lines are found, and how many were left out for stating no experience."""
        found = np.ones(len(self.title), bool)
        if roles := roles_of(asked.get("q", "")):
            bearing = np.zeros(len(self.titles), bool)
            for role in roles:
                for word in role.words:
                    bearing |= self._with_word(f"{GAP}{word}" if term_of(word) == GAP else term_of(word))
            found &= bearing[self.title]
        if "min_rate" in asked:
            found &= self.price >= int(Decimal(asked["min_rate"]) * 100)
        if "max_rate" in asked:
            found &= self.price <= int(Decimal(asked["max_rate"]) * 100)
        if "qualification" in asked:
            found &= self.qualification == asked["qualification"]
        if "site" in asked:
            found &= self.site == asked["site"]
        if "size" in asked:
            found &= self.small
        stated = self.experience != UNKNOWN
        unknown = int((found & ~stated).sum()) if "min_experience" in asked else 0
        least, most = int(asked.get("min_experience", 0)), int(asked.get("max_experience", 99))
        within = (self.experience >= least) & (self.experience <= most)
        found &= within if "min_experience" in asked else within | ~stated
        return found, unknown

    def _wrong_figures(
        self, prices: NDArray[np.int64], asked: Mapping[str, str], answer: Mapping[str, Any]
    ) -> str:
        figures = answer["statistics"]
        if not len(prices):
            return "" if figures is None else "statistics of nothing"
        least, most = int(prices[0]), int(prices[-1])
        wanted = {
            "minimum": least,
            "maximum": most,
            **{str(p): int(prices[-(-p * len(prices) // 100) - 1]) for p in (10, 25, 50, 75, 90)},
        }
        for name, price in wanted.items():
            told = figures["percentiles"][name] if name.isdigit() else figures[name]
            if told != f"{price // 100}.{price % 100:02d}":
                return f"{name} {told}, not {price / 100:.2f}"
        for name, value in (("mean", prices.mean()), ("standard_deviation", prices.std())):
            if abs(float(figures[name]) * 100 - value) > 0.51:
                return f"{name} {figures[name]}, not {value / 100}"
        if least < most:
            bins = np.minimum((prices - least) * 12 // (most - least), 11)
            counts = np.bincount(bins, minlength=12).tolist()
            if [part["count"] for part in figures["histogram"]] != counts:
                return f"histogram {figures['histogram']}, not {counts}"
        if "proposed" in asked:
            below = int(np.searchsorted(prices, int(Decimal(asked["proposed"]) * 100)))
            if answer["proposed"]["below"] != below:
                return f"{answer['proposed']['below']} below the proposed price, not {below}"
        return ""

    def _wrong_page(
        self, found: NDArray[np.bool_], asked: Mapping[str, str], answer: Mapping[str, Any]
    ) -> str:
        if "results" not in answer:
            return ""
        roles = [
            (
                role,
                np.any(
                    [self._with_word(f"{GAP}{word}") for word in role.words if term_of(word) == GAP], axis=0
                ),
            )
            for role in roles_of(asked.get("q", ""))
        ]
        size = int(asked["page_size"])
        return self._order.wrong_with(
            [line["reference"] for line in answer["results"]],
            found,
            asked.get("sort") or ("relevance" if roles else "price"),
            roles,
            (int(asked.get("page", 1)) - 1) * size,
            size,
        )

    def _with_start(self, start: str) -> NDArray[np.bool_]:
        """Which roles have a word that begins so."""
        if start not in self._starting:
            self._starting[start] = np.array(
                [any(word.startswith(start) for word in words) for words in self.roles]
            )
        return self._starting[start]

    def _wrong_suggestions(self, asked: Mapping[str, str], answer: Mapping[str, Any]) -> str:
        typed = [fold(word) for word in words_of(normalise(asked["q"]))]
        found = np.ones(len(self.roles), bool)
        for start in typed:
            found &= self._with_start(start)
        wanted = np.sort(self.counts[found])[::-1][: int(asked["limit"])].tolist()
        if [one["count"] for one in answer["results"]] != wanted:
            return f"suggestions {answer['results']}, not of counts {wanted}"
        counts = Counter(
            {self.roles[place]: int(self.counts[place]) for place in np.flatnonzero(found).tolist()}
        )
        for one in answer["results"]:
            if counts[tuple(filter(None, self._folded(one["title"])))] != one["count"]:
                return f"{one} is not counted so"
        return ""

    def _folded(self, title: str) -> list[str]:
        return self.words.get(title) or [fold(word) for word in words_of(normalise(title))]


def _keys(rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The reference of each row's line, as an import without a column of keys makes them: card and place on it."""
    references: dict[str, str] = {}
    lines: Counter[str] = Counter()
    for row in rows:
        name = " ".join(row["vendor_name"].split())
        if name not in references:
            references[name] = slug(name, set(references.values()))
        lines[name] += 1
        yield f"bench~{references[name]}~usd-hour~{lines[name]}"
