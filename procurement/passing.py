"""Failures of the database that pass by themselves: whoever asked is told to come again, by the API and by pages."""

from __future__ import annotations

from typing import Final

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError

AGAIN: Final = 5
"""Seconds after which it may be tried again."""
BUSY: Final = "Another change is being written. Try again."
AWAY: Final = (
    "The database cannot be reached at the moment. Look whether a change was made before you send it again."
)
"""An answer to a commit may be lost on its way, so nobody can say that nothing was changed."""

_WAITED_TOO_LONG: Final = ("database is locked", "table is locked", "lock timeout", "deadlock detected")
"""What SQLite and PostgreSQL say when another writer was in the way; asked again it goes through."""
_NOT_NOW: Final = ("08", "57P", "53300")
"""How codes of PostgreSQL begin (its Appendix A) for a connection that failed, a server that stops or starts, and one
that has no connection left.
"""


def passing(error: BaseException | None) -> str | None:
    """What to say of a failure that passes; None for any other, which somebody has to mend."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    if isinstance(error, OperationalError) and any(words in str(error) for words in _WAITED_TOO_LONG):
        return BUSY
    cause = error.__cause__
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    # Whatever the server did not say itself, it was not there to say.
    return AWAY if cause.sqlstate is None or cause.sqlstate.startswith(_NOT_NOW) else None
