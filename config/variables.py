"""Variables of the environment, each read as what it must be, or refused by its name in one sentence."""

from __future__ import annotations

import re
from typing import Any, Final

import environ
from django.core.exceptions import ImproperlyConfigured

OFF: Final = frozenset({"0", "false", "off", "no", "n", ""})
ON: Final = frozenset({"1", "true", "on", "yes", "y", "ok"})
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


class Variables(environ.Env):
    """Raises ImproperlyConfigured for a variable that is not what its reader wants."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def whole(self, var: str, default: Any = environ.Env.NOTSET, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        found = self._read(var, int, "a whole number", default)
        if found < least:
            raise ImproperlyConfigured(f"{var} must be a whole number of at least {least}, not {found}.")
        return int(found)

    def number(self, var: str, default: Any = environ.Env.NOTSET) -> float:
        """A number above nothing."""
        found = self._read(var, float, "a number", default)
        if not 0 < found < float("inf"):
            raise ImproperlyConfigured(f"{var} must be a number above 0, not {found:g}.")
        return float(found)

    def switch(self, var: str, *, default: bool) -> bool:
        """Yes or no, as people write it."""
        told = self.str(var, default="on" if default else "off").strip().lower()
        if told not in ON | OFF:
            raise ImproperlyConfigured(f"{var} must be 1 or 0, not {told[:40]!r}.")
        return told in ON

    def level(self, var: str, default: str) -> str:
        """A level of the log, in capitals."""
        told = str(self.str(var, default=default)).upper()
        if told not in LEVELS:
            raise ImproperlyConfigured(f"{var} must be one of {', '.join(LEVELS)}, not {told[:40]!r}.")
        return told

    def index_prefix(self, var: str, default: str) -> str:
        """What the names of Elasticsearch's indices begin with."""
        told = str(self.str(var, default=default))
        if not PREFIX.fullmatch(told):
            raise ImproperlyConfigured(
                f"{var} must be small letters, digits, - and _, and begin with a letter or digit, not {told[:40]!r}."
            )
        return told

    def _read(self, var: str, cast: Any, what: str, default: Any) -> Any:
        try:
            return self.get_value(var, cast=cast, default=default)
        except ValueError:
            told = str(self.str(var))
            raise ImproperlyConfigured(f"{var} must be {what}, not {told[:40]!r}.") from None
