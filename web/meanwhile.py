"""What a form says whose object was changed after it was opened: who changed it last, and beside each field that holds
something else than what was written what stands there now.

What was written stays in its fields and the form carries the newest revision, so that it can be sent again knowingly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.models import Event, User
from procurement.permissions import Actor
from web.call_off_page import meaning_of
from web.faults import FieldFault
from web.formats import moment
from web.results import shortened
from web.saying import said
from web.typed import amount_typed

CONFLICT: Final = 409
OF_EVERY_STEP: Final = frozenset({"csrfmiddlewaretoken", "do", "revision", "once"})
"""Fields that nobody writes into."""
REFUSED: Final = (CONFLICT, 422)
"""Answers whose page shows again what was written."""
AMOUNT: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
AS_TOLD: Final = 80
"""Characters of a value that the summary tells; beside its field stands the whole of it."""
NOBODY: Final = N_("Somebody changed this meanwhile, so nothing of yours was changed.")
ONESELF: Final = N_(
    "You changed this last, on %(at)s and from another page, so nothing of this form was changed."
)
COLLEAGUE: Final = N_("%(name)s changed this last, on %(at)s, so nothing of yours was changed.")
BELOW: Final = N_("Below it is as it stands now, with what you wrote: send it again to replace what stands")
STEP: Final = N_("Below it is as it stands now")
"""Of a button without fields: nothing was written that could be sent again."""
STEP_WITH_FIELDS: Final = N_(
    "Below it is as it stands now. Where the form is still there it holds what you wrote, and can be sent again"
)
"""Of a step whose form has fields: it may not be open any more."""
DONE_THEN: Final = N_("What was done then: “%(done)s”.")

Subject = tuple[str, str]
"""Of an event: the type of what was changed ("" any) and its reference."""
Value = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Written:
    """A field: what was written, what stands now, and how values of a closed list are called."""

    anchor: str
    label: str
    written: Value
    stands: Value
    labels: Mapping[str, str] | None = None


def changed(actor: Actor, subject: Subject, below: str = BELOW) -> FieldFault:
    """That somebody was quicker, and what stands `below`. Who, when and, where the form was a step, what was done is
    told of oneself and of colleagues alone; two queries.
    """
    kind, reference = subject
    events = Event.objects.filter(subject=reference, **({"subject_type": kind} if kind else {}))
    last = events.order_by("-position").values_list("actor", "at", "type").first()
    told, known = _(NOBODY), False
    if last is not None and last[0] == actor.reference:
        told, known = _(ONESELF) % {"at": moment(last[1])}, True
    elif last is not None and (name := _colleague(actor, last[0])):
        told, known = _(COLLEAGUE) % {"name": name, "at": moment(last[1])}, True
    if last is not None and known and below != BELOW:
        told = f"{told} {_(DONE_THEN) % {'done': said(meaning_of(last[2]))}}"
    return FieldFault("", f"{told} {_(below)}")


def below_step(sent: QueryDict) -> str:
    """What is said to stand below where the form of a step was sent too late: whether it had fields to write into."""
    fields = [name for name in sent if name not in OF_EVERY_STEP]
    return STEP_WITH_FIELDS if any(map(sent.get, fields)) else STEP


def conflict(actor: Actor, subject: Subject, fields: Iterable[Written]) -> list[FieldFault]:
    """The faults of a form that was sent from an older state; without fields it was a step."""
    own = list(fields)
    return [changed(actor, subject, BELOW if own else STEP), *differing(own)]


def differing(fields: Iterable[Written]) -> list[FieldFault]:
    """Of each field that holds something else than what stands: what stands now."""
    return [
        _standing(one.label, one.anchor, _shown(one.stands, one.labels or {}))
        for one in fields
        if not same(one.written, one.stands)
    ]


def rows_written(
    prefix: str,
    labels: Mapping[str, str],
    written: Sequence[Mapping[str, str]],
    stands: Sequence[Mapping[str, str]],
    row: str,
    chosen: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Written]:
    """The fields of a form's rows, by their place. `row` is how a field of one is called, such as "%(field)s of
    criterion %(number)s"; its id is prefix and name with the row's number. `chosen` are labels of closed lists by the
    field's name.
    """
    found = []
    for at in range(max(len(written), len(stands))):
        mine = written[at] if at < len(written) else {}
        theirs = stands[at] if at < len(stands) else {}
        for name, label in labels.items():
            named = _(row) % {"field": said(label), "number": at + 1}
            found.append(
                Written(
                    f"{prefix}{name}-{at + 1}" if mine else "",
                    named,
                    mine.get(name, ""),
                    theirs.get(name, ""),
                    (chosen or {}).get(name),
                )
            )
    return found


def _standing(label: str, anchor: str, now: str) -> FieldFault:
    if not now:
        return FieldFault(anchor, _("%(field)s: empty now") % {"field": label}, _("What stands now: nothing"))
    told = {"field": label, "now": shortened(" ".join(now.split()), AS_TOLD)}
    return FieldFault(
        anchor, _("%(field)s: now “%(now)s”") % told, _("What stands now: %(now)s") % {"now": now}
    )


def same(written: Value, stands: Value) -> bool:
    """Whether two values say the same: a browser sends other ends of lines and boxes in its order, people write
    £1,000.
    """
    if not isinstance(written, str) or not isinstance(stands, str):
        return set(written) == set(stands)
    mine, now = ("\n".join(one.splitlines()).strip() for one in (written, stands))
    plain = [amount_typed(one) for one in (mine, now)]
    if mine != now and all(map(AMOUNT.fullmatch, plain)) and not (mine + now).isdigit():
        return Decimal(plain[0]) == Decimal(plain[1])
    return mine == now


def _shown(value: Value, labels: Mapping[str, str]) -> str:
    """A value as people read it."""
    if isinstance(value, str):
        return labels.get(value, value).strip() if value else ""
    return ", ".join(labels.get(one, one) for one in value)


def _colleague(actor: Actor, who: str) -> str:
    """The name of somebody of an own organisation, "" of anybody else."""
    people = User.objects.filter(reference=who, memberships__organisation__in=actor.organisations())
    name, email = people.values_list("full_name", "email").first() or ("", "")
    return name or email
