"""A listing's record: its stored result, its texts and the places of their words, packed into one run of
bytes.

Made once at indexing; a page of results reads twenty of them from a mapped file, slices and never parses or
tokenises. Layout: six uint32 counts (parts, tokens, and the bytes of text, names, stored, padding), then for
each part its field, the end of its text (in characters) and of its tokens, then every token's mark, then
every token's place (start * 256 + length), the texts joined by newlines, the parts' names joined by newlines,
the stored JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from search.analysis import GAP, Tokens, each_folded, each_term, normalise, tokens_of, words_of
from search.fields import TEXT_FIELDS, texts_of

_FIELD_NUMBER: Final = {field.name: number for number, field in enumerate(TEXT_FIELDS)}
_HEAD: Final = 6
_EMPTY: Final = "__"
"""The term of a field without words; no question can make it. Engines differ in whether an empty field counts
for the average length, so none is empty.
"""
_BETWEEN: Final = f" {GAP} {GAP} {GAP} "
"""Between two texts of one field, so that no phrase reaches across."""

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Record:
    """A listing ready to be indexed. `lines` are the terms of each field, `words` the folded words."""

    packed: bytes
    lines: Mapping[str, str]
    words: frozenset[str]
    whole_name: str


def make_record(document: Mapping[str, Any]) -> Record:
    """Analyses a listing document and packs it."""
    fields: list[int] = []
    names: list[str] = []
    texts: list[str] = []
    ends: list[int] = []
    length = 0
    for field, part, text in texts_of(document):
        if text:
            text = normalise(text)
            fields.append(_FIELD_NUMBER[field])
            names.append(part)
            texts.append(text)
            length += len(text) + 1
            ends.append(length - 1)
    whole = "\n".join(texts)
    tokens = tokens_of(whole)
    token_ends = np.searchsorted(tokens.starts, np.asarray(ends, dtype=np.uint32))
    return Record(
        packed=_pack(fields, names, ends, token_ends, whole, tokens, orjson.dumps(document["stored"])),
        lines=_lines(fields, token_ends.tolist(), list(each_term(tokens.words))),
        words=distinct_words(tokens.words),
        whole_name=whole_name(document["name"]),
    )


def whole_name(name: str) -> str:
    """A name as it is compared as a whole: its words folded, stop words kept."""
    return " ".join(each_folded(words_of(normalise(name))))


def distinct_words(words: list[str]) -> frozenset[str]:
    """The words folded, each once: what the lexicon counts."""
    return frozenset(each_folded(set(words))) - {""}


def _lines(fields: list[int], token_ends: list[int], terms: list[str]) -> dict[str, str]:
    lines: dict[str, str] = {}
    start = 0
    for field, end in zip(fields, token_ends, strict=True):
        name, line = TEXT_FIELDS[field].name, " ".join(terms[start:end])
        lines[name] = lines[name] + _BETWEEN + line if name in lines else line
        start = end
    return {
        field.name: lines.get(field.name, "") if lines.get(field.name, "").strip(f"{GAP} ") else _EMPTY
        for field in TEXT_FIELDS
    }


def _pack(
    fields: list[int],
    names: list[str],
    ends: list[int],
    token_ends: NDArray[Any],
    whole: str,
    tokens: Tokens,
    stored: bytes,
) -> bytes:
    text = whole.encode("utf-8", "replace")
    labels = "\n".join(names).encode()
    padding = -(len(text) + len(labels) + len(stored)) % 4
    head = [len(fields), len(tokens.words), len(text), len(labels), len(stored), padding]
    numbers = np.concatenate(
        [
            np.asarray(head + fields + ends, dtype=np.uint32),
            token_ends.astype(np.uint32),
            tokens.marks,
            tokens.starts << np.uint32(8) | np.minimum(tokens.lengths, np.uint32(255)),
        ]
    )
    return b"".join([numbers.tobytes(), text, labels, stored, bytes(padding)])


class PackedRecord:
    """A record as it lies in the mapped file; each part is read when it is asked for."""

    __slots__ = ("_body", "_numbers", "_view", "parts", "tokens")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        head = np.frombuffer(view, dtype=np.uint32, count=_HEAD)
        self.parts, self.tokens = int(head[0]), int(head[1])
        count = _HEAD + 3 * self.parts + 2 * self.tokens
        self._numbers: Words = np.frombuffer(view, dtype=np.uint32, count=count)
        self._body = count * 4

    def fields(self) -> list[int]:
        """The number of each part's field in TEXT_FIELDS."""
        return self._head(0)

    def text_ends(self) -> list[int]:
        """Where each part's text ends, in characters; the next begins one character later."""
        return self._head(1)

    def token_ends(self) -> list[int]:
        """Where each part's tokens end."""
        return self._head(2)

    def _head(self, column: int) -> list[int]:
        start = _HEAD + column * self.parts
        numbers: list[int] = self._numbers[start : start + self.parts].tolist()
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

    def stored(self) -> bytes:
        """The API's result object as JSON."""
        start = self._body + int(self._numbers[2]) + int(self._numbers[3])
        return bytes(self._view[start : start + int(self._numbers[4])])
