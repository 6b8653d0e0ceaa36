"""The regions that offerings name, in two schemes, and which of them share ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from procurement.actions.events import Happening, record
from procurement.actions.outcome import Outcome
from procurement.errors import Fault, Invalid
from procurement.models import Region, RegionTwin
from procurement.permissions import Action, Actor, require


@dataclass(frozen=True, slots=True)
class RegionDraft:
    """A region by code; `parent` is the code of the region that holds it, "" for the whole kingdom."""

    code: str
    scheme: str
    level: int
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class TwinDraft:
    """A NUTS 2013 code and an ITL 2025 code that share ground; `same`: all of it."""

    nuts: str
    itl: str
    same: bool


def sharing_ground() -> dict[str, tuple[str, ...]]:
    """For each region code those of the other scheme that share its ground, in alphabetical order."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in RegionTwin.objects.order_by("nuts__code", "itl__code").values_list("nuts__code", "itl__code"):
        for code, other in (pair, pair[::-1]):
            found[code] = (*found.get(code, ()), other)
    return found


def save_regions(actor: Actor, regions: Sequence[RegionDraft], twins: Sequence[TwinDraft]) -> Outcome:
    """Make or change the regions and their twins, all or none; none is taken away.

    Raises NotPermitted, Invalid.
    """
    require(actor, Action.MANAGE_FRAMEWORK)
    with transaction.atomic():
        before = {one.code: one for one in Region.objects.select_related("parent")}
        _check(regions, twins, set(before))
        created = [one for one in regions if one.code not in before]
        changed = [one for one in regions if one.code in before and one != _draft(before[one.code])]
        keys = {code: region.pk for code, region in before.items()}
        for level in sorted({one.level for one in created}):
            rows = [Region(code=one.code, **_values(one, keys)) for one in created if one.level == level]
            keys |= {region.code: region.pk for region in Region.objects.bulk_create(rows)}
        for one in changed:
            Region.objects.filter(code=one.code).update(**_values(one, keys))
        paired = dict(_pairs())
        fresh = [twin for twin in twins if paired.get((twin.nuts, twin.itl)) != twin.same]
        RegionTwin.objects.bulk_create(
            [RegionTwin(nuts_id=keys[twin.nuts], itl_id=keys[twin.itl], same=twin.same) for twin in fresh],
            update_conflicts=True,
            unique_fields=["nuts", "itl"],
            update_fields=["same"],
        )
        if created or changed or fresh:
            counts = {"created": len(created), "changed": len(changed), "twins": len(fresh)}
            record(actor, Happening("regions.published", "regions", "regions", {}, counts))
    return Outcome(
        [one.code for one in created],
        [one.code for one in changed],
        len(regions) - len(created) - len(changed),
    )


def _values(draft: RegionDraft, keys: Mapping[str, int]) -> dict[str, Any]:
    parent = keys[draft.parent] if draft.parent else None
    return {"scheme": draft.scheme, "level": draft.level, "name": draft.name, "parent_id": parent}


def _draft(region: Region) -> RegionDraft:
    parent = region.parent.code if region.parent else ""
    return RegionDraft(region.code, region.scheme, region.level, region.name, parent)


def _pairs() -> list[tuple[tuple[str, str], bool]]:
    return [
        ((nuts, itl), same)
        for nuts, itl, same in RegionTwin.objects.values_list("nuts__code", "itl__code", "same")
    ]


def _check(regions: Sequence[RegionDraft], twins: Sequence[TwinDraft], held: set[str]) -> None:
    codes = held | {one.code for one in regions}
    faults = [
        Fault(f"/regions/{number}/parent", "unknown", f"There is no region {one.parent}.")
        for number, one in enumerate(regions)
        if one.parent and one.parent not in codes
    ]
    faults += [
        Fault(f"/regions/{number}/scheme", "unknown", f"{one.scheme} is no scheme of regions.")
        for number, one in enumerate(regions)
        if one.scheme not in Region.Scheme.values
    ]
    faults += [
        Fault(f"/twins/{number}", "unknown", f"There is no region {code}.")
        for number, one in enumerate(twins)
        for code in (one.nuts, one.itl)
        if code not in codes
    ]
    if faults:
        raise Invalid("No region was changed.", tuple(faults))
