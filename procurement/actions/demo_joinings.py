"""The demonstration's applications to join: fixtures/joinings.yaml, one in each status, by the actions everybody takes.

Loaded once. Firms, leads and the framework's owner whom nobody signs in for act by the stand-in of demo_cast.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from procurement.actions.demo_cast import somebody_of
from procurement.actions.joining import (
    JoiningDraft,
    admit_joining,
    agree_joining,
    check_joining,
    draft_joining,
    refuse_joining,
    submit_joining,
    withdraw_joining,
)
from procurement.actions.outcome import Outcome
from procurement.models import Appointment, Capability, Joining, Partner
from procurement.parts import lead_of
from procurement.permissions import Actor

Kind = Capability.Kind


def load_joinings(folder: Path) -> Outcome:
    """Makes every application of the file, unless there is any already."""
    if Joining.objects.exists():
        return Outcome()
    read = yaml.safe_load((folder / "joinings.yaml").read_text(encoding="utf-8"))
    return Outcome([_joining(row, read["lot"], read["refused"]) for row in read["joinings"]])


def _joining(row: Mapping[str, Any], lot: str, refused: str) -> str:
    organisation = Partner.objects.select_related("organisation").get(reference=row["partner"]).organisation
    place = Appointment.objects.select_related("lot__framework__owner").get(
        supplier__reference=row["supplier"], lot__reference=lot
    )
    leads, owner = lead_of(place), place.lot.framework.owner
    assert leads is not None
    actors = {
        "firm": somebody_of(organisation, Kind.PARTNER),
        "lead": somebody_of(leads, Kind.PARTNER),
        "owner": somebody_of(owner, Kind.FRAMEWORK_OWNER),
    }
    offers = [{"specialism": f"{lot}~{one}", "regions": row["regions"]} for one in row["specialisms"]]
    draft = JoiningDraft(row["partner"], lot, row["supplier"], row["statement"], offers)
    joining = draft_joining(actors["firm"], draft)
    for step in row["steps"]:
        who, move = STEPS[step]
        joining = move(actors[who], joining, refused)
    return joining.reference


def _refuse(actor: Actor, joining: Joining, reason: str) -> Joining:
    return refuse_joining(actor, joining.reference, joining.revision, reason)


def _by(action: Callable[[Actor, str, int], Joining]) -> Callable[[Actor, Joining, str], Joining]:
    return lambda actor, joining, _: action(actor, joining.reference, joining.revision)


STEPS: Final[dict[str, tuple[str, Callable[[Actor, Joining, str], Joining]]]] = {
    "submit": ("firm", _by(submit_joining)),
    "withdraw": ("firm", _by(withdraw_joining)),
    "agree": ("lead", _by(agree_joining)),
    "refuse": ("lead", _refuse),
    "check": ("owner", _by(check_joining)),
    "admit": ("owner", _by(admit_joining)),
}
