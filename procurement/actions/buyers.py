"""For which buyer organisation somebody acts: the first step of whatever a buyer keeps."""

from __future__ import annotations

from typing import Any

from procurement.errors import Fault, Invalid, NotPermitted
from procurement.models import Capability, Organisation
from procurement.permissions import Action, Actor, can, require


def buyer_of(actor: Actor, action: Action, named: str | None) -> Organisation:
    """The buyer organisation that the actor does `action` for: the one of that reference, else their only one.

    Raises NotPermitted where they act for no buyer, or not for that one, or may not do this for it; Invalid at
    /organisation where they act for several and name none.
    """
    bodies = Organisation.objects.filter(capabilities__kind=Capability.Kind.BUYER)
    if not actor.system:
        bodies = bodies.filter(pk__in=list(actor.organisations()))
    if named is not None:
        bodies = bodies.filter(reference=named)
    found = list(bodies.order_by("reference")[:2])
    if not found:
        raise NotPermitted(
            "You act for no buyer organisation." if named is None else "You do not act for it."
        )
    if len(found) > 1:
        fault = Fault("/organisation", "required", "You act for several buyers: name the one.")
        raise Invalid("Say for which organisation.", (fault,))
    require(actor, action, found[0])
    return found[0]


def require_somewhere(actor: Actor, action: Action) -> None:
    """Refuse with NotPermitted where the actor may do this for no organisation at all: a list would be empty
    whatever is kept.
    """
    if not any(can(actor, action, key) for key in actor.organisations()):
        require(actor, action)


def owner_references(organisation: Organisation, **others: Any) -> dict[str, Any]:
    """What an event of a buyer's object refers to, without what is not stated."""
    return {"organisation": organisation.reference, **{name: one for name, one in others.items() if one}}
