"""A listing's record: its stored result, its texts and the places of their words, packed into one run of
bytes.

Made once at indexing; a page of results reads twenty of them from a mapped file, slices and never parses or
tokenises. Layout: six uint32 counts (parts, tokens, and the bytes of text, names, stored, padding), then for
each part its field, the end of its text (in characters) and of its tokens, then every token's mark, then
every token's place (start * 256 + length), the texts joined by newlines, the parts' names joined by newlines,
the stored JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis import each_folded, normalise, words_of

_HEAD: Final = 6
_COUNTS: Final = Struct(f"={_HEAD}I")
Words = NDArray[np.uint32]


def whole_name(name: str) -> str:
    """A name as it is compared as a whole: its words folded, stop words kept."""
    return " ".join(each_folded(words_of(normalise(name))))


def distinct_words(words: list[str]) -> frozenset[str]:
    """The words folded, each once: what the lexicon counts."""
    return frozenset(each_folded(set(words))) - {""}


def pack(
    text: str, names: str, stored: bytes, parts: Sequence[memoryview], tokens: Sequence[memoryview]
) -> bytes:
    """A record's bytes. `parts` are the field, the end of the text and that of the tokens of each part, `tokens` the
    mark and the place of each: uint32 numbers as bytes.
    """
    body, labels = text.encode("utf-8", "replace"), names.encode()
    padding = -(len(body) + len(labels) + len(stored)) % 4
    head = _COUNTS.pack(len(parts[0]) // 4, len(tokens[0]) // 4, len(body), len(labels), len(stored), padding)
    return b"".join([head, *parts, *tokens, body, labels, stored, bytes(padding)])


def placed(starts: Words, lengths: Words) -> Words:
    """Places as they are kept: where a token starts times 256, plus its length."""
    return starts << np.uint32(8) | np.minimum(lengths, np.uint32(255))


class PackedRecord:
    """A record as it lies in the mapped file; each part is read when it is asked for."""

    __slots__ = ("_body", "_numbers", "_view", "parts", "tokens")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self.parts, self.tokens, *_ = _COUNTS.unpack_from(view)
        count = _HEAD + 3 * self.parts + 2 * self.tokens
        self._numbers: Words = np.frombuffer(view, dtype=np.uint32, count=count)
        self._body = count * 4

    def heads(self) -> Words:
        """Three rows: each part's field, the end of its text and of its tokens."""
        return self._numbers[_HEAD : _HEAD + 3 * self.parts].reshape(3, self.parts)

    def fields(self) -> list[int]:
        """The number of each part's field in TEXT_FIELDS."""
        return self._head(0)

    def text_ends(self) -> list[int]:
        """Where each part's text ends, in characters; the next begins one character later."""
        return self._head(1)

    def token_ends(self) -> list[int]:
        """Where each part's tokens end."""
        return self._head(2)

    def first_tokens(self) -> int:
        """How many words the first part has, which is the name."""
        return int(self._numbers[_HEAD + 2 * self.parts])

    def _head(self, column: int) -> list[int]:
        numbers: list[int] = self.heads()[column].tolist()
        return numbers

    def marks(self) -> Words:
        """The mark of every token's term, 0 for stop words."""
        start = _HEAD + 3 * self.parts
        return self._numbers[start : start + self.tokens]

    def places(self) -> Words:
        """Every token's start in the text times 256, plus its length, in characters."""
        start = _HEAD + 3 * self.parts + self.tokens
        return self._numbers[start : start + self.tokens]

    def text(self) -> str:
        """The texts, joined by newlines."""
        return str(self._view[self._body : self._body + int(self._numbers[2])], "utf-8")

    def names(self) -> list[str]:
        """The parts' names."""
        start = self._body + int(self._numbers[2])
        return str(self._view[start : start + int(self._numbers[3])], "utf-8").split("\n")

    def whole(self) -> bytes:
        """All of it, as `pack` made it."""
        return bytes(self._view)

    def stored(self) -> bytes:
        """The API's result object as JSON."""
        start = self._body + int(self._numbers[2]) + int(self._numbers[3])
        return bytes(self._view[start : start + int(self._numbers[4])])
