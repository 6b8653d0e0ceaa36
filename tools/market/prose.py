"""Sentences from building blocks: choices, slots, and a guard so that no two profiles share a long run
of words.

In a block `[this|that]` is a choice, `{place}` a value, `{Place}` the same with a capital, `{n 3 9}` a
number from 3 to 9
(`{n 900 4200 ,}` with a thousands separator, `{n 1962 1978 y}` a year, one decimal where an end has one).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.market.draw import Draw

CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
NUMBER: Final = re.compile(r"\{n ([\d.]+) ([\d.]+)(?: ([,y]))?\}")
SLOT: Final = re.compile(r"\{([A-Za-z]\w*)\}")
SMALL: Final = re.compile(r"((?:^|[.?] ))(\d)(?= [a-z])")
DIGITS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
WORD: Final = re.compile(r"[a-z]+|\d+")
RUN: Final = 12
"""Words in a row that at most FEW profiles share, and at most ALIKE if every number counts as the same."""
FEW: Final = 3
ALIKE: Final = 8
TRIES: Final = 24

Block = dict[str, list[str]]


def read_blocks(path: Path) -> dict[str, Block]:
    """Blocks by name from a text file: `== name`, then `key: value` or `key:` with indented lines, or
    lines alone.
    """
    blocks: dict[str, Block] = {}
    block: Block = {}
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("== "):
            lines = []
            block = blocks[line[3:].strip()] = {"": lines}
        elif line.startswith("  "):
            lines.append(line.strip())
        elif found := re.match(r"(\w+):(?: (.*))?$", line):
            lines = block[found[1]] = [found[2]] if found[2] else []
        else:
            block[""].append(line.strip())
    return blocks


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def fill(template: str, values: Mapping[str, str], draw: Draw) -> str:
    """The template with its choices made and its slots filled, as a sentence.

    KeyError: a slot without a value.
    """
    return capital(_expanded(template, values, draw))


def _expanded(template: str, values: Mapping[str, str], draw: Draw) -> str:
    text = template
    while choice := CHOICE.search(text):
        text = text[: choice.start()] + draw.one(choice[1].split("|")) + text[choice.end() :]
    text = NUMBER.sub(lambda found: _number(found[1], found[2], found[3], draw), text)
    while slot := SLOT.search(text):
        name = slot[1]
        plain = name[0].lower() + name[1:]
        value = _expanded(values[plain], values, draw)
        text = text[: slot.start()] + (value if name == plain else capital(value)) + text[slot.end() :]
    return text


def _number(lowest: str, highest: str, form: str | None, draw: Draw) -> str:
    if "." in lowest + highest:
        return f"{draw.between(round(float(lowest) * 10), round(float(highest) * 10)) / 10:.1f}"
    number = draw.between(int(lowest), int(highest))
    return str(number) if form == "y" else f"{number:,}"


class Phrasing:
    """Other ways to say the same, put into a template at random before it is filled."""

    def __init__(self, path: Path) -> None:
        self._others = {
            phrase.strip(): [phrase.strip(), *(one.strip() for one in others.split("|"))]
            for phrase, _, others in (
                line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line
            )
            if not phrase.startswith("#")
        }
        ordered = sorted(self._others, key=len, reverse=True)
        self._found = re.compile(r"(?<![\w|\[])(?:" + "|".join(map(re.escape, ordered)) + r")(?![\w|\]])")

    def vary(self, template: str, draw: Draw) -> str:
        return self._found.sub(lambda found: draw.one(self._others[found[0]]), template)


def runs(text: str, length: int, *, figures: bool = False) -> Iterator[tuple[str, ...]]:
    """Every run of so many words, without case and punctuation; unless `figures`, every number counts as
    the same.
    """
    words = [
        word if figures or not word.isdigit() else "#" for word in WORD.findall(text.lower().replace(",", ""))
    ]
    for start in range(len(words) - length + 1):
        yield tuple(words[start : start + length])


class Guard:
    """Remembers which profiles hold which runs of words, and refuses a sentence that would repeat too
    much of another.
    """

    def __init__(self) -> None:
        self._exact: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._alike: dict[tuple[str, ...], set[str]] = defaultdict(set)

    def admits(self, text: str, profile: str) -> bool:
        return all(
            len(self._exact.get(run, set()) - {profile}) < FEW for run in runs(text, RUN, figures=True)
        ) and all(len(self._alike.get(run, set()) - {profile}) < ALIKE for run in runs(text, RUN))

    def keep(self, text: str, profile: str) -> None:
        for run in runs(text, RUN, figures=True):
            self._exact[run].add(profile)
        for run in runs(text, RUN):
            self._alike[run].add(profile)


class Writer:
    """Writes one profile: takes sentences from pools, none twice, each only if the guard admits it."""

    def __init__(
        self, profile: str, draw: Draw, guard: Guard, phrasing: Phrasing, values: Mapping[str, str]
    ) -> None:
        self.profile, self.draw, self.guard, self.phrasing = profile, draw, guard, phrasing
        self.values = dict(values)
        self._used: set[str] = set()

    def sentence(self, pool: Sequence[str], **more: str) -> str:
        """A sentence that is new here and rare elsewhere, or "" where the pool has none left."""
        for template in self.draw.some([one for one in pool if one not in self._used], len(pool)):
            text = self.told([template], **more)
            if text:
                self._used.add(template)
                return text
        return ""

    def spend(self, template: str) -> str:
        """Takes a template out of use, for text that goes into another sentence."""
        self._used.add(template)
        return template

    def told(self, templates: Sequence[str], **more: str) -> str:
        """The templates as one passage, in the first wording that the guard admits; "" where it admits
        none.
        """
        values = {**self.values, **more}
        for _ in range(TRIES):
            text = " ".join(
                fill(self.phrasing.vary(one, self.draw), values, self.draw) for one in templates if one
            )
            text = SMALL.sub(lambda found: found[1] + DIGITS[int(found[2])], text)
            if self.guard.admits(text, self.profile):
                self.guard.keep(text, self.profile)
                return text
        return ""
