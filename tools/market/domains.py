"""The lines of work of the fictional market, each with its words, its clients and where frameworks file
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tools.market.prose import Block, read_blocks

FOLDER: Final = Path(__file__).parent
FRAMEWORKS: Final = {"rm6309": "rm6309", "rm6187": "rm6187", "cx-demo-01": "cx"}


class Story(NamedTuple):
    """What a case study tells, as templates of sentences (prose.py): what was wrong, what was done, what came of it."""

    title: str
    situation: str
    action: str
    result: str


@dataclass(frozen=True, slots=True)
class Domain:
    """One line of work, with more stories than most of its firms together tell: see firms.py."""

    key: str
    label: str
    sectors: tuple[str, ...]
    specialisms: dict[str, tuple[str, ...]]
    stories: tuple[Story, ...]
    words: Block

    def lots(self, framework: str) -> set[str]:
        """Numbers of the lots on which it stands."""
        return {one.split("~")[0] for one in self.specialisms[framework]}


def read_domains() -> list[Domain]:
    domains = []
    for path in sorted((FOLDER / "domains").glob("*.txt")):
        for key, block in read_blocks(path).items():
            domains.append(
                Domain(
                    key,
                    block["label"][0],
                    tuple(block["sectors"][0].split()),
                    {name: tuple(block[column][0].split()) for name, column in FRAMEWORKS.items()},
                    read_stories(FOLDER / "stories" / f"{key}.txt"),
                    block,
                )
            )
    return domains


def read_stories(path: Path) -> tuple[Story, ...]:
    """Stories from a text file: four lines each, an empty line between two. TypeError: a story of other than four."""
    return tuple(
        Story(*story.splitlines()) for story in path.read_text(encoding="utf-8").strip().split("\n\n")
    )


def read_generics() -> dict[str, list[str]]:
    """Sentences that belong to no one line of work, by kind."""
    return {name: block[""] for name, block in read_blocks(FOLDER / "generics.txt").items()}
