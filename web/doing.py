"""What every page with several forms does when one of them is sent: carry out the action that `do` names, once, and say
what came of it.

The pages of call-offs, offers and contracts use it; each shows its object as it now is where the action was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict

from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.permissions import Actor
from web.changing import sent_revision
from web.faults import FieldFault
from web.once import done_once

STALE: Final = (
    "Somebody changed this meanwhile, so nothing of yours was changed. Below it is as it stands now"
)

Change = Callable[[Actor, str, int, QueryDict], object]
Anchors = Mapping[str, str] | Callable[[str], str]
"""Which field a fault belongs to: by the first step of its pointer, `{do}` standing for the form's own name; or, where
fields stand in rows, by a function of the whole pointer. "" is none.
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was done: the faults to show, and the status of the answer."""

    faults: list[FieldFault]
    status: int


def do(
    request: HttpRequest,
    actor: Actor,
    reference: str,
    changes: Mapping[str, Change],
    anchors: Anchors,
    here: str,
) -> Refusal | HttpResponse:
    """Carries out what the form asks of the object, once for its one-time key, and leads back to the page at `here`.

    Raises Http404 for a form that there is not and for what the actor may not see, PermissionDenied.
    """
    sent, name = request.POST, request.POST.get("do", "")
    if name not in changes:
        raise Http404

    def act() -> str:
        changes[name](actor, reference, sent_revision(sent), sent)
        return f"{here}?done={name}"

    try:
        return done_once(request, actor, act)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        return Refusal([FieldFault("", STALE)], 409)
    except Conflict as refused:
        return Refusal([FieldFault("", refused.message.rstrip("."))], 409)
    except Invalid as refused:
        faults = [
            FieldFault(_anchor(anchors, fault.pointer, name), fault.message.rstrip("."))
            for fault in refused.faults
        ]
        return Refusal(faults or [FieldFault("", refused.message.rstrip("."))], 422)


def _anchor(anchors: Anchors, pointer: str, name: str) -> str:
    if callable(anchors):
        return anchors(pointer)
    return anchors.get(pointer.strip("/").partition("/")[0], "").format(do=name)
