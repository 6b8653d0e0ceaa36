"""Rate cards as what is written: the rates' half of life.py, which does the rest.

A card is replaced under its version in one bulk, its own document first: from then on an older version is refused.
Each line has its place on the card as its id; places that a shorter version leaves over become tombstones. The
card's document remembers up to which place there may be lines, so that also what a worker left behind that was
killed in between is overwritten or buried by the next version. Nothing of all this is seen before the step is shown as
a whole. What reaches the node of a killed worker's bulk later still, the next version looks for and buries, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from search.engines.base import Label
from search.engines.elasticsearch.bulk import Change, Outcome, write
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.rates_mapping import card_of, card_source, line_id, line_sources
from search.engines.rates_base import CardDocument

_AT_ONCE: Final = 1_000
_CARDS_AT_ONCE: Final = 200
_MOST_STRAYS: Final = 10_000
"""What one search tells; of more, the next version of a card buries the rest."""
_NO_CARD: Final = {
    "framework": "", "supplier": "", "currency": "", "unit": "", "lines": (),
}  # fmt: skip


class NoNotes:
    """Rates have no facets: nothing is kept beside them."""

    def learn(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """See Notes."""

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Notes."""

    def pending(self) -> list[Change]:
        """See Notes."""
        return []


class RatesMaker:
    """How rate cards are written (life.Maker)."""

    model: None = None
    """See Maker: a rate has no meaning but its price."""

    def __init__(self, indices: Indices) -> None:
        self._indices = indices

    def changes(self, puts: Iterable[Mapping[str, Any]], deletes: Iterable[tuple[str, int]]) -> list[Change]:
        """See Maker. A card that is removed stays as one without lines."""
        cards = [cast(CardDocument, put) for put in puts]
        cards += [
            cast(CardDocument, {"key": key, "version": version, **_NO_CARD}) for key, version in deletes
        ]
        held = self._held([card["key"] for card in cards])
        strays = self._strays({key: told[0][0] for key, told in held.items() if told and told[0][0] >= 0})
        changes: list[Change] = []
        for card in cards:
            reach = max((reach for _, reach in held[card["key"]]), default=0)
            if all(version >= card["version"] for version, _ in held[card["key"]]) and held[card["key"]]:
                continue
            changes += _replacement(card, reach)
            written = max(reach, len(card["lines"]))
            changes += [Change(one, card["version"]) for one in strays[card["key"]] if _place(one) >= written]
            # A second version of the card in the same step must bury what the first one is about to write.
            held[card["key"]] = [(card["version"], max(reach, len(card["lines"])))]
        return changes

    def fitted(self, changes: list[Change], _model: str | None, /) -> list[Change]:
        """See Maker."""
        return changes

    def notes(self, _alias: str | None, /) -> NoNotes:
        """See Maker."""
        return NoNotes()

    def settle(self, alias: str, outcome: Outcome, _deletes: Iterable[tuple[str, int]], /) -> bool:
        """See Maker. Lines that were written although their card's document met a newer version are strays: behind
        its lines there was nothing to stop them.
        """
        done = set(outcome.written[alias])
        strays = [one for one in outcome.written[alias] if card_of(one) not in done]
        if strays:
            write(self._indices.client, [alias], [Change(one, None) for one in strays])
        return bool(strays)

    def about(self, identity: str, /) -> str:
        """See Maker."""
        return card_of(identity)

    def count(self) -> Mapping[str, Any]:
        """See Maker: cards that have lines."""
        return {"range": {"lines": {"gt": 0}}}

    def stored(self, alias: str, keys: Iterable[str]) -> Mapping[str, bytes]:
        """See Maker. Keys are those of lines."""
        body = {
            "query": {"terms": {"key": list(keys)}},
            "size": _AT_ONCE,
            "_source": ["stored"],
            "docvalue_fields": ["key"],
        }
        hits = self._indices.call("POST", f"/{alias}/_search", body)["hits"]["hits"]
        return {hit["fields"]["key"][0]: hit["_source"]["stored"].encode() for hit in hits}

    def _held(self, keys: list[str]) -> dict[str, list[tuple[int, int]]]:
        """The (version, reach) of cards in each index that is written to, shown already or not."""
        held: dict[str, list[tuple[int, int]]] = defaultdict(list)
        aliases = [self._indices.write, self._indices.building]
        wanted = [{"_index": alias, "_id": key} for key in dict.fromkeys(keys) for alias in aliases]
        for start in range(0, len(wanted), _AT_ONCE):
            body = {"docs": wanted[start : start + _AT_ONCE]}
            for told in self._indices.client.call("POST", "/_mget", body)["docs"]:
                if told.get("found"):
                    held[told["_id"]].append((told["_version"], told["_source"]["reach"]))
                elif "error" not in told:
                    held[told["_id"]].append((-1, 0))
        return held

    def _strays(self, versions: Mapping[str, int]) -> dict[str, list[str]]:
        """The lines that can be seen of other versions of cards than these. A killed writer may have had a bulk under
        way, which reaches the node after its successor has written: where the card was never as long, nothing stands
        there to refuse them.
        """
        found: dict[str, list[str]] = defaultdict(list)
        cards = list(versions)
        for start in range(0, len(cards), _CARDS_AT_ONCE):
            others = [
                {
                    "bool": {
                        "filter": {"term": {"card": card}},
                        "must_not": {"term": {"version": versions[card]}},
                    }
                }
                for card in cards[start : start + _CARDS_AT_ONCE]
            ]
            body = {"query": {"bool": {"should": others}}, "size": _MOST_STRAYS, "_source": False}
            hits = self._indices.call("POST", f"/{self._indices.write}/_search", body)["hits"]["hits"]
            for hit in hits:
                found[card_of(hit["_id"])].append(hit["_id"])
        return found


def _place(identity: str) -> int:
    """Where on its card a line stands, -1 for the card's own document."""
    place = identity.rpartition("#")[2] if "#" in identity else ""
    return int(place) if place.isdecimal() else -1


def _replacement(card: CardDocument, reach: int) -> Iterator[Change]:
    key, version, lines = card["key"], card["version"], len(card["lines"])
    yield Change(key, version, card_source(key, version, lines, max(reach, lines)))
    for place, source in enumerate(line_sources(card)):
        yield Change(line_id(key, place), version, source)
    for place in range(lines, reach):
        yield Change(line_id(key, place), version)
