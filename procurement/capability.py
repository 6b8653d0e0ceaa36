"""The one filter that may keep a supplier on the lot from being invited: what a requirement must have, against what is
offered. Anybody can run it again: it reads published offerings and nothing else.

The rule is that of matching: a specialism in a region is met by one offering of one of the supplier's partners; a
partner that does not state its specialisms rules nobody out (unknown is not no).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from procurement.ground import ground
from procurement.models import Lot, Offering, SupplierMember
from procurement.on_day import belonging
from procurement.requirements import RequirementContent


class Must(NamedTuple):
    """A specialism (reference) in a region (code) that must be had; None: any, as long as the other is met."""

    specialism: str | None
    region: str | None


def musts(content: RequirementContent) -> tuple[Must, ...]:
    """What rules out whoever certainly lacks it: the requirement's pairs in which either part must be had."""
    asked = [
        Must(specialism, region)
        for specialism in content.specialisms or (None,)
        for region in content.regions or (None,)
    ]
    must = content.must_have
    return tuple(one for one in asked if one.specialism in must.specialisms or one.region in must.regions)


def lacking(
    lot: Lot, appointments: Collection[int], content: RequirementContent, on: date
) -> dict[int, list[Must]]:
    """What each of these places on the lot (primary keys of appointments) lacks on that day; those that lack nothing
    are absent.

    Four queries however many there are, none where nothing must be had. `lot` comes with its framework.
    """
    wanted = musts(content)
    if not wanted:
        return {}
    members = SupplierMember.objects.filter(belonging(lot.framework, on), partner__suspended=False)
    present = set(members.filter(supplier__appointments__lot=lot).values_list("supplier", "partner"))
    land = ground()
    met: dict[int, set[Must]] = defaultdict(set)
    # Thousands of suppliers offer in a few dozen combinations of regions and specialism: each is judged once.
    judged: dict[tuple[tuple[str, ...], str | None], list[Must]] = {}
    offerings = Offering.objects.filter(appointment__lot=lot)
    if all(one.specialism is not None for one in wanted):
        named = Q(specialism__reference__in={one.specialism for one in wanted})
        offerings = offerings.filter(named | Q(specialism=None))
    rows = offerings.values_list(
        "appointment", "appointment__supplier", "partner", "regions", "specialism__reference"
    )
    for appointment, supplier, partner, where, offered in rows:
        if (supplier, partner) not in present:
            continue
        key = tuple(where), offered
        if key not in judged:
            regions = set(land.satisfied(where))
            judged[key] = [
                one
                for one in wanted
                if (one.region is None or one.region in regions)
                and (one.specialism is None or offered is None or one.specialism == offered)
            ]
        met[appointment].update(judged[key])
    return {
        one: missing for one in appointments if (missing := [each for each in wanted if each not in met[one]])
    }
