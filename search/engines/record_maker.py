"""From listing documents to records and terms, many documents at once.

A rebuild is mostly this. Two things make it quick: a text is analysed once and remembered (listings of one
framework share their lots and specialisms, listings of one partner their evidence), and whatever has to be done
for every word is done by numpy, with a number for each word, for all documents of a batch together.
"""

from __future__ import annotations

import functools
import threading
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from search.analysis import GAP, fold, mark_of, normalise, term_of, tokens_of
from search.engines.columns import Numbers
from search.engines.records import pack, placed
from search.fields import TEXT_FIELDS, texts_of
from search.meaning import DIMENSIONS, Model, Vectors
from search.need import MEANT, MEANT_NUMBERS

_FIELD_NUMBER: Final = {field.name: number for number, field in enumerate(TEXT_FIELDS)}
_EMPTY: Final = "__"
"""The term of a field without words; no question can make it. Engines differ in whether an empty field counts
for the average length, so none is empty.
"""
_BETWEEN: Final = f" {GAP} {GAP} {GAP} "
"""Between two texts of one field, so that no phrase reaches across."""
_NO_WORDS: Final = f"{GAP} "
_REMEMBERED: Final = 4_000_000
"""Characters of text that are remembered before all are forgotten."""
_REMEMBERED_WORDS: Final = 400_000


class Record(NamedTuple):
    """A listing ready to be indexed. `lines` are the terms of each field.

    `meant_terms` is how many terms, stop words left out, stand in the `meant_parts` texts that say what the firm
    does (search/need.py); `meaning` their vectors in the order of the parts, None without a model.
    """

    packed: bytes
    lines: Mapping[str, str]
    whole_name: str
    meant_terms: int
    meant_parts: int
    meaning: Vectors | None


class Numbered(NamedTuple):
    """What stands at each place of a batch, as the numbers of `values`, among which `nothing` does not count."""

    numbers: NDArray[np.intp]
    values: Numbers
    nothing: str


class Batch(NamedTuple):
    """The records of some documents, and in how many of them each folded word and each term stands."""

    records: list[Record]
    words: Mapping[str, int]
    terms: Mapping[str, int]
    held: Held


class Held:
    """Which folded words and terms each record of a batch holds. Made for all records when it is first asked: only
    some engines do.
    """

    def __init__(self, bounds: NDArray[np.int64], words: tuple[Numbered, Numbered]) -> None:
        self._bounds = bounds
        self._words = words

    @functools.cached_property
    def _each(self) -> tuple[list[list[str]], list[list[str]]]:
        record_of = np.repeat(np.arange(len(self._bounds) - 1), np.diff(self._bounds))
        folded, terms = (_distinct(record_of, len(self._bounds) - 1, numbered) for numbered in self._words)
        return folded, terms

    def by(self, record: int) -> tuple[list[str], list[str]]:
        """The distinct words and terms of a record, in no order that means anything."""
        words, terms = self._each
        return words[record], terms[record]


class _Passages(dict[str, int]):
    """Texts that are analysed, and beside each number: the text in NFC, its line of terms, and where its words
    and places (counted from the text's beginning) stand among those of all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.line: list[str] = []
        self.lengths = array("q")
        self.starts = array("q", [0])
        self.words = array("I")
        self.places = array("I")
        self.meaning: list[Vectors | None] = []

    def add(self, raw: str, text: str, line: str, tokens: int) -> None:
        self[raw] = len(self.text)
        self.text.append(text)
        self.line.append(line)
        self.lengths.append(len(text))
        self.starts.append(self.starts[-1] + tokens)
        self.meaning.append(None)

    def words_at(
        self, passages: Sequence[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of some texts, one after the other: how many words each has, where each begins among all of theirs and the
        last ends, and where each of these words is kept.
        """
        starts = _each(self.starts, passages)
        counts = _each(self.starts, np.asarray(passages, dtype=np.intp) + 1) - starts
        bounds = _bounds(counts)
        return counts, bounds, np.arange(bounds[-1]) + np.repeat(starts - bounds[:-1], counts)


class _Texts(NamedTuple):
    """The texts of a document, beside each its field and its name, as search/fields.py has them."""

    fields: tuple[str, ...]
    names: tuple[str, ...]
    texts: tuple[str, ...]


class _Vocabulary(dict[str, int]):
    """Words as they are written and their numbers, and beside each what is made of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folded = Numbers()
        self.terms = Numbers()
        self.written: list[str] = []
        self.term: list[str] = []
        self.folded_of = array("I")
        self.term_of = array("I")
        self.mark_of = array("I")

    def __missing__(self, word: str) -> int:
        folded = fold(word)
        term = term_of(folded)
        self.written.append(word)
        self.term.append(term)
        self.folded_of.append(self.folded[folded])
        self.term_of.append(self.terms[term])
        self.mark_of.append(mark_of(term))
        number = self[word] = len(self)
        return number


class RecordMaker:
    """Analyses and packs listing documents, with vectors where there is a model; of several threads one at a time. What
    it remembers makes it quicker and changes nothing.
    """

    def __init__(self, model: Model | None) -> None:
        self._model = model
        self._vocabulary = _Vocabulary()
        self._passages = _Passages()
        self._characters = 0
        self._turn = threading.Lock()

    def make(self, documents: Iterable[Mapping[str, Any]]) -> Batch:
        """The documents' records, in their order."""
        with self._turn:
            return self._make(documents)

    def _make(self, documents: Iterable[Mapping[str, Any]]) -> Batch:
        if len(self._vocabulary) > _REMEMBERED_WORDS:
            self._vocabulary = _Vocabulary()
            self._characters = _REMEMBERED + 1
        if self._characters > _REMEMBERED:
            self._passages = _Passages()
            self._characters = 0
        told: list[_Texts] = []
        stored: list[bytes] = []
        for document in documents:
            told.append(_Texts(*zip(*[part for part in texts_of(document) if part[2]], strict=True)))
            stored.append(orjson.dumps(document["stored"]))
        self._analyse(chain.from_iterable([one.texts for one in told]))
        if self._model is not None:
            self._understand(self._model, told)
        return self._pack(told, stored)

    def _understand(self, model: Model, told: Sequence[_Texts]) -> None:
        """Makes the vectors of the texts that say what a firm does, where they have none yet."""
        known = self._passages
        fresh = list(
            dict.fromkeys(
                passage
                for one in told
                for field, text in zip(one.fields, one.texts, strict=True)
                if field in MEANT and known.meaning[passage := known[text]] is None
            )
        )
        counts, _, at = known.words_at(fresh)
        numbers = _each(known.words, at)
        # Their words are in the vocabulary: the model is told each once.
        used = np.flatnonzero(np.bincount(numbers, minlength=1))
        place = np.zeros(len(self._vocabulary), dtype=np.intp)
        place[used] = np.arange(len(used))
        words = list(map(self._vocabulary.written.__getitem__, used.tolist()))
        text_of = np.repeat(np.arange(len(fresh)), counts)
        vectors = model.encode_words(words, place[numbers], text_of, len(fresh))
        for passage, vector in zip(fresh, vectors, strict=True):
            known.meaning[passage] = vector

    def _analyse(self, texts: Iterable[str]) -> None:
        """Remembers the texts that are new, all of them taken apart as if they were one."""
        known = self._passages
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if not new:
            return
        normal = list(map(normalise, new))
        ends = np.cumsum(np.fromiter(map(len, normal), np.int64, len(normal)) + 1)
        tokens = tokens_of("\n".join(normal))
        numbers = np.fromiter(
            map(self._vocabulary.__getitem__, tokens.words), dtype=np.uint32, count=len(tokens.words)
        )
        terms = list(map(self._vocabulary.term.__getitem__, numbers.tolist()))
        token_ends = np.searchsorted(tokens.starts, ends)
        begins = np.repeat(
            (ends - np.diff(ends, prepend=0)).astype(np.uint32), np.diff(token_ends, prepend=0)
        )
        places = placed(tokens.starts - begins, tokens.lengths)
        start = 0
        for raw, text, end in zip(new, normal, token_ends.tolist(), strict=True):
            known.add(raw, text, " ".join(terms[start:end]), end - start)
            start = end
        known.words.frombytes(numbers.tobytes())
        known.places.frombytes(places.tobytes())
        self._characters += int(ends[-1])

    def _pack(self, told: Sequence[_Texts], stored: Sequence[bytes]) -> Batch:
        """Of the texts of each document, all of which are remembered."""
        known, vocabulary = self._passages, self._vocabulary
        passages = list(map(known.__getitem__, chain.from_iterable([one.texts for one in told])))
        fields = np.array(
            list(map(_FIELD_NUMBER.__getitem__, chain.from_iterable([one.fields for one in told]))),
            dtype=np.uint32,
        )
        parts_of = np.array([len(one.texts) for one in told])
        last = np.cumsum(parts_of)
        first = last - parts_of
        origins = np.repeat(first, parts_of)
        # Within its document a text begins one character after the one before.
        begins = _bounds(_each(known.lengths, passages) + 1)
        ends = (begins[1:] - 1 - begins[origins]).astype(np.uint32)
        begins = (begins[:-1] - begins[origins]).astype(np.uint32)
        counts, bounds, at = known.words_at(passages)
        token_ends = (bounds[1:] - bounds[origins]).astype(np.uint32)
        words = _each(known.words, at)
        places = _each(known.places, at) + np.repeat(begins << np.uint32(8), counts)
        marks = _each(vocabulary.mark_of, words)
        folded, terms = (
            _each(numbers, words).astype(np.intp) for numbers in (vocabulary.folded_of, vocabulary.term_of)
        )
        meant = np.isin(fields, MEANT_NUMBERS)
        before = np.zeros(len(marks) + 1, dtype=np.int64)
        np.cumsum(marks != 0, out=before[1:])
        meant_terms = np.add.reduceat((before[bounds[1:]] - before[bounds[:-1]]) * meant, first)
        holding = np.zeros(len(vocabulary.folded), dtype=np.int64)
        holding_term = np.zeros(len(vocabulary.terms), dtype=np.int64)
        records = []
        for one, bare, begin, end, start, stop, telling in zip(
            told,
            stored,
            first.tolist(),
            last.tolist(),
            bounds[first].tolist(),
            bounds[last].tolist(),
            meant_terms.tolist(),
            strict=True,
        ):
            mine = passages[begin:end]
            packed = pack(
                "\n".join(map(known.text.__getitem__, mine)),
                "\n".join(one.names),
                bare,
                (fields[begin:end], ends[begin:end], token_ends[begin:end]),
                marks[start:stop],
                places[start:stop],
            )
            # A number that stands there twice counts once, which is what is wanted of a document.
            holding[folded[start:stop]] += 1
            holding_term[terms[start:stop]] += 1
            told_by = [
                passage for passage, tells in zip(mine, meant[begin:end].tolist(), strict=True) if tells
            ]
            records.append(
                Record(
                    packed,
                    self._lines(one.fields, mine),
                    self._whole_name(one.fields, mine),
                    telling,
                    len(told_by),
                    self._meaning(told_by),
                )
            )
        return Batch(
            records,
            _counted(vocabulary.folded, holding, ""),
            _counted(vocabulary.terms, holding_term, GAP),
            Held(
                np.array([0, *bounds[last].tolist()], dtype=np.int64),
                (Numbered(folded, vocabulary.folded, ""), Numbered(terms, vocabulary.terms, GAP)),
            ),
        )

    def _meaning(self, passages: Sequence[int]) -> Vectors | None:
        if self._model is None:
            return None
        held = [vector for passage in passages if (vector := self._passages.meaning[passage]) is not None]
        return np.array(held, dtype=np.int8).reshape(len(held), DIMENSIONS)

    def _lines(self, fields: Sequence[str], passages: Sequence[int]) -> dict[str, str]:
        lines: dict[str, str] = {}
        for field, line in zip(fields, map(self._passages.line.__getitem__, passages), strict=True):
            lines[field] = lines[field] + _BETWEEN + line if field in lines else line
        return {
            field: line if (line := lines.get(field, "")).strip(_NO_WORDS) else _EMPTY
            for field in _FIELD_NUMBER
        }

    def _whole_name(self, fields: Sequence[str], passages: Sequence[int]) -> str:
        """See whole_name."""
        if fields[0] != "name":
            return ""
        known, folded_of = self._passages, self._vocabulary.folded_of
        words = known.words[known.starts[passages[0]] : known.starts[passages[0] + 1]]
        folded = self._vocabulary.folded.listed
        return " ".join([folded[folded_of[word]] for word in words])


def _bounds(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each begins that follow one another, and where the last ends."""
    bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return bounds


def _each(kept: array[int], numbers: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
    """What is kept beside each number."""
    made: NDArray[Any] = np.asarray(kept)[np.asarray(numbers, dtype=np.intp)]
    return made


def _distinct(record_of: NDArray[np.intp], records: int, words: Numbered) -> list[list[str]]:
    """The values that stand in each record, each once, but for nothing."""
    listed = words.values.listed
    # Record and number as one number, sorted: what is equal stands together, and records stay in order.
    pairs = np.sort(record_of * len(listed) + words.numbers)
    owners, numbers = np.divmod(pairs[np.diff(pairs, prepend=-1) != 0], max(len(listed), 1))
    if (nothing := words.values.get(words.nothing)) is not None:
        counts = numbers != nothing
        owners, numbers = owners[counts], numbers[counts]
    bounds = np.searchsorted(owners, np.arange(records + 1)).tolist()
    values = list(map(listed.__getitem__, numbers.tolist()))
    return [values[first:last] for first, last in pairwise(bounds)]


def _counted(values: Numbers, counts: NDArray[np.int64], nothing: str) -> dict[str, int]:
    """The values that are counted at all, but for nothing."""
    found = np.flatnonzero(counts)
    counted = dict(zip(map(values.listed.__getitem__, found.tolist()), counts[found].tolist(), strict=True))
    counted.pop(nothing, None)
    return counted
