"""Which regions an offered region satisfies: search shows by it whom a region finds, a competition invites by it.

Read once for each run (two queries, a few hundred rows), never kept between runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from procurement.models import Region, RegionTwin

NATIONAL = "UK"
"""The code of an offering that covers the whole United Kingdom."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Which asked codes an offered code satisfies.

    An offering in a region satisfies that code, everything below it, and each code of the other scheme that
    shares ground with any of these (Eurostat NUTS 2013, ONS ITL 2025; a partial overlap counts). A national
    offering satisfies every code.
    """

    below: dict[str, tuple[str, ...]]
    twins: dict[str, tuple[tuple[str, bool], ...]]
    every: tuple[str, ...]
    answered: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def satisfied(self, offered: Iterable[str]) -> tuple[str, ...]:
        """Every code that somebody may ask for and that these offered codes meet, sorted; unknown codes meet
        themselves.
        """
        key = tuple(offered)
        known = self.answered.get(key)
        if known is None:
            known = self.answered[key] = self._satisfied(key)
        return known

    def _satisfied(self, offered: tuple[str, ...]) -> tuple[str, ...]:
        if NATIONAL in offered:
            return self.every
        own = {inner for code in offered for inner in (code, *self._under(code))}
        met = set(own)
        for code in own:
            for twin, same in self.twins.get(code, ()):
                met.add(twin)
                if same:
                    met.update(self._under(twin))
        return tuple(sorted(met))

    def _under(self, code: str) -> Iterable[str]:
        for child in self.below.get(code, ()):
            yield child
            yield from self._under(child)


def codes_in(scheme: str, codes: Iterable[str]) -> tuple[str, ...]:
    """These codes as a scheme has them, in their order (one query, none without codes): one of the other scheme becomes
    whatever names the same ground there, else all that share some of it; one without a twin stays as it is.
    """
    asked = tuple(dict.fromkeys(codes))
    if not asked:
        return ()
    here, other = ("nuts", "itl") if scheme == Region.Scheme.NUTS2013 else ("itl", "nuts")
    twins: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    rows = RegionTwin.objects.filter(**{f"{other}__code__in": asked}).order_by(f"{here}__code")
    for code, twin, same in rows.values_list(f"{other}__code", f"{here}__code", "same"):
        twins[code].append((twin, same))
    found: list[str] = []
    for code in asked:
        shared = twins[code]
        found += [twin for twin, same in shared if same] or [twin for twin, _ in shared] or [code]
    return tuple(dict.fromkeys(found))


def ground() -> Ground:
    """The regions of both schemes as they stand (two queries)."""
    below: dict[str, list[str]] = defaultdict(list)
    every = []
    for code, parent in Region.objects.order_by("code").values_list("code", "parent__code"):
        every.append(code)
        if parent:
            below[parent].append(code)
    twins: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for nuts, itl, same in RegionTwin.objects.values_list("nuts__code", "itl__code", "same"):
        twins[nuts].append((itl, same))
        twins[itl].append((nuts, same))
    return Ground(
        {code: tuple(inner) for code, inner in below.items()},
        {code: tuple(sorted(others)) for code, others in twins.items()},
        tuple(every),
    )
