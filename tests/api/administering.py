"""What framework owners and operators have done before an example runs: a place rests, a firm is suspended."""

from __future__ import annotations

from typing import Final

from procurement.actions.standing import move_appointment, suspend_partner
from procurement.models import Partner
from procurement.permissions import SYSTEM
from tests.api.competing import session_of

RESTING: Final = "rm6309~2~brightwater"
SUSPENDED: Final = "cobic"


def administered() -> dict[str, str]:
    """What the examples name; `chief` of calling_off.py administers the buyer."""
    move_appointment(SYSTEM, RESTING, "suspend", "Its insurance has lapsed.")
    suspend_partner(SYSTEM, SUSPENDED, Partner.objects.get(reference=SUSPENDED).revision, "Wound up.")
    return {"RESTING": RESTING, "SUSPENDED": SUSPENDED, "CHIEF": session_of("chief")}
