"""A supplier's places on lots: made, changed, suspended or withdrawn, set-wise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.events import Happening, record_many
from procurement.actions.outcome import Outcome
from procurement.bulk import insert
from procurement.errors import Fault, Invalid
from procurement.models import Appointment, Lot, Supplier
from procurement.permissions import Action, Actor, require

Pointer = Callable[[int], str]
Status = Appointment.Status
COMPARED: Final = ("status", "starts_on", "ends_on", "quality_marks")
MOVED: Final = {
    Status.ACTIVE: "appointment.reinstated",
    Status.SUSPENDED: "appointment.suspended",
    Status.WITHDRAWN: "appointment.withdrawn",
}


@dataclass(frozen=True, slots=True)
class AppointmentDraft:
    """A supplier's place on a lot as it should be; `lot` is a reference such as `rm3745~5`."""

    supplier: str
    lot: str
    starts_on: date
    ends_on: date | None = None
    status: str = Status.ACTIVE
    quality_marks: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """`rm3745~5~ppl`: the lot, then who stands on it."""
        return f"{self.lot}~{self.supplier}"


def save_appointments(
    actor: Actor, drafts: Sequence[AppointmentDraft], pointer: Pointer = "/{}".format
) -> Outcome:
    """Make or change each place, all or none. Raises NotPermitted, Invalid."""
    with transaction.atomic():
        lots = {
            lot.reference: lot
            for lot in Lot.objects.select_related("framework").filter(
                reference__in={draft.lot for draft in drafts}
            )
        }
        owners: set[int | None] = {lot.framework.owner_id for lot in lots.values()} or {None}
        for owner in owners:
            require(actor, Action.MANAGE_SUPPLIERS, owner)
        suppliers = dict(
            Supplier.objects.filter(reference__in={draft.supplier for draft in drafts}).values_list(
                "reference", "pk"
            )
        )
        faults = list(_faults(drafts, suppliers, lots, pointer))
        if faults:
            raise Invalid("No appointment was changed.", tuple(faults))
        existing = {
            (one.supplier_id, one.lot_id): one
            for one in Appointment.objects.select_for_update().filter(
                supplier__in=suppliers.values(), lot__in=lots.values()
            )
        }
        new: list[AppointmentDraft] = []
        altered: list[tuple[AppointmentDraft, Appointment, dict[str, Any]]] = []
        for draft in drafts:
            place = existing.get((suppliers[draft.supplier], lots[draft.lot].pk))
            if place is None:
                new.append(draft)
            elif differing := _differing(draft, place):
                altered.append((draft, place, differing))
        insert(
            [
                Appointment(
                    reference=draft.reference,
                    supplier_id=suppliers[draft.supplier],
                    lot=lots[draft.lot],
                    **_values(draft),
                )
                for draft in new
            ]
        )
        kinds = [_kind(draft, place, differing) for draft, place, differing in altered]
        for _, place, differing in altered:
            for name, value in differing.items():
                setattr(place, name, value)
            place.revision += 1
        Appointment.objects.bulk_update([place for _, place, _ in altered], (*COMPARED, "revision"))
        record_many(
            actor,
            [_happening("appointment.made", draft, lots[draft.lot], _values(draft)) for draft in new]
            + [
                _happening(kind, draft, lots[draft.lot], differing)
                for kind, (draft, _, differing) in zip(kinds, altered, strict=True)
            ],
        )
    return Outcome(
        [draft.reference for draft in new],
        [draft.reference for draft, _, _ in altered],
        len(drafts) - len(new) - len(altered),
    )


def _values(draft: AppointmentDraft) -> dict[str, Any]:
    return {
        "status": draft.status,
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "quality_marks": list(draft.quality_marks),
    }


def _differing(draft: AppointmentDraft, place: Appointment) -> dict[str, Any]:
    return {name: value for name, value in _values(draft).items() if getattr(place, name) != value}


def _kind(draft: AppointmentDraft, place: Appointment, differing: Collection[str]) -> str:
    """The event of a place that will be as the draft says: one that was over and is given anew holds again."""
    today = timezone.localdate()
    anew = place.over(today) and draft.status == Status.ACTIVE
    if "status" in differing or (anew and (draft.ends_on is None or draft.ends_on >= today)):
        return MOVED[Status(draft.status)]
    return "appointment.changed"


def _happening(kind: str, draft: AppointmentDraft, lot: Lot, values: dict[str, Any]) -> Happening:
    return Happening(
        kind,
        "appointment",
        draft.reference,
        {"supplier": draft.supplier, "lot": lot.reference, "framework": lot.framework.reference},
        {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()},
    )


def _faults(
    drafts: Sequence[AppointmentDraft], suppliers: dict[str, int], lots: dict[str, Lot], pointer: Pointer
) -> Iterator[Fault]:
    places = Counter((draft.supplier, draft.lot) for draft in drafts)
    for number, draft in enumerate(drafts):
        at = pointer(number)
        if draft.supplier not in suppliers:
            yield Fault(f"{at}/supplier", "unknown", f"There is no supplier {draft.supplier}.")
        if draft.lot not in lots:
            yield Fault(f"{at}/lot", "unknown", f"There is no lot {draft.lot}.")
        if places[draft.supplier, draft.lot] > 1:
            yield Fault(at, "duplicate", f"{draft.supplier} comes more than once on {draft.lot}.")
        if draft.status not in Status.values:
            yield Fault(f"{at}/status", "unknown", f"{draft.status} is none of {', '.join(Status.values)}.")
        if draft.ends_on is not None and draft.ends_on < draft.starts_on:
            yield Fault(f"{at}/ends_on", "order", "An appointment ends on or after its first day.")
        lot = lots.get(draft.lot)
        if lot is not None and not lot.framework.starts_on <= draft.starts_on <= lot.framework.ends_on:
            yield Fault(f"{at}/starts_on", "range", "An appointment starts while its framework runs.")
        if lot is not None and draft.ends_on is not None and draft.ends_on > lot.framework.ends_on:
            yield Fault(f"{at}/ends_on", "range", "An appointment ends while its framework runs.")
