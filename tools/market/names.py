"""Names that no real firm bears: coined words, checked at the making against every supplier name of the
source lists.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tools.market.draw import Draw

FIRST: Final = [
    "Ald",
    "Bram",
    "Cald",
    "Dray",
    "Elver",
    "Fenn",
    "Gris",
    "Hask",
    "Ithel",
    "Jorv",
    "Kess",
    "Lorn",
    "Mard",
    "Nesk",
    "Oss",
    "Pell",
    "Quar",
    "Ravel",
    "Sorl",
    "Tamsel",
    "Ulver",
    "Verr",
    "Wend",
    "Yarl",
    "Zell",
    "Brock",
    "Cray",
    "Dunn",
    "Eaven",
    "Frith",
    "Glas",
    "Hov",
    "Ingle",
    "Kirr",
    "Lyth",
    "Morv",
    "Nab",
    "Orrin",
    "Penn",
    "Rosk",
    "Skel",
    "Thring",
    "Usk",
    "Vann",
    "Wyth",
    "Aller",
    "Brae",
    "Corrin",
    "Dovel",
    "Esk",
    "Farrow",
    "Garth",
    "Hebden",
    "Iver",
    "Jessa",
    "Kelder",
    "Lodd",
    "Mirk",
    "Norr",
    "Orme",
    "Pasc",
    "Quill",
    "Rudd",
    "Sabr",
    "Tarn",
    "Umber",
    "Vey",
    "Wray",
    "Yewl",
    "Ansty",
    "Bexel",
    "Cobb",
    "Delf",
    "Ember",
    "Fossel",
    "Gannel",
    "Hurst",
    "Islay",
    "Jarrel",
    "Kemp",
    "Lusk",
    "Marl",
]
SECOND: Final = [
    "mere",
    "wick",
    "thorne",
    "combe",
    "holt",
    "beck",
    "ford",
    "row",
    "dale",
    "by",
    "mont",
    "stead",
    "well",
    "croft",
    "fold",
    "gate",
    "hythe",
    "keld",
    "low",
    "moor",
    "ness",
    "over",
    "quist",
    "rigg",
    "scar",
    "shaw",
    "side",
    "tarn",
    "vale",
    "wath",
]
CONSORTIA: Final = (
    "Alliance",
    "Consortium",
    "Collective",
    "Union",
    "Compact",
    "Federation",
    "Ring",
    "Assembly",
    "League",
)
SUFFIXES: Final = {
    "partnership": ("LLP",),
    "community-interest-company": ("CIC",),
    "co-operative": ("Co-operative", "Worker Co-operative"),
    "public-service-mutual": ("Mutual",),
    "charity": ("Trust", "Foundation"),
    "public-company": ("plc",),
}


class Names:
    """Hands out each coined word once."""

    def __init__(self, draw: Draw) -> None:
        words = [
            first + second
            for first in FIRST
            for second in SECOND
            if first[-1].lower() != second[0] and first[-2:].lower() != second[:2]
        ]
        self._words = draw.some(words, len(words))
        self._draw = draw

    def word(self) -> str:
        return self._words.pop()

    def firm(self, nouns: Sequence[str], ownership: str) -> tuple[str, str]:
        """A firm's name and the coined word in it, such as ("Haskmere Care Systems CIC", "Haskmere")."""
        word = self.word()
        noun = self._draw.one(nouns)
        form = self._draw.weighted(
            [("{word} {noun}", 6), ("{word} & {other}", 1), ("{word}", 2), ("The {word} {noun} Practice", 1)]
        )
        name = form.format(word=word, noun=noun, other=self.word() if "other" in form else "")
        name = name.replace("Practice Practice", "Practice")
        if form == "{word}":
            name += " " + self._draw.one(
                ["Associates", "Partnership", "Consulting", "Works", "Advisory", "Studio"]
            )
        if ownership in SUFFIXES:
            name += " " + self._draw.one(SUFFIXES[ownership])
        elif self._draw.chance(0.25):
            name += " Ltd"
        return name, word

    def consortium(self, nouns: Sequence[str]) -> tuple[str, str]:
        word = self.word()
        middle = self._draw.one(nouns) + " " if self._draw.chance(0.4) else ""
        return f"{word} {middle}{self._draw.one(CONSORTIA)}", word


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def clashes(words: Iterable[str], listed: Path) -> list[str]:
    """Coined words that some name in a list of real suppliers holds.

    The list is a CSV file with `supplier_name`.
    """
    with listed.open(encoding="utf-8", newline="") as file:
        real = {
            word
            for row in csv.DictReader(file)
            for word in re.findall(r"[a-z]+", row["supplier_name"].lower())
        }
    return sorted(word for word in words if word.lower() in real)
