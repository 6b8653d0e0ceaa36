"""From listing documents to records and terms, many documents at once.

A rebuild is mostly this. Two things make it quick: a text is analysed once and remembered (listings of one
framework share their lots and specialisms, listings of one partner their evidence), and whatever has to be done
for every word is done by numpy, with a number for each word, for all documents of a batch together.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from search.analysis import GAP, fold, mark_of, normalise, term_of, tokens_of
from search.engines.columns import Numbers
from search.engines.records import pack, placed
from search.fields import TEXT_FIELDS, texts_of
from search.meaning import DIMENSIONS, Model, Vectors
from search.need import MEANT_NUMBERS

_TEXT: Final = itemgetter(2)
"""The text among what search/fields.py tells of one."""
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
_NO_VECTOR: Final = -1
_NAME: Final = _FIELD_NUMBER["name"]


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
    """What stands in the records of a batch, each once in a record, as the numbers of `values`, among which `nothing`
    does not count. A pair is a record's number times `many` plus the value's; they are in order.
    """

    pairs: NDArray[Any]
    many: int
    values: Numbers
    nothing: str


class Batch(NamedTuple):
    """The records of some documents, their vectors one behind the other (None without a model), and in how many of them
    each folded word and each term stands.
    """

    records: list[Record]
    meaning: Vectors | None
    words: Mapping[str, int]
    terms: Mapping[str, int]
    held: Held


class Held:
    """Which folded words and terms each record of a batch holds. Made for all records when it is first asked: only
    some engines do.
    """

    def __init__(self, records: int, words: tuple[Numbered, Numbered]) -> None:
        self._records = records
        self._words = words

    @functools.cached_property
    def _each(self) -> tuple[list[list[str]], list[list[str]]]:
        words, terms = (_by_record(self._records, held) for held in self._words)
        return words, terms

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
        self.vectors: Vectors = np.zeros((0, DIMENSIONS), dtype=np.int8)
        self.vector_of = array("i")

    def add(self, raw: str, text: str, line: str, tokens: int) -> None:
        self[raw] = len(self.text)
        self.text.append(text)
        self.line.append(line)
        self.lengths.append(len(text))
        self.starts.append(self.starts[-1] + tokens)
        self.vector_of.append(_NO_VECTOR)

    def understand(self, passages: NDArray[np.intp], vectors: Vectors) -> None:
        """Keeps the vectors of passages that had none."""
        np.asarray(self.vector_of)[passages] = np.arange(len(self.vectors), len(self.vectors) + len(vectors))
        self.vectors = np.concatenate([self.vectors, vectors])

    def words_at(
        self, passages: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of some texts, one after the other: how many words each has, where each begins among all of theirs and the
        last ends, and where each of these words is kept.
        """
        starts = _each(self.starts, passages)
        counts = _each(self.starts, passages + 1) - starts
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
    """Analyses and packs listing documents, with vectors where there is a model. What it remembers makes it quicker
    and changes nothing.
    """

    def __init__(self, model: Model | None) -> None:
        self._model = model
        self._vocabulary = _Vocabulary()
        self._passages = _Passages()
        self._characters = 0

    def make(self, documents: Iterable[Mapping[str, Any]]) -> Batch:
        """The documents' records, in their order."""
        if len(self._vocabulary) > _REMEMBERED_WORDS:
            self._vocabulary = _Vocabulary()
            self._characters = _REMEMBERED + 1
        if self._characters > _REMEMBERED:
            self._passages = _Passages()
            self._characters = 0
        told: list[_Texts] = []
        stored: list[bytes] = []
        for document in documents:
            told.append(_Texts(*zip(*filter(_TEXT, texts_of(document)), strict=True)))
            stored.append(orjson.dumps(document["stored"]))
        texts = list(chain.from_iterable([one.texts for one in told]))
        self._analyse(texts)
        return self._pack(told, list(map(self._passages.__getitem__, texts)), stored)

    def _understand(self, model: Model, meant: NDArray[np.intp]) -> Vectors:
        """The vectors of these passages, those made that are not there yet."""
        known = self._passages
        distinct = np.unique(meant)
        fresh = distinct[_each(known.vector_of, distinct) == _NO_VECTOR]
        counts, _, at = known.words_at(fresh)
        numbers = _each(known.words, at)
        # Their words are in the vocabulary: the model is told each once.
        used = np.flatnonzero(np.bincount(numbers, minlength=1))
        place = np.zeros(len(self._vocabulary), dtype=np.intp)
        place[used] = np.arange(len(used))
        words = list(map(self._vocabulary.written.__getitem__, used.tolist()))
        text_of = np.repeat(np.arange(len(fresh)), counts)
        known.understand(fresh, model.encode_words(words, place[numbers], text_of, len(fresh)))
        vectors: Vectors = known.vectors[_each(known.vector_of, meant)]
        return vectors

    def _analyse(self, texts: Iterable[str]) -> None:
        """Remembers the texts that are new, all of them taken apart as if they were one."""
        known = self._passages
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if not new:
            return
        normal = list(map(normalise, new))
        ends = np.cumsum(np.fromiter(map(len, normal), np.int64, len(normal)) + 1)
        tokens = tokens_of("\n".join(normal))
        numbers = list(map(self._vocabulary.__getitem__, tokens.words))
        terms = list(map(self._vocabulary.term.__getitem__, numbers))
        token_ends = np.searchsorted(tokens.starts, ends)
        begins = np.repeat(
            (ends - np.diff(ends, prepend=0)).astype(np.uint32), np.diff(token_ends, prepend=0)
        )
        places = placed(tokens.starts - begins, tokens.lengths)
        start = 0
        for raw, text, end in zip(new, normal, token_ends.tolist(), strict=True):
            known.add(raw, text, " ".join(terms[start:end]), end - start)
            start = end
        known.words.frombytes(np.array(numbers, dtype=np.uint32).tobytes())
        known.places.frombytes(places.tobytes())
        self._characters += int(ends[-1])

    def _pack(self, told: Sequence[_Texts], passages: Sequence[int], stored: Sequence[bytes]) -> Batch:
        """Of the texts of each document, all of which are remembered as these passages."""
        known, vocabulary = self._passages, self._vocabulary
        numbered = np.array(passages, dtype=np.intp)
        fields = np.array(
            list(map(_FIELD_NUMBER.__getitem__, chain.from_iterable([one.fields for one in told]))),
            dtype=np.uint32,
        )
        parts_of = np.array([len(one.texts) for one in told])
        part_bounds = _bounds(parts_of)
        first = part_bounds[:-1]
        origins = np.repeat(first, parts_of)
        # Within its document a text begins one character after the one before.
        begins = _bounds(_each(known.lengths, numbered) + 1)
        ends = (begins[1:] - 1 - begins[origins]).astype(np.uint32)
        begins = (begins[:-1] - begins[origins]).astype(np.uint32)
        counts, bounds, at = known.words_at(numbered)
        token_ends = (bounds[1:] - bounds[origins]).astype(np.uint32)
        word_bounds = bounds[part_bounds]
        words = _each(known.words, at)
        places = _each(known.places, at) + np.repeat(begins << np.uint32(8), counts)
        marks = _each(vocabulary.mark_of, words)
        folded, terms = _each(vocabulary.folded_of, words), _each(vocabulary.term_of, words)
        record_of = np.repeat(np.arange(len(told)), np.diff(word_bounds))
        held = (
            _numbered(record_of, len(told), folded, vocabulary.folded, ""),
            _numbered(record_of, len(told), terms, vocabulary.terms, GAP),
        )
        meant = np.isin(fields, MEANT_NUMBERS)
        before = _bounds(marks != 0)
        meant_terms = np.add.reduceat((before[bounds[1:]] - before[bounds[:-1]]) * meant, first)
        meant_bounds = _bounds(meant)[part_bounds]
        meaning = None if self._model is None else self._understand(self._model, numbered[meant])
        kept = [numbers.data.cast("B") for numbers in (fields, ends, token_ends, marks, places)]
        written = vocabulary.folded.listed.__getitem__
        made = []
        # The first text of a listing is its name, if it has one (see whole_name).
        name_ends = np.where(fields[first] == _NAME, bounds[first + 1], bounds[first])
        for one, bare, (begin, end), (start, stop), named, telling, (meant_from, meant_to) in zip(
            told,
            stored,
            pairwise(part_bounds.tolist()),
            pairwise(word_bounds.tolist()),
            name_ends.tolist(),
            meant_terms.tolist(),
            pairwise(meant_bounds.tolist()),
            strict=True,
        ):
            mine = passages[begin:end]
            packed = pack(
                "\n".join(map(known.text.__getitem__, mine)),
                "\n".join(one.names),
                bare,
                [numbers[4 * begin : 4 * end] for numbers in kept[:3]],
                [numbers[4 * start : 4 * stop] for numbers in kept[3:]],
            )
            made.append(
                Record(
                    packed,
                    self._lines(one.fields, mine),
                    " ".join(map(written, folded[start:named].tolist())),
                    telling,
                    meant_to - meant_from,
                    None if meaning is None else meaning[meant_from:meant_to],
                )
            )
        return Batch(made, meaning, _counted(held[0]), _counted(held[1]), Held(len(told), held))

    def _lines(self, fields: Sequence[str], passages: Sequence[int]) -> dict[str, str]:
        lines: dict[str, str] = {}
        for field, line in zip(fields, map(self._passages.line.__getitem__, passages), strict=True):
            lines[field] = lines[field] + _BETWEEN + line if field in lines else line
        return {
            field: line if (line := lines.get(field, "")).strip(_NO_WORDS) else _EMPTY
            for field in _FIELD_NUMBER
        }


def _bounds(lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Where each begins that follow one another, and where the last ends."""
    bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return bounds


def _each(kept: array[int], numbers: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
    """What is kept beside each number."""
    made: NDArray[Any] = np.asarray(kept)[np.asarray(numbers, dtype=np.intp)]
    return made


def _numbered(
    record_of: NDArray[np.intp], records: int, numbers: NDArray[np.uint32], values: Numbers, nothing: str
) -> Numbered:
    """The values of each record, given as numbers one behind the other, each once."""
    many = len(values)
    # Sorted, so that what is equal stands together: numpy does it for all records at once and without Python's lock.
    # Half as many bytes are sorted twice as fast, and nearly always suffice.
    kind: Any = np.uint32 if records * many < 1 << 32 else np.uint64
    pairs = np.sort(record_of.astype(kind) * kind(many) + numbers)
    first = np.ones(len(pairs), dtype=np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
    return Numbered(pairs[first], many, values, nothing)


def _by_record(records: int, held: Numbered) -> list[list[str]]:
    """The values that stand in each record, but for nothing."""
    owners, numbers = np.divmod(held.pairs, held.pairs.dtype.type(held.many))
    if (nothing := held.values.get(held.nothing)) is not None:
        counts = numbers != nothing
        owners, numbers = owners[counts], numbers[counts]
    bounds = np.searchsorted(owners, np.arange(records + 1)).tolist()
    values = list(map(held.values.listed.__getitem__, numbers.tolist()))
    return [values[first:last] for first, last in pairwise(bounds)]


def _counted(held: Numbered) -> dict[str, int]:
    """In how many records each value stands, but for nothing."""
    counts = np.bincount((held.pairs % held.pairs.dtype.type(held.many)).astype(np.intp))
    found = np.flatnonzero(counts)
    counted = dict(
        zip(map(held.values.listed.__getitem__, found.tolist()), counts[found].tolist(), strict=True)
    )
    counted.pop(held.nothing, None)
    return counted
