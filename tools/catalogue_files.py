"""The catalogues of other languages as files: whether a translation fits its message, and compiling them.

A .po is what people write and is kept; a .mo is made of it by `python -m tools.assets`, on every machine. One that does
not fit is not compiled: a placeholder that is lost or misspelt would break the page on which it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "web" / "locale"
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
TAG: Final = re.compile(r"<[^<>]+>")
LOOSE: Final = re.compile(r"%(?!\(\w+\)[sd])")


class CatalogueError(Exception):
    """A catalogue that cannot be used; the text says where and why."""


def sources(folder: Path = FOLDER) -> list[Path]:
    """The catalogues that people have written."""
    return sorted(folder.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    """Raises CatalogueError."""
    try:
        with path.open("rb") as file:
            return read_po(file, locale=path.parents[1].name, abort_invalid=True)
    except (ValueError, PoFileError) as error:
        raise CatalogueError(f"{path.name} of {path.parents[1].name}: {error}") from error


def faults(catalogue: Catalog) -> list[str]:
    """What is wrong with the translations that are there, each with the message that it belongs to."""
    return [
        f"{_first(message)!r}: {wrong}"
        for message in catalogue
        if message.id and not message.fuzzy
        for wrong in _faults(message, catalogue.num_plurals)
    ]


def _faults(message: Message, plurals: int) -> Iterator[str]:
    ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
    said = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    if not any(said):
        return
    if len(ids) > 1 and (len(said) != plurals or not all(said)):
        yield f"{plurals} forms are needed"
    wanted = [Counter(PLACEHOLDER.findall(one)) for one in ids]
    tags = [Counter(TAG.findall(one)) for one in ids]
    for text in filter(None, said):
        held = Counter(PLACEHOLDER.findall(text))
        # A form of a plural may do without the number; nothing else may lose what it holds.
        if unknown := set(held) - set().union(*wanted):
            yield f"{', '.join(sorted(unknown))} is unknown to it"
        elif len(ids) == 1 and set(held) != set(wanted[0]):
            yield f"{', '.join(sorted(set(wanted[0]) - set(held)))} is missing"
        if Counter(TAG.findall(text)) not in tags:
            yield "its markup differs"
        rest, ours = TAG.sub("", text), TAG.sub("", "".join(ids))
        yield from (f"{mark} is markup" for mark in '<>"' if mark in rest and mark not in ours)
        if LOOSE.search(text.replace("%%", "")) and not LOOSE.search("".join(ids).replace("%%", "")):
            yield "a sign of per cent is written %%"


def is_translated(message: Message) -> bool:
    """Whether pages show a translation of it."""
    said = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(message.id) and not message.fuzzy and any(said)


def _first(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def compiled(catalogue: Catalog, path: Path) -> None:
    """Writes a catalogue as gettext reads it. Raises CatalogueError where it does not fit its messages."""
    if wrong := faults(catalogue):
        raise CatalogueError("\n".join([f"{len(wrong)} translations do not fit:", *wrong]))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    # Empty forms of a plural are a translation to gettext, by nothing.
    for message in [one for one in catalogue if one.id and not is_translated(one)]:
        message.string = ""
    with beside.open("wb") as file:
        write_mo(file, catalogue)
    beside.replace(path)


def compile_catalogues(folder: Path = FOLDER) -> bool:
    """Compiles those that are newer than what was made of them; answers whether there was one.

    Raises CatalogueError.
    """
    stale = [
        path
        for path in sources(folder)
        if not (made := path.with_suffix(".mo")).exists() or made.stat().st_mtime < path.stat().st_mtime
    ]
    for path in stale:
        compiled(read(path), path.with_suffix(".mo"))
    return bool(stale)
