"""The questions of benchmarks/rates.py, and a sheet of rates of any size: all drawn with a seed, none
twice.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

Question = tuple[str, tuple[tuple[str, str], ...]]
"""A path and its parameters in order."""

HEADINGS = (
    "contract_number", "vendor_name", "labor_category", "education_level", "min_years_experience",
    "price_usd_per_hour", "worksite", "business_size", "contract_start", "contract_end",
)  # fmt: skip
BANDS = {"0-5": (0, 5), "6-10": (6, 10), "11-15": (11, 15)}
MISSES = 5_000
"""Draws one after the other that bring nothing new, after which a kind has no more questions."""
PRICED = (("currency", "USD"), ("unit", "hour"))
UNIT = (*PRICED, ("page_size", "200"), ("bins", "12"))


def read_rows(path: Path) -> list[dict[str, str]]:
    """A sheet's rows by heading."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_sheet(path: Path, lines: int, rates: Path, titles: Path, seed: int) -> None:
    """A sheet of `lines` rates: titles of both files, prices around the real ones, vendors that do not exist.

    A tenth of the lines has expired; as in the real sheet some have no experience or qualification.
    """
    draw = random.Random(seed)
    real, categories = read_rows(rates), read_rows(titles)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for number in range(lines):
            row, category = draw.choice(real), draw.choice(categories)
            vendor = number // 80
            if draw.random() < 0.6:
                title, level = category["labor_category"], category["education_level"]
                experience = str(draw.randint(*BANDS[category["experience_band_years"]]))
            else:
                title, level = row["labor_category"][:250], row["education_level"]
                experience = row["min_years_experience"]
            cents = max(800, round(float(row["price_usd_per_hour"]) * draw.uniform(80, 125)))
            end = "2019-12-31" if draw.random() < 0.1 else f"20{draw.randint(40, 49)}-06-30"
            writer.writerow(
                (
                    f"V-{vendor:05d}", f"Invented Vendor {vendor:05d}", title, level, experience,
                    f"{cents // 100}.{cents % 100:02d}", row["worksite"], row["business_size"], "2015-01-01", end,
                )
            )  # fmt: skip


class Mixes:
    """Draws questions of each kind; `titles` are those of the lines, so that frequent words are asked
    often.
    """

    def __init__(self, titles: list[str], seed: int) -> None:
        self._titles = titles
        self._draw = random.Random(seed)
        self._asked: set[Question] = set()

    def questions(self, kind: str, count: int) -> Iterator[Question]:
        """At most `count` questions of a kind, each distinct in what it asks for from every other that was drawn, in
        whatever case: fewer where the titles hold no more.
        """
        make = self.kinds()[kind]
        made = misses = 0
        while made < count and misses < MISSES:
            question = make()
            asked = question[0], tuple((name, value.casefold()) for name, value in question[1])
            if asked in self._asked:
                misses += 1
                continue
            self._asked.add(asked)
            made, misses = made + 1, 0
            yield question

    def kinds(self) -> dict[str, Callable[[], Question]]:
        return {
            "keyword": self._keyword,
            "six filters": self._six_filters,
            "three roles": self._three_roles,
            "deep browse": self._deep_browse,
            "autocomplete": self._autocomplete,
        }

    def every_sort(self) -> Iterator[Question]:
        """Each sort by its first pages and page 50, of all lines and of those with a frequent word of titles: they are
        asked to be checked, and not timed.
        """
        words = Counter(word.casefold() for title in self._titles for word in title.split() if len(word) > 3)
        frequent = [word for word, _ in words.most_common(40) if word.isalpha()]
        asked = "".join(f" {word}" for word in frequent[:10]).strip()
        for sort in ("price", "-price", "role", "experience", "relevance"):
            for q in ("", asked, ", ".join(frequent[:3])):
                for page in ("1", "2", "50"):
                    said = (("q", q),) if q else ()
                    yield "/api/v1/rates/", (*said, ("sort", sort), ("page", page), *UNIT)

    def _words(self, least: int, most: int) -> str:
        """Some words of a title, side by side, as a person would type them."""
        while True:
            words = [
                word for word in self._draw.choice(self._titles).split() if word.isalnum() and len(word) > 2
            ]
            if words:
                count = min(self._draw.randint(least, most), len(words))
                start = self._draw.randint(0, len(words) - count)
                return " ".join(words[start : start + count])

    def _keyword(self) -> Question:
        proposed = ("proposed", f"{self._draw.randint(40, 250)}.{self._draw.randint(0, 99):02d}")
        return "/api/v1/rates/", (("q", self._words(1, 2)), proposed, *UNIT)

    def _six_filters(self) -> Question:
        draw = self._draw
        least = draw.randint(20, 60)
        return "/api/v1/rates/", (
            ("q", self._words(1, 1)),
            ("min_experience", str(draw.randint(1, 4))),
            ("max_experience", str(draw.randint(6, 15))),
            ("qualification", draw.choice(["bachelors", "masters", "high-school"])),
            ("site", draw.choice(["both", "customer"])),
            ("size", "small"),
            ("min_rate", f"{least}.{draw.randint(0, 99):02d}"),
            ("max_rate", str(least + draw.randint(60, 200))),
            *UNIT,
        )

    def _three_roles(self) -> Question:
        return "/api/v1/rates/", (("q", ", ".join(self._words(1, 3) for _ in range(3))), *UNIT)

    def _deep_browse(self) -> Question:
        """Page 50 of 200 of what a wide band of prices leaves: the band differs from question to question."""
        draw = self._draw
        return "/api/v1/rates/", (
            ("page", "50"),
            ("sort", draw.choice(["price", "price", "-price", "role", "experience"])),
            ("min_rate", f"{draw.randint(8, 30)}.{draw.randint(0, 99):02d}"),
            ("max_rate", f"{draw.randint(300, 900)}.{draw.randint(0, 99):02d}"),
            *UNIT,
        )

    def _autocomplete(self) -> Question:
        """The beginning of a title, from three letters on: no two questions begin alike."""
        words = self._words(1, 4)
        return "/api/v1/rates/suggestions/", (
            ("q", words[: self._draw.randint(3, max(len(words), 3))].strip()),
            ("limit", "10"),
            *PRICED,
        )


def address(question: Question) -> str:
    """A question as a request's target."""
    path, parameters = question
    return f"{path}?{urlencode(parameters)}"
