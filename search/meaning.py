"""Texts to vectors: what lets a need find evidence that tells of the same thing in other words. The only place that
knows the model.

Journey: search/engines asks for the vectors of a listing's texts when it is indexed, search/matching.py for the
need's. A vector is a row of whole numbers from -127 to 127, so that the likeness of two is a whole number too and
every engine reckons the same one. Its length is 127, but for a text without a word that means anything: all zeros.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from search.analysis import fold, normalise, tells, tokens_of

DIMENSIONS: Final = 128
LENGTH: Final = 127
"""How long a vector is: the likeness of a text with itself is its square."""

Vectors = NDArray[np.int8]
Vectors32 = NDArray[np.float32]

_WEIGHTS: Final = Path(__file__).with_name("meaning_weights.npz")
_AT_ONCE: Final = 2_000
"""Some so many words are added up together: their vectors (1 MB) stay in the processor's cache."""
_NOTHING: Final = 0
"""The number of what is no word: its vector adds nothing."""
_REMEMBERED: Final = 300_000


class PackageFiles(NamedTuple):
    """The two files of the package that are read: vectors of pieces of words, and how words are cut."""

    table: Path
    pieces: Path


def package_files() -> PackageFiles | None:
    """Where they lie; None where the package is not installed. It is never imported: its loader asks the
    network.
    """
    found = find_spec("wordllama")
    if found is None or not found.submodule_search_locations:
        return None
    package = Path(found.submodule_search_locations[0])
    return PackageFiles(
        package / "weights" / "l2_supercat_256.safetensors",
        package / "tokenizers" / "l2_supercat_tokenizer_config.json",
    )


class Model(Protocol):
    """Any model of meaning. `digest` names it: vectors of another digest say nothing beside its own."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def digest(self) -> str:
        """Names exactly this model: its data and the way it is used."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of DIMENSIONS numbers for each text."""

    def encode_words(
        self, words: Sequence[str], numbers: NDArray[np.intp], text_of: NDArray[np.intp], texts: int
    ) -> Vectors:
        """The same of texts that are taken apart already (search/analysis.py): `numbers` are the places of their words
        in `words`, `text_of` which text each word stands in, in order.
        """


@dataclass(frozen=True, slots=True)
class _Words:
    """Words that were seen: the number of each, and by number its vector and whether it means anything. `numbers` and
    the tables are shared with later states and may hold words of theirs.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    vectors: Vectors32 = field(default_factory=lambda: np.zeros((1, DIMENSIONS), dtype=np.float32))
    means: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, dtype=np.bool_))

    def with_more(self, words: Sequence[str], vectors: Vectors32) -> _Words:
        """The state that has these words, too, which are new."""
        first = len(self.numbers) + 1
        last = first + len(words)
        more = self
        if last > len(self.means):
            # Twice as much as is needed, so that few words are copied often.
            table = np.zeros((2 * last, DIMENSIONS), dtype=np.float32)
            table[:first] = self.vectors[:first]
            more = _Words(self.numbers, table, np.resize(self.means, 2 * last))
        more.vectors[first:last] = vectors
        more.means[first:last] = list(map(tells, words))
        # Last, because other threads read a word by its number.
        more.numbers.update(zip(words, range(first, last), strict=True))
        return more


class WordVectors:
    """Every word has a vector; a text is the sum of its words', each by how much it tells.

    The vectors are those of the package `wordllama` (a word's is the sum of its pieces'), turned and weighted by
    what benchmarks/train_meaning.py learned from earlier awards (`meaning_weights.npz`). Stop words and words with
    a digit mean nothing here. A word costs something once, a text hardly anything.
    """

    name = "wordllama l2_supercat 256, weighted and turned to 128"

    def __init__(self, files: PackageFiles, weights: Path = _WEIGHTS) -> None:
        self._files, self._weights = files, weights
        self.digest = _digest(*files, weights)
        self._known = _Words()
        self._turn = threading.Lock()

    # Made when the first text is encoded: most processes only ask for the digest.
    @functools.cached_property
    def _pieces(self) -> Tokenizer:
        """How words are cut."""
        return Tokenizer.from_file(str(self._files.pieces))

    @functools.cached_property
    def _table(self) -> Vectors32:
        """The vector of each piece, weighted and turned."""
        learned = np.load(self._weights)
        importance = np.exp(learned["importance"].astype(np.float32))
        (vectors,) = load_file(self._files.table).values()
        turned: Vectors32 = (vectors.astype(np.float32) * importance[:, None]) @ learned["projection"].astype(
            np.float32
        )
        return turned

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Model."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.int8)
        normal = list(map(normalise, texts))
        tokens = tokens_of("\n".join(normal))
        words = list(dict.fromkeys(tokens.words))
        places = dict(zip(words, range(len(words)), strict=True))
        numbers = np.fromiter(map(places.__getitem__, tokens.words), np.intp, len(tokens.words))
        ends = np.cumsum(np.fromiter(map(len, normal), np.int64, len(normal)) + 1)
        text_of = np.searchsorted(ends, tokens.starts, side="right")
        return self.encode_words(words, numbers, text_of, len(texts))

    def encode_words(
        self, words: Sequence[str], numbers: NDArray[np.intp], text_of: NDArray[np.intp], texts: int
    ) -> Vectors:
        """See Model."""
        # Other threads may learn words meanwhile: these are read in a state that has all of ours.
        known = self._learned(words)
        learned = np.fromiter(map(known.numbers.__getitem__, words), np.intp, len(words))
        kept = np.flatnonzero(known.means[learned][numbers])
        return _whole(_sums(known.vectors, learned[numbers[kept]], text_of[kept], texts))

    def _learned(self, words: Sequence[str]) -> _Words:
        """What is known once the vectors of those words that were not seen before are made: by one thread at a time,
        or two would give one number to two words.
        """
        with self._turn:
            known = self._known if len(self._known.numbers) <= _REMEMBERED else _Words()
            new = [word for word in dict.fromkeys(words) if word not in known.numbers]
            if new:
                cut = self._pieces.encode_batch(list(map(fold, new)), add_special_tokens=False)
                made = np.array([self._table[one.ids].sum(axis=0) for one in cut], dtype=np.float32)
                known = known.with_more(new, made)
            self._known = known
            return known


def _sums(vectors: Vectors32, words: NDArray[np.intp], text_of: NDArray[np.intp], texts: int) -> Vectors32:
    """The sum of the vectors of the words of each text; `text_of` is in order. The words of a text are added one after
    the other, so that its sum is the same whatever stands beside it.
    """
    sums = np.zeros((texts, DIMENSIONS), dtype=np.float32)
    counts = np.bincount(text_of, minlength=texts)
    begins = np.cumsum(counts) - counts
    # Texts of about one length stand side by side, the shorter filled up with what adds nothing: numpy adds whole rows
    # several times as fast as it adds up stretches of different lengths.
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    filled = np.append(words, _NOTHING)
    while len(order):
        longest = int(counts[order[0]])
        some, order = np.split(order, [max(1, _AT_ONCE // longest)])
        at = np.arange(longest)[:, None]
        places = np.where(at < counts[some], begins[some] + at, len(words))
        sums[some] = vectors[filled[places]].sum(axis=0)
    return sums


def _whole(sums: Vectors32) -> Vectors:
    """Every row made LENGTH long and rounded to whole numbers."""
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    whole: Vectors = np.rint(sums * (LENGTH / np.maximum(lengths, 1e-9))).astype(np.int8)
    return whole


def _digest(*files: Path) -> str:
    told = hashlib.sha256(f"words without digits, sum, {DIMENSIONS} whole numbers".encode())
    for file in files:
        told.update(file.read_bytes())
    return told.hexdigest()[:16]


def model() -> Model | None:
    """The model of this installation; None where its package is missing or MEANING is off: then needs are matched by
    words alone.
    """
    return _installed() if settings.MEANING else None


@functools.cache
def _installed() -> Model | None:
    files = package_files()
    return None if files is None else WordVectors(files)


def likeness(dots: NDArray[np.int32]) -> NDArray[np.float64]:
    """How alike two texts are, 0 to 1, from the products of their vectors: their cosine, below nothing none."""
    return np.clip(dots / float(LENGTH * LENGTH), 0.0, 1.0)
