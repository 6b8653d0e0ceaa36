"""A page's state is its address: reads the parameters that were sent and makes the addresses that differ by
one step.

Used by every page with a form: chips take one value away, facets add one, pagination moves, blanks never
stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlencode

from django.http import QueryDict

Pairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A path and its parameters in the order they were sent. Immutable: each method answers another
    address.
    """

    path: str
    pairs: Pairs = ()

    @classmethod
    def of(cls, path: str, sent: QueryDict) -> Address:
        """What was sent without blank values and repetitions: a form sends its empty fields too."""
        kept = dict.fromkeys(
            (name, value.strip()) for name in sent for value in sent.getlist(name) if value.strip()
        )
        return cls(path, tuple(kept))

    def __str__(self) -> str:
        return f"{self.path}?{self.query}" if self.pairs else self.path

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.pairs if key == name)

    def first(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    def without(self, *names: str) -> Address:
        return Address(self.path, tuple(pair for pair in self.pairs if pair[0] not in names))

    def less(self, name: str, value: str) -> Address:
        """Without one value of one parameter."""
        return Address(self.path, tuple(pair for pair in self.pairs if pair != (name, value)))

    def plus(self, name: str, value: str) -> Address:
        """With one more value of a parameter."""
        return Address(self.path, (*self.pairs, (name, value)))

    def put(self, changes: Mapping[str, str]) -> Address:
        """With these parameters, in place of whatever they were; a blank takes the parameter away."""
        return Address(
            self.path,
            (*self.without(*changes).pairs, *((name, value) for name, value in changes.items() if value)),
        )

    def named(self, values: Mapping[str, Iterable[str]]) -> Address:
        """With these values of the parameters that are among the sent ones, where they differ from those: what was
        named by a number or in other capitals is then called as links and boxes call it, which add and take it away.
        """
        differing = {
            name: tuple((name, one) for one in wanted)
            for name, wanted in values.items()
            if set(self.values(name)) != set(wanted)
        }
        pairs = (one for pair in self.pairs for one in differing.get(pair[0], (pair,)))
        return Address(self.path, tuple(dict.fromkeys(pairs)))

    def only(self, names: Iterable[str]) -> Address:
        kept = set(names)
        return Address(self.path, tuple(pair for pair in self.pairs if pair[0] in kept))

    def at(self, path: str) -> Address:
        """The same parameters at another path."""
        return Address(path, self.pairs)

    def sent(self) -> QueryDict:
        """The parameters as the parsers of search take them."""
        return QueryDict(self.query)
