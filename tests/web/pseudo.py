"""A language for tests: every message of the pages in brackets, with what it holds. What stands on a page outside of
them was not translated, and must be data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from django.apps import apps

from tools.catalogue import messages
from tools.catalogue_files import compiled

CODE: Final = "cy"
OPEN, CLOSE = "⟦", "⟧"
TRANSLATABLE: Final = {"aria-label", "title", "placeholder", "alt"}
BLOCKS: Final = {"body", "button", "caption", "dd", "desc", "div", "dt", "form", "h1", "h2", "h3", "h4", "h5", "label",
                 "legend", "li", "option", "p", "select", "summary", "td", "text", "textarea", "th",
                 "title"}  # fmt: skip
VOID: Final = {"br", "hr", "img", "input", "link", "meta", "line", "rect", "path"}
WORD: Final = re.compile(r"[^\W\d_]")


def write_pseudo(folder: Path) -> None:
    """Writes the language as the catalogue of Welsh in a folder of catalogues."""
    made = Catalog(locale=CODE, charset="utf-8", creation_date=datetime.now(UTC))
    for one in messages():
        if isinstance(one.text, str):
            made.add(one.text, bracketed(one.text))
        else:
            made.add(one.text, tuple(bracketed(one.text[1]) for _ in range(made.num_plurals)))
    compiled(made, folder / CODE / "LC_MESSAGES" / "django.mo")


def bracketed(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


class Untranslated(HTMLParser):
    """What a page says outside of the brackets, piece by piece, each with the classes of the elements around it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self._depth = 0
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self._depth = 0
        for name in TRANSLATABLE & given.keys():
            self._note(f"{tag}[{name}]", _outside(given[name]))
        if tag not in VOID:
            self._open.append((tag, given.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        kept = ""
        for character in data:
            if character == OPEN:
                self._depth += 1
            elif character == CLOSE:
                self._depth -= 1
            elif self._depth <= 0:
                kept += character
        self._note(" ".join(f"{tag}.{classes}" for tag, classes in self._open), kept)

    def _note(self, where: str, text: str) -> None:
        if WORD.search(text):
            self.pieces.append((where, " ".join(text.split())))


def _outside(text: str) -> str:
    while (shorter := re.sub(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", " ", text)) != text:
        text = shorter
    return text


class Known:
    """Texts that are data: what the database holds, as whole values, and long enough parts of them."""

    def __init__(self, *more: str) -> None:
        held = {" ".join(text.split()) for text in (*_stored(), *more)} - {""}
        self._values = {text.strip(".,;:()“”").lower() for text in held}
        self._all = "\n".join(held).lower()

    def unknown(self, text: str) -> str:
        """What of a text is no data: the words that no value covers."""
        words, left, at = text.lower().replace("…", " ").split(), [], 0
        while at < len(words):
            upto = next((end for end in range(len(words), at, -1) if self._held(words[at:end])), 0)
            if not upto:
                left.append(words[at])
            at = upto or at + 1
        return " ".join(left)

    def _held(self, words: list[str]) -> bool:
        text = " ".join(words).strip(".,;:()“”")
        return not WORD.search(text) or text in self._values or (len(words) > 2 and text in self._all)


def _stored() -> Iterator[str]:
    for model in apps.get_models():
        if model.__module__.startswith(("procurement.", "search.")):
            names = [field.attname for field in model._meta.concrete_fields]
            for row in model._base_manager.values_list(*names):
                for value in row:
                    yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from value.splitlines()
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
