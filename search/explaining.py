"""Why a listing answers a need: the words and the sentences of its texts that count, each proved by leaving it out.

A word or sentence is shown only if the listing would score less without it: every one that is to be shown is taken
out, the rest scored anew, and what that costs is told beside it. So a reason shown is a reason used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis import mark_of
from search.engines.matching_base import Gathered
from search.engines.meanings import products
from search.engines.records import PackedRecord
from search.fields import TEXT_FIELDS
from search.meaning import Model, likeness
from search.need import MEANT_NUMBERS, Need, NeedTerm
from search.relevance import Pieces, Scores, score

TERMS_SHOWN: Final = 5
PIECES_SHOWN: Final = 2
SENTENCES_TRIED: Final = 12
"""Of one text so many sentences are looked at."""
LONGEST_SENTENCE: Final = 600
LEAST: Final = 0.0005
"""What leaving a reason out must cost, of a score from 0 to 1."""

_SENTENCE: Final = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?\n]?")


@dataclass(frozen=True, slots=True)
class TermReason:
    """A word of the need that the listing holds, and what its text's score would lack without it."""

    word: str
    adds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentence of a text that answers the need best. `field` and `part` say which text (a case study's key, a
    specialism's reference); `alike` is its likeness, 0 to 1, None without the model.
    """

    field: str
    part: str
    sentence: str
    alike: float | None
    adds: float


@dataclass(frozen=True, slots=True)
class Why:
    """Of one listing."""

    terms: tuple[TermReason, ...]
    evidence: tuple[Evidence, ...]


@dataclass(slots=True)
class _Sentence:
    """Where a sentence stands in a record's text, how often each term of the need stands in it, and how many terms
    it has.
    """

    piece: int
    start: int
    end: int
    text: str
    counts: NDArray[np.float64]
    length: int
    alike: float | None = None


@dataclass(frozen=True, slots=True)
class _Trial:
    """A listing (its place among those explained) without one thing: a term of the need, or a sentence."""

    listing: int
    without: int | _Sentence


class Explainer:
    """Explains listings that were scored: `candidates` by `pieces`, with `scores`."""

    def __init__(
        self,
        need: Need,
        model: Model | None,
        gathered: Gathered,
        pieces: Pieces,
        scores: Scores,
    ) -> None:
        self._terms, self._vector, self._model = need.terms, need.vector, model
        self._records, self._lengths = gathered.candidates.records, gathered.lengths
        self._pieces, self._scores = pieces, scores
        self._marks = np.array([mark_of(one.term) for one in need.terms], dtype=np.uint32)
        told = np.array([one.told for one in need.terms])
        self._told = told / (told.sum() or 1.0)

    def explain(self, places: Sequence[int]) -> list[Why]:
        """Why each of the candidates at these places answers."""
        texts = [_Texts(self._records[place]) for place in places]
        words = [self._words(place) for place in places]
        sentences = self._sentences(places, texts)
        trials = [_Trial(at, one) for at, some in enumerate(words) for one in some]
        trials += [_Trial(at, one) for at, some in enumerate(sentences) for one in some]
        costs = iter(self._costs(trials, places, texts))
        told_words = [[(term, next(costs)) for term in some] for some in words]
        told_sentences = [[(one, next(costs)) for one in some] for some in sentences]
        return [
            Why(_terms_told(self._terms, some), _evidence_told(texts[at], told_sentences[at]))
            for at, some in enumerate(told_words)
        ]

    def _words(self, place: int) -> list[int]:
        """The terms that add most."""
        adds = self._scores.terms[place]
        return [int(at) for at in np.argsort(-adds, kind="stable")[:TERMS_SHOWN] if adds[at] > 0]

    def _sentences(self, places: Sequence[int], texts: list[_Texts]) -> list[list[_Sentence]]:
        """The best sentence of each listing's best pieces; the model is asked once for the page."""
        tried: list[list[list[_Sentence]]] = []
        for place, text in zip(places, texts, strict=True):
            worth = self._scores.pieces[self._pieces.of(place)]
            best = [int(one) for one in np.argsort(-worth, kind="stable")[:PIECES_SHOWN] if worth[one] > 0]
            tried.append([text.sentences(one, self._marks) for one in best])
        flat = [one for several in tried for some in several for one in some]
        if not flat:
            return [[] for _ in texts]
        worth = (np.array([one.counts for one in flat]) > 0) @ self._told
        dots = self._dots([one.text for one in flat])
        if dots is not None:
            near = likeness(dots)
            worth = worth + near
            for one, alike in zip(flat, near.tolist(), strict=True):
                one.alike = alike
        ranks = iter(worth.tolist())
        return [
            [max(zip(some, ranks), key=lambda pair: pair[1])[0] for some in several if some]  # noqa: B905
            for several in tried
        ]

    def _dots(self, texts: Sequence[str]) -> NDArray[np.int32] | None:
        """The products of texts with the need. Many stand in several listings: each is read once."""
        if self._model is None or self._vector is None:
            return None
        numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        near = products(self._vector, self._model.encode(list(numbers)))
        return near[[numbers[text] for text in texts]]

    def _costs(self, trials: Sequence[_Trial], places: Sequence[int], texts: list[_Texts]) -> list[float]:
        """What each trial lacks of the listing's score: all are scored anew together."""
        if not trials:
            return []
        listings = np.array([places[one.listing] for one in trials])
        pieces = self._pieces.taken(listings)
        changed: dict[int, str] = {}
        for number, (one, first) in enumerate(zip(trials, pieces.starts.tolist(), strict=False)):
            text = texts[one.listing]
            if isinstance(one.without, _Sentence):
                piece = first + one.without.piece
                held = slice(*np.searchsorted(pieces.piece, [piece, piece + 1]))
                pieces.count[held] -= one.without.counts[pieces.term[held]]
                pieces.lengths[piece] -= one.without.length
                changed[piece] = text.without_sentence(one.without)
            else:
                held = slice(*np.searchsorted(pieces.piece, [first, pieces.starts[number + 1]]))
                gone = np.flatnonzero(pieces.term[held] == one.without) + held.start
                for piece in pieces.piece[gone].tolist():
                    changed[piece] = text.without_term(piece - first, int(self._marks[one.without]))
                pieces.lengths[pieces.piece[gone]] -= pieces.count[gone]
                pieces.count[gone] = 0
        near = self._dots(list(changed.values()))
        if pieces.dots is not None and near is not None:
            pieces.dots[list(changed)] = near
        then = score(pieces, self._terms, self._lengths)
        costs: list[float] = (self._scores.text[listings] - then.text).tolist()
        return costs


def _terms_told(terms: Sequence[NeedTerm], told: list[tuple[int, float]]) -> tuple[TermReason, ...]:
    kept = [TermReason(terms[at].word, round(cost, 4)) for at, cost in told if cost >= LEAST]
    return tuple(sorted(kept, key=lambda one: (-one.adds, one.word)))


def _evidence_told(text: _Texts, told: list[tuple[_Sentence, float]]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            *text.place(one.piece),
            one.text[:LONGEST_SENTENCE],
            None if one.alike is None else round(one.alike, 4),
            round(cost, 4),
        )
        for one, cost in told
        if cost >= LEAST
    )


class _Texts:
    """The meant texts of a record, with the places of their words."""

    def __init__(self, record: PackedRecord) -> None:
        self._record = record
        fields, ends, token_ends = record.fields(), record.text_ends(), record.token_ends()
        starts, first_tokens = [0, *(end + 1 for end in ends[:-1])], [0, *token_ends[:-1]]
        self._fields = fields
        self._parts = [at for at, field in enumerate(fields) if field in MEANT_NUMBERS]
        self._bounds = [(starts[at], ends[at]) for at in self._parts]
        self._tokens = [(first_tokens[at], token_ends[at]) for at in self._parts]
        self._text = record.text()
        self._marks = record.marks()
        self._places = record.places()

    def place(self, piece: int) -> tuple[str, str]:
        """Which text a piece is: its field and the name of the part."""
        at = self._parts[piece]
        return TEXT_FIELDS[self._fields[at]].name, self._record.names()[at]

    def sentences(self, piece: int, wanted: NDArray[np.uint32]) -> list[_Sentence]:
        """The sentences of a piece, as many as are tried, with the terms of the need (by their marks) in each."""
        start, end = self._bounds[piece]
        spans = [
            (found.start(), found.end(), text)
            for found in islice(_SENTENCE.finditer(self._text, start, end), SENTENCES_TRIED)
            if (text := found[0].strip())
        ]
        first, last = self._tokens[piece]
        edges = np.searchsorted(
            self._places[first:last] >> np.uint32(8),
            [edge for begin, stop, _ in spans for edge in (begin, stop)],
        )
        marks = self._marks[first:last]
        terms = np.zeros(len(marks) + 1, dtype=np.int64)
        np.cumsum(marks != 0, out=terms[1:])
        held = np.zeros((len(marks) + 1, len(wanted)))
        np.cumsum(marks[:, None] == wanted[None, :], axis=0, out=held[1:])
        return [
            _Sentence(piece, begin, stop, text, held[to] - held[since], int(terms[to] - terms[since]))
            for (begin, stop, text), (since, to) in zip(spans, edges.reshape(-1, 2).tolist(), strict=True)
        ]

    def without_sentence(self, one: _Sentence) -> str:
        """A piece's text without a sentence of it."""
        start, end = self._bounds[one.piece]
        return f"{self._text[start : one.start]} {self._text[one.end : end]}"

    def without_term(self, piece: int, mark: int) -> str:
        """A piece's text without a term, wherever it stands."""
        start, end = self._bounds[piece]
        first, last = self._tokens[piece]
        kept, at = [], start
        for token in np.flatnonzero(self._marks[first:last] == mark).tolist():
            place = int(self._places[first + token])
            kept.append(self._text[at : place >> 8])
            at = (place >> 8) + (place & 255)
        return " ".join([*kept, self._text[at:end]])
