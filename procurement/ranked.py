"""What a match's answer says of each listing, as shortlists and evidence packs keep it.

An answer is made by search/answers.py and kept for years: of a result's parts what is absent reads as not said, its
reference, rank and score are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PARTS: Final = ("parts", "coverage", "regions", "text", "evidence", "price", "preferences")
"""Of a result, what tells why it stands where it stands."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a match said of one listing: its rank from 1, its score from 0 to 1, and why, as `{kind, told}`."""

    listing: str
    rank: int
    score: float
    reasons: list[Any]


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A listing that a match ruled out, and the rules that it does not meet."""

    listing: str
    reasons: list[Any]


def ranked_of(answer: Mapping[str, Any]) -> list[Ranked]:
    """The results in their order."""
    return [
        Ranked(
            result["reference"],
            result["rank"],
            result["score"],
            [{"kind": part, "told": result[part]} for part in PARTS if result.get(part)],
        )
        for result in answer.get("results", ())
    ]


def ruled_out_of(answer: Mapping[str, Any]) -> list[RuledOut]:
    """The listings that were ruled out, as far as the answer names them."""
    return [RuledOut(one["reference"], list(one["rules"])) for one in answer.get("ruled_out", ())]
