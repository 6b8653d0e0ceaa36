"""The listings and the questions of benchmarks/search.py and benchmarks/scale.py: as many listings as are wanted,
made from the demonstration market with a seed, and distinct questions of a stated mix.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
PATH = "/api/v1/listings/"
MIX = {
    "real search": 30,
    "specialism": 15,
    "phrase": 5,
    "misspelt": 5,
    "need of 600 letters": 10,
    "filters alone": 15,
    "words and filters": 15,
    "rate of a grade": 5,
}
"""Of a hundred questions, how many are of each kind."""
MISSES = 5_000
"""Draws one after the other that bring nothing new, after which a kind has no more questions."""


Document = dict[str, Any]


def market() -> list[Document]:
    """The demonstration's listing documents, loaded into the data folder that CALLOFF_DATA names."""
    for words in (["migrate", "-v0"], ["load_fixtures"]):
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    import django  # noqa: PLC0415 - its settings are read from the environment that the caller has made

    django.setup()
    from django.utils import timezone  # noqa: PLC0415

    from search.documents import listings_of, partner_batches  # noqa: PLC0415
    from search.places import places  # noqa: PLC0415

    return [
        dict(document)
        for batch in partner_batches(400)
        for document in listings_of(batch, 1, places(), timezone.localdate()).puts
    ]


def multiplied(documents: list[Document], count: int, chance: random.Random) -> Iterator[Document]:
    """So many listings: each a document of the market with another name and other evidence, offerings and
    rates.
    """
    words = sorted({word for document in documents for word in document["name"].split() if word.isalpha()})
    studies = [study for document in documents for study in document["case_studies"]]
    sentences = [sentence for document in documents for sentence in document["summary"].split(". ")]
    for number in range(count):
        source = documents[number % len(documents)]
        partner = f"{source['partner']}-{number}"
        name = " ".join([*chance.sample(words, 2), str(number)])
        document = source | {
            "key": f"{source['framework']}~{source['supplier']}~{partner}",
            "partner": partner,
            "name": name,
            "summary": ". ".join(chance.sample(sentences, 6)),
            "case_studies": [study | {"key": f"c{at}"} for at, study in enumerate(chance.sample(studies, 3))],
            "offerings": [
                offer for offer in source["offerings"] if chance.random() < 0.8
            ] or source["offerings"],
            "rates": [
                rate | {"price_minor": rate["price_minor"] + chance.randrange(-5_000, 5_000)}
                for rate in source["rates"]
            ],
        }  # fmt: skip
        document["stored"] = source["stored"] | {
            "reference": document["key"],
            "partner": source["stored"]["partner"] | {"reference": partner, "name": name},
        }
        yield document


def questions(
    documents: list[Document],
    searches: list[str],
    needs: list[str],
    count: int,
    chance: random.Random,
    asked_before: set[str] | None = None,
) -> dict[str, list[str]]:
    """Distinct questions of each kind, as targets of the API; none of `asked_before`, to which they are added. Equal
    questions in another order of equals (seed) are not distinct. Where a kind has no more (there are some thousand real
    searches) the kinds after it that have bring the rest, so that there are as many as are wanted.
    """
    known = set() if asked_before is None else asked_before
    specialisms = sorted({entry["name"] for document in documents for entry in document["specialisms"]})

    def words() -> str:
        return " ".join(chance.choice(specialisms).split()[: chance.randint(1, 5)])

    def misspelt() -> str:
        letters = list(max(chance.choice(specialisms).split(), key=len))
        at = chance.randrange(1, max(2, len(letters) - 1))
        letters[at - 1 : at + 1] = reversed(letters[at - 1 : at + 1])
        return "".join(letters)

    def filters() -> dict[str, Any]:
        document = chance.choice(documents)
        offer = chance.choice(document["offerings"])
        others = {
            "lot": offer["lot"],
            "region": chance.choice(offer["regions"] or ["UK"]),
            "sector": document["sectors"][:2],
            "size": [document["size"], "small"],
            "ownership": document["ownership"],
            "specialism": offer["specialism"],
        }
        asked = {name: value for name, value in others.items() if value and chance.random() < 0.5}
        return {"framework": document["framework"], **asked}

    def rate() -> dict[str, Any]:
        document = chance.choice([one for one in documents if one["rates"]])
        grade = chance.choice(document["rates"])["grade"]
        return {
            "framework": document["framework"],
            "grade": grade,
            "sort": "rate",
            "max_rate": chance.randint(500, 1500),
        }

    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "real search": lambda: {"q": chance.choice(searches)},
        "specialism": lambda: {"q": words()},
        "phrase": lambda: {"q": f'"{" ".join(words().split()[:2])}"'},
        "misspelt": lambda: {"q": misspelt()},
        "need of 600 letters": lambda: {"q": chance.choice(needs)[chance.randrange(80) :][:600]},
        "filters alone": filters,
        "words and filters": lambda: {"q": words(), **filters()},
        "rate of a grade": rate,
    }
    made: dict[str, list[str]] = {}
    lacking = 0
    for kind, share in MIX.items():
        wanted = max(1, count * share // 100) + lacking
        made[kind] = []
        misses = 0
        while len(made[kind]) < wanted and misses < MISSES:
            asked = urlencode(kinds[kind](), doseq=True)
            misses += 1
            if asked not in known:
                known.add(asked)
                made[kind].append(f"{PATH}?{asked}&seed={chance.randrange(16)}")
                misses = 0
        lacking = wanted - len(made[kind])
    if lacking:
        raise SystemExit(f"there are {lacking:,} questions fewer than are wanted: ask for fewer")
    return made


def read_searches(path: Path) -> list[str]:
    """Real searches of a public marketplace: the column search_term."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["search_term"] for row in csv.DictReader(file)]


def read_needs(path: Path) -> list[str]:
    """Real needs, those of more than 700 letters: the column description."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["description"] for row in csv.DictReader(file) if len(row["description"]) > 700]
