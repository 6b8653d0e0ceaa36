"""Completing names: partners, specialisms and lots by the beginning of any word, in a sorted list that is
bisected.

Every name stands in the list once for each of its words, from that word on: "Bright" and "Cordis Bright" both
lead to Cordis Bright. A lot stands there by its number too. The same file keeps what the values of facets are called.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import numpy as np
import orjson

from search.engines.base import Label
from search.engines.columns import Array, Columns, Strings
from search.engines.records import whole_name
from search.query import Suggestion, SuggestionKind, SuggestionQuery, Unknown

KINDS: Final[tuple[SuggestionKind, ...]] = ("partner", "specialism", "lot")
"""In the order in which equals are shown."""
AFTER_ALL: Final = "\U0010ffff"
"""Sorts after every name that begins with what stands before it."""
_NAME: Final = ("name",)
_NAMED: Final = ("name", "scheme")
_FRAMEWORK: Final = ("name", "number", "scheme")
_PART: Final = ("name", "number", "framework", "of")
"""What is known of a value, by how it was told: each has another length, so values alone tell them apart."""


class Labels:
    """What frameworks, lots, specialisms, suppliers and regions are called, as the documents and the worker
    told.
    """

    def __init__(self, facts: dict[str, dict[str, dict[str, str]]] | None = None) -> None:
        self.facts = facts or {kind: {} for kind in ("framework", "lot", "specialism", "supplier", "region")}

    def learn(self, document: Mapping[str, Any]) -> bool:
        """Takes the names that a listing document brings; True if one is new or another than before."""
        framework, number = document["framework"], document["framework_number"]
        changed = self._set(
            "framework",
            framework,
            _FRAMEWORK,
            (document["framework_name"], number, document["region_scheme"]),
        )
        changed |= self._set("supplier", document["supplier"], _NAME, (document["supplier_name"],))
        for kind in ("lot", "specialism"):
            for entry in document[f"{kind}s"]:
                told = entry["name"], entry["number"], framework, number
                changed |= self._set(kind, entry["reference"], _PART, told)
        return changed

    def name(self, facet: str, labels: Iterable[Label]) -> None:
        """Names handed over by the worker."""
        for label in labels:
            self._set(facet, label.value, _NAMED, (label.label, label.scheme))

    def _set(self, kind: str, value: str, names: tuple[str, ...], told: tuple[str, ...]) -> bool:
        known = self.facts.setdefault(kind, {})
        facts = known.get(value)
        # Nearly always nothing is new, so that no dictionary need be made.
        if facts is not None and tuple(facts.values()) == told:
            return False
        known[value] = dict(zip(names, told, strict=True))
        return True

    def label(self, kind: str, value: str) -> str:
        """What to call a value; itself if nobody said."""
        facts = self.facts.get(kind, {}).get(value)
        if facts is None:
            return value
        if kind == "framework":
            return f"{facts['number']} {facts['name']}"
        if kind == "lot":
            return f"{facts['of']} lot {facts['number']}: {facts['name']}"
        if kind == "specialism":
            # The same name may stand in several lots.
            lot = value.rpartition("~")[0]
            number = self.facts["lot"].get(lot, {}).get("number", lot.rpartition("~")[2])
            return f"{facts['name']} ({facts['of']} lot {number})"
        return facts["name"]

    def scheme(self, kind: str, value: str) -> str:
        """The region scheme of a region code, or of a framework; "" if nobody said."""
        return self.facts.get(kind, {}).get(value, {}).get("scheme", "")

    def unknown(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """The values of frameworks, lots, specialisms, suppliers and regions that nobody told of."""
        return tuple(
            Unknown(kind, value, self._instead(kind, value))
            for kind, values in asked.items()
            for value in values
            if value not in self.facts[kind]
        )

    def lots_of(self, framework: str) -> tuple[str, ...]:
        """The lots of a framework that were told of, in order."""
        return self._instead("lot", f"{framework}~")

    def _instead(self, kind: str, value: str) -> tuple[str, ...]:
        within = f"{value.rpartition('~')[0]}~" if kind in ("lot", "specialism") else ""
        return tuple(sorted(known for known in self.facts[kind] if known.startswith(within)))

    def dump(self) -> bytes:
        return orjson.dumps(self.facts)

    @classmethod
    def load(cls, data: bytes) -> Labels:
        return cls(orjson.loads(data))


def beginnings(folded: str) -> Iterator[tuple[str, int]]:
    """A folded name from each of its words on, with the number of words before it."""
    at, more = 0, " "
    while more:
        yield folded, at
        _, more, folded = folded.partition(" ")
        at += 1


def lot_beginnings(facts: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """A lot's name as above, and the ways in which people write its number: 5, lot 5, RM3745/5, RM3745 lot 5."""
    name, number, framework = facts["name"], facts["number"], facts["of"]
    yield from beginnings(whole_name(name))
    for way in (number, f"lot {number}", f"{framework} {number}", f"{framework} lot {number}"):
        yield whole_name(f"{way} {name}"), 0


def suggestion_parts(
    labels: Labels,
    partners: Sequence[tuple[str, str]],
    lots: Sequence[str],
    specialisms: Sequence[str],
    partner_names: Sequence[tuple[str, str]],
) -> dict[str, Array | bytes]:
    """The arrays of a generation. `partners` are the (partner, framework) of every listing, `partner_names`
    beside them, as written and as whole_name makes them.
    """
    entries: dict[tuple[SuggestionKind, str], tuple[str, set[str], str]] = {}
    folded: dict[tuple[SuggestionKind, str], str] = {}
    for (partner, framework), (name, whole) in zip(partners, partner_names, strict=True):
        entry: tuple[SuggestionKind, str] = ("partner", partner)
        if entry not in entries:
            entries[entry], folded[entry] = (name, set(), ""), whole
        entries[entry][1].add(framework)
    kinds: tuple[tuple[SuggestionKind, Sequence[str]], ...] = (("lot", lots), ("specialism", specialisms))
    for kind, references in kinds:
        for reference in references:
            if facts := labels.facts[kind].get(reference):
                entries[kind, reference] = (facts["name"], {facts["framework"]}, facts["of"])
                folded[kind, reference] = whole_name(facts["name"])
    ways = {
        ("lot", reference): sorted(lot_beginnings(labels.facts["lot"][reference]))
        for kind, reference in entries
        if kind == "lot"
    }
    ordered = [
        (kind, reference)
        for kind in KINDS
        for _, reference in sorted((folded[entry], entry[1]) for entry in entries if entry[0] == kind)
    ]
    begins: list[tuple[str, int, int]] = []
    for rank, entry in enumerate(ordered):
        begins.extend((begin, rank, at) for begin, at in ways.get(entry) or beginnings(folded[entry]))
    # Those of one beginning stand in the order of rank and place already; to compare these too takes twice as long.
    begins.sort(key=itemgetter(0))
    parts: dict[str, Array | bytes] = {}
    parts["begin_data"], parts["begin_ends"] = Strings.pack(begin for begin, _, _ in begins)
    # One number to order by: names that begin so before names that go on so, then kind, name and reference.
    later = len(ordered)
    parts["begin_rank"] = np.array(
        [rank if at == 0 else later + rank for _, rank, at in begins], dtype=np.int32
    )
    shown = [
        orjson.dumps(
            [
                kind,
                reference,
                entries[kind, reference][0],
                sorted(entries[kind, reference][1]),
                entries[kind, reference][2],
            ]
        )
        for kind, reference in ordered
    ]
    parts["suggestion_data"], parts["suggestion_ends"] = Strings.pack_encoded(shown)
    return parts


class Suggestions:
    """The readers' side."""

    def __init__(self, columns: Columns) -> None:
        self._begins = Strings(columns.array("begin_data"), columns.array("begin_ends"))
        self._ranks = columns.array("begin_rank")
        self._shown = Strings(columns.array("suggestion_data"), columns.array("suggestion_ends"))

    def find(self, query: SuggestionQuery) -> list[Suggestion]:
        """Names with what was typed at the beginning of a word; whole names first, then by kind, then by
        name.
        """
        typed = whole_name(query.q)
        if not typed:
            return []
        first = bisect_left(self._begins, typed)
        last = bisect_left(self._begins, typed + AFTER_ALL, lo=first)
        found: list[Suggestion] = []
        seen: set[int] = set()
        total = len(self._shown)
        for rank in np.sort(self._ranks[first:last]).tolist():
            entry = rank % total
            if entry in seen:
                continue
            seen.add(entry)
            kind, reference, name, frameworks, number = orjson.loads(self._shown[entry])
            if (query.kinds and kind not in query.kinds) or (
                query.frameworks and not set(query.frameworks).intersection(frameworks)
            ):
                continue
            named = kind != "partner"
            found.append(
                Suggestion(kind, reference, name, frameworks[0] if named else None, number if named else None)
            )
            if len(found) == query.limit:
                break
        return found
