"""Requests to act for an organisation, as the page of its people and the operators' page answer them."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.actions.belonging import accept_request, refuse_request
from procurement.models import MembershipRequest
from procurement.permissions import Actor
from web.doing import STEP_LABELS, Change
from web.faults import id_part

SHOWN: Final = 50
DONE: Final = {
    "accept": N_("The person acts for the organisation."),
    "refuse": N_("The person is told why not."),
}
LABELS: Final = {**STEP_LABELS, "role": N_("Role")}
"""How the fields of an answer are called, and those of the other forms beside it."""


def anchors_of(sent: QueryDict) -> dict[str, str]:
    """Which field of an answer a fault belongs to, by the request that it answers; none for any other form."""
    if sent.get("do") not in OF_REQUESTS:
        return {}
    request = id_part(sent.get("request", ""))
    return {"role": f"accept-role-{request}", "reason": f"reason-{request}"}


def _accept(actor: Actor, _: str, __: int, sent: QueryDict) -> object:
    return accept_request(actor, sent.get("request", ""), sent.get("role", ""))


def _refuse(actor: Actor, _: str, __: int, sent: QueryDict) -> None:
    refuse_request(actor, sent.get("request", ""), sent.get("reason", ""))


OF_REQUESTS: Final[dict[str, Change]] = {"accept": _accept, "refuse": _refuse}


def waiting(rows: QuerySet[MembershipRequest]) -> list[MembershipRequest]:
    """Those that wait, the oldest first, with who asks."""
    asked = rows.filter(status=MembershipRequest.Status.WAITING).select_related("user", "organisation")
    return list(asked.order_by("asked_at", "pk")[:SHOWN])
