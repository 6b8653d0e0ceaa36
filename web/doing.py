"""What every page with several forms does when one of them is sent: carry out the action that `do` names, once, and say
what came of it.

The pages of call-offs, offers and contracts use it; each shows its object as it now is where the action was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.permissions import Actor
from web.changing import sent_revision
from web.faults import FieldFault, lowered
from web.meanwhile import BELOW, CONFLICT, Subject, below_step, changed
from web.once import done_once
from web.saying import said

Change = Callable[[Actor, str, int, QueryDict], object]
Anchors = Mapping[str, str] | Callable[[str], str]
"""Which field a fault belongs to: by the first step of its pointer, `{do}` standing for the form's own name; or, where
fields stand in rows, by a function of the whole pointer. "" is none.
"""

STEP_LABELS: Final = {
    "reason": N_("Reason"),
    "conflicts": N_("Conflicts of interest"),
    "conflict": N_("Conflict of interest"),
    "question": N_("Question"),
    "answer": N_("Answer"),
    "told": N_("Question as everybody reads it"),
    "note": N_("Note"),
    "ground": N_("Ground"),
    "number": N_("Its number there"),
    "published_on": N_("Day of publication"),
    "reply_by": N_("Answer by"),
    "file": N_("File"),
    "name": N_("File"),
}
"""How fields are called that steps of many pages have, by the first step of a fault's pointer."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was done: the faults to show, the status of the answer, and whether the form was made from an older
    state.
    """

    faults: list[FieldFault]
    status: int
    stale: bool = False


def do(
    request: HttpRequest,
    actor: Actor,
    reference: str,
    changes: Mapping[str, Change],
    anchors: Anchors,
    here: str,
    subject: Subject | None = None,
    labels: Mapping[str, str] = STEP_LABELS,
) -> Refusal | HttpResponse:
    """Carries out what the form asks of the object, once for its one-time key, and leads back to the page at `here`.
    `subject` is what its events are of, where that is not the reference alone; `labels` are how fields are called, by
    the first step of a fault's pointer.

    Raises Http404 for a form that there is not and for what the actor may not see, PermissionDenied.
    """
    sent, name = request.POST, request.POST.get("do", "")
    if name not in changes:
        raise Http404

    def act() -> str:
        changes[name](actor, reference, sent_revision(sent), sent)
        return f"{here}?done={name}"

    def told(fault: Fault) -> FieldFault:
        return _named(fault, _anchor(anchors, fault.pointer, name), labels)

    try:
        return done_once(request, actor, act)
    except Refused as refused:
        about = subject or ("", reference)
        return refusal_of(
            actor,
            refused,
            about,
            lambda faults: list(map(told, _without_empty(faults))),
            below=below_step(sent),
        )


def refusal_of(
    actor: Actor,
    refused: Refused,
    subject: Subject,
    told: Callable[[Sequence[Fault]], list[FieldFault]],
    below: str = BELOW,
) -> Refusal:
    """A refused action as its page shows it; `told` puts what is wrong with the form beside its fields and `below` says
    what stands below the summary where the form was made from an older state.

    Raises Http404 for what the actor may not see, PermissionDenied.
    """
    match refused:
        case NotPermitted():
            raise PermissionDenied from refused
        case NotFound():
            raise Http404 from refused
        case Stale():
            return Refusal([changed(actor, subject, below)], CONFLICT, stale=True)
        case Invalid() if refused.faults:
            return Refusal(told(refused.faults), 422)
    return Refusal(
        [FieldFault("", refused.message.rstrip("."))], 422 if isinstance(refused, Invalid) else 409
    )


def _named(fault: Fault, anchor: str, labels: Mapping[str, str]) -> FieldFault:
    """The fault with the label of its field before it; at the field itself the label stands already."""
    field, plain = _first(fault), fault.message.rstrip(".")
    if field == "file" and fault.code == "required":
        return FieldFault(anchor, _("Choose a file"))
    if not anchor or field not in labels:
        return FieldFault(anchor, plain)
    # What is said of a file may begin with its name.
    going_on = plain if field == "file" else lowered(plain)
    return FieldFault(anchor, f"{said(labels[field])}: {going_on}", plain)


def _without_empty(faults: Sequence[Fault]) -> list[Fault]:
    """The faults but for that of a file's name where there is no file: a browser names none then."""
    nothing = any(_first(one) == "file" and one.code == "required" for one in faults)
    return [one for one in faults if not (nothing and _first(one) == "name")]


def _first(fault: Fault) -> str:
    return fault.pointer.strip("/").partition("/")[0]


def _anchor(anchors: Anchors, pointer: str, name: str) -> str:
    if callable(anchors):
        return anchors(pointer)
    return anchors.get(pointer.strip("/").partition("/")[0], "").format(do=name)
