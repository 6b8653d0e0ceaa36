"""Variables of the environment, each read as what it must be, or refused by its name in one sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

OFF: Final = frozenset({"0", "false", "off", "no", "n", ""})
ON: Final = frozenset({"1", "true", "on", "yes", "y", "ok"})
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
HOST: Final = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
ORIGIN: Final = re.compile(
    r"https?://(\*\.)?([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
)
DAYS: Final = re.compile(r"[0-9]{1,5}")
PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


class Variables(environ.Env):
    """Raises ImproperlyConfigured for a variable that is not what its reader wants."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def whole(
        self, var: str, default: Any = environ.Env.NOTSET, *, least: int = 0, most: int | None = None
    ) -> int:
        """A whole number of at least `least`, and at most `most` where there is one."""
        found = self._read(var, int, "a whole number", default)
        if found < least:
            raise ImproperlyConfigured(f"{var} must be a whole number of at least {least}, not {found}.")
        if most is not None and found > most:
            raise ImproperlyConfigured(f"{var} must be a whole number of at most {most}, not {found}.")
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

    def site(self, var: str, default: str) -> str:
        """An address of the web, or nothing; the default is not looked at."""
        told = str(self.str(var, default=default))
        try:
            parts = urlsplit(told)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        # It is not repeated: it may hold a password.
        if self.ENVIRON.get(var) and not good:
            raise ImproperlyConfigured(
                f"{var} must be an address that begins with http:// or https:// and a host."
            )
        return told

    def hosts(self, var: str, default: Sequence[str]) -> list[str]:
        """Names of hosts, comma-separated, as Django compares them: without scheme, port or path."""
        told = [str(one) for one in self.list(var, default=list(default))]
        for one in told:
            if not HOST.fullmatch(one):
                raise ImproperlyConfigured(
                    f"{var} must be names of hosts, comma-separated, without http:// and port, not {one[:40]!r}."
                )
        return told

    def origins(self, var: str) -> list[str]:
        """Origins of forms, comma-separated, as Django compares them: scheme and host, without a path."""
        told = [str(one) for one in self.list(var, default=[])]
        for one in told:
            if not ORIGIN.fullmatch(one):
                raise ImproperlyConfigured(
                    f"{var} must be origins, comma-separated, such as https://calloff.example.org, not {one[:40]!r}."
                )
        return told

    def sender(self, var: str, default: str) -> str:
        """An e-mail address, with or without a name before it."""
        told = str(self.str(var, default=default))
        name, _, host = parseaddr(told)[1].rpartition("@")
        if not name or not host:
            raise ImproperlyConfigured(
                f"{var} must be an e-mail address, such as calloff@example.org, not {told[:40]!r}."
            )
        return told

    def days(self, var: str, names: Collection[str]) -> dict[str, int]:
        """Days by name, such as `deliveries=30,removed_files=7`; `names` are those that there are."""
        found: dict[str, int] = {}
        for one in str(self.str(var, default="")).split(","):
            name, _, days = (part.strip() for part in one.partition("="))
            if not one.strip():
                continue
            if name not in names:
                raise ImproperlyConfigured(
                    f"{var} must be names and days, such as deliveries=30, of {', '.join(sorted(names))}, "
                    f"not {one[:40]!r}."
                )
            if not DAYS.fullmatch(days):
                raise ImproperlyConfigured(
                    f"{var} must give {name} whole days up to 99999, not {days[:40]!r}."
                )
            found[name] = int(days)
        return found

    def _read(self, var: str, cast: Any, what: str, default: Any) -> Any:
        try:
            return self.get_value(var, cast=cast, default=default)
        except ValueError:
            told = str(self.str(var))
            raise ImproperlyConfigured(f"{var} must be {what}, not {told[:40]!r}.") from None
