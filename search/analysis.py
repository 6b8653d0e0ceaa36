"""From text to terms: the one place that decides what a word is, for documents and questions, for every
engine.

NFC, possessive 's dropped, words are runs of letters and digits, lower case, letters folded to ASCII,
Lucene's 33 English stop words, Porter 2 stems. Engines are handed the terms, already made, so that two
engines cannot disagree on them; the places of the words in the text are kept beside for highlights. A word is
analysed once and remembered.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import Stemmer
from numpy.typing import NDArray

STOP_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)
"""Lucene's English stop words (EnglishAnalyzer.ENGLISH_STOP_WORDS_SET)."""

GAP: Final = "_"
"""Stands where a stop word stood, so that a phrase keeps its distances; no term can look like it."""

LONGEST_TERM: Final = 100
"""A longer run of letters is no word; it is cut, so that it is still found by itself."""

_WORD: Final = re.compile(r"[^\W_]+")
# The quote comes first, and what stands before it is looked at afterwards: far fewer places to try.
_POSSESSIVE: Final = re.compile(r"['\u2019\uff07](?<=[^\W_].)[sS](?![^\W_])", re.DOTALL)
_REMEMBERED: Final = 400_000

# Letters that Unicode does not decompose but Lucene's ASCIIFoldingFilter folds.
_FOLDS: Final = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h",
        "ı": "i", "ŧ": "t", "ŋ": "n", "ĸ": "q", "ƀ": "b", "ɓ": "b", "ƈ": "c", "ɖ": "d", "ɗ": "d",
        "ƒ": "f", "ɠ": "g", "ɨ": "i", "ƙ": "k", "ɲ": "n", "ɵ": "o", "ƥ": "p", "ʈ": "t", "ƭ": "t",
        "ʋ": "v", "ƶ": "z", "ǝ": "e", "ə": "a", "ɛ": "e", "ȷ": "j",
    }
)  # fmt: skip

_stem = Stemmer.Stemmer("english", 0).stemWord


def normalise(text: str) -> str:
    """The form in which text is kept, and in which the places of its words are counted: NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(word: str) -> str:
    """Lower case, without accents: `Café` is `cafe`. Letters and digits only; a word may fold to nothing."""
    lowered = word.lower()
    if not lowered.isascii():
        decomposed = unicodedata.normalize("NFKD", lowered.translate(_FOLDS)).lower().translate(_FOLDS)
        lowered = "".join(letter for letter in decomposed if letter.isalnum())
    return lowered[:LONGEST_TERM]


class _Folds(dict[str, str]):
    """Word to folded word."""

    def __missing__(self, word: str) -> str:
        if len(self) > _REMEMBERED:
            self.clear()
        folded = self[word] = fold(word)
        return folded


class _Terms(dict[str, str]):
    """Word to term; GAP for a stop word."""

    def __missing__(self, word: str) -> str:
        if len(self) > _REMEMBERED:
            self.clear()
        folded = fold(word)
        term = GAP if not folded or folded in STOP_WORDS else _stem(folded)
        self[word] = term
        return term


def mark_of(term: str) -> int:
    """A term as a number from 1 to 2^32 - 1, by which it is recognised in stored tokens; 0 is GAP."""
    return 0 if term == GAP else zlib.crc32(term.encode()) or 1


_folds = _Folds()
_terms = _Terms()


def words_of(text: str) -> list[str]:
    """The words as they are written, stop words among them; `text` is in NFC."""
    return _WORD.findall(_without_possessives(text))


def _without_possessives(text: str) -> str:
    """The text with every possessive 's blanked by as many spaces, so that places do not move."""
    if "'" in text or "\u2019" in text or "\uff07" in text:
        return _POSSESSIVE.sub("  ", text)
    return text


def term_of(word: str) -> str:
    """The term of one word, GAP for a stop word."""
    return _terms[word]


def tells(word: str) -> bool:
    """Whether a word says what a need or a text is about: a stop word does not, nor one with a digit (a date, a
    reference number).
    """
    return term_of(word) != GAP and not any(map(str.isdigit, word))


def each_term(words: Iterable[str]) -> Iterator[str]:
    """The term of every word, faster than one by one."""
    return map(_terms.__getitem__, words)


def each_folded(words: Iterable[str]) -> Iterator[str]:
    """Every word folded, faster than one by one; "" where nothing is left."""
    return map(_folds.__getitem__, words)


def terms_of(text: str) -> list[str]:
    """The terms of a text in order, GAP where a stop word stands."""
    return [_terms[word] for word in words_of(normalise(text))]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text in NFC, by place. `starts` and `lengths` count characters.

    An element's index is its position in a phrase.
    """

    words: list[str]
    starts: NDArray[np.uint32]
    lengths: NDArray[np.uint32]


def tokens_of(text: str) -> Tokens:
    """The words of `text` (in NFC) and where they stand. Made at indexing, never while a question is
    answered.

    The same words as `words_of`, which reads better but takes twice as long.
    """
    text = _without_possessives(text)
    if text.isascii():
        points: NDArray[Any] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
        encoding = "ascii"
    else:
        # All but the rarest letters fit into two bytes each, which are quicker to go through than four.
        encoded, encoding = text.encode("utf-16-le", "surrogatepass"), "utf-16-le"
        points = np.frombuffer(encoded, dtype=np.uint16)
        if len(points) != len(text):
            encoded, encoding = text.encode("utf-32-le", "surrogatepass"), "utf-32-le"
            points = np.frombuffer(encoded, dtype=np.uint32)
    letters = np.zeros(len(points) + 2, dtype=np.bool_)
    # No point lies outside the table: "clip" spares numpy from looking, which took as long as the rest.
    _letters(0x110000 if points.itemsize == 4 else 0x10000).take(points, out=letters[1:-1], mode="clip")
    spaced = np.where(letters[1:-1], points, points.dtype.type(32))
    words = spaced.tobytes().decode(encoding).split()
    edges = np.flatnonzero(letters[1:] != letters[:-1]).astype(np.uint32)
    starts = edges[0::2]
    return Tokens(words, starts, edges[1::2] - starts)


@functools.cache
def _letters(points: int) -> NDArray[np.bool_]:
    """True for every code point below `points` that belongs to a word, exactly as the regular expression
    sees it.
    """
    return np.fromiter(map(str.isalnum, map(chr, range(points))), dtype=np.bool_, count=points)
