"""Whether a text shows anything: a name of blanks, zero-width signs and fillers is none, though not empty; and
whether a database stores it. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SHOWS_NOTHING: Final = "This shows nothing: write at least one letter or digit."
FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a symbol by Unicode's categories that are drawn as blanks: Hangul fillers and the empty Braille cell."""
UNSEEN: Final = frozenset("CZM")
"""Categories, by their first letter, of what shows nothing by itself: control and format signs, blanks, and marks that
stand upon a letter.
"""

UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
"""NUL and halves of a surrogate pair: JSON and the names of files can hold them, UTF-8 or a database cannot."""


def storable(text: str) -> str:
    """The text with a question mark for each sign that no database stores and no answer can be written with."""
    return UNSTORABLE.sub("?", text)


def shows_something(text: str) -> bool:
    """Whether somebody who looks at the text sees a letter, a digit or a sign of it."""
    return any(unicodedata.category(sign)[0] not in UNSEEN and sign not in FILLERS for sign in text)


def wrong_with_name(name: str, longest: int) -> str | None:
    """What is wrong with a name of at most `longest` characters, as a sentence; None where nothing is."""
    if not name.strip() or len(name) > longest:
        return f"A name has 1 to {longest} characters."
    return None if shows_something(name) else SHOWS_NOTHING
