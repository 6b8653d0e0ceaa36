"""What the tests of a module would each make alike is made once for all of them: each undoes its own changes.

A maker says by `@once(again)` how a later test is given what stands. Within `standing(…)`, which a module's fixture
opens in the module's transaction, it makes nothing more unless changes are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

Maker = TypeVar("Maker", bound=Callable[..., Any])
_MADE: dict[str, Any] = {}


def once(again: Callable[[Any, Any], Any]) -> Callable[[Maker], Maker]:
    """Of a maker that takes one thing beside changes; `again` is given that thing and what stands."""

    def kept(make: Maker) -> Maker:
        @wraps(make)
        def made(world: Any, *changes: Any, **named: Any) -> Any:
            if changes or named or make.__qualname__ not in _MADE:
                return make(world, *changes, **named)
            return again(world, _MADE[make.__qualname__])

        return made  # type: ignore[return-value]

    return kept


@contextmanager
def standing(world: Any, *makers: Callable[..., Any]) -> Iterator[None]:
    """These makers have each made theirs once, in this order."""
    try:
        for make in makers:
            _MADE[make.__qualname__] = make(world)
        yield
    finally:
        _MADE.clear()
