"""What a statement held that was refused is let go at once, by the thread that asked.

On SQLite a refused cursor keeps its statement, and the error's traceback keeps the cursor, in a circle that only the
collector of garbage breaks: in whichever thread it runs. It would wait there for the connection of the thread that
failed, with the interpreter's lock in its hand; were that one waiting to write, and the collecting one the writer that
it waits for, each would wait for the other until the wait is given up, which is refused again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def letting_go(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Django's wrapper around each statement: closes the cursor of one that was refused."""
    try:
        return execute(sql, params, many, context)
    except Exception:
        context["cursor"].close()
        raise


def let_go(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Listens to connection_created. First of all wrappers: whoever wraps for a while takes the last one off again, and
    may have begun before there was a connection.
    """
    if connection.vendor == "sqlite" and letting_go not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, letting_go)
