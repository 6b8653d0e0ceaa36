"""Whether what the embedded index holds is what would be written now, for the drift check: records, columns and the
rows beside them, which filters, facets, rates and sorts work on. The postings of words cannot be read back: the text
that they were made of can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from search.engines.columns import Numbers, Strings
from search.engines.listings_rows import ROWS, SCALARS, Regions, Row, make_row
from search.engines.listings_view import ListingsView
from search.engines.meanings import as_alike
from search.engines.rates_base import FIRST_DAY, LAST_DAY, CardDocument, LineDocument, day_number
from search.engines.rates_rows import CODED, UNKNOWN
from search.engines.rates_view import RatesView
from search.engines.record_maker import Record, RecordMaker
from search.meaning import model
from search.ties import key_hash

_MEANING: Final = "meaning"
_OF_THE_WRITER: Final = ("version", "record_at", "record_length")
"""Versions do not count; of the record what stands in it does, and not where it lies."""
_NUMBERS: Final = ("price", "min_experience", "valid_from", "valid_to", "stands_from", "stands_to", "hash")

Comparable = tuple[Any, ...]


class ListingsComparing:
    """Compares with one generation of the listings."""

    def __init__(self, view: ListingsView) -> None:
        self.view = view
        # Copies: what is not in the index gets a number here that no column has.
        self._numbers = {kind: Numbers(codes.values) for kind, codes in view.codes.items()}
        sets = orjson.loads(view.columns.data("region_sets"))
        self._regions = Regions([frozenset(members) for members in sets])
        self._names = Strings(view.columns.array("name_data"), view.columns.array("name_ends"))
        at_hand = model()
        self._maker = RecordMaker(at_hand if at_hand is not None and at_hand.digest == view.meaning else None)

    def unlike(self, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """See Engine.unlike."""
        records = self._maker.make(documents).records if documents else []
        return {
            document["key"]
            for document, record in zip(documents, records, strict=True)
            if not self._holds(document, record)
        }

    def _holds(self, document: Mapping[str, Any], record: Record) -> bool:
        slot = self.view.slot_of(document["key"])
        if slot is None or self.view.record(slot).whole() != record.packed:
            return False
        row = make_row(document, self._numbers, self._regions)
        return (
            (self._names[slot], self.view.sort_names[slot]) == (row.name, record.whole_name)
            and self._scalars_alike(slot, row, record)
            and all(self._rows(kind, slot) == row.rows[kind].tolist() for kind in ROWS if kind != _MEANING)
            and (
                record.meaning is None
                or as_alike(self.view.meanings[self._rows(_MEANING, slot)], record.meaning)
            )
        )

    def _scalars_alike(self, slot: int, row: Row, record: Record) -> bool:
        expected = row.scalars | {"meant_terms": record.meant_terms, "meant_parts": record.meant_parts}
        return all(
            int(self.view.columns.array(name)[slot]) == expected[name]
            for name in SCALARS
            if name not in _OF_THE_WRITER
        )

    def _rows(self, kind: str, slot: int) -> list[int]:
        columns = self.view.columns
        first, last = np.searchsorted(columns.array(f"{kind}_owner"), [slot, slot + 1]).tolist()
        table = [columns.array(f"{kind}_{name}")[first:last] for name in ROWS[kind]]
        numbers: list[int] = np.stack(table, axis=1).ravel().tolist()
        return numbers


class RatesComparing:
    """Compares with one generation of the rates."""

    def __init__(self, view: RatesView) -> None:
        self.view = view
        cards = view.columns["card"]
        self._order = np.argsort(cards, kind="stable")
        self._sorted = cards[self._order]
        self._cards = Numbers(orjson.loads(view.data.data("cards")))
        self._titles = Strings(view.data.array("titles"), view.data.array("title_ends"))
        self._units = list(view.units)

    def unlike(self, cards: Sequence[CardDocument]) -> set[str]:
        """See Engine.unlike."""
        return {card["key"] for card in cards if card["lines"] and self._held(card["key"]) != _expected(card)}

    def _held(self, card: str) -> list[Comparable]:
        code = self._cards.get(card)
        if code is None:
            return []
        first, last = np.searchsorted(self._sorted, [code, code + 1]).tolist()
        rows, columns = self._order[first:last], self.view.columns
        coded = [[self.view.codes[name].values[code] for code in columns[name][rows]] for name in CODED]
        return sorted(
            zip(
                (self.view.key(row) for row in rows),
                self.view.lines(rows),
                (self._units[unit] for unit in columns["unit"][rows]),
                (self._titles[title] for title in columns["title"][rows]),
                *coded,
                *(columns[name][rows].tolist() for name in _NUMBERS),
                strict=True,
            )
        )


def _expected(card: CardDocument) -> list[Comparable]:
    return sorted(_line(card, line) for line in card["lines"])


def _line(card: CardDocument, line: LineDocument) -> Comparable:
    """A line as it would be read back."""
    coded = {
        "framework": card["framework"],
        "lots": orjson.dumps(sorted(line["lots"])).decode(),
        "supplier": card["supplier"],
        "grade": line["grade"],
        "work_type": line["work_type"],
        "qualification": line["qualification"],
        "site": line["site"],
        "size": line["size"],
        "basis": line["basis"],
    }
    return (
        line["key"],
        orjson.dumps(line["stored"]),
        (card["currency"], card["unit"]),
        line["text"],
        *(coded[name] for name in CODED),
        line["price_minor"],
        UNKNOWN if line["min_experience"] is None else line["min_experience"],
        day_number(line["valid_from"], FIRST_DAY),
        day_number(line["valid_to"], LAST_DAY),
        day_number(line["stands_from"], FIRST_DAY),
        day_number(line["stands_to"], LAST_DAY),
        key_hash(line["key"]),
    )
