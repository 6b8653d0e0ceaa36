"""What a match's answer says of each listing, as shortlists and evidence packs keep it.

An answer is made by search/answers.py; kept ones outlive its form, so that what is absent reads as not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

PARTS: Final = ("parts", "coverage", "text", "evidence", "price", "preferences")
"""Of a result, what tells why it stands where it stands."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a match said of one listing: its rank from 1, its score from 0 to 1, and why, as `{kind, told}`."""

    listing: str
    rank: int
    score: float | None
    reasons: list[Any]


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A listing that a match ruled out, and the rules that it does not meet."""

    listing: str
    reasons: list[Any]


def ranked_of(answer: Mapping[str, Any]) -> list[Ranked]:
    """The results in their order, each listing once. A rank that is not stated is the place in the list."""
    found: dict[str, Ranked] = {}
    for place, result, listing in _told(answer, "results"):
        score = result.get("score")
        reasons = result.get("reasons")
        if reasons is None:
            reasons = [{"kind": part, "told": result[part]} for part in PARTS if result.get(part)]
        ranked = Ranked(
            listing,
            rank=int(result.get("rank") or place),
            score=float(score) if isinstance(score, (int, float)) else None,
            reasons=list(reasons),
        )
        found.setdefault(listing, ranked)
    return list(found.values())


def ruled_out_of(answer: Mapping[str, Any]) -> list[RuledOut]:
    """The listings that were ruled out, as far as the answer names them."""
    return [
        RuledOut(listing, list(result.get("rules", result.get("reasons")) or ()))
        for _, result, listing in _told(answer, "ruled_out")
    ]


def _told(answer: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    """Each entry of a list of the answer with its place and its listing's reference."""
    for place, result in enumerate(answer.get(name, ()), start=1):
        listing = result.get("reference", result.get("listing"))
        if isinstance(listing, Mapping):
            listing = listing.get("reference")
        if isinstance(listing, str) and listing:
            yield place, result, listing
