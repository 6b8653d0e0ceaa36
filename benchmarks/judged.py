"""A judged set as it lies on disk: suppliers by their earlier awards, needs, and who met them."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BETWEEN = " || "
_CATEGORY = re.compile(r"\s*\[([^\[\]]*)\]\s*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """One earlier award: its text, and the category that stood in square brackets behind it ("" if none)."""

    text: str
    category: str


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier and its evidence. `even` halves them by their identifier, for an honest split."""

    identifier: str
    title: str
    pieces: list[Piece]

    @property
    def even(self) -> bool:
        return zlib.crc32(self.identifier.encode()) % 2 == 0


@dataclass(frozen=True, slots=True)
class Need:
    identifier: str
    text: str


def read_corpus(directory: Path) -> list[Supplier]:
    """Every supplier of a set, in order."""
    packed = directory / "corpus.jsonl.gz"
    content = (
        gzip.decompress(packed.read_bytes()) if packed.exists() else (directory / "corpus.jsonl").read_bytes()
    )
    rows = [json.loads(line) for line in content.decode().split("\n") if line.strip()]
    return [Supplier(str(row["_id"]), str(row.get("title") or ""), _pieces(row)) for row in rows]


def _pieces(row: dict[str, Any]) -> list[Piece]:
    made = []
    for text in str(row.get("text") or "").split(BETWEEN):
        found = _CATEGORY.search(text)
        made.append(Piece(text[: found.start()] if found else text.strip(), found[1] if found else ""))
    return [piece for piece in made if piece.text or piece.category]


def read_needs(directory: Path) -> list[Need]:
    """The needs of a set, in order."""
    with (directory / "queries.jsonl").open() as lines:
        return [
            Need(str(row["_id"]), str(row["text"]))
            for line in lines
            if line.strip() and (row := json.loads(line))
        ]


def read_judgements(directory: Path) -> dict[str, dict[str, float]]:
    """Who met a need, and how well: need to supplier to gain. A heading line is skipped."""
    judged: dict[str, dict[str, float]] = defaultdict(dict)
    with (directory / "qrels.tsv").open() as lines:
        for line in lines:
            fields = line.split("\t")
            # need, supplier, gain; or with TREC's unused column between.
            need, supplier, gain = fields[0], fields[-2], fields[-1].strip()
            if gain.lstrip("-").replace(".", "", 1).isdigit() and float(gain) > 0:
                judged[need][supplier] = float(gain)
    return dict(judged)
