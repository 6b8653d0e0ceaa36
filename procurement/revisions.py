"""Whether an object has changed since somebody read it: each change raises its revision.

Asked of a row under its lock, so that what was read cannot change between the question and the change.
"""

from __future__ import annotations

from typing import Final

ANY: Final = -1
"""In place of the revision that was read: whichever stands (`If-Match: *`)."""
NONE: Final = -2
"""In place of the revision that was read: one that nothing has, of a form that names none."""


def changed_since(current: int, read: int | None) -> bool:
    """Whether `current` is another revision than the one that was `read`; never where that is ANY, or None for what
    nobody has read (the clock, an action within another).
    """
    return read is not None and read not in (ANY, current)
