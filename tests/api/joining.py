"""Applications to join, brought to where an example or a test begins: Brightwater to the consortium of Larch, in the
world of calling_off.py; Alder, a member, may leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

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
from procurement.models import Joining, Membership, Organisation, User
from procurement.permissions import Actor
from tests.api.calling_off import acting

OWNER: Final = "commons-exchange"
OFFERS: Final[list[dict[str, Any]]] = [{"specialism": "xd1~1~1", "regions": ["UK"]}]
PEOPLE: Final = (
    ("brightwater-reader", "brightwater", "viewer"),
    ("alder-chief", "alder", "administrator"),
    ("larch-reader", "larch", "viewer"),
    ("larch-chief", "larch", "administrator"),
    ("owner", OWNER, "editor"),
    ("owner-reader", OWNER, "viewer"),
    ("other-owner", "crown-commercial-service", "administrator"),
)
WAYS: Final[dict[str, tuple[tuple[str, Callable[[Actor, str, int], Joining]], ...]]] = {
    "JOINING": (),
    "SUBMITTED": (("brightwater", submit_joining),),
    "AGREED": (("brightwater", submit_joining), ("larch", agree_joining)),
    "CHECKED": (("brightwater", submit_joining), ("larch", agree_joining), ("owner", check_joining)),
    "ADMITTED": (
        ("brightwater", submit_joining),
        ("larch", agree_joining),
        ("owner", check_joining),
        ("owner", admit_joining),
    ),
    "REFUSED": (
        ("brightwater", submit_joining),
        ("larch", lambda actor, known, revision: refuse_joining(actor, known, revision, "Not now.")),
    ),
    "WITHDRAWN": (("brightwater", withdraw_joining),),
}
NAMES: Final = {"FIRM": "brightwater", "CONSORTIUM": "larch", "LOT": "xd1~1", "MEMBER": "alder"}


def people() -> None:
    """Everybody who takes part, beside those of calling_off.py."""
    for name, organisation, role in PEOPLE:
        user = User.objects.create_user(f"{name}@example.org", "a long enough password")
        body = Organisation.objects.get(reference=organisation)
        Membership.objects.create(user=user, organisation=body, role=role)


def began() -> Joining:
    draft = JoiningDraft("brightwater", "xd1~1", "larch", "We evaluate.", OFFERS)
    return draft_joining(acting("brightwater"), draft)


def brought(way: str) -> Joining:
    """An application that has come so far."""
    joining = began()
    for name, step in WAYS[way]:
        joining = step(acting(name), joining.reference, joining.revision)
    return joining


def joining_of(source: str) -> dict[str, str]:
    """The variables that these curl lines name, each of what was made for it, in the world of calling_off.py with
    people(); nothing where they are of no application.
    """
    if "/api/v1/joinings/" not in source and "/members/" not in source:
        return {}
    way = next((name for name in WAYS if f"${name}/" in source), None)
    if way is None and "-X POST" not in source:
        # A list finds something.
        way = "SUBMITTED"
    return NAMES | ({way: brought(way).reference} if way else {})
